"""How sure it is that an outcome is another one, and how severe that makes the news."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.detect.rules.outcome_edits import turning_words
from monitor.detect.rules.outcome_pairs import OutcomeWords
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from tests.detect.examples import compared, events, study, updated
from tests.detect.test_outcomes import OS, PFS, Outcome, derive_events, primary
from tests.meaning.labels import OUTCOME_CHANGES, read
from tests.meaning.outcomes import sides
from tests.meaning.outcomes import told as outcome_events
from tests.records import record

EDITED = ChangeKind.PRIMARY_OUTCOME_EDITED
RELAPSE: Outcome = {"measure": "Relapse of colitis", "timeFrame": "12 months"}
ULCER: Outcome = {
    "measure": "Healing of the ulcer",
    "timeFrame": "12 weeks",
    "description": "Complete closure of the wound as seen by two readers, not later than week 12",
}


def one_edit(before: Outcome, after: Outcome) -> ChangeEvent:
    (event,) = derive_events(primary(before), primary(after))
    return event


def compared_by(old: Outcome, new: Outcome) -> str:
    """Say what decides whether an edit keeps the meaning of an outcome."""
    words = OutcomeWords([old], [new])
    ours, theirs = words.whole(old), words.whole(new)
    turning = [sorted(turning_words(one)) for one in (old, new)]
    return (
        f"turning words {turning[0]} and {turning[1]}; kept {ours.share_in(theirs)} of "
        f"{dict(ours.weights)} in {dict(theirs.weights)}; of the new measure "
        f"{words.measure(new).share_in(ours)} was said before"
    )


def before_start(old: Outcome, new: Outcome) -> list[ChangeEvent]:
    """Return the events of a trial that has not started."""
    start = {"statusModule.startDateStruct": {"date": "2026-06-01", "type": "ESTIMATED"}}
    sides = ({**start, "outcomesModule.primaryOutcomes": [one]} for one in (old, new))
    found = events(study(next(sides)), updated(next(sides)))
    return [event for event in found if event.severity is not Severity.NOISE]


def with_results(old: list[Outcome], new: list[Outcome]) -> list[ChangeEvent]:
    """Return the outcome events of a version that brings the results."""
    before = study({"outcomesModule.primaryOutcomes": old})
    after = updated({"outcomesModule.primaryOutcomes": new, "hasResults": True})
    return [event for event in events(before, after) if event.kind.startswith("primary_outcome")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"measure": "Number of subjects with relapse of colitis"}, {"measure": "Colitis relapse"}),
        (
            {"measure": "The primary efficacy endpoint is the proportion of subjects who relapse"},
            {"measure": "Relapse rate"},
        ),
        (
            {"measure": "Healing"},
            {"measure": "Closure of the wound", "description": "Healing means closed for 2 weeks"},
        ),
        ({"measure": "PFS at centers"}, {"measure": "Progression free survival at centers"}),
        ({"measure": "Release of hs troponin"}, {"measure": "High sensitivity troponin release"}),
        ({"measure": "Incidence of SRE"}, {"measure": "Skeletal-related events"}),
        ({"measure": "Severity of depression"}, {"measure": "BDI total score"}),
        ({"measure": "Toxicity"}, {"measure": "Number of participants with adverse events"}),
        (
            {"measure": "Cognition",
             "description": "A span task, an antisaccade task and a memory task"},
            {"measure": "Errors in the antisaccade task"},
        ),
    ],
    ids=["counting words", "prose became a title", "moved to the description", "written out",
         "written out by the other version", "by that alone", "by an instrument",
         "words of one meaning", "what the description named among others"],
)  # fmt: skip
def test_an_outcome_in_other_words_is_surely_or_likely_the_same(
    before: Outcome, after: Outcome
) -> None:
    event = one_edit(before, after)
    assert event.kind is EDITED
    assert event.severity in (Severity.LOW, Severity.MEDIUM)
    assert event.facts["same"] in ("sure", "likely")
    assert 0.45 <= event.facts["likeness"] <= 1


def test_a_doubtful_pair_is_critical_after_the_start_and_high_before_it() -> None:
    old = {"measure": "Clearance of lesions on the scalp, face and hands"}
    new = {"measure": "Response of the marker lesion with clearance at biopsy of skin"}
    event = one_edit(old, new)
    assert (event.kind, event.severity) == (EDITED, Severity.CRITICAL)
    assert event.facts["same"] == "doubtful"
    assert event.summary.startswith("Primary outcome replaced or reworded: Clearance of lesions")
    (early,) = before_start(old, new)
    assert early.severity is Severity.HIGH


def test_an_outcome_that_results_brought_is_one_step_lower() -> None:
    (left, new) = with_results([OS], [RELAPSE])
    assert {left.severity, new.severity} == {Severity.HIGH}
    assert {e.severity for e in derive_events(primary(OS), primary(RELAPSE))} == {Severity.CRITICAL}


@pytest.mark.parametrize(
    "change",
    [
        {"measure": "Ulcer healing"},
        {"measure": "Number of patients with healing of the ulcer"},
        {"timeFrame": "Week 12"},
        {"description": f"{ULCER['description']}. Readers are blinded."},
    ],
    ids=["words", "counting words", "time frame", "explained"],
)
def test_an_edit_that_keeps_the_words_is_low(change: Outcome) -> None:
    new = {**ULCER, **change}
    event = one_edit(ULCER, new)
    assert (event.kind, event.severity) == (EDITED, Severity.LOW), compared_by(ULCER, new)
    assert event.facts["same"] == "sure"


@pytest.mark.parametrize(
    "change",
    [
        {"timeFrame": "24 weeks"},
        {"description": ULCER["description"].replace("not later", "later")},
        {"description": f"{ULCER['description']} < 1 mm"},
        {"description": f"{ULCER['description']}, without steroids"},
        {"description": f"{ULCER['description']}, an increase"},
        {"measure": "Non-healing of the ulcer"},
        {"description": "Photographs"},
    ],
    ids=["number", "negation", "comparator", "without", "direction", "non", "other words"],
)
def test_an_edit_of_what_turns_the_meaning_round_is_not_low(change: Outcome) -> None:
    event = one_edit(ULCER, {**ULCER, **change})
    assert event.kind is EDITED
    assert event.severity.rank >= Severity.MEDIUM.rank


def test_a_time_frame_that_was_not_there_is_medium() -> None:
    assert one_edit({"measure": "Pain"}, {"measure": "Pain", "timeFrame": "at rest"}).severity is (
        Severity.MEDIUM
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"measure": "Relapse within 12 months"}, {"measure": "Relapse", "timeFrame": "12 months"}),
        (
            {"measure": "Relapse at 12 months"},
            {"measure": "Relapse at 12 months", "timeFrame": "12 months"},
        ),
        (
            {"measure": "Relapse", "timeFrame": "three months"},
            {"measure": "Relapse", "timeFrame": "3 months"},
        ),
    ],
    ids=["moved there", "said again", "in digits"],
)
def test_a_time_frame_that_was_said_before_is_low(before: Outcome, after: Outcome) -> None:
    assert one_edit(before, after).severity is Severity.LOW


def test_another_number_in_words_is_not_low() -> None:
    before, after = ({"measure": "Relapse", "timeFrame": f"{n} months"} for n in ("three", "4"))
    assert one_edit(before, after).severity is Severity.MEDIUM


def test_an_outcome_without_a_measure_is_unnamed() -> None:
    before, after = ({"description": "Narcotics used", "timeFrame": t} for t in ("1 hour", "1 day"))
    event = one_edit(before, after)
    assert event.summary == "Primary outcome edited (time frame: “hour” → “day”): (unnamed)"


@pytest.mark.parametrize(
    "piece",
    [
        "or need of colectomy and biologic rescue, placebo arm versus infliximab arm",
        "Infliximab efficacy will be judged by a composite of:",
    ],
)
def test_a_piece_of_a_sentence_that_goes_is_no_outcome_dropped(piece: str) -> None:
    left = {"measure": "Relapse of colitis on infliximab"}
    whole = {"measure": f"{left['measure']}, as seen by endoscopy"}
    (event,) = derive_events(primary(whole, {"measure": piece}), primary(left))
    assert (event.kind, event.severity) == (EDITED, Severity.MEDIUM)


def test_an_outcome_like_a_secondary_one_is_promoted_only_where_that_is_sure() -> None:
    secondary = {"measure": "Vividness of the feeling at rest", "timeFrame": "1 week"}
    (added,) = (
        event
        for event in derive_events(
            primary(OS) | {"secondaryOutcomes": [secondary]},
            primary(OS, {"measure": "Intensity of the feeling at rest"}),
        )
        if event.kind.startswith("primary")
    )
    assert added.kind is ChangeKind.PRIMARY_OUTCOME_ADDED


def test_an_outcome_that_is_split_is_edited() -> None:
    both = {"measure": "Relapse of colitis and length of hospital stay"}
    parts = [{"measure": "Relapse of colitis"}, {"measure": "Length of hospital stay"}]
    (split,) = derive_events(primary(both, OS), primary(*parts, OS))
    assert (split.kind, split.severity) == (EDITED, Severity.MEDIUM)
    assert split.summary == f"Primary outcome split into 2: {both['measure']}"
    assert sorted(split.facts["split_into"]) == sorted(part["measure"] for part in parts)
    assert split.before == both
    (joined,) = derive_events(primary(*parts, OS), primary(both, OS))
    assert joined.summary == f"Primary outcome joined from 2: {both['measure']}"
    assert sorted(joined.facts["joined_from"]) == sorted(part["measure"] for part in parts)


def test_of_two_outcomes_with_one_measure_none_is_a_part_of_the_other() -> None:
    first, second = ({**OS, "description": f"In the {arm} arm"} for arm in ("first", "second"))
    found = derive_events(primary(first, second), primary({**second, "timeFrame": "1 year"}))
    assert ChangeKind.PRIMARY_OUTCOME_DROPPED in {event.kind for event in found}


def test_an_outcome_that_a_measure_lost_is_dropped() -> None:
    lists, one = {"measure": "Static and dynamic balance"}, {"measure": "Static balance"}
    event = one_edit(lists, one)
    assert (event.kind, event.severity) == (ChangeKind.PRIMARY_OUTCOME_DROPPED, Severity.HIGH)
    (with_them,) = with_results([lists], [one])
    assert (with_them.kind, with_them.severity) == (event.kind, Severity.MEDIUM)
    assert event.facts["parts_dropped"] == ["dynamic balance"]
    assert event.summary == "Primary outcome lost “dynamic balance”: Static balance"


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ("Pain severity and knee range of motion", "Pain", ["knee range of motion"]),
        (
            "1) stools per week; 2) no more painful defecation as told by the parents; 3) growth",
            "Stools per week",
            ["no more painful defecation as told by the parents", "growth"],
        ),
        ("Attitudes, knowledge and skills in medicine", "Knowledge",
         ["Attitudes", "skills in medicine"]),
    ],
    ids=["of two, one in fewer words", "numbered", "of three"],
)  # fmt: skip
def test_what_a_list_inside_a_measure_lost_is_dropped(
    before: str, after: str, lost: list[str]
) -> None:
    event = one_edit({"measure": before}, {"measure": after})
    assert event.kind is ChangeKind.PRIMARY_OUTCOME_DROPPED
    assert event.facts["parts_dropped"] == lost


# As sponsors word an outcome when they register it and when they post its results.
REGISTERED_AND_POSTED = """
Safety and tolerability | Percentage of Participants With Serious Adverse Events
Safety: subjects with adverse events, and MTD | Participants With TEAEs Related to the Study Drug
Toxicity | Number of participants with grade 3/4 adverse events
Immunogenicity | Percentage of Participants With Seroconversion
Mortality | Number of deaths
Viral load | Percentage of participants with HIV-1 RNA <50 copies/mL
Lung function | Forced expiratory volume in one second
Renal function | Estimated glomerular filtration rate
Quality of life | SF-36 physical component summary
Functional outcome | Modified Rankin Scale
Postoperative nausea and vomiting | PONV incidence
"""


@pytest.mark.parametrize("line", REGISTERED_AND_POSTED.strip().splitlines())
def test_an_outcome_worded_for_the_results_is_the_one_registered(line: str) -> None:
    before, after = line.split(" | ")
    assert one_edit({"measure": before}, {"measure": after}).kind is EDITED


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mean Cmax of the drug", "Mean Tmax of the drug"),
        ("Change in FEV1 at week 8", "Change in FVC at week 8"),
        ("Change in depression", "Change in anxiety"),
        ("Toxicity", "Overall survival"),
        ("Change in HbA1c", "Change in fasting plasma glucose (FPG)"),
    ],
)
def test_two_that_tell_of_one_thing_are_two(one: str, other: str) -> None:
    found = derive_events(primary({"measure": one}), primary({"measure": other}))
    assert {event.severity for event in found} == {Severity.CRITICAL}


def test_another_instrument_for_the_same_thing_is_no_other_outcome() -> None:
    measures = "Change in the HDRS total score at week 8", "Change in MADRS total score at week 8"
    event = one_edit(*({"measure": one} for one in measures))
    assert event.kind is EDITED
    assert event.facts["same"] != "sure"


def moved_lists(
    before: list[Outcome], after: list[Outcome], lesser_before: list[Outcome],
    lesser_after: list[Outcome],
) -> list[ChangeEvent]:  # fmt: skip
    old, new = (
        {"outcomesModule.primaryOutcomes": main, "outcomesModule.secondaryOutcomes": lesser}
        for main, lesser in ((before, lesser_before), (after, lesser_after))
    )
    found = events(study(old), updated(new))
    return [event for event in found if event.severity is not Severity.NOISE]


BURDEN: Outcome = {"measure": "Change in caregiver burden 3 months after the psychotherapy"}
EFFICACY: Outcome = {"measure": "Change in perceived worth 3 months after the psychotherapy"}


@pytest.mark.parametrize("turned", [False, True], ids=["demoted", "promoted"])
def test_what_a_rewording_took_out_and_another_list_has_now_is_moved(turned: bool) -> None:
    lesser: Outcome = {"measure": "Burden of the caregiver"}
    none: list[Outcome] = []
    sides = ([BURDEN], [EFFICACY], none, [lesser])
    (event,) = moved_lists(*(sides[1], sides[0], sides[3], sides[2]) if turned else sides)
    kind = ChangeKind.PRIMARY_OUTCOME_PROMOTED if turned else ChangeKind.PRIMARY_OUTCOME_DEMOTED
    assert (event.kind, event.severity) == (kind, Severity.CRITICAL)
    assert event.facts["list"].endswith("outcomesModule.secondaryOutcomes")
    told_as = "moved here from secondary" if turned else "moved to secondary"
    assert event.summary.startswith(f"Primary outcome replaced, partly {told_as}: ")


def test_an_outcome_that_is_secondary_now_was_not_reworded_into_its_successor() -> None:
    episodes: Outcome = {"measure": "Number of fecal incontinence episodes"}
    responders: Outcome = {
        "measure": "Responders",
        "description": "Half as many fecal incontinence episodes as before",
    }
    kinds = {event.kind for event in moved_lists([episodes], [responders], [], [episodes])}
    assert kinds == {ChangeKind.PRIMARY_OUTCOME_DEMOTED, ChangeKind.PRIMARY_OUTCOME_ADDED}
    added = one_edit({"measure": "Overall survival"}, {"measure": "Overall survival and fatigue"})
    assert added.kind is ChangeKind.PRIMARY_OUTCOME_ADDED
    assert added.facts["parts_added"] == ["fatigue"]


def test_an_outcome_that_moved_out_of_a_measure_is_demoted() -> None:
    found = derive_events(
        primary({"measure": "Static and dynamic balance"}),
        primary({"measure": "Static balance"})
        | {"secondaryOutcomes": [{"measure": "Dynamic balance"}]},
    )
    assert [(e.kind, len(e.fields)) for e in found] == [(ChangeKind.PRIMARY_OUTCOME_DEMOTED, 3)]
    assert found[0].severity is Severity.CRITICAL
    assert found[0].facts["list"] == "protocolSection.outcomesModule.secondaryOutcomes"


def test_an_outcome_demoted_in_other_words_is_told_with_the_list() -> None:
    new = {"measure": "Proportion of subjects with colitis relapse (investigator)"}
    (moved,) = derive_events(primary(RELAPSE, OS), primary(OS) | {"secondaryOutcomes": [new]})
    assert moved.kind is ChangeKind.PRIMARY_OUTCOME_DEMOTED
    assert moved.summary == "Primary outcome moved to secondary: Relapse of colitis"
    assert moved.facts["same"] in ("sure", "likely")
    assert (moved.before, moved.after) == (RELAPSE, new)


def test_an_outcome_dropped_that_was_secondary_all_along_is_demoted() -> None:
    lesser = {"secondaryOutcomes": [{"measure": "Relapses of colitis"}]}
    (moved,) = derive_events(primary(RELAPSE, OS) | lesser, primary(OS) | lesser)
    assert moved.kind is ChangeKind.PRIMARY_OUTCOME_DEMOTED
    assert moved.summary == "Primary outcome dropped, still secondary: Relapse of colitis"


def test_outcomes_that_stood_side_by_side_are_not_one_for_naming_each_other() -> None:
    tolerated = {
        "measure": "Maximum tolerated dose",
        "description": "The highest dose at which adverse events that emerged are acceptable",
    }
    adverse = {
        "measure": "Incidence of treatment-emergent adverse events",
        "description": "From the first dose to the maximum dose that is safe",
    }
    lesser = {"secondaryOutcomes": [adverse]}
    (dropped,) = derive_events(primary(tolerated, OS) | lesser, primary(OS) | lesser)
    assert dropped.kind is ChangeKind.PRIMARY_OUTCOME_DROPPED


def test_a_reworded_measure_is_told_with_the_words_that_changed() -> None:
    event = one_edit(
        {"measure": "Reduction of asthma exacerbations"}, {"measure": "Severe asthma exacerbations"}
    )
    assert event.summary == (
        "Primary outcome reworded (“Reduction of” → “Severe”): Severe asthma exacerbations"
    )
    assert event.facts["words"][0] == ["removed", "Reduction of"]


def test_words_that_only_changed_case_are_not_told_beside_those_that_changed() -> None:
    old, new = {"measure": "Progression-free survival"}, "Progression-Free Survival of all"
    event = one_edit(old, {"measure": new})
    assert event.summary == f"Primary outcome reworded (added “of all”): {new}"


def test_every_verdict_on_a_pair_says_how_sure_it_is() -> None:
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (primary(OS, PFS), primary(PFS) | {"secondaryOutcomes": [OS]}),
        (primary(OS), primary({**OS, "timeFrame": "5 years"})),
        (primary(PFS), primary({"measure": "PFS"})),
    ]
    for old, new in cases:
        for event in derive_events(old, new):
            assert event.facts["same"] in ("sure", "likely", "doubtful")
            assert 0 <= event.facts["likeness"] <= 1


def labelled(shared_data: Path, nct_id: str, phase: str) -> ChangeEvent:
    """Return the one event of a trial in a phase of its life, from the labelled data."""
    rows = read(shared_data / "labels", OUTCOME_CHANGES)
    (row,) = (row for row in rows if (row["nct_id"], row["phase"]) == (nct_id, phase))
    (event,) = outcome_events(*sides(row), results_came=row["results_just_posted"])
    return event


def test_a_measure_put_the_other_way_round_is_edited(shared_data: Path) -> None:
    event = labelled(shared_data, "NCT01433523", "recruitment")
    assert (event.kind, event.severity, event.facts["same"]) == (EDITED, Severity.MEDIUM, "likely")
    assert event.summary.startswith("Primary outcome reworded (“Reduction of the risk of an” → ")


def test_a_measure_that_moved_into_its_description_is_low(shared_data: Path) -> None:
    event = labelled(shared_data, "NCT01154140", "recruitment")
    assert (event.kind, event.severity, event.facts["same"]) == (EDITED, Severity.LOW, "sure")


def test_a_measure_written_out_with_the_results_is_no_other_outcome(shared_data: Path) -> None:
    event = labelled(shared_data, "NCT01154140", "postpublication")
    assert (event.kind, event.severity, event.facts["same"]) == (EDITED, Severity.MEDIUM, "sure")
    assert "added “Based on IRR”" in event.summary


def test_a_real_record_tells_one_edit_of_three_time_frames_once(shared_data: Path) -> None:
    folder = shared_data / "cases" / "20-letter-case-in-arms"
    old, new = (record(json.loads((folder / f"v{n}.json").read_bytes())) for n in (1, 2))
    _, found = compared(old, new)
    (event,) = (e for e in found if e.kind is EDITED)
    assert event.summary == "Time frame of 3 primary outcomes: 59 → 58 months"
    assert len(event.facts["measures"]) == 3


ADVERSE = "Number of participants with adverse events"
EMERGENT = (
    "Safety: percentage of subjects with treatment emergent adverse events (TEAEs) by severity"
)
SERIOUS = "Safety: percentage of subjects with a serious adverse event (SAE) related to Thing"


def test_one_outcome_that_became_two_is_split_and_two_that_became_one_are_joined() -> None:
    one, two = [{"measure": ADVERSE}], [{"measure": EMERGENT}, {"measure": SERIOUS}]
    (split,) = derive_events(primary(*one), primary(*two))
    assert (split.kind, split.severity) == (EDITED, Severity.MEDIUM)
    assert split.summary == f"Primary outcome split into 2: {ADVERSE}"
    assert sorted(split.facts["split_into"]) == [SERIOUS, EMERGENT]
    (joined,) = derive_events(primary(*two), primary(*one))
    assert joined.summary == f"Primary outcome joined from 2: {ADVERSE}"


def test_one_that_came_beside_an_outcome_in_its_own_words_is_added() -> None:
    found = derive_events(
        primary({"measure": ADVERSE}), primary({"measure": ADVERSE}, {"measure": SERIOUS})
    )
    assert [event.kind for event in found] == [ChangeKind.PRIMARY_OUTCOME_ADDED]
