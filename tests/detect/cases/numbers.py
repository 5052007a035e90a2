"""Dates that move, numbers of participants; both sides of every threshold."""

from datetime import date, timedelta

from tests.detect.cases.base import Case, K, S
from tests.detect.examples import GONE

START, PRIMARY, END = (
    f"statusModule.{name}DateStruct" for name in ("start", "primaryCompletion", "completion")
)
ENROLLMENT = "designModule.enrollmentInfo"
MOVED = {START: K.START_DATE_MOVED, PRIMARY: K.PRIMARY_COMPLETION_MOVED, END: K.COMPLETION_MOVED}
DAY = date(2027, 3, 1)


def _moved(struct: str, days: int, severity: S) -> Case:
    return Case(
        name=f"{struct} by {days} days",
        kind=MOVED[struct],
        severity=severity,
        old={struct: {"date": str(DAY), "type": "ESTIMATED"}},
        new={struct: {"date": str(DAY + timedelta(days)), "type": "ESTIMATED"}},
        facts={"days": days},
        path=f"protocolSection.{struct}.date",
        before=str(DAY),
        after=str(DAY + timedelta(days)),
    )


def _target(before: int, after: int, percent: float | None, severity: S) -> Case:
    return Case(
        name=f"target from {before} to {after}",
        kind=K.ENROLLMENT_TARGET_CHANGED,
        severity=severity,
        old={ENROLLMENT: {"count": before, "type": "ESTIMATED"}},
        new={ENROLLMENT: {"count": after, "type": "ESTIMATED"}},
        facts={"percent": percent, "difference": after - before},
        path="protocolSection.designModule.enrollmentInfo.count",
        before=before,
        after=after,
    )


def _actual(target: int, actual: int, percent: float, severity: S) -> Case:
    return Case(
        name=f"actual {actual} of {target}",
        kind=K.ENROLLMENT_ACTUAL_REPORTED,
        severity=severity,
        old={ENROLLMENT: {"count": target, "type": "ESTIMATED"}},
        new={ENROLLMENT: {"count": actual, "type": "ACTUAL"}},
        facts={"percent": percent, "type": "ACTUAL", "type_before": "ESTIMATED"},
        before=target,
        after=actual,
    )


_THRESHOLDS = (
    *(_moved(struct, 89, S.MEDIUM) for struct in MOVED),
    *(_moved(struct, 90, S.HIGH) for struct in MOVED),
    *(_moved(struct, -89, S.MEDIUM) for struct in MOVED),
    *(_moved(struct, -90, S.HIGH) for struct in MOVED),
    *(_moved(struct, 29, S.LOW) for struct in MOVED),
    *(_moved(struct, -30, S.MEDIUM) for struct in MOVED),
    *(_moved(struct, 364, S.HIGH) for struct in MOVED),
    *(_moved(struct, 365, S.CRITICAL) for struct in MOVED),
    _target(100, 119, 19.0, S.MEDIUM),
    _target(100, 120, 20.0, S.HIGH),
    _target(100, 81, -19.0, S.MEDIUM),
    _target(100, 80, -20.0, S.HIGH),
    _target(2500, 2999, 19.96, S.MEDIUM),
    _target(0, 10, None, S.HIGH),
    _target(300, 0, -100.0, S.HIGH),
    _actual(100, 85, -15.0, S.MEDIUM),
    _actual(100, 84, -16.0, S.HIGH),
    _actual(100, 100, 0.0, S.MEDIUM),
    _actual(100, 130, 30.0, S.MEDIUM),
)

CASES = (
    *_THRESHOLDS,
    Case(
        name="a date becomes actual",
        kind=K.DATE_BECAME_ACTUAL,
        severity=S.LOW,
        new={PRIMARY: {"date": "2027-03-01", "type": "ACTUAL"}},
        facts={"date": "2027-03-01", "type": "ACTUAL", "type_before": "ESTIMATED"},
    ),
    Case(
        name="a date is an estimate again",
        kind=K.START_DATE_MOVED,
        severity=S.MEDIUM,
        new={START: {"date": "2025-06-01", "type": "ESTIMATED"}},
        facts={"days": 0, "type": "ESTIMATED", "type_before": "ACTUAL"},
    ),
    Case(
        name="a date moves and becomes actual",
        kind=K.PRIMARY_COMPLETION_MOVED,
        severity=S.HIGH,
        new={PRIMARY: {"date": "2026-02-01", "type": "ACTUAL"}},
        facts={"days": -393, "type": "ACTUAL"},
    ),
    Case(
        name="the same month told to the day is no move",
        kind=K.COMPLETION_MOVED,
        severity=S.LOW,
        old={END: {"date": "2027-09", "type": "ESTIMATED"}},
        new={END: {"date": "2027-09-30", "type": "ESTIMATED"}},
        facts={"days": 0, "precision_only": True},
    ),
    Case(
        name="the month told to the day and actual",
        kind=K.DATE_BECAME_ACTUAL,
        severity=S.LOW,
        old={END: {"date": "2027-09", "type": "ESTIMATED"}},
        new={END: {"date": "2027-09-30", "type": "ACTUAL"}},
        facts={"days": 0, "precision_only": True},
    ),
    Case(
        name="months without days are counted from month to month",
        kind=K.PRIMARY_COMPLETION_MOVED,
        severity=S.CRITICAL,
        old={PRIMARY: {"date": "2026-07"}},
        new={PRIMARY: {"date": "2027-09"}},
        facts={"days": 427},
    ),
    Case(
        name="a date stated for the first time has no days",
        kind=K.COMPLETION_MOVED,
        severity=S.MEDIUM,
        old={END: GONE},
        new={},
        facts={"days": None},
    ),
    Case(
        name="a date that the calendar does not have is told as it is",
        kind=K.COMPLETION_MOVED,
        severity=S.MEDIUM,
        new={END: {"date": "2027-13", "type": "ESTIMATED"}},
        facts={"days": None},
        after="2027-13",
    ),
    Case(
        name="the start moves from before the registration to after it",
        kind=K.RETROACTIVELY_PROSPECTIVE,
        severity=S.HIGH,
        old={START: {"date": "2025-04-01", "type": "ACTUAL"}},
        new={START: {"date": "2025-05-10", "type": "ACTUAL"}},
        facts={"first_submitted": "2025-05-10"},
        before="2025-04-01",
        after="2025-05-10",
        alone=False,
    ),
    Case(
        name="an actual number corrected",
        kind=K.ENROLLMENT_ACTUAL_REPORTED,
        severity=S.MEDIUM,
        old={ENROLLMENT: {"count": 100, "type": "ACTUAL"}},
        new={ENROLLMENT: {"count": 98, "type": "ACTUAL"}},
        facts={"corrected": True, "percent": -2.0},
    ),
    Case(
        name="a type added to a number that had none",
        kind=K.ENROLLMENT_TARGET_CHANGED,
        severity=S.LOW,
        old={ENROLLMENT: {"count": 100}},
        new={ENROLLMENT: {"count": 100, "type": "ESTIMATED"}},
    ),
    Case(
        name="a number of the wrong type is told as it is",
        kind=K.ENROLLMENT_TARGET_CHANGED,
        severity=S.MEDIUM,
        new={ENROLLMENT: {"count": "many", "type": "ESTIMATED"}},
        before=200,
        after="many",
    ),
)
