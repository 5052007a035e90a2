"""The judgements are worth no less than they were, and the command tells what they are worth."""

import gzip
import json
from pathlib import Path

import pytest

from tests.meaning.__main__ import main
from tests.meaning.labels import (
    HALVES,
    OUTCOME_CHANGES,
    OUTCOME_PAIRS,
    PARTS,
    STOP_REASONS,
    in_half,
    part,
)
from tests.meaning.measure import Result, measure
from tests.meaning.scores import Judged, Score, Share, Spread

# Precision and recall that were reached on both parts, rounded down; errors of a few rows are free.
REACHED = {
    "major change": (0.78, 0.83),
    "critical": (0.88, 0.56),
    "any change": (0.76, 0.97),
    "same outcome": (0.61, 0.83),
}


@pytest.fixture(scope="module")
def results(shared_data: Path) -> list[Result]:
    return measure(shared_data / "labels", ("outcomes", "pairs"))


@pytest.mark.parametrize("which", PARTS)
@pytest.mark.parametrize("question", REACHED)
def test_a_judgement_is_worth_what_it_was(results: list[Result], question: str, which: str) -> None:
    (score,) = (r.score for r in results if r.question == question and r.part == which)
    assert isinstance(score, Score)
    precision, recall = REACHED[question]
    assert (score.precision.value or 0) >= precision
    assert (score.recall.value or 0) >= recall


def test_reasons_are_worth_to_a_reader_what_they_were(shared_data: Path) -> None:
    found = {one.question: one.score for one in measure(shared_data / "labels", ["read"])}
    shares = {name: score.value or 0 for name, score in found.items() if isinstance(score, Share)}
    assert shares["accuracy"] >= 0.87
    assert shares["classified other"] <= 0.12


def test_halves_tell_how_far_a_score_differs_by_chance() -> None:
    right, wrong = Score.of([Judged(True, True)]), Score.of([Judged(False, True)])
    spread = Spread.of([right, right, wrong, wrong])
    assert spread == Spread(precision=(0.5, 0.5), recall=(1.0, 0.0))
    assert Spread.of([Score.of([Judged(False, False)])]) is None
    names = [f"NCT{number:08}" for number in range(1_000)]
    sizes = [sum(in_half(name, number) for name in names) for number in range(HALVES)]
    assert all(420 < size < 580 for size in sizes)
    assert len(set(sizes)) > 1


def test_a_share_has_the_interval_of_wilson() -> None:
    low, high = Share(8, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert Share(0, 0).value is None


def test_a_score_counts_what_was_told_and_what_was_missed() -> None:
    yes, false, missed, no = (
        Judged(True, True),
        Judged(False, True, "alike"),
        Judged(True, False, "other words"),
        Judged(False, False),
    )
    score = Score.of([yes] * 6 + [false] * 2 + [missed] + [no] * 3)
    assert (score.precision.value, score.recall.value) == (6 / 8, 6 / 7)
    value, (low, high) = score.f1
    assert value == pytest.approx(2 * 6 / (2 * 6 + 2 + 1))
    assert low < 0.8 < high
    assert score.false_causes == {"alike": 2}
    assert score.missed_causes == {"other words": 1}


def test_more_data_moves_nothing_between_the_parts() -> None:
    names = [f"NCT{number:08}" for number in range(1_000)]
    tuned = [name for name in names if part(name) == "tune"]
    assert 450 < len(tuned) < 550
    assert [part(name) for name in names[6:10]] == ["tune", "tune", "check", "tune"]


def write(path: Path, rows: list[dict[str, object]]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)


def test_the_command_scores_a_folder_that_it_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    survival, pain = {"measure": "Overall survival"}, {"measure": "Pain at rest"}
    same = {"primary_before": [survival], "secondary_before": [], "secondary_after": []}
    rows = [
        {"primary_after": [pain], "labels": ["new_primary"], "major": True, "any": True},
        {"primary_after": [survival], "labels": ["no_change"], "major": False, "any": False},
    ]
    write(tmp_path / OUTCOME_CHANGES, [
        {"nct_id": "NCT00000001", "phase": "recruitment", "results_just_posted": False,
         **same, **row} for row in rows
    ])  # fmt: skip
    write(tmp_path / OUTCOME_PAIRS, [{"one": "Pain", "other": "Survival", "same": True}])
    write(tmp_path / STOP_REASONS, [{"text": "Slow accrual", "class": "accrual"}])
    assert main(["--data", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    reported = {row["question"]: row for row in rows if row["part"] != "halves"}
    assert reported["major change"]["true_yes"] == reported["major change"]["true_no"] == 1
    assert reported["same outcome"]["missed_by_cause"] == {"other words": 1}
    assert reported["accuracy"]["value"] == 1
    assert main(["--data", str(tmp_path)]) == 0
    assert "major change" in capsys.readouterr().out


def test_a_folder_without_labels_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)]) == 1
    assert "no labelled data" in capsys.readouterr().err
