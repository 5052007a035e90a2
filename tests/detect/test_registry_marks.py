"""What the registry writes beside the sponsor's words: renamed fields, review marks, a "no"."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from monitor.detect.diff import diff
from monitor.model.changes import ChangeKind, Severity
from tests.detect.examples import (
    GONE,
    assert_accounted_for,
    compared,
    events,
    kinds,
    of,
    study,
    the,
    updated,
)
from tests.records import record

K = ChangeKind
FLOW = "resultsSection.participantFlowModule"
RESULTS = {
    "hasResults": True,
    f"{FLOW}.recruitmentDetails": "In two clinics.",
    f"{FLOW}.groups": [{"id": "FG000", "title": "Thing"}],
}
REVIEW = {"resetReasons": ["There is not sufficient information."]}


@pytest.mark.parametrize(
    "edit",
    [
        {f"{FLOW}.recruitmentDetails": GONE, f"{FLOW}.recruitment": "In two clinics."},
        {f"{FLOW}.recruitmentDetails": "In three clinics."},
        {f"{FLOW}.groups": [{"id": "FG000", "title": "Thing", "kind": "ARM"}]},
        {"resultsSection.certainAgreement": {"restrictive": True}},
    ],
    ids=["a field renamed", "a text edited", "an attribute added", "a module added"],
)
def test_an_edit_of_results_without_a_new_date_is_the_registrys(edit: dict[str, Any]) -> None:
    found = events(study(RESULTS), study({**RESULTS, **edit}))
    assert kinds(found) == []
    assert {event.kind for event in found} == {K.REGISTRY_NORMALIZATION}
    assert kinds(events(study(RESULTS), updated({**RESULTS, **edit}))) == [K.RESULTS_CHANGED]


def test_results_that_come_or_go_without_a_new_date_are_news() -> None:
    assert kinds(events(study(), study(RESULTS))) == [K.RESULTS_POSTED]
    assert kinds(events(study(RESULTS), study())) == [K.RESULTS_WITHDRAWN]


@pytest.mark.parametrize(
    "mark",
    [
        {f"{FLOW}.reviewUnit": REVIEW},
        {"resultsSection.adverseEventsModule.allCauseMortalityReviewUnit": REVIEW},
        {"outcomesModule.reviewUnit": REVIEW},
        {"identificationModule.resetReasons": ["Unclear."]},
    ],
    ids=["of a module", "of one value", "of outcomes", "reasons alone"],
)
def test_review_marks_are_no_content(mark: dict[str, Any]) -> None:
    for old, new in ((RESULTS, {**RESULTS, **mark}), ({**RESULTS, **mark}, RESULTS)):
        assert diff(of(study(old)), of(study(new))) == ()


def test_a_review_mark_of_an_outcome_is_no_edit_of_it() -> None:
    marked = copy.deepcopy(study())
    marked["protocolSection"]["outcomesModule"]["primaryOutcomes"][0]["reviewUnit"] = REVIEW
    assert diff(of(study()), of(marked)) == ()
    assert diff(of(marked), of(study())) == ()


@pytest.mark.parametrize(
    "path",
    [
        "statusModule.expandedAccessInfo.hasExpandedAccess",
        "eligibilityModule.healthyVolunteers",
        "oversightModule.isFdaRegulatedDrug",
        "hasResults",
        "quantumModule.spin",
    ],
)
def test_no_where_nothing_was_said_is_noise(path: str) -> None:
    for before, after in ((False, GONE), (GONE, False)):
        assert kinds(events(study({path: before}), updated({path: after}))) == []
    assert kinds(events(study({path: False}), updated({path: True}))) != []
    assert kinds(events(study({path: True}), updated({path: GONE}))) != []


@pytest.mark.parametrize("before", ["SUSPENDED", "TERMINATED", "WITHDRAWN"])
def test_a_trial_that_completes_after_it_was_stopped_says_so(before: str) -> None:
    old, new = {"statusModule.overallStatus": before}, {"statusModule.overallStatus": "COMPLETED"}
    event = the(K.TRIAL_COMPLETED, events(study(old), updated(new)))
    assert event.facts["was_stopped"] is True
    unknown = {"statusModule.overallStatus": "UNKNOWN", "statusModule.lastKnownStatus": before}
    event = the(K.TRIAL_COMPLETED, events(study(unknown), updated(new)))
    assert event.facts["was_stopped"] is True
    assert "was_stopped" not in the(K.TRIAL_COMPLETED, events(study(), updated(new))).facts


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        ("AVAILABLE", "NO_LONGER_AVAILABLE", Severity.HIGH),
        ("AVAILABLE", "TEMPORARILY_NOT_AVAILABLE", Severity.HIGH),
        ("AVAILABLE", "APPROVED_FOR_MARKETING", Severity.HIGH),
        ("TEMPORARILY_NOT_AVAILABLE", "NO_LONGER_AVAILABLE", Severity.HIGH),
        ("TEMPORARILY_NOT_AVAILABLE", "AVAILABLE", Severity.MEDIUM),
    ],
)
def test_the_end_of_an_expanded_access_programme_is_high(
    before: str, after: str, severity: Severity
) -> None:
    path = "statusModule.overallStatus"
    event = the(K.EXPANDED_ACCESS_CHANGED, events(study({path: before}), updated({path: after})))
    assert event.severity is severity


@pytest.mark.parametrize("after", [False, GONE], ids=["no", "not said"])
def test_a_trial_whose_expanded_access_ends_is_high(after: Any) -> None:
    path = "statusModule.expandedAccessInfo.hasExpandedAccess"
    event = the(K.EXPANDED_ACCESS_CHANGED, events(study({path: True}), updated({path: after})))
    assert event.severity is Severity.HIGH


def test_a_real_expanded_access_programme_ends(shared_data: Path) -> None:
    folder = shared_data / "cases" / "12-expanded-access-closed"
    old, new = (record(json.loads((folder / f"v{n}.json").read_bytes())) for n in (1, 2))
    changes, found = compared(old, new)
    assert_accounted_for(changes, found)
    assert the(K.EXPANDED_ACCESS_CHANGED, found).severity is Severity.HIGH


@pytest.mark.parametrize(
    ("contacts", "count"),
    [
        ([{"name": "Quite another", "phone": "1"}], 1),
        ([{"name": "Quite another", "phone": "9", "email": "a@example.org"}], 1),
        ([{"name": "Central contact", "phone": "9", "email": "a@example.org"}], 1),
        ([{"name": "Quite another", "phone": "1"}, {"name": "A second", "phone": "2"}], 2),
        ([], 1),
    ],
    ids=["renamed", "replaced", "edited twice", "replaced and one more", "removed"],
)
def test_one_contact_under_another_name_is_one_change(
    contacts: list[dict[str, str]], count: int
) -> None:
    path = "contactsLocationsModule.centralContacts"
    event = the(K.CONTACT_CHANGED, events(study(), updated({path: contacts})))
    assert event.facts["central"] == count
