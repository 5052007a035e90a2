"""Words that most records share, given to the compressor in advance.

A record of 20 KB is too short to learn its own key names from; with them known, a keyframe
takes a seventh less. The words are written by hand from the registry's schema (field names
in the order of the canonical form, enumerations, set phrases), not taken from records.

Part of the store's format: never edit a vocabulary that a release has written with; add a
new one under the next number.
"""

_RESULTS = (
    '{"resultsSection":{"adverseEventsModule":{"description":"","eventGroups":[{'
    '"deathsNumAffected":0,"deathsNumAtRisk":0,"description":"Participants received ",'
    '"id":"EG000","otherNumAffected":0,"otherNumAtRisk":0,"seriousNumAffected":0,'
    '"seriousNumAtRisk":0,"title":"Placebo"}],"frequencyThreshold":"5","otherEvents":[{'
    '"assessmentType":"SYSTEMATIC_ASSESSMENT","notes":"","organSystem":"Gastrointestinal '
    'disorders","sourceVocabulary":"MedDRA 26.0","stats":[{"groupId":"EG000","numAffected":0,'
    '"numAtRisk":0,"numEvents":0},{"groupId":"EG001","numAffected":1,"numAtRisk":1}],'
    '"term":"Nausea"},{"assessmentType":"NON_SYSTEMATIC_ASSESSMENT","organSystem":"General '
    'disorders","term":"Fatigue"},{"organSystem":"Infections and infestations"},{'
    '"organSystem":"Nervous system disorders","term":"Headache"},{"organSystem":"Blood and '
    'lymphatic system disorders"},{"organSystem":"Cardiac disorders"},{'
    '"organSystem":"Respiratory, thoracic and mediastinal disorders"},{"organSystem":"Skin and '
    'subcutaneous tissue disorders"},{"organSystem":"Musculoskeletal and connective tissue '
    'disorders"},{"organSystem":"Investigations"},{"organSystem":"Metabolism and nutrition '
    'disorders"},{"organSystem":"Vascular disorders"},{"organSystem":"Renal and urinary '
    'disorders"},{"organSystem":"Psychiatric disorders"},{"organSystem":"Eye disorders"},{'
    '"organSystem":"Immune system disorders"},{"organSystem":"Injury, poisoning and procedural '
    'complications"},{"organSystem":"Hepatobiliary disorders"},{"organSystem":"Neoplasms benign, '
    'malignant and unspecified (incl cysts and polyps)"},{"organSystem":"Reproductive system and '
    'breast disorders"}],"seriousEvents":[],"timeFrame":"From first dose up to 30 days after '
    'last dose"},"baselineCharacteristicsModule":{"denoms":[{"counts":[{"groupId":"BG000",'
    '"value":"1"},{"groupId":"BG001","value":"1"}],"units":"Participants"}],"groups":[{'
    '"description":"","id":"BG000","title":"Total"}],"measures":[{"classes":[{"categories":[{'
    '"measurements":[{"groupId":"BG000","spread":"1.0","value":"1"}],"title":"Female"},{'
    '"title":"Male"}],"title":"United States"}],"dispersionType":"STANDARD_DEVIATION",'
    '"paramType":"MEAN","title":"Age, Continuous","unitOfMeasure":"years"},{'
    '"paramType":"COUNT_OF_PARTICIPANTS","title":"Sex: Female, Male",'
    '"unitOfMeasure":"Participants"},{"title":"Ethnicity (NIH/OMB)"},{"title":"Hispanic or '
    'Latino"},{"title":"Not Hispanic or Latino"},{"title":"Unknown or Not Reported"},{'
    '"title":"Race (NIH/OMB)"},{"title":"American Indian or Alaska Native"},{"title":"Asian"},{'
    '"title":"Native Hawaiian or Other Pacific Islander"},{"title":"Black or African American"},{'
    '"title":"White"},{"title":"More than one race"},{"title":"Region of Enrollment"}]},'
    '"moreInfoModule":{"certainAgreement":{"otherDetails":"","piSponsorEmployee":false,'
    '"restrictionType":"OTHER","restrictiveAgreement":true},"limitationsAndCaveats":{'
    '"description":""},"pointOfContact":{"email":"","organization":"","phone":"","title":""}},'
    '"outcomeMeasuresModule":{"outcomeMeasures":[{"analyses":[{"ciLowerLimit":"",'
    '"ciNumSides":"TWO_SIDED","ciPctValue":"95","ciUpperLimit":"","groupIds":["OG000","OG001"],'
    '"nonInferiorityType":"SUPERIORITY","pValue":"<0.001","paramType":"Hazard Ratio (HR)",'
    '"paramValue":"","statisticalMethod":"Log Rank"}],"classes":[{"categories":[{"measurements":['
    '{"groupId":"OG000","lowerLimit":"","spread":"","upperLimit":"","value":"NA"},{"comment":"",'
    '"groupId":"OG001","value":"0"}]}],"denoms":[{"counts":[{"groupId":"OG000","value":"0"},{'
    '"groupId":"OG001","value":"0"}],"units":"Participants"}],"title":"Baseline"}],"denoms":[{'
    '"counts":[{"groupId":"OG000","value":"0"}],"units":"Participants"}],"description":"",'
    '"dispersionType":"95% Confidence Interval","groups":[{"description":"Participants received '
    '","id":"OG000","title":""}],"paramType":"COUNT_OF_PARTICIPANTS",'
    '"populationDescription":"Intent-to-treat population","reportingStatus":"POSTED",'
    '"timeFrame":"","title":"Number of Participants With Treatment-Emergent Adverse Events",'
    '"type":"SECONDARY","unitOfMeasure":"Participants"},{"dispersionType":"Standard Deviation",'
    '"paramType":"LEAST_SQUARES_MEAN","reportingStatus":"NOT_POSTED","title":"Change From '
    'Baseline in ","type":"PRIMARY","unitOfMeasure":"score on a scale"}]},'
    '"participantFlowModule":{"groups":[{"description":"","id":"FG000","title":""}],"periods":[{'
    '"dropWithdraws":[{"reasons":[{"groupId":"FG000","numSubjects":"0"}],"type":"Withdrawal by '
    'Subject"},{"type":"Lost to Follow-up"},{"type":"Adverse Event"}],"milestones":[{'
    '"achievements":[{"groupId":"FG000","numSubjects":"0"},{"groupId":"FG001",'
    '"numSubjects":"0"}],"type":"STARTED"},{"type":"COMPLETED"},{"type":"NOT COMPLETED"}],'
    '"title":"Overall Study"}],"preAssignmentDetails":"","recruitmentDetails":""}}}'
)

