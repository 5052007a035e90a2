"""Equal passes of changed records take equal memory; ``./run soak`` makes very many of them."""

from pathlib import Path

import pytest

from tests.memory.__main__ import main, wrong
from tests.memory.course import MemoryPlan, MemoryRun, follow

MEGABYTE = 1_000_000
SHORT = MemoryPlan(records=300, changed=300, passes=9, asked_for=10)

linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc of Linux")


@linux
def test_the_daemon_takes_no_more_with_every_pass(tmp_path: Path) -> None:
    course = follow(SHORT, tmp_path, lambda _line: None)
    # Measured: 8 MB, of caches that fill up; with each pass's records kept 34 MB, with memory
    # pools for each thread far more. The pool itself grows by 40 MB in one step, which comes with
    # any of the first five passes.
    assert course.after[-1] - course.after[5] < 22 * MEGABYTE, course.after
    assert course.whole_peak < 220 * MEGABYTE


@linux
def test_the_soak_tells_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--records", "20", "--changed", "20", "--passes", "1"]) == 0
    out, err = capsys.readouterr()
    assert '"growth_of_second_half_percent": 0.0' in out
    assert "pass 1 of 1" in err


def test_growth_and_a_high_peak_fail_the_soak() -> None:
    flat = [150 * MEGABYTE] * 100
    assert wrong(MemoryRun(after=(*flat, *flat), whole_peak=299 * MEGABYTE)) == []
    rising = [(150 + number // 10) * MEGABYTE for number in range(100)]
    assert wrong(MemoryRun(after=(*flat, *rising), whole_peak=301 * MEGABYTE)) == [
        "the second half grew by 6.0%, more than 5%",
        "301 MB at the peak, more than 300",
    ]


def test_growth_is_that_of_the_second_half_whatever_one_pass_took() -> None:
    warm = [number * MEGABYTE for number in range(1, 101)]
    late = [100 * MEGABYTE] * 99 + [900 * MEGABYTE]
    assert MemoryRun(after=(*warm, *late), whole_peak=0).growth == 0
