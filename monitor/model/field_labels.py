"""Labels of paths for people: a part of the field catalogue (``fields``)."""

import re
from functools import lru_cache

from monitor.model.field_paths import (
    ACRONYM,
    ALLOCATION,
    ANNOTATION,
    ARM_GROUPS,
    ARMS_INTERVENTIONS,
    AVAIL_IPDS,
    BIOSPECIMENS,
    BRIEF_SUMMARY,
    BRIEF_TITLE,
    CENTRAL_CONTACTS,
    COLLABORATORS,
    COMPLETION,
    COMPLETION_TYPE,
    CONDITIONS,
    CONDITIONS_MODULE,
    CONTACTS_LOCATIONS,
    DERIVED,
    DESCRIPTION,
    DESIGN,
    DESIGN_INFO,
    DETAILED_DESCRIPTION,
    DISP_FIRST_POST,
    DISP_FIRST_SUBMIT,
    DISP_FIRST_SUBMIT_QC,
    DOCUMENTS,
    ELIGIBILITY,
    ELIGIBILITY_CRITERIA,
    ENROLLMENT_COUNT,
    ENROLLMENT_TYPE,
    FDA_REGULATED_DEVICE,
    FDA_REGULATED_DRUG,
    FDAAA_801_VIOLATION,
    FIRST_POST,
    FIRST_SUBMIT,
    HAS_DMC,
    HAS_EXPANDED_ACCESS,
    HAS_RESULTS,
    HEALTHY_VOLUNTEERS,
    IDENTIFICATION,
    INTERVENTION_MODEL,
    INTERVENTION_MODEL_DESCRIPTION,
    INTERVENTION_OTHER_NAMES,
    INTERVENTIONS,
    IPD_SHARING,
    IPD_SHARING_PLAN,
    KEYWORDS,
    LARGE_DOCS,
    LAST_KNOWN_STATUS,
    LAST_UPDATE_POST,
    LAST_UPDATE_SUBMIT,
    LEAD_SPONSOR,
    LEAD_SPONSOR_CLASS,
    LEAD_SPONSOR_NAME,
    LOCATION_CONTACTS,
    LOCATION_FACILITY,
    LOCATION_GEO_POINT,
    LOCATION_STATUS,
    LOCATIONS,
    MASKING,
    MASKING_DESCRIPTION,
    MAXIMUM_AGE,
    MINIMUM_AGE,
    NCT_ID,
    NCT_ID_ALIASES,
    OBSERVATIONAL_MODEL,
    OFFICIAL_TITLE,
    ORG_STUDY_ID,
    ORGANIZATION,
    ORGANIZATION_NAME,
    OTHER_OUTCOMES,
    OUTCOMES,
    OVERALL_OFFICIALS,
    OVERALL_STATUS,
    OVERSIGHT,
    PEDIATRIC_SURVEILLANCE,
    PHASES,
    PRIMARY_COMPLETION,
    PRIMARY_COMPLETION_TYPE,
    PRIMARY_OUTCOMES,
    PRIMARY_PURPOSE,
    PROTOCOL,
    REFERENCES,
    REFERENCES_MODULE,
    REGISTRY_MERGED_INTO,
    REGISTRY_MESSAGE,
    REGISTRY_PRESENCE,
    REGISTRY_RECORD,
    RESPONSIBLE_PARTY,
    RESULTS,
    RESULTS_FIRST_POST,
    RESULTS_FIRST_SUBMIT,
    RETRACTIONS,
    SECONDARY_IDS,
    SECONDARY_OUTCOMES,
    SEE_ALSO_LINKS,
    SEX,
    SPONSORS,
    START_DATE,
    START_DATE_TYPE,
    STATUS,
    STATUS_VERIFIED,
    STD_AGES,
    STUDY_TYPE,
    TIME_PERSPECTIVE,
    UNAPPROVED_DEVICE,
    US_EXPORT,
    VERSION_HOLDER,
    VIOLATIONS,
    WHO_MASKED,
    WHY_STOPPED,
    Path,
)

