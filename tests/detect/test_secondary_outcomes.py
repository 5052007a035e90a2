"""Secondary and other outcomes in other words are reworded, not dropped and added."""

import time
from typing import Any

import pytest

from monitor.model.changes import ChangeEvent, ChangeKind
from tests.detect.examples import events, study, the, updated

SECONDARY, OTHER = "outcomesModule.secondaryOutcomes", "outcomesModule.otherOutcomes"
SAFETY = "Number of participants with treatment-emergent adverse events"
REWORDED = "Incidence of adverse events that emerge under treatment, by grade and relation"
PAIN = "Pain intensity on a visual analogue scale at rest and in motion, as the patient states"


def _event(before: list[str], after: list[str], path: str = SECONDARY) -> ChangeEvent:
    sides = [
        [{"measure": text, "timeFrame": "1 year"} for text in side] for side in (before, after)
    ]
    found = events(study({path: sides[0]}), updated({path: sides[1]}))
    return the(ChangeKind.SECONDARY_OUTCOME_CHANGED, found)


@pytest.mark.parametrize(("path", "name"), [(SECONDARY, "Secondary"), (OTHER, "Other")])
def test_an_outcome_in_other_words_is_reworded(path: str, name: str) -> None:
    event = _event([SAFETY], [REWORDED], path)
    assert event.summary.startswith(f"{name} outcomes: 1 reworded (")
    assert "added" not in event.summary.partition("(")[0]
    (pair,) = event.facts["reworded"]
    assert (pair["before"], pair["after"]) == (SAFETY, REWORDED)
    assert pair["same"] in {"sure", "likely", "doubtful"}
    assert len(event.fields) == 2


def test_another_outcome_is_dropped_and_added() -> None:
    event = _event([SAFETY], [PAIN])
    assert event.summary.startswith("Secondary outcomes: 1 added, 1 removed (")
    assert event.facts["reworded"] == []


@pytest.mark.parametrize("turned", [False, True])
def test_beside_others_each_finds_its_own(turned: bool) -> None:
    before = [SAFETY, "Blood pressure", "Overall survival"]
    after = [PAIN, "Overall survival", REWORDED]
    event = _event(before[::-1] if turned else before, after[::-1] if turned else after)
    assert [one["before"] for one in event.facts["reworded"]] == [SAFETY]
    assert "; 1 added, 1 removed (" in event.summary


def test_very_many_outcomes_are_not_compared_one_by_one() -> None:
    def outcomes(word: str) -> list[Any]:
        return [{"measure": f"{word} {n * 7919 % 997} of the {n} kind"} for n in range(400)]

    old, new = study({SECONDARY: outcomes("Level")}), updated({SECONDARY: outcomes("Rate")})
    start = time.process_time()
    event = the(ChangeKind.SECONDARY_OUTCOME_CHANGED, events(old, new))
    assert time.process_time() - start < 20
    assert event.facts["reworded"] == []


@pytest.mark.parametrize("after", [SAFETY, REWORDED])
@pytest.mark.parametrize(("source", "target"), [(SECONDARY, OTHER), (OTHER, SECONDARY)])
def test_an_outcome_that_changes_lists_is_moved(source: str, target: str, after: str) -> None:
    old = study({source: [{"measure": SAFETY}], target: [{"measure": PAIN}]})
    new = updated({source: [], target: [{"measure": PAIN}, {"measure": after}]})
    event = the(ChangeKind.SECONDARY_OUTCOME_CHANGED, events(old, new))
    name = "other" if target == OTHER else "secondary"
    assert event.summary.startswith(f"Secondary and other outcomes: 1 moved to {name} (")
    assert "added" not in event.summary.partition("(")[0]
    assert "removed" not in event.summary.rpartition(")")[2]
    (moved,) = event.facts["moved"]
    assert (moved["before"], moved["after"]) == (SAFETY, after)
    assert moved["from"] == f"protocolSection.{source}"
    assert moved["to"] == f"protocolSection.{target}"
    assert event.facts["reworded"] == []
    assert len(event.fields) == 2


def test_what_stayed_in_its_list_did_not_move() -> None:
    old = study({SECONDARY: [{"measure": SAFETY}], OTHER: [{"measure": f"{PAIN}, at night"}]})
    new = updated({
        SECONDARY: [{"measure": REWORDED}, {"measure": PAIN}],
        OTHER: [],
    })  # fmt: skip
    facts = the(ChangeKind.SECONDARY_OUTCOME_CHANGED, events(old, new)).facts
    assert [one["before"] for one in facts["reworded"]] == [SAFETY]
    assert [one["after"] for one in facts["moved"]] == [PAIN]
