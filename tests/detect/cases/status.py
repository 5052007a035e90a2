"""Overall status, the reason for stopping, expanded access, the record as a whole."""

from collections.abc import Mapping
from typing import Any

from tests.detect.cases.base import ANY, Case, K, S
from tests.detect.examples import GONE

STATUS = "statusModule.overallStatus"
LAST_KNOWN = "statusModule.lastKnownStatus"
WHY = "statusModule.whyStopped"
ACCESS = "statusModule.expandedAccessInfo"


def _status(
    before: str, after: str, kind: K, severity: S, *, known: str | None = None, **facts: Any
) -> Case:
    """Return the case of a status that follows another; ``known``: behind a status UNKNOWN."""
    old: Mapping[str, Any] = {STATUS: before, "contactsLocationsModule.locations": GONE}
    if known:
        old = {**old, LAST_KNOWN: known}
    return Case(
        name=f"{before} to {after}",
        kind=kind,
        severity=severity,
        old=old,
        new={**old, STATUS: after, LAST_KNOWN: GONE},
        facts=facts,
        path="protocolSection.statusModule.overallStatus",
        before=before,
        after=after,
    )


_MOVES = (
    _status("RECRUITING", "WITHDRAWN", K.TRIAL_WITHDRAWN, S.CRITICAL),
    _status("NOT_YET_RECRUITING", "WITHDRAWN", K.TRIAL_WITHDRAWN, S.CRITICAL),
    _status("ACTIVE_NOT_RECRUITING", "TERMINATED", K.TRIAL_TERMINATED, S.CRITICAL),
    _status("SUSPENDED", "TERMINATED", K.TRIAL_TERMINATED, S.CRITICAL),
    _status("COMPLETED", "TERMINATED", K.TRIAL_TERMINATED, S.CRITICAL),
    _status("RECRUITING", "SUSPENDED", K.TRIAL_SUSPENDED, S.CRITICAL),
    _status("SUSPENDED", "RECRUITING", K.TRIAL_RESTARTED, S.HIGH),
    _status("SUSPENDED", "ENROLLING_BY_INVITATION", K.TRIAL_RESTARTED, S.HIGH),
    _status("TERMINATED", "ACTIVE_NOT_RECRUITING", K.TRIAL_RESTARTED, S.HIGH),
    _status("WITHDRAWN", "NOT_YET_RECRUITING", K.TRIAL_RESTARTED, S.HIGH),
    _status("NOT_YET_RECRUITING", "RECRUITING", K.RECRUITMENT_OPENED, S.HIGH),
    _status("NOT_YET_RECRUITING", "ENROLLING_BY_INVITATION", K.RECRUITMENT_OPENED, S.HIGH),
    _status("ACTIVE_NOT_RECRUITING", "RECRUITING", K.RECRUITMENT_OPENED, S.HIGH, reopened=True),
    _status("RECRUITING", "ACTIVE_NOT_RECRUITING", K.RECRUITMENT_CLOSED, S.HIGH),
    _status("ENROLLING_BY_INVITATION", "ACTIVE_NOT_RECRUITING", K.RECRUITMENT_CLOSED, S.HIGH),
    _status("ACTIVE_NOT_RECRUITING", "COMPLETED", K.TRIAL_COMPLETED, S.HIGH),
    _status("RECRUITING", "COMPLETED", K.TRIAL_COMPLETED, S.HIGH),
    _status("COMPLETED", "RECRUITING", K.STATUS_REVERSED, S.HIGH),
    _status("COMPLETED", "ACTIVE_NOT_RECRUITING", K.STATUS_REVERSED, S.HIGH),
    _status("RECRUITING", "NOT_YET_RECRUITING", K.STATUS_REVERSED, S.HIGH),
    _status("ACTIVE_NOT_RECRUITING", "NOT_YET_RECRUITING", K.STATUS_REVERSED, S.HIGH),
    _status("NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING", K.STATUS_CHANGED, S.MEDIUM),
    _status("RECRUITING", "ENROLLING_BY_INVITATION", K.STATUS_CHANGED, S.MEDIUM),
    _status("RECRUITING", "A_NEW_WORD", K.STATUS_CHANGED, S.MEDIUM),
    _status("A_NEW_WORD", "RECRUITING", K.STATUS_CHANGED, S.MEDIUM),
    _status("UNKNOWN", "RECRUITING", K.STATUS_CHANGED, S.MEDIUM, known="RECRUITING"),
    _status("UNKNOWN", "RECRUITING", K.RECRUITMENT_OPENED, S.HIGH, known="NOT_YET_RECRUITING"),
    _status("UNKNOWN", "COMPLETED", K.TRIAL_COMPLETED, S.HIGH, known="RECRUITING"),
    _status("AVAILABLE", "NO_LONGER_AVAILABLE", K.EXPANDED_ACCESS_CHANGED, S.HIGH),
    _status("AVAILABLE", "APPROVED_FOR_MARKETING", K.EXPANDED_ACCESS_CHANGED, S.HIGH),
)

