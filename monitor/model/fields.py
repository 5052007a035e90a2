"""The field catalogue: what each path of a record is called and how it is compared.

This is the one place where paths of the registry's study document are written down.
Diff, classification, rendering and the parsers name fields by the constants of this file.
A path is a tuple of names from the section down; list items have no name of their own here
(``LOCATION_STATUS`` is the status of any site).

Names are those of ClinicalTrials.gov API v2 (OpenAPI document 2.0.5).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

Path = tuple[str, ...]


def _path(dotted: str) -> Path:
    return tuple(dotted.split("."))


def _module(section_and_module: str, names: str) -> tuple[Path, ...]:
    base = _path(section_and_module)
    return tuple(base + _path(name) for name in names.split())


# --- modules -------------------------------------------------------------------------------
PROTOCOL = ("protocolSection",)
RESULTS = ("resultsSection",)
ANNOTATION = ("annotationSection",)
DOCUMENTS = ("documentSection",)
DERIVED = ("derivedSection",)
HAS_RESULTS = ("hasResults",)

IDENTIFICATION = _path("protocolSection.identificationModule")
STATUS = _path("protocolSection.statusModule")
SPONSORS = _path("protocolSection.sponsorCollaboratorsModule")
OVERSIGHT = _path("protocolSection.oversightModule")
DESCRIPTION = _path("protocolSection.descriptionModule")
CONDITIONS_MODULE = _path("protocolSection.conditionsModule")
DESIGN = _path("protocolSection.designModule")
ARMS_INTERVENTIONS = _path("protocolSection.armsInterventionsModule")
OUTCOMES = _path("protocolSection.outcomesModule")
ELIGIBILITY = _path("protocolSection.eligibilityModule")
CONTACTS_LOCATIONS = _path("protocolSection.contactsLocationsModule")
REFERENCES_MODULE = _path("protocolSection.referencesModule")
IPD_SHARING = _path("protocolSection.ipdSharingStatementModule")

# --- identification ------------------------------------------------------------------------
(NCT_ID, NCT_ID_ALIASES, ORG_STUDY_ID, SECONDARY_IDS, BRIEF_TITLE, OFFICIAL_TITLE, ACRONYM,
 ORGANIZATION, ORGANIZATION_NAME) = _module(
    "protocolSection.identificationModule",
    "nctId nctIdAliases orgStudyIdInfo.id secondaryIdInfos briefTitle officialTitle acronym"
    " organization organization.fullName",
)  # fmt: skip

# --- status --------------------------------------------------------------------------------
(OVERALL_STATUS, LAST_KNOWN_STATUS, WHY_STOPPED, HAS_EXPANDED_ACCESS, EXPANDED_ACCESS,
 STATUS_VERIFIED, START_DATE, START_DATE_TYPE, PRIMARY_COMPLETION, PRIMARY_COMPLETION_TYPE,
 COMPLETION, COMPLETION_TYPE, FIRST_SUBMIT, FIRST_SUBMIT_QC, FIRST_POST, LAST_UPDATE_SUBMIT,
 LAST_UPDATE_POST, LAST_UPDATE_POST_TYPE, RESULTS_FIRST_SUBMIT, RESULTS_FIRST_SUBMIT_QC,
 RESULTS_FIRST_POST, RESULTS_WAIVED, DELAYED_POSTING, DISP_FIRST_SUBMIT, DISP_FIRST_SUBMIT_QC,
 DISP_FIRST_POST) = _module(
    "protocolSection.statusModule",
    "overallStatus lastKnownStatus whyStopped expandedAccessInfo.hasExpandedAccess"
    " expandedAccessInfo statusVerifiedDate startDateStruct.date startDateStruct.type"
    " primaryCompletionDateStruct.date primaryCompletionDateStruct.type"
    " completionDateStruct.date completionDateStruct.type studyFirstSubmitDate"
    " studyFirstSubmitQcDate studyFirstPostDateStruct.date lastUpdateSubmitDate"
    " lastUpdatePostDateStruct.date lastUpdatePostDateStruct.type resultsFirstSubmitDate"
    " resultsFirstSubmitQcDate resultsFirstPostDateStruct.date resultsWaived delayedPosting"
    " dispFirstSubmitDate dispFirstSubmitQcDate dispFirstPostDateStruct.date",
)  # fmt: skip

# --- sponsors, description, conditions, design ----------------------------------------------
LEAD_SPONSOR, LEAD_SPONSOR_NAME, LEAD_SPONSOR_CLASS, COLLABORATORS, RESPONSIBLE_PARTY = _module(
    "protocolSection.sponsorCollaboratorsModule",
    "leadSponsor leadSponsor.name leadSponsor.class collaborators responsibleParty",
)
RESPONSIBLE_PARTY_TYPE = (*RESPONSIBLE_PARTY, "type")
BRIEF_SUMMARY, DETAILED_DESCRIPTION = _module(
    "protocolSection.descriptionModule", "briefSummary detailedDescription"
)
CONDITIONS, KEYWORDS = _module("protocolSection.conditionsModule", "conditions keywords")
(STUDY_TYPE, PHASES, ALLOCATION, INTERVENTION_MODEL, INTERVENTION_MODEL_DESCRIPTION,
 PRIMARY_PURPOSE, MASKING, MASKING_DESCRIPTION, WHO_MASKED, OBSERVATIONAL_MODEL,
 TIME_PERSPECTIVE, ENROLLMENT_COUNT, ENROLLMENT_TYPE, EXPANDED_ACCESS_TYPES) = _module(
    "protocolSection.designModule",
    "studyType phases designInfo.allocation designInfo.interventionModel"
    " designInfo.interventionModelDescription designInfo.primaryPurpose"
    " designInfo.maskingInfo.masking designInfo.maskingInfo.maskingDescription"
    " designInfo.maskingInfo.whoMasked designInfo.observationalModel"
    " designInfo.timePerspective enrollmentInfo.count enrollmentInfo.type expandedAccessTypes",
)  # fmt: skip

# --- arms, outcomes, eligibility --------------------------------------------------------------
ARM_GROUPS, ARM_LABEL, ARM_TYPE, ARM_DESCRIPTION, ARM_INTERVENTION_NAMES = _module(
    "protocolSection.armsInterventionsModule",
    "armGroups armGroups.label armGroups.type armGroups.description armGroups.interventionNames",
)
(INTERVENTIONS, INTERVENTION_NAME, INTERVENTION_TYPE, INTERVENTION_DESCRIPTION,
 INTERVENTION_ARM_LABELS, INTERVENTION_OTHER_NAMES) = _module(
    "protocolSection.armsInterventionsModule",
    "interventions interventions.name interventions.type interventions.description"
    " interventions.armGroupLabels interventions.otherNames",
)  # fmt: skip
PRIMARY_OUTCOMES, SECONDARY_OUTCOMES, OTHER_OUTCOMES = _module(
    "protocolSection.outcomesModule", "primaryOutcomes secondaryOutcomes otherOutcomes"
)
(ELIGIBILITY_CRITERIA, HEALTHY_VOLUNTEERS, SEX, GENDER_BASED, GENDER_DESCRIPTION, MINIMUM_AGE,
 MAXIMUM_AGE, STD_AGES, STUDY_POPULATION, SAMPLING_METHOD) = _module(
    "protocolSection.eligibilityModule",
    "eligibilityCriteria healthyVolunteers sex genderBased genderDescription minimumAge"
    " maximumAge stdAges studyPopulation samplingMethod",
)  # fmt: skip

# --- contacts and locations, references, documents ---------------------------------------------
(CENTRAL_CONTACTS, OVERALL_OFFICIALS, LOCATIONS, LOCATION_FACILITY, LOCATION_STATUS,
 LOCATION_CITY, LOCATION_STATE, LOCATION_ZIP, LOCATION_COUNTRY, LOCATION_CONTACTS,
 LOCATION_GEO_POINT) = _module(
    "protocolSection.contactsLocationsModule",
    "centralContacts overallOfficials locations locations.facility locations.status"
    " locations.city locations.state locations.zip locations.country locations.contacts"
    " locations.geoPoint",
)  # fmt: skip
REFERENCES, SEE_ALSO_LINKS, AVAIL_IPDS = _module(
    "protocolSection.referencesModule", "references seeAlsoLinks availIpds"
)
LARGE_DOCS = _path("documentSection.largeDocumentModule.largeDocs")
UNPOSTED_EVENTS = _path("annotationSection.annotationModule.unpostedAnnotation.unpostedEvents")

# --- derived by the registry --------------------------------------------------------------------
MISC_INFO = _path("derivedSection.miscInfoModule")
VERSION_HOLDER = (*MISC_INFO, "versionHolder")
REMOVED_COUNTRIES = (*MISC_INFO, "removedCountries")


# --- how lists are compared ---------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class ListRule:
    """How the items of one list are told apart; never by their position.

    ``key``: attributes that name an item (its natural key), in the order in which they are
    shown. ``any_of``: the first of these that an item has is its key. ``bucket``: attributes
    that items must share to be taken for a renamed one (a site stays in its city).
    ``rename``: leftovers may be paired by similarity at all. ``texts``: attributes whose words
    tell how alike two items are. ``family``: lists between which items move.
    """

    key: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    bucket: tuple[str, ...] = ()
    rename: bool = False
    texts: tuple[str, ...] = ()
    family: tuple[Path, ...] = ()


_CONTACT = ListRule(key=("name",), rename=True, texts=("name",))
_OUTCOME = ListRule(
    key=("measure",), rename=True, texts=("measure", "description", "timeFrame"),
    family=(PRIMARY_OUTCOMES, SECONDARY_OUTCOMES, OTHER_OUTCOMES),
)  # fmt: skip

LIST_RULES: dict[Path, ListRule] = {
    ARM_GROUPS: ListRule(key=("label",), rename=True, texts=("label", "description")),
    INTERVENTIONS: ListRule(
        key=("type", "name"), rename=True, bucket=("type",), texts=("name", "description")
    ),
    PRIMARY_OUTCOMES: _OUTCOME,
    SECONDARY_OUTCOMES: _OUTCOME,
    OTHER_OUTCOMES: _OUTCOME,
    LOCATIONS: ListRule(
        key=("facility", "city", "state", "zip", "country"),
        bucket=("country", "city"),
        rename=True,
        texts=("facility", "zip", "state"),
    ),
    LOCATION_CONTACTS: _CONTACT,
    CENTRAL_CONTACTS: _CONTACT,
    OVERALL_OFFICIALS: ListRule(key=("name",), rename=True, texts=("name",)),
    COLLABORATORS: ListRule(key=("name",)),
    SECONDARY_IDS: ListRule(key=("id",)),
    REFERENCES: ListRule(any_of=("pmid", "citation"), rename=True, texts=("citation",)),
    (*REFERENCES, "retractions"): ListRule(any_of=("pmid", "source")),
    SEE_ALSO_LINKS: ListRule(any_of=("url", "label"), rename=True, texts=("label", "url")),
    AVAIL_IPDS: ListRule(any_of=("id", "url"), rename=True, texts=("type", "url", "comment")),
    LARGE_DOCS: ListRule(
        any_of=("filename", "label"), rename=True, bucket=("typeAbbrev",), texts=("label",)
    ),
    UNPOSTED_EVENTS: ListRule(key=("type", "date")),
}

# Keys of lists that the table above does not name (the results section has dozens): the first
# of these attributes that an item carries.
FALLBACK_KEYS = ("id", "title", "label", "name", "term", "measure", "groupId", "type")

# Lists that a saved page may run into one line of text; such a line equals a list that joins
# to the same words.
RUN_IN_LISTS = frozenset({CONDITIONS, KEYWORDS, INTERVENTION_OTHER_NAMES})

# --- what is no news ---------------------------------------------------------------------------
# Stamps of the update itself: they move with every submission.
ADMINISTRATIVE: tuple[Path, ...] = (
    STATUS_VERIFIED, LAST_UPDATE_SUBMIT, LAST_UPDATE_POST[:-1], FIRST_SUBMIT, FIRST_SUBMIT_QC,
    FIRST_POST[:-1],
)  # fmt: skip
# Of these, the dates that tell one version from the next.
UPDATE_STAMPS: tuple[Path, ...] = (LAST_UPDATE_POST, LAST_UPDATE_SUBMIT)
# Written by the registry from what the sponsor said, or about it.
REGISTRY_MADE: tuple[Path, ...] = (DERIVED, ANNOTATION, LOCATION_GEO_POINT)

# Attributes of a list item that its place and name consist of: a change of these alone is
# another spelling of the same site.
SITE_NAME_ATTRIBUTES = frozenset({"facility", "city", "state", "zip", "country"})

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
}  # fmt: skip

_MODULE_LABELS: dict[Path, str] = {
    IDENTIFICATION: "Identification", STATUS: "Status", SPONSORS: "Sponsors and collaborators",
    OVERSIGHT: "Oversight", DESCRIPTION: "Description", CONDITIONS_MODULE: "Conditions",
    DESIGN: "Design", ARMS_INTERVENTIONS: "Arms and interventions", OUTCOMES: "Outcomes",
    ELIGIBILITY: "Eligibility", CONTACTS_LOCATIONS: "Contacts and locations",
    REFERENCES_MODULE: "References", IPD_SHARING: "IPD sharing",
    RESULTS: "Results", ANNOTATION: "Annotations", DOCUMENTS: "Documents", DERIVED: "Derived",
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


def under(path: Path, prefixes: Iterable[Path]) -> bool:
    """Tell whether the path is one of the prefixes or lies below one."""
    return any(path[: len(prefix)] == prefix for prefix in prefixes)


def list_rule(path: Path) -> ListRule:
    """Return how items of the list at ``path`` are told apart."""
    return LIST_RULES.get(path, _FALLBACK)


_FALLBACK = ListRule(any_of=FALLBACK_KEYS, rename=True)


def dotted(path: Path) -> str:
    """Write a path with dots: ``protocolSection.statusModule.overallStatus``."""
    return ".".join(path)