_EVENT = (
    '{"label":"Overall status","path":"protocolSection.statusModule.overallStatus","summary":"",'
    '"before":null,"after":null,"facts":{"life_phase":"recruiting"},"fields":[{"path":['
    '"protocolSection","contactsLocationsModule","locations","status"],"field":['
    '"protocolSection","statusModule","overallStatus"],"op":"changed","before":"","after":""},{'
    '"op":"removed"},{"op":"added"}]}'
)

_DERIVED = (
    '{"derivedSection":{"conditionBrowseModule":{"ancestors":[{"id":"D","term":"Neoplasms"},{'
    '"id":"D","term":"Neoplasms by Site"},{"id":"D","term":"Neoplasms by Histologic Type"},{'
    '"id":"D","term":"Pathologic Processes"},{"id":"D","term":"Pathological Conditions, Signs '
    'and Symptoms"},{"id":"D","term":"Nervous System Diseases"},{"id":"D","term":"Immune System '
    'Diseases"},{"id":"D","term":"Digestive System Diseases"},{"id":"D","term":"Cardiovascular '
    'Diseases"},{"id":"D","term":"Respiratory Tract Diseases"},{"id":"D","term":"Infections"}],'
    '"browseBranches":[{"abbrev":"All","name":"All Conditions"}],"browseLeaves":[{"asFound":"",'
    '"id":"M","name":"","relevance":"HIGH"},{"id":"M","name":"","relevance":"LOW"}],"meshes":[{'
    '"id":"D","term":"Carcinoma"}]},"interventionBrowseModule":{"ancestors":[{"id":"D",'
    '"term":"Amino Acids, Peptides, and Proteins"},{"id":"D","term":"Organic Chemicals"},{'
    '"id":"D","term":"Heterocyclic Compounds"},{"id":"D","term":"Chemicals and Drugs"}],'
    '"meshes":[{"id":"C","term":"Antibodies, Monoclonal"}]},"miscInfoModule":{'
    '"submissionTracking":{"estimatedResultsFirstSubmitDate":"2025-","submissionInfos":[{'
    '"mcpReleaseN":0,"releaseDate":"2024-","resetDate":""}]},"versionHolder":"2026-"}},'
    '"documentSection":{"largeDocumentModule":{"largeDocs":[{"date":"",'
    '"filename":"Prot_SAP_000.pdf","hasIcf":false,"hasProtocol":true,"hasSap":true,'
    '"label":"Study Protocol and Statistical Analysis Plan","size":0,"typeAbbrev":"Prot_SAP",'
    '"uploadDate":"T00:00"}]}},"hasResults":false,'
)

