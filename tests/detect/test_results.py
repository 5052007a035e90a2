"""What an event says of results that changed."""

import pytest

from monitor.model.changes import GROUPS, ChangeKind
from tests.detect.examples import GONE, STUDY, Changes, events, kinds, study, the, updated

SUBMITTED = "statusModule.resultsFirstSubmitDate"
CHECKED = "statusModule.resultsFirstSubmitQcDate"
POSTED: Changes = {
    "hasResults": True,
    "statusModule.resultsFirstPostDateStruct": {"date": "2026-01-12"},
    SUBMITTED: "2025-12-01",
    "resultsSection.adverseEventsModule": {"frequencyThreshold": "0", "timeFrame": "1 year"},
}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({SUBMITTED: "2025-12-02"}, "Results first submitted: 2025-12-01 → 2025-12-02"),
        (
            {SUBMITTED: "2025-12-02", CHECKED: "2025-12-03"},
            "Results: 2 fields changed (Results first submit qc date, Results first submitted)",
        ),
        (
            {"resultsSection.adverseEventsModule": {"frequencyThreshold": "5", "timeFrame": "now"}},
            "Results: 2 fields changed (Adverse events)",
        ),
        (
            {"resultsSection.adverseEventsModule": {"timeFrame": "1 year"}},
            "Results: 1 field changed (Adverse events)",
        ),
    ],
)
def test_a_change_of_results_tells_where_it_is(changes: Changes, said: str) -> None:
    found = events(study(POSTED), updated({**POSTED, **changes}))
    assert the(ChangeKind.RESULTS_CHANGED, found).summary == said


def test_two_documents_of_one_name_are_two() -> None:
    (protocol,) = STUDY["documentSection"]["largeDocumentModule"]["largeDocs"]
    consents = [
        {"typeAbbrev": "ICF", "label": "Informed Consent Form", "filename": f"ICF_00{number}.pdf"}
        for number in (1, 2)
    ]
    new = updated({"documentSection.largeDocumentModule.largeDocs": [protocol, *consents]})
    event = the(ChangeKind.DOCUMENT_ADDED, events(study(), new))
    assert event.facts["documents"] == ["Informed Consent Form"] * 2
    assert event.summary.startswith("2 study documents added")


EVENTS = "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents"
TRACKING = "derivedSection.miscInfoModule.submissionTracking.submissionInfos"
RELEASED = {"type": "RELEASE", "date": "2026-01-23"}


def _told_of_results(old: Changes, new: Changes) -> list[ChangeKind]:
    found = events(study(old), updated(new))
    return sorted(kind for kind in kinds(found) if kind in GROUPS["results"])


def test_a_submission_is_not_told_again_when_it_is_posted() -> None:
    assert _told_of_results({EVENTS: [RELEASED]}, {EVENTS: GONE, **POSTED}) == [
        ChangeKind.RESULTS_POSTED
    ]
    assert _told_of_results({}, POSTED) == [
        ChangeKind.RESULTS_POSTED, ChangeKind.RESULTS_SUBMITTED,
    ]  # fmt: skip


def test_what_one_place_tells_later_than_the_other_is_told_once() -> None:
    tracked = {TRACKING: [{"releaseDate": "2026-01-23"}]}
    assert _told_of_results({}, tracked) == [ChangeKind.RESULTS_SUBMITTED]
    assert _told_of_results(tracked, {EVENTS: [RELEASED], **tracked}) == []


def test_each_step_between_two_readings_is_told() -> None:
    steps = [RELEASED, {"type": "RESET", "date": "2026-02-09"}]
    assert _told_of_results({}, {EVENTS: steps}) == [
        ChangeKind.RESULTS_RETURNED, ChangeKind.RESULTS_SUBMITTED,
    ]  # fmt: skip


@pytest.mark.parametrize("odd", [[None, 7, "x"], [{"type": 5}], [{"type": "ODD", "date": "x"}]])
def test_an_odd_submission_is_no_step(odd: list[object]) -> None:
    assert _told_of_results({}, {EVENTS: odd, TRACKING: odd}) == []
