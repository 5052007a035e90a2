"""What an event says of items: which came, went or changed, named in the registry's own terms."""

from typing import Any

import pytest

from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from tests.detect.cases.other import ARMS, INTERVENTIONS, PLACEBO, REFERENCES, THING
from tests.detect.examples import GONE, Changes, events, study, the, updated

DRUG = {"type": "DRUG", "name": "Thing", "armGroupLabels": ["Thing"]}
OFFICIALS = "contactsLocationsModule.overallOfficials"
OFFICIAL = {"name": "Study official", "role": "STUDY_CHAIR"}
IDS = "identificationModule.secondaryIdInfos"
OWN = {"pmid": "1", "type": "BACKGROUND", "citation": "A."}
FOUND = {"pmid": "3", "type": "DERIVED"}


def derive_events(old: Changes, new: Changes) -> list[ChangeEvent]:
    """Return what is told of an update, without its dates."""
    found = events(study(old), updated(new))
    return [one for one in found if one.kind is not ChangeKind.ADMINISTRATIVE_UPDATE]


def says(old: Changes, new: Changes) -> str:
    """Return what the only event says; it begins with the event's label."""
    (event,) = derive_events(old, new)
    assert event.summary.startswith(f"{event.label}: ")
    return event.summary


def listed(path: str, before: list[Any], after: list[Any]) -> tuple[Changes, Changes]:
    """Return the changes by which a list becomes another."""
    return {path: before}, {path: after}


@pytest.mark.parametrize(
    ("path", "before", "after", "summary"),
    [
        (ARMS, [THING], [THING, PLACEBO], "Arms: added Placebo"),
        (ARMS, [THING, PLACEBO], [THING], "Arms: removed Placebo"),
        (
            ARMS, [{**THING, "description": "Once a day"}], [THING],
            "Arms: changed Thing (description removed)",
        ),
        (
            ARMS, [THING], [{**THING, "type": "OTHER"}],
            "Arms: changed Thing (type: EXPERIMENTAL → OTHER)",
        ),
        (
            ARMS, [{**THING, "description": "x " * 40 + "one a day"}],
            [{**THING, "description": "x " * 40 + "two a day"}],
            "Arms: changed Thing (description: “one” → “two”)",
        ),
        (
            ARMS, [THING], [{**THING, "type": "OTHER", "description": "d"}],
            "Arms: changed Thing (description added, type changed)",
        ),
        (
            ARMS, [THING], [{**THING, "interventionNames": ["Drug: Thing", "Drug: More"]}],
            "Arms: changed Thing (intervention names: added Drug: More)",
        ),
        (
            ARMS, [THING, PLACEBO], [{**THING, "type": "OTHER", "description": "d"}],
            "Arms: 1 removed, 1 changed (Placebo; Thing)",
        ),
        (
            INTERVENTIONS, [DRUG], [{**DRUG, "otherNames": ["T-1"]}],
            "Interventions: changed DRUG, Thing (other intervention names: added T-1)",
        ),
        (
            INTERVENTIONS, [DRUG], [{**DRUG, "armGroupLabels": ["Thing", "Placebo"]}],
            "Interventions: changed DRUG, Thing (arm group labels: added Placebo)",
        ),
        (
            OFFICIALS, [{**OFFICIAL, "affiliation": "Oslo"}], [OFFICIAL],
            "Overall officials: changed Study official (affiliation removed)",
        ),
        (
            OFFICIALS, [OFFICIAL], [{**OFFICIAL, "role": "STUDY_DIRECTOR"}],
            "Overall officials: changed Study official (role: STUDY_CHAIR → STUDY_DIRECTOR)",
        ),
        (
            IDS, [{"id": "1", "type": "OTHER"}], [{"id": "1", "type": "REGISTRY"}],
            "Secondary IDs: changed 1 (type: OTHER → REGISTRY)",
        ),
        (
            REFERENCES, [OWN], [{**OWN, "retractions": [{"pmid": "4"}]}],
            "References: changed 1 (retractions: added 4)",
        ),
        (
            REFERENCES, [OWN, FOUND], [OWN],
            "References found by the registry: 1 removed",
        ),
        (
            REFERENCES, [FOUND, {**FOUND, "pmid": "5"}],
            [{**FOUND, "citation": "C.", "other": 1}, {**FOUND, "pmid": "5", "citation": "D."}],
            "References found by the registry: 2 changed",
        ),
    ],
)  # fmt: skip
def test_an_item_came_or_went_only_when_it_did(
    path: str, before: list[Any], after: list[Any], summary: str
) -> None:
    assert says(*listed(path, before, after)) == summary


def test_an_arm_that_goes_is_one_item_though_its_interventions_named_it() -> None:
    both = {**DRUG, "armGroupLabels": ["Thing", "Placebo"]}
    old = {ARMS: [THING, PLACEBO], INTERVENTIONS: [both]}
    (event,) = derive_events(old, {ARMS: [THING], INTERVENTIONS: [DRUG]})
    assert (event.summary, event.before, event.after) == ("Arms: removed Placebo", PLACEBO, None)
    assert len(event.fields) == 2


def test_a_renamed_arm_is_one_item_though_its_interventions_name_it() -> None:
    old, new = (
        {ARMS: [{**THING, "label": label}], INTERVENTIONS: [{**DRUG, "armGroupLabels": [label]}]}
        for label in ("Thing once a day", "Thing twice a day")
    )
    text = "Arms: Thing once a day → Thing twice a day"
    assert says(old, new) == text