_SITES = (
    '"contactsLocationsModule":{"centralContacts":[{"email":"@.com","name":"","phone":"+1",'
    '"role":"CONTACT"}],"locations":[{"city":"Boston","contacts":[{"role":"CONTACT"},{'
    '"role":"PRINCIPAL_INVESTIGATOR"},{"role":"SUB_INVESTIGATOR"}],"country":"United States",'
    '"facility":"University Medical Center","geoPoint":{"lat":42.0,"lon":-71.0},'
    '"state":"Massachusetts","status":"RECRUITING","zip":""},{"city":"Paris","country":"France",'
    '"facility":"Hospital Universitario"},{"city":"","country":"China","facility":"Cancer '
    'Hospital"},{"country":"Spain"},{"country":"Germany"},{"country":"Italy"},{"country":"United '
    'Kingdom"},{"country":"Canada","state":"Ontario"},{"country":"Japan"},{"country":"South '
    'Korea"},{"country":"Australia"},{"country":"Belgium"},{"country":"Netherlands"},{'
    '"country":"Poland"},{"country":"Israel"},{"country":"Brazil"},{"country":"Taiwan"},{'
    '"country":"Turkey (Türkiye)"},{"country":"India"},{"facility":"Research Site",'
    '"status":"NOT_YET_RECRUITING"},{"state":"California","status":"WITHDRAWN"},{"state":"Texas",'
    '"status":"COMPLETED"},{"state":"Florida"},{"state":"New York"},{"state":"North Carolina"},{'
    '"state":"Pennsylvania"},{"state":"Illinois"},{"state":"Ohio"}],"overallOfficials":[{'
    '"affiliation":"","name":", MD, PhD","role":"STUDY_DIRECTOR"},{"name":"Clinical Trials",'
    '"role":"STUDY_CHAIR"}]},'
)

_ARMS = (
    '"protocolSection":{"armsInterventionsModule":{"armGroups":[{"description":"Participants '
    'will receive ","interventionNames":["Drug: Placebo"],"label":"Arm A","type":"EXPERIMENTAL"},'
    '{"interventionNames":["Biological: ","Procedure: ","Device: ","Behavioral: ","Radiation: ",'
    '"Other: "],"label":"Placebo","type":"PLACEBO_COMPARATOR"},{"type":"ACTIVE_COMPARATOR"},{'
    '"type":"NO_INTERVENTION"},{"type":"OTHER"}],"interventions":[{"armGroupLabels":[""],'
    '"description":"administered by intravenous (IV) infusion","name":"Placebo","otherNames":['
    '""],"type":"DRUG"},{"description":"administered orally once daily","type":"BIOLOGICAL"},{'
    '"type":"PROCEDURE"},{"type":"DEVICE"},{"type":"DIAGNOSTIC_TEST"}]},"conditionsModule":{'
    '"conditions":["Cancer"],"keywords":[""]},'
)

