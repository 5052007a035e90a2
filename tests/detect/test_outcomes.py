"""Outcomes: which one was dropped, demoted, promoted, added or only put into other words."""

from typing import Any

import pytest

from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from tests.detect.examples import events, study, updated

Outcome = dict[str, Any]
LISTS = ("primaryOutcomes", "secondaryOutcomes", "otherOutcomes")
ALT, AST, GGT = (
    {
        "measure": f"Number of participants with elevated {enzyme}",
        "description": f"{enzyme} above three times the upper limit of normal at any visit",
        "timeFrame": "24 weeks",
    }
    for enzyme in ("ALT", "AST", "GGT")
)
OS = {"measure": "Overall survival", "timeFrame": "24 months"}
PFS = {"measure": "Progression-free survival", "timeFrame": "24 months"}


def derive_events(
    old: dict[str, list[Outcome]], new: dict[str, list[Outcome]]
) -> list[ChangeEvent]:
    """Return the events above noise between two sets of outcome lists."""
    before, after = ({f"outcomesModule.{name}": lists.get(name, []) for name in LISTS}
                     for lists in (old, new))  # fmt: skip
    found = events(study(before), updated(after))
    return [event for event in found if event.severity is not Severity.NOISE]


def short(found: list[ChangeEvent]) -> set[tuple[str, Any]]:
    """Return what kind of thing happened to which measure."""
    return {
        (event.kind.removeprefix("primary_outcome_"), event.facts.get("measure")) for event in found
    }


def primary(*outcomes: Outcome) -> dict[str, list[Outcome]]:
    return {"primaryOutcomes": list(outcomes)}


@pytest.mark.parametrize("gone", [ALT, AST, GGT], ids=lambda one: one["measure"][-3:])
def test_of_three_alike_the_one_that_went_is_dropped_and_the_others_stay(gone: Outcome) -> None:
    left = [one for one in (GGT, AST, ALT) if one is not gone]
    found = derive_events(primary(ALT, AST, GGT), primary(*left))
    assert short(found) == {("dropped", gone["measure"])}


def test_of_three_alike_the_one_demoted_finds_itself_among_the_secondary() -> None:
    found = derive_events(
        primary(ALT, AST) | {"secondaryOutcomes": [OS]},
        primary(AST) | {"secondaryOutcomes": [GGT, ALT, OS]},
    )
    assert short(found) == {
        ("demoted", ALT["measure"]),
        (ChangeKind.SECONDARY_OUTCOME_CHANGED, None),
    }


def test_two_alike_that_are_demoted_in_other_words_each_find_their_own() -> None:
    shorter = [{**one, "measure": one["measure"].replace("Number of p", "P")} for one in (AST, ALT)]
    found = derive_events(primary(ALT, AST, OS), primary(OS) | {"secondaryOutcomes": shorter})
    pairs = {(e.before["measure"][-3:], e.after["measure"][-3:]) for e in found}
    assert {e.kind for e in found} == {ChangeKind.PRIMARY_OUTCOME_DEMOTED}
    assert pairs == {("ALT", "ALT"), ("AST", "AST")}