_LABELS: dict[Path, str] = {
    NCT_ID: "NCT ID", NCT_ID_ALIASES: "NCT ID aliases", ORG_STUDY_ID: "Organization's study ID",
    ORG_STUDY_ID[:-1]: "Organization's study ID",
    SECONDARY_IDS: "Secondary IDs", BRIEF_TITLE: "Brief title", OFFICIAL_TITLE: "Official title",
    ACRONYM: "Acronym", ORGANIZATION: "Organization", ORGANIZATION_NAME: "Organization",
    OVERALL_STATUS: "Overall status", LAST_KNOWN_STATUS: "Last known status",
    WHY_STOPPED: "Why stopped", HAS_EXPANDED_ACCESS: "Expanded access available",
    STATUS_VERIFIED: "Record verification date", START_DATE: "Start date",
    PRIMARY_COMPLETION: "Primary completion date", COMPLETION: "Completion date",
    START_DATE_TYPE: "Start date type", COMPLETION_TYPE: "Completion date type",
    PRIMARY_COMPLETION_TYPE: "Primary completion date type",
    FIRST_SUBMIT: "First submitted", FIRST_POST: "First posted",
    LAST_UPDATE_SUBMIT: "Last update submitted", LAST_UPDATE_POST: "Last update posted",
    DISP_FIRST_SUBMIT: "Certification or extension of results first submitted",
    DISP_FIRST_SUBMIT_QC: "Certification or extension of results submitted after quality control",
    DISP_FIRST_POST: "Certification or extension of results first posted",
    RESULTS_FIRST_SUBMIT: "Results first submitted", RESULTS_FIRST_POST: "Results first posted",
    LEAD_SPONSOR: "Lead sponsor", LEAD_SPONSOR_NAME: "Lead sponsor",
    LEAD_SPONSOR_CLASS: "Lead sponsor class", COLLABORATORS: "Collaborators",
    RESPONSIBLE_PARTY: "Responsible party", BRIEF_SUMMARY: "Brief summary",
    DETAILED_DESCRIPTION: "Detailed description", CONDITIONS: "Conditions", KEYWORDS: "Keywords",
    HAS_DMC: "Data monitoring committee", FDA_REGULATED_DRUG: "FDA-regulated drug product",
    FDA_REGULATED_DEVICE: "FDA-regulated device product",
    UNAPPROVED_DEVICE: "Device product not approved or cleared by the FDA",
    PEDIATRIC_SURVEILLANCE: "Pediatric postmarket surveillance of a device product",
    US_EXPORT: "Product exported from the U.S.", FDAAA_801_VIOLATION: "FDAAA 801 violation",
    VIOLATIONS: "FDAAA 801 violations", DESIGN_INFO: "Study design", ALLOCATION: "Allocation",
    INTERVENTION_MODEL: "Intervention model", PRIMARY_PURPOSE: "Primary purpose",
    INTERVENTION_MODEL_DESCRIPTION: "Intervention model description", MASKING[:-1]: "Masking",
    MASKING: "Masking", MASKING_DESCRIPTION: "Masking description", WHO_MASKED: "Who is masked",
    OBSERVATIONAL_MODEL: "Observational model", TIME_PERSPECTIVE: "Time perspective",
    BIOSPECIMENS: "Biospecimens", STUDY_TYPE: "Study type", PHASES: "Phase",
    ENROLLMENT_COUNT: "Enrollment",
    ENROLLMENT_TYPE: "Enrollment type", ARM_GROUPS: "Arms", INTERVENTIONS: "Interventions",
    INTERVENTION_OTHER_NAMES: "Other intervention names", PRIMARY_OUTCOMES: "Primary outcomes",
    SECONDARY_OUTCOMES: "Secondary outcomes", OTHER_OUTCOMES: "Other outcomes",
    ELIGIBILITY_CRITERIA: "Eligibility criteria", HEALTHY_VOLUNTEERS: "Healthy volunteers",
    SEX: "Sex", MINIMUM_AGE: "Minimum age", MAXIMUM_AGE: "Maximum age", STD_AGES: "Age groups",
    CENTRAL_CONTACTS: "Central contacts", OVERALL_OFFICIALS: "Overall officials",
    LOCATIONS: "Locations", LOCATION_STATUS: "Site status", LOCATION_FACILITY: "Facility",
    LOCATION_CONTACTS: "Site contacts", LOCATION_GEO_POINT: "Site coordinates",
    REFERENCES: "References", RETRACTIONS: "Retractions", SEE_ALSO_LINKS: "See-also links",
    AVAIL_IPDS: "Available IPD and documents", LARGE_DOCS: "Study documents",
    LARGE_DOCS[:-1]: "Study documents",
    HAS_RESULTS: "Has results", RESULTS: "Results", IPD_SHARING: "IPD sharing",
    IPD_SHARING_PLAN: "IPD sharing",
    VERSION_HOLDER: "Data load date", DERIVED: "Derived by the registry",
    REGISTRY_RECORD: "Registry record", REGISTRY_PRESENCE: "Record in the registry",
    REGISTRY_MERGED_INTO: "Record merged into", REGISTRY_MESSAGE: "The registry's words",
}  # fmt: skip

