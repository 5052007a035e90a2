"""The end of a run tells what was skipped, and why."""

import subprocess
import sys
from pathlib import Path

from tests.scaffold.tracked import PROJECT

TESTS = """
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_of_ships(n):
    pytest.skip("there is no sea here")

@pytest.mark.skipif(True, reason="it rains")
def test_of_kites():
    pass
"""


def test_a_run_ends_with_what_was_skipped_and_then_the_closing_line(tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "tests.skipped", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "-c", "/dev/null", "--rootdir", str(tmp_path), "-n", "2", str(tmp_path)],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    _, heading, end = done.stdout.partition(" what was skipped, and why ")
    assert heading
    reported = end.splitlines()[1:]
    assert reported[:4] == [
        "2 tests: there is no sea here",
        "    test_some.py::test_of_ships (2 of it)",
        "1 test: it rains",
        "    test_some.py::test_of_kites",
    ]
    assert "3 skipped" in reported[-1]
