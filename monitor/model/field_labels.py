"""What people read for a path: the labels of the field catalogue."""

import re
from functools import cache

from monitor.model.field_paths import (
    ACRONYM,
    ANNOTATION,
    ARM_GROUPS,
    ARMS_INTERVENTIONS,
    AVAIL_IPDS,
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
    DETAILED_DESCRIPTION,
    DISP_FIRST_POST,
    DISP_FIRST_SUBMIT,
    DISP_FIRST_SUBMIT_QC,
    DOCUMENTS,
    ELIGIBILITY,
    ELIGIBILITY_CRITERIA,
    ENROLLMENT_COUNT,
    ENROLLMENT_TYPE,
    FIRST_POST,
    FIRST_SUBMIT,
    HAS_EXPANDED_ACCESS,
    HAS_RESULTS,
    HEALTHY_VOLUNTEERS,
    IDENTIFICATION,
    INTERVENTION_OTHER_NAMES,
    INTERVENTIONS,
    IPD_SHARING,
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
    MAXIMUM_AGE,
    MINIMUM_AGE,
    NCT_ID,
    NCT_ID_ALIASES,
    OFFICIAL_TITLE,
    ORG_STUDY_ID,
    ORGANIZATION,
    ORGANIZATION_NAME,
    OTHER_OUTCOMES,
    OUTCOMES,
    OVERALL_OFFICIALS,
    OVERALL_STATUS,
    OVERSIGHT,
    PHASES,
    PRIMARY_COMPLETION,
    PRIMARY_COMPLETION_TYPE,
    PRIMARY_OUTCOMES,
    REFERENCES,
    REFERENCES_MODULE,
    REGISTRY_MERGED_INTO,
    REGISTRY_PRESENCE,
    REGISTRY_RECORD,
    REGISTRY_SAID,
    RESPONSIBLE_PARTY,
    RESULTS,
    RESULTS_FIRST_POST,
    RESULTS_FIRST_SUBMIT,
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
    VERSION_HOLDER,
    WHY_STOPPED,
    Path,
)

_LABELS: dict[Path, str] = {
    NCT_ID: "NCT ID", NCT_ID_ALIASES: "NCT ID aliases", ORG_STUDY_ID: "Organisation's study ID",
    SECONDARY_IDS: "Secondary IDs", BRIEF_TITLE: "Brief title", OFFICIAL_TITLE: "Official title",
    ACRONYM: "Acronym", ORGANIZATION: "Organisation", ORGANIZATION_NAME: "Organisation",
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
    STUDY_TYPE: "Study type", PHASES: "Phase", ENROLLMENT_COUNT: "Enrollment",
    ENROLLMENT_TYPE: "Enrollment type", ARM_GROUPS: "Arms", INTERVENTIONS: "Interventions",
    INTERVENTION_OTHER_NAMES: "Other intervention names", PRIMARY_OUTCOMES: "Primary outcomes",
    SECONDARY_OUTCOMES: "Secondary outcomes", OTHER_OUTCOMES: "Other outcomes",
    ELIGIBILITY_CRITERIA: "Eligibility criteria", HEALTHY_VOLUNTEERS: "Healthy volunteers",
    SEX: "Sex", MINIMUM_AGE: "Minimum age", MAXIMUM_AGE: "Maximum age", STD_AGES: "Age groups",
    CENTRAL_CONTACTS: "Central contacts", OVERALL_OFFICIALS: "Overall officials",
    LOCATIONS: "Locations", LOCATION_STATUS: "Site status", LOCATION_FACILITY: "Facility",
    LOCATION_CONTACTS: "Site contacts", LOCATION_GEO_POINT: "Site coordinates",
    REFERENCES: "References", SEE_ALSO_LINKS: "See-also links",
    AVAIL_IPDS: "Available IPD and documents", LARGE_DOCS: "Study documents",
    HAS_RESULTS: "Has results", RESULTS: "Results", IPD_SHARING: "IPD sharing",
    VERSION_HOLDER: "Data load date", DERIVED: "Derived by the registry",
    REGISTRY_RECORD: "Registry record", REGISTRY_PRESENCE: "Record in the registry",
    REGISTRY_MERGED_INTO: "Record merged into", REGISTRY_SAID: "The registry's words",
}  # fmt: skip

_MODULE_LABELS: dict[Path, str] = {
    IDENTIFICATION: "Identification", STATUS: "Status", SPONSORS: "Sponsors and collaborators",
    OVERSIGHT: "Oversight", DESCRIPTION: "Description", CONDITIONS_MODULE: "Conditions",
    DESIGN: "Design", ARMS_INTERVENTIONS: "Arms and interventions", OUTCOMES: "Outcomes",
    ELIGIBILITY: "Eligibility", CONTACTS_LOCATIONS: "Contacts and locations",
    REFERENCES_MODULE: "References", IPD_SHARING: "IPD sharing",
    RESULTS: "Results", ANNOTATION: "Annotations", DOCUMENTS: "Documents", DERIVED: "Derived",
    REGISTRY_RECORD: "Registry record",
}  # fmt: skip


@cache
def label(path: Path) -> str:
    """Return the human label of a path; an unlisted one is named from its last name."""
    if path in _LABELS:
        return _LABELS[path]
    if path[-1] in {"date", "type"} and path[-2:-1] and path[-2].endswith("Struct"):
        named = label(path[:-1])
        return named if path[-1] == "date" else f"{named} type"
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", path[-1].removesuffix("Struct")).lower()
    return words[:1].upper() + words[1:]


@cache
def module_label(path: Path) -> str:
    """Return the human name of the module (or section) that a path belongs to."""
    for length in (2, 1):
        if path[:length] in _MODULE_LABELS:
            return _MODULE_LABELS[path[:length]]
    return label(path[:1]) if path else ""
