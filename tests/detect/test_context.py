"""What is known around two versions: the trial's phase of life, the thresholds."""

from dataclasses import replace
from datetime import date

import pytest

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.model.changes import ChangeKind, Severity
from monitor.model.dates import PartialDate
from monitor.settings import ThresholdSettings
from tests.detect.examples import Changes, context, of, study, the, updated

START, PRIMARY = "statusModule.startDateStruct", "statusModule.primaryCompletionDateStruct"
SUBMITTED = "statusModule.resultsFirstSubmitDate"
UNPOSTED = "derivedSection.miscInfoModule.submissionTracking"
RELEASED = "annotationSection.annotationModule.unpostedAnnotation"
RESPONSE = "outcomesModule.primaryOutcomes"


@pytest.mark.parametrize(
    ("changes", "at", "first_start", "phase"),
    [
        ({}, "2025-05-31", "2025-06-01", "before_recruitment"),
        ({}, "2025-06-01", "2025-06-01", "recruiting"),
        ({}, "2027-02-28", "2025-06-01", "recruiting"),
        ({}, "2027-03-01", "2025-06-01", "after_primary_completion"),
        ({SUBMITTED: "2027-05-01"}, "2027-04-30", "2025-06-01", "after_primary_completion"),
        ({SUBMITTED: "2027-05-01"}, "2027-05-01", "2025-06-01", "after_results_submitted"),
        # Submitted, sent back, and not posted: as NCT04457778 in February 2026.
        (
            {UNPOSTED: {"estimatedResultsFirstSubmitDate": "2027-05-01"}},
            "2027-05-01", "2025-06-01", "after_results_submitted",
        ),
        (
            {RELEASED: {"unpostedEvents": [{"type": "RESET", "date": "2027-04-01"},
                                           {"type": "RELEASE", "date": "2027-05-01"}]}},
            "2027-05-01", "2025-06-01", "after_results_submitted",
        ),
        (
            {RELEASED: {"unpostedEvents": [{"type": "RELEASE", "date": "2027-05-01"}]}},
            "2027-04-30", "2025-06-01", "after_primary_completion",
        ),
        # The first version's word counts: a start moved later turns no time back.
        ({START: {"date": "2026-12"}}, "2026-01-01", "2025-06", "recruiting"),
        ({START: {"date": "2025-06"}}, "2025-07-01", None, "recruiting"),
    ],
)  # fmt: skip
def test_an_event_tells_the_trials_phase_of_life(
    changes: Changes, at: str, first_start: str | None, phase: str
) -> None:
    old = of(study(changes))
    new = of(updated({**changes, "identificationModule.acronym": "NEW"}))
    ctx = context(old, new, date.fromisoformat(at))
    ctx = replace(ctx, first_start_date=PartialDate.parse(first_start))
    events = classify(diff(old, new), ctx)
    assert {event.facts["life_phase"] for event in events} == {phase}


@pytest.mark.parametrize(
    ("thresholds", "kind", "severity"),
    [
        (ThresholdSettings(date_days_high=30), ChangeKind.COMPLETION_MOVED, Severity.HIGH),
        (ThresholdSettings(date_days_high=31), ChangeKind.COMPLETION_MOVED, Severity.MEDIUM),
        (ThresholdSettings(date_days_medium=31), ChangeKind.COMPLETION_MOVED, Severity.LOW),
        (ThresholdSettings(date_days_critical=30), ChangeKind.COMPLETION_MOVED, Severity.CRITICAL),
        (
            ThresholdSettings(enrollment_percent_high=5),
            ChangeKind.ENROLLMENT_TARGET_CHANGED,
            Severity.HIGH,
        ),
        (ThresholdSettings(), ChangeKind.ENROLLMENT_TARGET_CHANGED, Severity.MEDIUM),
    ],
)
def test_the_configuration_decides_where_a_change_weighs_more(
    thresholds: ThresholdSettings, kind: ChangeKind, severity: Severity
) -> None:
    old = of(study())
    new = of(
        updated(
            {
                "designModule.enrollmentInfo": {"count": 210, "type": "ESTIMATED"},
                "statusModule.completionDateStruct": {"date": "2027-10-01", "type": "ESTIMATED"},
            }
        )
    )
    ctx = replace(context(old, new), thresholds=thresholds)
    assert the(kind, classify(diff(old, new), ctx)).severity is severity


def test_a_low_actual_enrollment_is_measured_by_the_configuration() -> None:
    old = of(study())
    new = of(updated({"designModule.enrollmentInfo": {"count": 180, "type": "ACTUAL"}}))
    ctx = replace(context(old, new), thresholds=ThresholdSettings(enrollment_actual_percent_low=95))
    event = the(ChangeKind.ENROLLMENT_ACTUAL_REPORTED, classify(diff(old, new), ctx))
    assert event.severity is Severity.HIGH


def test_events_come_the_most_severe_first() -> None:
    old = of(study())
    new = of(
        updated(
            {
                "statusModule.overallStatus": "TERMINATED",
                "identificationModule.acronym": "NEW",
                "eligibilityModule.sex": "FEMALE",
                RESPONSE: [],
            }
        )
    )
    ranks = [event.severity.rank for event in classify(diff(old, new), context(old, new))]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] == Severity.CRITICAL.rank
    assert ranks[-1] == Severity.NOISE.rank
