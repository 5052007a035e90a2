"""A made-up trial to change one thing in, and what comes out when it is compared."""

import copy
from collections.abc import Mapping, Sequence
from datetime import date
from random import Random
from typing import Any

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.detect.rules.base import Context
from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange, Severity
from monitor.model.record import TrialRecord
from monitor.settings import ThresholdSettings

NCT = "NCT09000001"
# The trial has started (2025-06) and not reached its primary completion (2027-03).
VERSION_DATE = date(2026, 2, 19)
# In the place of a value: the field is not there.
GONE: Any = object()
SECTIONS = ("protocolSection", "resultsSection", "annotationSection", "documentSection",
            "derivedSection", "hasResults", "registryRecord")  # fmt: skip

Document = dict[str, Any]
Changes = Mapping[str, Any]

STUDY: Document = {
    "protocolSection": {
        "identificationModule": {
            "nctId": NCT, "briefTitle": "A study of a thing", "officialTitle": "A phase 2 study",
            "orgStudyIdInfo": {"id": "THING-1"}, "organization": {"fullName": "Thing Ltd"},
            "secondaryIdInfos": [{"id": "2025-1", "type": "EUDRACT_NUMBER"}],
        },
        "statusModule": {
            "overallStatus": "RECRUITING", "statusVerifiedDate": "2026-01",
            "expandedAccessInfo": {"hasExpandedAccess": False},
            "startDateStruct": {"date": "2025-06-01", "type": "ACTUAL"},
            "primaryCompletionDateStruct": {"date": "2027-03-01", "type": "ESTIMATED"},
            "completionDateStruct": {"date": "2027-09-01", "type": "ESTIMATED"},
            "studyFirstSubmitDate": "2025-05-10",
            "lastUpdateSubmitDate": "2026-01-10",
            "lastUpdatePostDateStruct": {"date": "2026-01-12", "type": "ACTUAL"},
        },
        "sponsorCollaboratorsModule": {
            "leadSponsor": {"name": "Thing Ltd", "class": "INDUSTRY"},
            "responsibleParty": {"type": "SPONSOR"},
            "collaborators": [{"name": "Helpers Inc", "class": "INDUSTRY"}],
        },
        "oversightModule": {"oversightHasDmc": True},
        "descriptionModule": {"briefSummary": "About a thing.", "detailedDescription": "More."},
        "conditionsModule": {"conditions": ["Asthma", "Eczema"], "keywords": ["thing"]},
        "designModule": {
            "studyType": "INTERVENTIONAL", "phases": ["PHASE2"],
            "designInfo": {"allocation": "RANDOMIZED", "maskingInfo": {"masking": "DOUBLE"}},
            "enrollmentInfo": {"count": 200, "type": "ESTIMATED"},
        },
        "armsInterventionsModule": {
            "armGroups": [
                {"label": "Thing", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Thing"]},
                {"label": "Placebo", "type": "PLACEBO_COMPARATOR"},
            ],
            "interventions": [{"type": "DRUG", "name": "Thing", "armGroupLabels": ["Thing"]}],
        },
        "outcomesModule": {
            "primaryOutcomes": [
                {"measure": "Overall survival", "description": "From randomisation to death of "
                 "any cause, by the investigator.", "timeFrame": "24 months"},
                {"measure": "Objective response rate", "timeFrame": "6 months"},
            ],
            "secondaryOutcomes": [{"measure": "Quality of life", "timeFrame": "12 months"}],
        },
        "eligibilityModule": {
            "eligibilityCriteria": "Inclusion Criteria:\n\n* Age \\>= 18 years\n* Asthma for a "
            "year\n\nExclusion Criteria:\n\n* Pregnancy\n* Smoking",
            "sex": "ALL", "minimumAge": "18 Years", "stdAges": ["ADULT", "OLDER_ADULT"],
            "healthyVolunteers": False,
        },
        "contactsLocationsModule": {
            "centralContacts": [{"name": "Central contact", "phone": "1"}],
            "overallOfficials": [{"name": "Study official", "role": "PRINCIPAL_INVESTIGATOR"}],
            "locations": [
                {"facility": "North Hospital", "status": "RECRUITING", "city": "Oslo",
                 "zip": "0001", "country": "Norway", "geoPoint": {"lat": 59.9, "lon": 10.7}},
                {"facility": "South Clinic", "status": "RECRUITING", "city": "Lyon",
                 "zip": "69000", "country": "France",
                 "contacts": [{"name": "Site contact", "role": "CONTACT", "phone": "2"}]},
            ],
        },
        "referencesModule": {"references": [{"pmid": "1", "type": "BACKGROUND", "citation": "A."}]},
        "ipdSharingStatementModule": {"ipdSharing": "NO"},
    },
    "documentSection": {"largeDocumentModule": {"largeDocs": [
        {"typeAbbrev": "Prot", "label": "Study Protocol", "filename": "Prot_000.pdf",
         "date": "2025-05-01"},
    ]}},
    "derivedSection": {
        "miscInfoModule": {"versionHolder": "2026-01-12"},
        "conditionBrowseModule": {"meshes": [{"id": "D001249", "term": "Asthma"}]},
    },
    "hasResults": False,
}  # fmt: skip


def study(changes: Changes | None = None) -> Document:
    """Return the trial with fields set by their dotted paths, ``GONE`` ones taken out.

    ``statusModule.overallStatus`` is short for ``protocolSection.statusModule.overallStatus``.
    """
    document = copy.deepcopy(STUDY)
    for dotted, value in (changes or {}).items():
        *way, name = dotted.split(".")
        if (way or [name])[0] not in SECTIONS:
            way.insert(0, "protocolSection")
        place = document
        for step in way:
            place = place.setdefault(step, {})
        if value is GONE:
            place.pop(name, None)
        else:
            place[name] = value
    return document


def updated(changes: Changes | None = None, posted: str = "2026-02-19") -> Document:
    """Return the trial as the sponsor updated it."""
    stamps = {
        "statusModule.lastUpdatePostDateStruct": {"date": posted, "type": "ACTUAL"},
        "statusModule.lastUpdateSubmitDate": posted,
    }
    return study({**stamps, **(changes or {})})


def sites(document: Document) -> list[Document]:
    """Return the trial's list of sites itself."""
    found: list[Document] = document["protocolSection"]["contactsLocationsModule"]["locations"]
    return found


def shuffled(items: Sequence[Any], seed: int) -> list[Any]:
    """Return the items in another order, the same for the same seed."""
    return seeded(seed).sample(items, len(items))


def seeded(seed: int) -> Random:
    """Return a source of random choices, the same ones for the same seed."""
    return Random(seed)  # noqa: S311


def of(document: Document, **about: Any) -> TrialRecord:
    """Return a record of the document."""
    return TrialRecord(nct_id=NCT, document=document, **about)


def context(old: TrialRecord, new: TrialRecord, at: date | None = None) -> Context:
    """Return the context of two neighbouring versions with the default thresholds."""
    return Context(
        old=old,
        new=new,
        version_date=at or new.last_update_date or VERSION_DATE,
        first_start_date=old.start_date,
        thresholds=ThresholdSettings(),
    )


def compared(
    old: TrialRecord, new: TrialRecord, at: date | None = None
) -> tuple[tuple[FieldChange, ...], tuple[ChangeEvent, ...]]:
    """Return the field changes of two versions and the events that they make."""
    changes = diff(old, new)
    return changes, classify(changes, context(old, new, at))


def events(old: Document, new: Document, at: date | None = None) -> tuple[ChangeEvent, ...]:
    """Return the events between two documents; every change must be in exactly one of them."""
    changes, found = compared(of(old), of(new), at)
    assert_accounted_for(changes, found)
    return found


def assert_accounted_for(changes: Sequence[FieldChange], found: Sequence[ChangeEvent]) -> None:
    """Fail unless every field change belongs to exactly one event."""
    reported = [id(change) for event in found for change in event.fields]
    assert sorted(reported) == sorted(id(change) for change in changes)


def kinds(found: Sequence[ChangeEvent]) -> list[ChangeKind]:
    """Return the kinds of the events above noise, sorted by name."""
    return sorted(event.kind for event in found if event.severity is not Severity.NOISE)


def the(kind: ChangeKind, found: Sequence[ChangeEvent]) -> ChangeEvent:
    """Return the only event of a kind."""
    of_kind = [event for event in found if event.kind is kind]
    assert len(of_kind) == 1, [event.summary for event in found]
    return of_kind[0]