def test_the_surest_pair_of_measures_comes_first() -> None:
    left, right = ({"measure": f"Pain of the {side} knee at week 12"} for side in ("left", "right"))
    lesser = [{"measure": "A pain of the right knee at week 12"},
              {"measure": "Pain of the left knee at week 12, VAS"}]  # fmt: skip
    found = derive_events(primary(left, right, OS), primary(OS) | {"secondaryOutcomes": lesser})
    assert {(e.before["measure"], e.after["measure"]) for e in found} == {
        (left["measure"], lesser[1]["measure"]),
        (right["measure"], lesser[0]["measure"]),
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("R0 resection rate", "Rate of R0 resection"),
        ("R0 resection rate", "Rate of R0 Resections"),
        ("Objective response rate (ORR)", "Rate of objective response (ORR)"),
        ("Week 24 change in FEV1", "Change in FEV1 at week 24"),
    ],
)
def test_an_outcome_demoted_in_another_order_of_words_is_no_drop(before: str, after: str) -> None:
    alike = before.replace("R0", "R1").replace("FEV1", "FVC").replace("Objective", "Subjective")
    lesser = [{"measure": alike}, {"measure": after}]
    found = derive_events(
        primary({"measure": before}, OS), primary(OS) | {"secondaryOutcomes": lesser}
    )
    assert short(found) == {
        ("demoted", before),
        (ChangeKind.SECONDARY_OUTCOME_CHANGED, None),
    }
    demoted = next(e for e in found if e.kind is ChangeKind.PRIMARY_OUTCOME_DEMOTED)
    assert demoted.after["measure"] == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("R0 resection rate", "Rate of R1 resection"),
        ("R0 resection rate", "Rate of no R0 resection"),
        ("Ratio of lymphocytes to neutrophils", "Neutrophils to lymphocytes, ratio of"),
        ("Time from relapse to death", "Death: time to relapse from"),
        ("Response without toxicity, rate", "Rate of toxicity without response"),
        ("Grade 3 events, week 12", "Week 3 events, grade 12"),
        ("IgG + rate, IgM - rate", "Rate IgM + rate, IgG -"),
        ("Complete response rate", "Rate of partial response"),
    ],
)
def test_other_words_or_an_order_that_matters_stay_a_drop(before: str, after: str) -> None:
    lesser = {"secondaryOutcomes": [{"measure": after}]}
    found = derive_events(primary({"measure": before}, OS), primary(OS) | lesser)
    assert short(found) == {("dropped", before), (ChangeKind.SECONDARY_OUTCOME_CHANGED, None)}


def test_an_outcome_alike_but_for_its_subject_is_not_the_one_demoted() -> None:
    found = derive_events(primary(ALT, OS), primary(OS) | {"secondaryOutcomes": [AST]})
    assert short(found) == {
        ("dropped", ALT["measure"]),
        (ChangeKind.SECONDARY_OUTCOME_CHANGED, None),
    }


def test_a_demoted_outcome_is_not_hidden_by_one_alike_in_its_place() -> None:
    found = derive_events(primary(ALT, OS), primary(AST, OS) | {"secondaryOutcomes": [ALT]})
    assert short(found) == {("demoted", ALT["measure"]), ("added", AST["measure"])}


def test_two_outcomes_that_change_places_are_promoted_and_demoted() -> None:
    found = derive_events(
        primary(ALT) | {"secondaryOutcomes": [AST]}, primary(AST) | {"secondaryOutcomes": [ALT]}
    )
    assert short(found) == {("demoted", ALT["measure"]), ("promoted", AST["measure"])}


def test_another_outcome_over_the_same_time_is_another_outcome() -> None:
    found = derive_events(primary(OS), primary(PFS))
    assert short(found) == {("dropped", OS["measure"]), ("added", PFS["measure"])}
    assert {event.severity for event in found} == {Severity.CRITICAL}


@pytest.mark.parametrize(
    "change",
    [
        {"timeFrame": "36 months"},
        {"description": "Another way to count"},
        {"measure": "Overall survival (OS)"},
        {"measure": "OVERALL SURVIVAL TIME", "timeFrame": "2 years"},
        {"measure": "Overall survival from randomisation to death of any cause, by arm"},
    ],
    ids=str,
)
def test_an_outcome_in_other_words_is_edited(change: Outcome) -> None:
    found = derive_events(primary(OS, ALT), primary(ALT, {**OS, **change}))
    assert {event.kind for event in found} == {ChangeKind.PRIMARY_OUTCOME_EDITED}
    assert len(found) == 1


def test_each_edited_outcome_is_an_event_of_its_own() -> None:
    found = derive_events(
        primary(OS, PFS), primary({**PFS, "timeFrame": "1"}, {**OS, "timeFrame": "2"})
    )
    assert short(found) == {("edited", OS["measure"]), ("edited", PFS["measure"])}