_MODULE_LABELS: dict[Path, str] = {
    IDENTIFICATION: "Identification", STATUS: "Status", SPONSORS: "Sponsors and collaborators",
    OVERSIGHT: "Oversight", DESCRIPTION: "Description", CONDITIONS_MODULE: "Conditions",
    DESIGN: "Study design", ARMS_INTERVENTIONS: "Arms and interventions", OUTCOMES: "Outcomes",
    ELIGIBILITY: "Eligibility", CONTACTS_LOCATIONS: "Contacts and locations",
    REFERENCES_MODULE: "References", IPD_SHARING: "IPD sharing",
    RESULTS: "Results", ANNOTATION: "Annotations", DOCUMENTS: "Documents", DERIVED: "Derived",
    REGISTRY_RECORD: "Registry record",
}  # fmt: skip


_PLACES: dict[Path, int] = {}
for _place, _path in enumerate(_LABELS):
    for _length in range(len(_path), 0, -1):
        _PLACES.setdefault(_path[:_length], _place)


def catalogue_place(path: Path) -> int:
    """Return where a field stands among those that the catalogue lists; behind all if unlisted."""
    return _PLACES.get(path, len(_LABELS))


@lru_cache(maxsize=4_096)
def label(path: Path) -> str:
    """Return the human label of a path; an unlisted one is named from its last name."""
    if listed := _listed_label(path):
        return listed
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", path[-1].removesuffix("Struct")).lower()
    return words[:1].upper() + words[1:]


@lru_cache(maxsize=4_096)
def full_label(path: Path) -> str:
    """Return a label that says where an unlisted field belongs: ``IPD sharing: time frame``."""
    listed = _listed_label(path) or _MODULE_LABELS.get(path)
    if listed or path[:-1] in {(), PROTOCOL}:
        return listed or label(path)
    return f"{full_label(path[:-1])}: {label(path).lower()}"


@lru_cache(maxsize=4_096)
def module_label(path: Path) -> str:
    """Return the human name of the module (or section) that a path belongs to."""
    for length in (2, 1):
        if path[:length] in _MODULE_LABELS:
            return _MODULE_LABELS[path[:length]]
    return label(path[:1]) if path else ""


def _listed_label(path: Path) -> str | None:
    """Return the label of a listed path; a date's object is called what the date is called."""
    if path in _LABELS:
        return _LABELS[path]
    if path[-1].endswith("Struct"):
        return _LABELS.get((*path, "date"))
    if path[-1] in {"date", "type"} and path[-2:-1] and path[-2].endswith("Struct"):
        named = label(path[:-1])
        return named if path[-1] == "date" else f"{named} type"
    return None
