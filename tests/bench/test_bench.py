"""The benchmark runs, says what it measured, and fails where a measurement would be wrong."""

import gc
import json
from datetime import date
from pathlib import Path

import orjson
import pytest

from tests.bench import large
from tests.bench.__main__ import LONG, MEASUREMENTS, described, run
from tests.bench.edits import later_version
from tests.bench.page import marks, write_section
from tests.bench.plan import TINY
from tests.bench.process import PROJECT
from tests.bench.records import Corpus, load_corpus, loaded_again
from tests.bench.rows import Measurement, print_table
from tests.bench.timing import Race, Sample

ROWS = {
    "unchanged": 3,
    "changed": 5,
    "large": 3,
    "space": 2,
    "process": 3,
    "poll": 2,
    "mail": 1,
    "fanout": 4,
    "registry": 6,
    "selections": 33,
}


@pytest.fixture(autouse=True, scope="module")
def _only_ours() -> None:
    """Keep what earlier tests left out of the collection before each timed call."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Return a few made-up trials, the same wherever the tests run."""
    return load_corpus(tmp_path_factory.mktemp("nothing"), trials=TINY.records)


def row(ratio: float, *, target: float | None = 2.0, at_least: bool = False) -> Measurement:
    return Measurement(
        name="x", what="a thing", ours="2 ms", baseline="1 ms parsing", ratio=ratio, target=target,
        at_least=at_least, note="what it is",
    )  # fmt: skip


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_every_measurement_yields_its_rows(name: str, corpus: Corpus) -> None:
    steps: list[str] = []
    rows = run([name], TINY, corpus, steps.append)
    assert len(rows) == ROWS[name]
    for found in rows:
        assert found.ratio > 0
        assert found.target is None or found.target > 0
        assert found.ours
        assert found.baseline
        assert found.note
    assert steps


def test_a_diff_that_finds_another_number_of_changes_is_no_measurement(corpus: Corpus) -> None:
    old = large.with_sites(corpus, TINY.sites)
    new = large.shuffled_sites(old, TINY.changed_sites)
    large.compared(old, new, TINY.changed_sites)()
    with pytest.raises(AssertionError, match=f"{TINY.changed_sites} changes instead of"):
        large.compared(old, new, TINY.changed_sites + 1)()
    with pytest.raises(AssertionError, match="1 changes instead of"):
        large.compared(old, large.other_enrollment(old), TINY.changed_sites)()


def test_made_up_records_have_the_sizes_and_series_of_real_ones(tmp_path: Path) -> None:
    made_up = load_corpus(tmp_path)
    sizes = sorted(len(content.content) for content in made_up.contents)
    assert not made_up.real
    assert (len(sizes), len(made_up.series()), len(made_up.changes())) == (1_195, 1_155, 40)
    assert 9_000 < sizes[len(sizes) // 2] < 15_000
    assert 15_000 < sum(sizes) / len(sizes) < 25_000
    assert sizes[-1] > 800_000
    assert "MADE-UP" in described(made_up)


def test_the_real_series_are_measured_where_they_are(shared_data: Path) -> None:
    real = load_corpus(shared_data.parent)
    assert real.real
    assert (len(real.contents), len(real.series()), len(real.changes())) == (1_195, 1_155, 40)
    assert described(real) == "real records: 1,195 contents of 1,155 trials"


def test_a_later_version_keeps_earlier_edits_and_is_the_same_each_time(corpus: Corpus) -> None:
    first = corpus.firsts()[0].content
    versions = [later_version(first, trial=3, version=number) for number in range(4)]
    assert orjson.loads(versions[0]) == orjson.loads(first)
    assert len(set(versions)) == 4
    assert versions[3] == later_version(first, trial=3, version=3)


def test_a_record_that_is_loaded_again_differs_in_its_stamp_only(corpus: Corpus) -> None:
    first = corpus.firsts()[0].content
    again = orjson.loads(loaded_again(first, "2026-06-30"))
    before = orjson.loads(first)
    assert again["derivedSection"]["miscInfoModule"].pop("versionHolder") == "2026-06-30"
    assert before["derivedSection"]["miscInfoModule"].pop("versionHolder") != "2026-06-30"
    assert again == before


def test_a_race_compares_the_best_of_each_side() -> None:
    race = Race()
    for ours, baseline in ((3.0, 1.0), (1.0, 2.0)):
        race.ours.append(Sample(wall_s=ours, cpu_s=ours))
        race.baseline.append(Sample(wall_s=baseline, cpu_s=baseline / 2))
    assert (race.ratio, race.cpu_ratio) == (1.0, 2.0)


def test_a_target_is_met_up_to_its_limit_and_missed_beyond() -> None:
    assert row(2.0).met
    assert not row(2.01).met
    assert row(2.0, at_least=True).met
    assert not row(1.99, at_least=True).met
    assert row(99.0, target=None).met
    assert row(99.0, target=None).cells()[-2:] == ("", "")


def test_the_table_and_the_json_tell_ratio_limit_and_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([row(2.5)])
    shown = capsys.readouterr().out
    assert all(part in shown for part in ("2 ms", "1 ms", "2.5", "≤ 2", "MISSED"))
    assert json.loads(json.dumps(row(2.5).as_json()))["met"] is False


def test_figures_replace_the_marked_section_of_the_page_and_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    (begin, end), (other, other_end) = marks("figures"), marks("registry")
    middle = f"{end}\n\nMiddle\n\n{other}"
    page.write_text(f"# Head\n\n{begin}\nold\n{middle}\nolder\n{other_end}\n\nTail\n", "utf-8")
    facts = {"data": "real records", "python": "CPython 3.11"}
    for _ in range(2):
        write_section(page, [row(0.5)], facts, on=date(2026, 11, 22))
    text = page.read_text("utf-8")
    assert text.startswith(f"# Head\n\n{begin}\n\nTaken on 2026-11-22.\n\n- data: real records\n")
    assert text.endswith(f"{middle}\nolder\n{other_end}\n\nTail\n")
    assert "old\n" not in text
    assert text.count("| a thing | 2 ms | 1 ms parsing | 0.5 | ≤ 2 | met |") == 1
    for ratio in (0.7, 0.6):
        write_section(page, [row(ratio)], facts, on=date(2026, 11, 23), section="registry")
    both = page.read_text("utf-8")
    assert both.startswith(text.partition(other)[0])
    assert (both.count("| 0.6 |"), both.count("| 0.7 |"), both.count("| 0.5 |")) == (1, 0, 1)
    assert both.endswith(f"{other_end}\n\nTail\n")
    page.write_text("# No marks\n", "utf-8")
    with pytest.raises(ValueError, match="no place for the figures"):
        write_section(page, [row(0.5)], facts, on=date(2026, 11, 22))


@pytest.mark.parametrize("section", ["figures", *LONG])
def test_the_page_has_a_place_for_each_section(section: str) -> None:
    text = (PROJECT / "docs/benchmarks.md").read_text("utf-8")
    assert [text.count(mark) for mark in marks(section)] == [1, 1]
