"""Results and study documents."""

from tests.detect.cases.base import Case, K, S
from tests.detect.examples import GONE, STUDY

SUBMITTED = "statusModule.resultsFirstSubmitDate"
POSTED = "statusModule.resultsFirstPostDateStruct"
RESULTS = {"moreInfoModule": {"pointOfContact": {"title": "Sponsor"}}}
DOCUMENTS = "documentSection.largeDocumentModule.largeDocs"
PROTOCOL = STUDY["documentSection"]["largeDocumentModule"]["largeDocs"][0]
PLAN = {"typeAbbrev": "SAP", "label": "Statistical Analysis Plan", "filename": "SAP_001.pdf"}
_WITH = {"hasResults": True, "resultsSection": RESULTS, POSTED: {"date": "2026-02-18"}}
EVENTS = "annotationSection.annotationModule.unpostedAnnotation.unpostedEvents"
TRACKING = "derivedSection.miscInfoModule.submissionTracking.submissionInfos"


def _step(kind: str, date: str) -> dict[str, str]:
    return {"type": kind, "date": date}


CASES = (
    Case(
        name="submitted",
        kind=K.RESULTS_SUBMITTED,
        severity=S.HIGH,
        new={SUBMITTED: "2026-02-01"},
        facts={"life_phase": "after_results_submitted"},
        after="2026-02-01",
    ),
    Case(
        name="posted is one event, however many fields come",
        kind=K.RESULTS_POSTED,
        severity=S.HIGH,
        old={SUBMITTED: "2026-02-01"},
        new={SUBMITTED: "2026-02-01", **_WITH},
        path="hasResults",
        before=False,
        after=True,
    ),
    Case(
        name="posted and submitted at once: posted",
        kind=K.RESULTS_POSTED,
        severity=S.HIGH,
        new={SUBMITTED: "2026-02-01", **_WITH},
        alone=False,
    ),
    Case(
        name="submitted, but not posted",
        kind=K.RESULTS_SUBMITTED,
        severity=S.HIGH,
        old={EVENTS: []},
        new={EVENTS: [_step("RELEASE", "2026-01-23")]},
        silent=True,
        facts={"date": "2026-01-23", "again": False},
    ),
    Case(
        name="submitted again",
        kind=K.RESULTS_SUBMITTED,
        severity=S.MEDIUM,
        old={EVENTS: [_step("RELEASE", "2026-01-23"), _step("RESET", "2026-02-09")]},
        new={
            EVENTS: [
                _step("RELEASE", "2026-01-23"),
                _step("RESET", "2026-02-09"),
                _step("RELEASE", "2026-03-02"),
            ]
        },
        silent=True,
        facts={"date": "2026-03-02", "again": True},
    ),
    Case(
        name="returned, as the tracking tells it",
        kind=K.RESULTS_RETURNED,
        severity=S.MEDIUM,
        old={TRACKING: [{"releaseDate": "2026-01-23"}]},
        new={TRACKING: [{"releaseDate": "2026-01-23", "resetDate": "2026-02-09"}]},
        silent=True,
        after="2026-02-09",
    ),
    Case(
        name="the submission withdrawn, nobody knows when",
        kind=K.RESULTS_SUBMISSION_WITHDRAWN,
        severity=S.HIGH,
        old={EVENTS: [_step("RELEASE", "2026-01-23")]},
        new={EVENTS: [_step("RELEASE", "2026-01-23"), {"type": "UNRELEASE", "dateUnknown": True}]},
        silent=True,
        facts={"date": None},
    ),
    Case(
        name="a delay certified",
        kind=K.RESULTS_DELAY_CERTIFIED,
        severity=S.MEDIUM,
        new={
            "statusModule.dispFirstSubmitDate": "2026-02-01",
            "statusModule.dispFirstPostDateStruct": {"date": "2026-02-09", "type": "ACTUAL"},
        },
    ),
    Case(
        name="a certified delay posted later",
        kind=K.ADMINISTRATIVE_UPDATE,
        severity=S.NOISE,
        path="protocolSection.statusModule.dispFirstPostDateStruct.date",
        old={"statusModule.dispFirstSubmitDate": "2026-02-01"},
        new={
            "statusModule.dispFirstSubmitDate": "2026-02-01",
            "statusModule.dispFirstSubmitQcDate": "2026-02-05",
            "statusModule.dispFirstPostDateStruct": {"date": "2026-02-09", "type": "ACTUAL"},
        },
    ),
    Case(
        name="corrected",
        kind=K.RESULTS_CHANGED,
        severity=S.MEDIUM,
        old=_WITH,
        new={**_WITH, "resultsSection": {"moreInfoModule": {"pointOfContact": {"title": "I"}}}},
    ),
    Case(
        name="taken off the record",
        kind=K.RESULTS_WITHDRAWN,
        severity=S.CRITICAL,
        old=_WITH,
        new={POSTED: GONE},
        before=True,
        after=False,
    ),
    Case(
        name="posted without a new date",
        kind=K.RESULTS_POSTED,
        severity=S.HIGH,
        new=_WITH,
        silent=True,
    ),
    Case(
        name="a document added",
        kind=K.DOCUMENT_ADDED,
        severity=S.MEDIUM,
        new={DOCUMENTS: [PLAN, PROTOCOL]},
        facts={"documents": ["Statistical Analysis Plan"]},
    ),
    Case(
        name="a document replaced",
        kind=K.DOCUMENT_ADDED,
        severity=S.MEDIUM,
        new={DOCUMENTS: [{**PROTOCOL, "date": "2026-02-01"}]},
    ),
    Case(
        name="a document removed",
        kind=K.DOCUMENT_REMOVED,
        severity=S.MEDIUM,
        old={DOCUMENTS: [PLAN, PROTOCOL]},
        new={},
        facts={"documents": ["Statistical Analysis Plan"]},
    ),
)