@pytest.mark.parametrize(
    ("old", "new", "summary"),
    [
        (
            {"designModule.bioSpec": {"description": "blood"}},
            {"designModule.bioSpec": {"description": "tissue"}},
            "Biospecimens: description: blood → tissue",
        ),
        (
            {},
            {"designModule.bioSpec": {"description": "blood", "retention": "NONE_RETAINED"}},
            "Biospecimens: 2 added (description; retention)",
        ),
        (
            {},
            {"statusModule.newDateStruct": {"date": "2026-02-20", "type": "ACTUAL"}},
            "New date: (none) → 2026-02-20",
        ),
        (
            {ARMS: [THING, {**PLACEBO, "label": "x" * 60}]},
            {ARMS: [{**THING, "label": "y" * 61}, {**PLACEBO, "label": "z" * 61}]},
            f"Arms: 2 added, 2 removed ({'y' * 59}…; {'z' * 59}…; Thing; …)",
        ),
        (
            {},
            {"designModule.patientRegistry": True, "designModule.studyType": "OBSERVATIONAL"},
            "Study design: 1 added, 1 changed (patient registry; Study type)",
        ),
        (
            {},
            {"designModule.designInfo.maskingInfo.masking": "NONE"},
            "Masking: DOUBLE → NONE",
        ),
        (
            {},
            {"ipdSharingStatementModule.timeFrame": "1 year"},
            "IPD sharing: time frame: (none) → 1 year",
        ),
        (
            {},
            {"ipdSharingStatementModule": {"ipdSharing": "YES", "url": "u", "timeFrame": "t"}},
            "IPD sharing: 2 added, 1 changed (time frame; url; IPD sharing)",
        ),
        (
            {"identificationModule.acronym": GONE},
            {"identificationModule.acronym": "T", "identificationModule.briefTitle": "New"},
            "Titles: 1 added, 1 changed (Acronym; Brief title)",
        ),
        (
            {},
            {"oversightModule": {"oversightHasDmc": False, "isFdaRegulatedDrug": True}},
            "Oversight: 1 added, 1 changed (FDA-regulated drug product; Data monitoring committee)",
        ),
        (
            {},
            {"sponsorCollaboratorsModule.responsibleParty": {"type": "X", "oldOrganization": "O"}},
            "Responsible party: 1 added, 1 changed (old organization; type)",
        ),
        ({}, {"statusModule.newField": {"a": 1}}, "Status: new field: a: (none) → 1"),
        ({}, {"quantumModule": {"spin": 1}}, "Quantum module: spin: (none) → 1"),
        (
            {},
            {"annotationSection.annotationModule.violationAnnotation.violationEvents": [
                {"type": "VIOLATION_IDENTIFIED"}]},
            "FDAAA 801 violations: added VIOLATION_IDENTIFIED",
        ),
    ],
)  # fmt: skip
def test_an_event_is_named_by_what_all_its_changes_lie_in(
    old: Changes, new: Changes, summary: str
) -> None:
    assert says(old, new) == summary


def test_one_retraction_among_derived_references_is_news_and_the_rest_is_not() -> None:
    new = {REFERENCES: [{**FOUND, "retractions": [{"pmid": "4"}]}, {**FOUND, "pmid": "5"}]}
    found = derive_events({REFERENCES: [FOUND]}, new)
    assert [(event.severity, event.summary) for event in found] == [
        (Severity.LOW, "References: changed 3 (retractions: added 4)"),
        (Severity.NOISE, "References found by the registry: 1 added"),
    ]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("conditionsModule.conditions", "Conditions: Gout added"),
        ("conditionsModule.keywords", "Keywords: Gout added"),
        ("ipdSharingStatementModule.infoTypes", "IPD sharing: info types: added Gout"),
    ],
)  # fmt: skip
def test_a_word_in_other_letter_case_is_the_same_word(path: str, said: str) -> None:
    change = listed(path, ["Asthma", "Eczema"], ["ECZEMA", "Gout", "Asthma"])
    assert says(*change) == said
    (event,) = derive_events(*change)
    assert [(one.op, one.before, one.after) for one in event.fields] == [("added", None, "Gout")]
    old, new = change
    found = events(study(old), updated(new))
    (noise,) = (one for one in found if "other letters" in one.summary)
    assert noise.severity is Severity.NOISE
    assert [(one.op, one.before, one.after) for one in noise.fields] == [
        ("changed", "Eczema", "ECZEMA"),
    ]


TYPE_2 = "Diabetes Mellitus, Type 2"


@pytest.mark.parametrize("list_", ["conditions", "keywords"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (TYPE_2, "Type 2 Diabetes Mellitus"),
        ("Lung Cancer", "Cancer of the Lung"),
        ("Leukemia, Acute Myeloid", "Acute Myeloid Leukemia"),
    ],
)
def test_words_in_another_order_are_one_rename(list_: str, before: str, after: str) -> None:
    path = f"conditionsModule.{list_}"
    found = events(study({path: ["Asthma", before]}), updated({path: [after, "Asthma"]}))
    event = the(ChangeKind.CONDITION_CHANGED, found)
    assert event.severity is Severity.LOW
    assert event.summary == f"{list_.capitalize()}: {before} → {after}"
    assert event.facts["renamed"] == [{"before": before, "after": after}]
    assert event.facts["added"] == event.facts["removed"] == []
    assert len(event.fields) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [(TYPE_2, "Type 1 Diabetes Mellitus"), ("Migraine With Aura", "Migraine Without Aura")],
)
def test_other_words_are_no_rename(before: str, after: str) -> None:
    path = "conditionsModule.conditions"
    found = events(study({path: [before]}), updated({path: [after, "Asthma"]}))
    facts = the(ChangeKind.CONDITION_CHANGED, found).facts
    assert facts["renamed"] == []
    assert sorted(facts["added"]) == sorted([after, "Asthma"])