def test_the_same_edit_of_several_outcomes_is_told_once() -> None:
    old, new = (
        [{**one, "timeFrame": f"Up to {months} months"} for one in (OS, PFS, ALT)]
        for months in (59, 58)
    )
    (event,) = derive_events(primary(*old), primary(*new))
    assert event.summary == "Time frame of 3 primary outcomes: 59 → 58 months"
    assert event.facts["measures"] == [ALT["measure"], OS["measure"], PFS["measure"]]
    assert event.path == "protocolSection.outcomesModule.primaryOutcomes.timeFrame"
    assert len(event.fields) == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Survival", "Survival without progression"),
        ("Objective response rate", "Duration of objective response rate"),
        ("Body height", "Body mass index"),
    ],
)
def test_a_measure_that_holds_the_words_of_another_is_another(before: str, after: str) -> None:
    found = derive_events(primary({"measure": before}), primary({"measure": after}))
    assert short(found) == {("dropped", before), ("added", after)}


@pytest.mark.parametrize(
    "words",
    [
        "See results",
        "Please refer to the results section for details.",
        "Reported in the Results Section",
    ],
)
def test_a_pointer_to_the_results_edits_no_outcome(words: str) -> None:
    described = {**OS, "description": "Time from randomisation to death"}
    assert derive_events(primary(described), primary({**OS, "description": words})) == []


@pytest.mark.parametrize("words", ["Overall Survival", "overall survival.", "Overall, survival"])
def test_a_capital_or_a_moved_comma_edits_no_outcome(words: str) -> None:
    assert derive_events(primary(OS, PFS), primary(PFS, {**OS, "measure": words})) == []


def test_a_pointer_hides_no_other_edit_of_the_outcome() -> None:
    described = {**OS, "description": "Time from randomisation to death"}
    pointing = {**OS, "description": "See results", "timeFrame": "12 months"}
    (event,) = derive_events(primary(described), primary(pointing))
    assert event.path.endswith("primaryOutcomes.timeFrame")


def test_results_in_a_real_description_are_no_pointer() -> None:
    text = (
        "See whether the drug improves results of the six minute walk test, in metres, by week 12"
    )
    found = derive_events(primary(OS), primary({**OS, "description": text}))
    assert short(found) == {("edited", OS["measure"])}


def test_secondary_and_other_outcomes_are_told_in_one_event() -> None:
    found = derive_events(
        {"secondaryOutcomes": [OS, ALT], "otherOutcomes": [GGT]},
        {"secondaryOutcomes": [ALT, PFS], "otherOutcomes": []},
    )
    (event,) = found
    assert event.kind is ChangeKind.SECONDARY_OUTCOME_CHANGED
    assert event.facts["outcomes"] == sorted([OS["measure"], PFS["measure"], GGT["measure"]])
    assert event.path == "protocolSection.outcomesModule"


def test_a_secondary_outcome_of_which_more_is_said_was_not_added() -> None:
    more = {**OS, "description": "From randomisation on, in both arms."}
    (event,) = derive_events({"secondaryOutcomes": [OS, ALT]}, {"secondaryOutcomes": [more, PFS]})
    assert event.summary.startswith("Secondary outcomes: 1 added, 1 removed, 1 changed (")


def test_an_outcome_edited_in_two_fields_is_told_as_an_outcome() -> None:
    (event,) = derive_events(
        primary(OS), primary({**OS, "description": "Other.", "timeFrame": "1 year"})
    )
    assert event.path == "protocolSection.outcomesModule.primaryOutcomes"
    (event,) = derive_events(primary(OS), primary({**OS, "timeFrame": "1 year"}))
    assert event.path == "protocolSection.outcomesModule.primaryOutcomes.timeFrame"


def test_outcomes_in_another_order_are_not_a_change() -> None:
    assert derive_events(primary(ALT, AST, OS), primary(OS, ALT, AST)) == []


def test_two_outcomes_of_one_measure_are_told_apart_by_their_descriptions() -> None:
    first, second = ({**OS, "description": f"In the {arm} arm"} for arm in ("first", "second"))
    found = derive_events(primary(first, second), primary({**second, "timeFrame": "1 year"}))
    assert {(e.kind, e.severity) for e in found} == {
        (ChangeKind.PRIMARY_OUTCOME_DROPPED, Severity.CRITICAL),
        (ChangeKind.PRIMARY_OUTCOME_EDITED, Severity.MEDIUM),
    }
    dropped = next(e for e in found if e.kind is ChangeKind.PRIMARY_OUTCOME_DROPPED)
    assert dropped.before == first