CASES = (
    *_MOVES,
    Case(
        name="terminated with a reason tells the reason and its class",
        kind=K.TRIAL_TERMINATED,
        severity=S.CRITICAL,
        old={"contactsLocationsModule.locations": GONE},
        new={
            "contactsLocationsModule.locations": GONE,
            STATUS: "TERMINATED",
            WHY: "Lack of efficacy (not due to safety)",
        },
        facts={
            "why_stopped": "Lack of efficacy (not due to safety)",
            "reason_class": "efficacy",
            "reason_classes": ["efficacy"],
        },
    ),
    Case(
        name="UNKNOWN set by the registry without a new date",
        kind=K.STATUS_UNKNOWN,
        severity=S.MEDIUM,
        new={STATUS: "UNKNOWN", LAST_KNOWN: "RECRUITING"},
        facts={"last_known_status": "RECRUITING"},
        silent=True,
    ),
    Case(
        name="another reason for the same status",
        kind=K.WHY_STOPPED_CHANGED,
        severity=S.HIGH,
        old={STATUS: "TERMINATED", WHY: "Business decision"},
        new={STATUS: "TERMINATED", WHY: "Unacceptable toxicity"},
        facts={
            "reason_class": "safety",
            "reason_class_before": "business",
            "reason_classes": ["safety"],
            "reason_classes_before": ["business"],
        },
        before="Business decision",
        after="Unacceptable toxicity",
    ),
    Case(
        name="a reason given later",
        kind=K.WHY_STOPPED_CHANGED,
        severity=S.HIGH,
        old={STATUS: "WITHDRAWN"},
        new={STATUS: "WITHDRAWN", WHY: "No funding"},
        facts={
            "reason_class": "business",
            "reason_class_before": None,
            "reason_classes": ["business"],
            "reason_classes_before": [],
        },
    ),
    Case(
        name="expanded access opens",
        kind=K.EXPANDED_ACCESS_CHANGED,
        severity=S.MEDIUM,
        new={f"{ACCESS}.hasExpandedAccess": True},
        before=False,
        after=True,
    ),
    Case(
        name="no expanded access, no longer said",
        kind=K.ADMINISTRATIVE_UPDATE,
        severity=S.NOISE,
        new={ACCESS: GONE},
        path=f"protocolSection.{ACCESS}.hasExpandedAccess",
        before=False,
        after=None,
    ),
    Case(
        name="a record withheld is one event, however much goes with it",
        kind=K.RECORD_VANISHED,
        severity=S.HIGH,
        new={
            STATUS: "WITHHELD",
            "identificationModule.briefTitle": "[Trial of device that is not approved]",
            "outcomesModule": GONE,
            "armsInterventionsModule": GONE,
            "contactsLocationsModule": GONE,
            "designModule": GONE,
        },
        before="RECRUITING",
        after="WITHHELD",
    ),
    Case(
        name="a withheld record shown again",
        kind=K.RECORD_RESTORED,
        severity=S.HIGH,
        old={STATUS: "WITHHELD", "outcomesModule": GONE, "contactsLocationsModule": GONE},
        new={},
        before="WITHHELD",
        after="RECRUITING",
    ),
    Case(
        name="a record withheld without a new date",
        kind=K.RECORD_VANISHED,
        severity=S.HIGH,
        new={STATUS: "WITHHELD", "outcomesModule": GONE},
        silent=True,
    ),
    Case(
        name="another record merged into this one",
        kind=K.RECORD_MERGED,
        severity=S.HIGH,
        new={"identificationModule.nctIdAliases": ["NCT09000002"]},
        facts={"merged": ["NCT09000002"]},
        before=ANY,
        after="NCT09000002",
    ),
    Case(
        name="another record merged without a new date",
        kind=K.RECORD_MERGED,
        severity=S.HIGH,
        new={"identificationModule.nctIdAliases": ["NCT09000002"]},
        silent=True,
    ),
)
