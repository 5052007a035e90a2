"""The names by which API v2 calls the fields of a study: pieces, modules, sections and paths.

The tree is written down once, as the registry's public "Study Data Structure" page lays it out:
one field a line, indented below its parent, with its piece name and (where it is not text) its
type. The results section is listed by module only; its inner fields go by their dotted paths.
"""

from dataclasses import dataclass

Path = tuple[str, ...]

_SECTIONS = """
protocolSection ProtocolSection
  identificationModule IdentificationModule
    nctId NCTId
    nctIdAliases NCTIdAlias
    orgStudyIdInfo OrgStudyIdInfo
      id OrgStudyId
      type OrgStudyIdType
      link OrgStudyIdLink
    secondaryIdInfos SecondaryIdInfo
      id SecondaryId
      type SecondaryIdType
      domain SecondaryIdDomain
      link SecondaryIdLink
    briefTitle BriefTitle
    officialTitle OfficialTitle
    acronym Acronym
    organization Organization
      fullName OrgFullName
      class OrgClass
  statusModule StatusModule
    statusVerifiedDate StatusVerifiedDate date
    overallStatus OverallStatus
    lastKnownStatus LastKnownStatus
    delayedPosting DelayedPosting
    whyStopped WhyStopped
    expandedAccessInfo ExpandedAccessInfo
      hasExpandedAccess HasExpandedAccess
      nctId ExpandedAccessNCTId
      statusForNctId ExpandedAccessStatusForNCTId
    startDateStruct StartDateStruct
      date StartDate date
      type StartDateType
    primaryCompletionDateStruct PrimaryCompletionDateStruct
      date PrimaryCompletionDate date
      type PrimaryCompletionDateType
    completionDateStruct CompletionDateStruct
      date CompletionDate date
      type CompletionDateType
    studyFirstSubmitDate StudyFirstSubmitDate date
    studyFirstSubmitQcDate StudyFirstSubmitQCDate date
    studyFirstPostDateStruct StudyFirstPostDateStruct
      date StudyFirstPostDate date
      type StudyFirstPostDateType
    resultsWaived ResultsWaived
    resultsFirstSubmitDate ResultsFirstSubmitDate date
    resultsFirstSubmitQcDate ResultsFirstSubmitQCDate date
    resultsFirstPostDateStruct ResultsFirstPostDateStruct
      date ResultsFirstPostDate date
      type ResultsFirstPostDateType
    dispFirstSubmitDate DispFirstSubmitDate date
    dispFirstSubmitQcDate DispFirstSubmitQCDate date
    dispFirstPostDateStruct DispFirstPostDateStruct
      date DispFirstPostDate date
      type DispFirstPostDateType
    lastUpdateSubmitDate LastUpdateSubmitDate date
    lastUpdatePostDateStruct LastUpdatePostDateStruct
      date LastUpdatePostDate date
      type LastUpdatePostDateType
  sponsorCollaboratorsModule SponsorCollaboratorsModule
    responsibleParty ResponsibleParty
      type ResponsiblePartyType
      investigatorFullName ResponsiblePartyInvestigatorFullName
      investigatorTitle ResponsiblePartyInvestigatorTitle
      investigatorAffiliation ResponsiblePartyInvestigatorAffiliation
      oldNameTitle ResponsiblePartyOldNameTitle
      oldOrganization ResponsiblePartyOldOrganization
    leadSponsor LeadSponsor
      name LeadSponsorName
      class LeadSponsorClass
    collaborators Collaborator
      name CollaboratorName
      class CollaboratorClass
  oversightModule OversightModule
    oversightHasDmc OversightHasDMC
    isFdaRegulatedDrug IsFDARegulatedDrug
    isFdaRegulatedDevice IsFDARegulatedDevice
    isUnapprovedDevice IsUnapprovedDevice
    isPpsd IsPPSD
    isUsExport IsUSExport
    fdaaa801Violation FDAAA801Violation
  descriptionModule DescriptionModule
    briefSummary BriefSummary
    detailedDescription DetailedDescription
  conditionsModule ConditionsModule
    conditions Condition
    keywords Keyword
  designModule DesignModule
    studyType StudyType
    nPtrsToThisExpAccNctId NPtrsToThisExpAccNCTId number
    expandedAccessTypes ExpandedAccessTypes
      individual ExpAccTypeIndividual
      intermediate ExpAccTypeIntermediate
      treatment ExpAccTypeTreatment
    patientRegistry PatientRegistry
    targetDuration TargetDuration age
    phases Phase
    designInfo DesignInfo
      allocation DesignAllocation
      interventionModel DesignInterventionModel
      interventionModelDescription DesignInterventionModelDescription
      primaryPurpose DesignPrimaryPurpose
      observationalModel DesignObservationalModel
      timePerspective DesignTimePerspective
      maskingInfo DesignMaskingInfo
        masking DesignMasking
        maskingDescription DesignMaskingDescription
        whoMasked DesignWhoMasked
    bioSpec BioSpec
      retention BioSpecRetention
      description BioSpecDescription
    enrollmentInfo EnrollmentInfo
      count EnrollmentCount number
      type EnrollmentType
  armsInterventionsModule ArmsInterventionsModule
    armGroups ArmGroup
      label ArmGroupLabel
      type ArmGroupType
      description ArmGroupDescription
      interventionNames ArmGroupInterventionName
    interventions Intervention
      type InterventionType
      name InterventionName
      description InterventionDescription
      armGroupLabels InterventionArmGroupLabel
      otherNames InterventionOtherName
  outcomesModule OutcomesModule
    primaryOutcomes PrimaryOutcome
      measure PrimaryOutcomeMeasure
      description PrimaryOutcomeDescription
      timeFrame PrimaryOutcomeTimeFrame
    secondaryOutcomes SecondaryOutcome
      measure SecondaryOutcomeMeasure
      description SecondaryOutcomeDescription
      timeFrame SecondaryOutcomeTimeFrame
    otherOutcomes OtherOutcome
      measure OtherOutcomeMeasure
      description OtherOutcomeDescription
      timeFrame OtherOutcomeTimeFrame
  eligibilityModule EligibilityModule
    eligibilityCriteria EligibilityCriteria
    healthyVolunteers HealthyVolunteers
    sex Sex
    genderBased GenderBased
    genderDescription GenderDescription
    minimumAge MinimumAge age
    maximumAge MaximumAge age
    stdAges StdAge
    studyPopulation StudyPopulation
    samplingMethod SamplingMethod
  contactsLocationsModule ContactsLocationsModule
    centralContacts CentralContact
      name CentralContactName
      role CentralContactRole
      phone CentralContactPhone
      phoneExt CentralContactPhoneExt
      email CentralContactEMail
    overallOfficials OverallOfficial
      name OverallOfficialName
      affiliation OverallOfficialAffiliation
      role OverallOfficialRole
    locations Location
      facility LocationFacility
      status LocationStatus
      city LocationCity
      state LocationState
      zip LocationZip
      country LocationCountry
      contacts LocationContact
        name LocationContactName
        role LocationContactRole
        phone LocationContactPhone
        phoneExt LocationContactPhoneExt
        email LocationContactEMail
      geoPoint LocationGeoPoint
  referencesModule ReferencesModule
    references Reference
      pmid ReferencePMID
      type ReferenceType
      citation ReferenceCitation
      retractions Retraction
        pmid RetractionPMID
        source RetractionSource
    seeAlsoLinks SeeAlsoLink
      label SeeAlsoLinkLabel
      url SeeAlsoLinkURL
    availIpds AvailIPD
      id AvailIPDId
      type AvailIPDType
      url AvailIPDURL
      comment AvailIPDComment
  ipdSharingStatementModule IPDSharingStatementModule
    ipdSharing IPDSharing
    description IPDSharingDescription
    infoTypes IPDSharingInfoType
    timeFrame IPDSharingTimeFrame
    accessCriteria IPDSharingAccessCriteria
    url IPDSharingURL
resultsSection ResultsSection
  participantFlowModule ParticipantFlowModule
  baselineCharacteristicsModule BaselineCharacteristicsModule
  outcomeMeasuresModule OutcomeMeasuresModule
  adverseEventsModule AdverseEventsModule
  moreInfoModule MoreInfoModule
annotationSection AnnotationSection
  annotationModule AnnotationModule
    unpostedAnnotation UnpostedAnnotation
      unpostedResponsibleParty UnpostedResponsibleParty
      unpostedEvents UnpostedEvent
        type UnpostedEventType
        date UnpostedEventDate date
    violationAnnotation ViolationAnnotation
documentSection DocumentSection
  largeDocumentModule LargeDocumentModule
    noSap LargeDocNoSAP
    largeDocs LargeDoc
      typeAbbrev LargeDocTypeAbbrev
      hasProtocol LargeDocHasProtocol
      hasSap LargeDocHasSAP
      hasIcf LargeDocHasICF
      label LargeDocLabel
      date LargeDocDate date
      uploadDate LargeDocUploadDate
      filename LargeDocFilename
      size LargeDocSize number
derivedSection DerivedSection
  miscInfoModule MiscInfoModule
    versionHolder VersionHolder date
    removedCountries RemovedCountry
    submissionTracking SubmissionTracking
  conditionBrowseModule ConditionBrowseModule
    meshes ConditionMesh
      id ConditionMeshId
      term ConditionMeshTerm
    ancestors ConditionAncestor
      id ConditionAncestorId
      term ConditionAncestorTerm
  interventionBrowseModule InterventionBrowseModule
    meshes InterventionMesh
      id InterventionMeshId
      term InterventionMeshTerm
    ancestors InterventionAncestor
      id InterventionAncestorId
      term InterventionAncestorTerm
hasResults HasResults
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the study document; ``type``: text, date, number or age."""

    path: Path
    piece: str
    type: str = "text"


def _read(table: str) -> tuple[Field, ...]:
    found: list[Field] = []
    above: list[str] = []
    for line in table.strip().splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name, piece, *kind = line.split()
        above[depth:] = [name]
        found.append(Field(path=tuple(above), piece=piece, type=kind[0] if kind else "text"))
    return tuple(found)


FIELDS = _read(_SECTIONS)
_BY_NAME = {name: field for field in FIELDS for name in (field.piece, ".".join(field.path))}
_OPEN = ("resultsSection.", "annotationSection.")


def find(name: str) -> Field | None:
    """Return the field of a piece name, module name or dotted path; None when there is none.

    Case counts. A dotted path below the results is taken as it is.
    """
    known = _BY_NAME.get(name)
    if known is None and "." in name and name.startswith(_OPEN):
        return Field(path=tuple(name.split(".")), piece=name)
    return known