_REST = (
    '"descriptionModule":{"briefSummary":"The purpose of this study is to evaluate the safety, '
    'tolerability, pharmacokinetics, and efficacy of ","detailedDescription":"This is a '
    "randomized, double-blind, placebo-controlled, multicenter, open-label Phase 1/2 study of "
    'patients with "},"designModule":{"bioSpec":{"description":"",'
    '"retention":"SAMPLES_WITH_DNA"},"designInfo":{"allocation":"RANDOMIZED",'
    '"interventionModel":"PARALLEL","interventionModelDescription":"","maskingInfo":{'
    '"masking":"QUADRUPLE","maskingDescription":"","whoMasked":["PARTICIPANT","CARE_PROVIDER",'
    '"INVESTIGATOR","OUTCOMES_ASSESSOR"]},"observationalModel":"COHORT",'
    '"primaryPurpose":"TREATMENT","timePerspective":"PROSPECTIVE"},"enrollmentInfo":{"count":100,'
    '"type":"ACTUAL"},"phases":["PHASE1","PHASE2"],"studyType":"INTERVENTIONAL"},"designInfo":{'
    '"allocation":"NA","interventionModel":"SINGLE_GROUP","maskingInfo":{"masking":"NONE"},'
    '"primaryPurpose":"TREATMENT"},"enrollmentInfo":{"count":30,"type":"ESTIMATED"},'
    '"patientRegistry":false,"phases":["NA"],"studyType":"OBSERVATIONAL"},"phases":["PHASE3"],'
    '"eligibilityModule":{"eligibilityCriteria":"Inclusion Criteria:\\n\\n* Able to understand '
    "and willing to sign a written informed consent\\n* Male or female ≥ 18 years of age at the "
    "time of signing\\n* Histologically or cytologically confirmed \\n* Eastern Cooperative "
    "Oncology Group (ECOG) performance status of 0 or 1\\n* Measurable disease per Response "
    "Evaluation Criteria in Solid Tumors (RECIST) version 1.1\\n* Adequate organ function\\n* "
    "Women of childbearing potential must have a negative pregnancy test\\n\\nExclusion "
    "Criteria:\\n\\n* Pregnant or breastfeeding\\n* History of \\n* Known human immunodeficiency "
    "virus (HIV), hepatitis B or hepatitis C infection\\n* Prior treatment with any "
    'investigational drug within 4 weeks prior to the first dose of study treatment\\n1. 2. 3. ",'
    '"genderBased":true,"healthyVolunteers":false,"maximumAge":"75 Years","minimumAge":"18 '
    'Years","samplingMethod":"NON_PROBABILITY_SAMPLE","sex":"ALL","stdAges":["CHILD","ADULT",'
    '"OLDER_ADULT"],"studyPopulation":""},"identificationModule":{"acronym":"","briefTitle":"A '
    'Study of ","nctId":"NCT0","officialTitle":"A Randomized, Double-Blind, Placebo-Controlled '
    'Study to Evaluate the Efficacy and Safety of ","orgStudyIdInfo":{"id":""},"organization":{'
    '"class":"INDUSTRY","fullName":"University"},"secondaryIdInfos":[{"domain":"","id":"",'
    '"link":"https://reporter.nih.gov/quickSearch/","type":"NIH"},{"id":"20-",'
    '"type":"EUDRACT_NUMBER"},{"type":"CTIS"},{"id":"U1111-","type":"REGISTRY"},{'
    '"type":"OTHER"}]},"ipdSharingStatementModule":{"accessCriteria":"","description":"",'
    '"infoTypes":["STUDY_PROTOCOL","SAP","ICF","CSR","ANALYTIC_CODE"],"ipdSharing":"UNDECIDED",'
    '"timeFrame":"","url":"https://"},"ipdSharingStatementModule":{"ipdSharing":"NO"},'
    '"outcomesModule":{"otherOutcomes":[{"description":"","measure":"","timeFrame":""}],'
    '"primaryOutcomes":[{"description":"","measure":"Overall Survival (OS)","timeFrame":"Up to '
    'approximately 2 years"},{"measure":"Incidence of Treatment-Emergent Adverse Events (TEAEs)",'
    '"timeFrame":"From baseline to week 12"},{"measure":"Dose-limiting toxicities (DLTs)"}],'
    '"secondaryOutcomes":[{"description":"defined as the time from randomization to the date of '
    'first documented disease progression or death from any cause, whichever occurs first",'
    '"measure":"Progression-free survival (PFS)","timeFrame":"24 months"},{"description":"the '
    "percentage of participants with complete response (CR) or partial response (PR) as assessed "
    'by the investigator","measure":"Objective Response Rate (ORR)","timeFrame":"Day 1"},{'
    '"measure":"Duration of response (DOR)"},{"measure":"Maximum observed serum concentration '
    '(Cmax)"},{"measure":"Area under the concentration-time curve (AUC)"},{"measure":"Number of '
    'participants with anti-drug antibodies (ADA)"}]},"oversightModule":{'
    '"isFdaRegulatedDevice":false,"isFdaRegulatedDrug":true,"isUsExport":false,'
    '"oversightHasDmc":false},"referencesModule":{"availIpds":[{"id":"","type":"Individual '
    'Participant Data Set","url":""}],"references":[{"citation":" et al. N Engl J Med. 2020 Jan '
    '1;382(1):1-10. doi: 10.1016/j. Epub 2020 Jan 1. PMID: ","pmid":"3","type":"DERIVED"},{'
    '"type":"BACKGROUND"},{"type":"RESULT"}],"seeAlsoLinks":[{"label":"","url":"https://www."}]},'
    '"sponsorCollaboratorsModule":{"collaborators":[{"class":"NIH","name":"National Cancer '
    'Institute (NCI)"},{"class":"OTHER","name":""}],"leadSponsor":{"class":"INDUSTRY","name":""},'
    '"responsibleParty":{"investigatorAffiliation":"","investigatorFullName":"",'
    '"investigatorTitle":"Principal Investigator, Professor","type":"PRINCIPAL_INVESTIGATOR"}},'
    '"responsibleParty":{"type":"SPONSOR"}},"statusModule":{"completionDateStruct":{'
    '"date":"2027-12-31","type":"ESTIMATED"},"dispFirstPostDateStruct":{"date":"",'
    '"type":"ACTUAL"},"dispFirstSubmitDate":"","dispFirstSubmitQcDate":"","expandedAccessInfo":{'
    '"hasExpandedAccess":false},"lastKnownStatus":"RECRUITING","lastUpdatePostDateStruct":{'
    '"date":"2026-01-","type":"ACTUAL"},"lastUpdateSubmitDate":"2025-",'
    '"overallStatus":"ACTIVE_NOT_RECRUITING","primaryCompletionDateStruct":{"date":"2025-12-",'
    '"type":"ACTUAL"},"resultsFirstPostDateStruct":{"date":"2024-","type":"ACTUAL"},'
    '"resultsFirstSubmitDate":"2023-","resultsFirstSubmitQcDate":"2023-","startDateStruct":{'
    '"date":"2022-","type":"ACTUAL"},"statusVerifiedDate":"2026-02","studyFirstPostDateStruct":{'
    '"date":"2021-","type":"ESTIMATED"},"studyFirstSubmitDate":"2020-",'
    '"studyFirstSubmitQcDate":"2020-","whyStopped":""},"overallStatus":"COMPLETED",'
    '"overallStatus":"RECRUITING","overallStatus":"TERMINATED","whyStopped":"Sponsor decision"}}'
)

VOCABULARIES: dict[int, bytes] = {
    1: (_RESULTS + _EVENT + _ARMS + _SITES + _REST + _DERIVED).encode()
}
"""The words by number; the number is stored beside what was compressed with them."""
