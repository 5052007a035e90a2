"""Paths of the registry's study document; the one place where they are written down.

A path is a tuple of names from the section down; list items have no name of their own here
(``LOCATION_STATUS`` is the status of any site). Everybody else gets them by way of ``fields``.

Names are those of ClinicalTrials.gov API v2 (OpenAPI document 2.0.5).
"""

from collections.abc import Iterable

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

# --- oversight -----------------------------------------------------------------------------
(HAS_DMC, FDA_REGULATED_DRUG, FDA_REGULATED_DEVICE, UNAPPROVED_DEVICE, PEDIATRIC_SURVEILLANCE,
 US_EXPORT, FDAAA_801_VIOLATION) = _module(
    "protocolSection.oversightModule",
    "oversightHasDmc isFdaRegulatedDrug isFdaRegulatedDevice isUnapprovedDevice isPpsd isUsExport"
    " fdaaa801Violation",
)  # fmt: skip

# --- identification ------------------------------------------------------------------------
(NCT_ID, NCT_ID_ALIASES, ORG_STUDY_ID, SECONDARY_IDS, BRIEF_TITLE, OFFICIAL_TITLE, ACRONYM,
 ORGANIZATION, ORGANIZATION_NAME, ORGANIZATION_CLASS) = _module(
    "protocolSection.identificationModule",
    "nctId nctIdAliases orgStudyIdInfo.id secondaryIdInfos briefTitle officialTitle acronym"
    " organization organization.fullName organization.class",
)  # fmt: skip

# --- status --------------------------------------------------------------------------------
(OVERALL_STATUS, LAST_KNOWN_STATUS, WHY_STOPPED, HAS_EXPANDED_ACCESS, EXPANDED_ACCESS,
 STATUS_VERIFIED, START_DATE, START_DATE_TYPE, PRIMARY_COMPLETION, PRIMARY_COMPLETION_TYPE,
 COMPLETION, COMPLETION_TYPE, FIRST_SUBMIT, FIRST_SUBMIT_QC, FIRST_POST, FIRST_POST_TYPE,
 LAST_UPDATE_SUBMIT, LAST_UPDATE_POST, LAST_UPDATE_POST_TYPE, RESULTS_FIRST_SUBMIT,
 RESULTS_FIRST_SUBMIT_QC, RESULTS_FIRST_POST, RESULTS_WAIVED, DELAYED_POSTING, DISP_FIRST_SUBMIT,
 DISP_FIRST_SUBMIT_QC, DISP_FIRST_POST) = _module(
    "protocolSection.statusModule",
    "overallStatus lastKnownStatus whyStopped expandedAccessInfo.hasExpandedAccess"
    " expandedAccessInfo statusVerifiedDate startDateStruct.date startDateStruct.type"
    " primaryCompletionDateStruct.date primaryCompletionDateStruct.type"
    " completionDateStruct.date completionDateStruct.type studyFirstSubmitDate"
    " studyFirstSubmitQcDate studyFirstPostDateStruct.date"
    " studyFirstPostDateStruct.type lastUpdateSubmitDate"
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
(STUDY_TYPE, PHASES, DESIGN_INFO, ALLOCATION, INTERVENTION_MODEL, INTERVENTION_MODEL_DESCRIPTION,
 PRIMARY_PURPOSE, MASKING, MASKING_DESCRIPTION, WHO_MASKED, OBSERVATIONAL_MODEL,
 TIME_PERSPECTIVE, BIOSPECIMENS, ENROLLMENT_COUNT, ENROLLMENT_TYPE,
 EXPANDED_ACCESS_TYPES) = _module(
    "protocolSection.designModule",
    "studyType phases designInfo designInfo.allocation designInfo.interventionModel"
    " designInfo.interventionModelDescription designInfo.primaryPurpose"
    " designInfo.maskingInfo.masking designInfo.maskingInfo.maskingDescription"
    " designInfo.maskingInfo.whoMasked designInfo.observationalModel"
    " designInfo.timePerspective bioSpec enrollmentInfo.count enrollmentInfo.type"
    " expandedAccessTypes",
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
REFERENCES, RETRACTIONS, SEE_ALSO_LINKS, AVAIL_IPDS = _module(
    "protocolSection.referencesModule",
    "references references.retractions seeAlsoLinks availIpds",
)
IPD_SHARING_PLAN = (*IPD_SHARING, "ipdSharing")
LARGE_DOCS = _path("documentSection.largeDocumentModule.largeDocs")
UNPOSTED = _path("annotationSection.annotationModule.unpostedAnnotation")
UNPOSTED_EVENTS = (*UNPOSTED, "unpostedEvents")
VIOLATIONS = _path("annotationSection.annotationModule.violationAnnotation.violationEvents")

# --- derived by the registry --------------------------------------------------------------------
MISC_INFO = _path("derivedSection.miscInfoModule")
VERSION_HOLDER = (*MISC_INFO, "versionHolder")
REMOVED_COUNTRIES = (*MISC_INFO, "removedCountries")
SUBMISSION_TRACKING = (*MISC_INFO, "submissionTracking")
SUBMISSION_INFOS = (*SUBMISSION_TRACKING, "submissionInfos")
UNPOSTED_RESULTS_SUBMIT = (*SUBMISSION_TRACKING, "estimatedResultsFirstSubmitDate")
(CONDITION_MESHES, CONDITION_ANCESTORS, INTERVENTION_MESHES, INTERVENTION_ANCESTORS) = _module(
    "derivedSection",
    "conditionBrowseModule.meshes conditionBrowseModule.ancestors"
    " interventionBrowseModule.meshes interventionBrowseModule.ancestors",
)

# --- how the registry shows the record as a whole; not a part of its study document -------------
REGISTRY_RECORD = ("registryRecord",)
REGISTRY_PRESENCE, REGISTRY_MERGED_INTO, REGISTRY_MESSAGE = _module(
    "registryRecord", "presence mergedInto said"
)

# --- a certification that results come later -----------------------------------------------------
CERTIFICATION: tuple[Path, ...] = (DISP_FIRST_SUBMIT, DISP_FIRST_SUBMIT_QC, DISP_FIRST_POST[:-1])

# --- what is noise ---------------------------------------------------------------------------
# Stamps of the update itself: they move with every submission.
ADMINISTRATIVE: tuple[Path, ...] = (
    STATUS_VERIFIED, LAST_UPDATE_SUBMIT, LAST_UPDATE_POST[:-1], FIRST_SUBMIT, FIRST_SUBMIT_QC,
    FIRST_POST[:-1],
)  # fmt: skip
# Of these, the dates that tell one version from the next.
UPDATE_STAMPS: tuple[Path, ...] = (LAST_UPDATE_POST, LAST_UPDATE_SUBMIT)
# Written by the registry from what the sponsor stated, or about it.
REGISTRY_MADE: tuple[Path, ...] = (DERIVED, ANNOTATION, LOCATION_GEO_POINT)


def under(path: Path, prefixes: Iterable[Path]) -> bool:
    """Return whether the path is one of the prefixes or lies below one."""
    return any(path[: len(prefix)] == prefix for prefix in prefixes)


def dotted(path: Path) -> str:
    """Write a path with dots: ``protocolSection.statusModule.overallStatus``."""
    return ".".join(path)
