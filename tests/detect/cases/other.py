"""Design, arms, sponsors, words, and what no rule knows."""

from typing import Any

from tests.detect.cases.base import Case, K, S
from tests.detect.examples import GONE

ARMS = "armsInterventionsModule.armGroups"
INTERVENTIONS = "armsInterventionsModule.interventions"
THING = {"label": "Thing", "type": "EXPERIMENTAL", "interventionNames": ["Drug: Thing"]}
PLACEBO = {"label": "Placebo", "type": "PLACEBO_COMPARATOR"}
REFERENCES = "referencesModule.references"
FOUND = {"pmid": "3", "type": "DERIVED"}
RETRACTED = {**FOUND, "retractions": [{"pmid": "4", "source": "Journal"}]}
VIOLATIONS = "annotationSection.annotationModule.violationAnnotation.violationEvents"
VIOLATION = {
    "type": "VIOLATION_IDENTIFIED",
    "description": "Failure to submit",
    "issuedDate": "2026-01-05",
}


def _one(name: str, kind: K, severity: S, path: str, value: Any, **about: Any) -> Case:
    """Return the case of one field that gets another value."""
    return Case(name=name, kind=kind, severity=severity, new={path: value}, **about)


CASES = (
    _one(
        "a combined phase", K.PHASE_CHANGED, S.HIGH, "designModule.phases", ["PHASE2", "PHASE3"],
        before=["PHASE2"], after=["PHASE2", "PHASE3"],
    ),
    _one(
        "masking", K.DESIGN_CHANGED, S.HIGH, "designModule.designInfo.maskingInfo.masking", "NONE",
        before="DOUBLE", after="NONE",
    ),
    _one("an arm removed", K.ARM_CHANGED, S.HIGH, ARMS, [THING]),
    _one("an arm described", K.ARM_CHANGED, S.MEDIUM, ARMS,
         [{**THING, "description": "d"}, PLACEBO]),
    _one(
        "another drug", K.INTERVENTION_CHANGED, S.HIGH, INTERVENTIONS,
        [{"type": "DRUG", "name": "Quite another", "armGroupLabels": ["Thing"]}],
    ),
    Case(
        name="an arm renamed is one event, though its interventions name it too",
        kind=K.ARM_CHANGED,
        severity=S.HIGH,
        new={
            ARMS: [{**THING, "label": "Thing 10"}, PLACEBO],
            INTERVENTIONS: [{"type": "DRUG", "name": "Thing", "armGroupLabels": ["Thing 10"]}],
        },
    ),
    Case(
        name="another sponsor is one event, though the organization changes too",
        kind=K.SPONSOR_CHANGED,
        severity=S.HIGH,
        new={
            "sponsorCollaboratorsModule.leadSponsor.name": "Other Ltd",
            "identificationModule.organization.fullName": "Other Ltd",
        },
        before="Thing Ltd",
        after="Other Ltd",
    ),
    _one(
        "a collaborator leaves", K.COLLABORATOR_CHANGED, S.MEDIUM,
        "sponsorCollaboratorsModule.collaborators", GONE,
    ),
    _one(
        "another official", K.INVESTIGATOR_CHANGED, S.LOW,
        "contactsLocationsModule.overallOfficials", [{"name": "Second person"}],
    ),
    _one(
        "the responsible party", K.INVESTIGATOR_CHANGED, S.LOW,
        "sponsorCollaboratorsModule.responsibleParty.type", "PRINCIPAL_INVESTIGATOR",
    ),
    _one(
        "a condition added", K.CONDITION_CHANGED, S.LOW,
        "conditionsModule.conditions", ["Eczema", "Hay fever", "Asthma"],
        facts={"added": ["Hay fever"], "removed": []},
        before=["Asthma", "Eczema"], after=["Eczema", "Hay fever", "Asthma"],
    ),
    Case(
        name="a condition in other letter case",
        kind=K.ADMINISTRATIVE_UPDATE,
        severity=S.NOISE,
        new={"conditionsModule.conditions": ["ECZEMA", "Asthma"]},
        path="protocolSection.conditionsModule.conditions",
        before="Eczema",
        after="ECZEMA",
    ),
    _one(
        "a keyword removed", K.CONDITION_CHANGED, S.LOW, "conditionsModule.keywords", GONE,
        facts={"added": [], "removed": ["thing"]},
    ),
    _one(
        "another brief title", K.TITLE_CHANGED, S.LOW, "identificationModule.briefTitle", "New",
        before="A study of a thing", after="New",
    ),
    _one("an acronym", K.TITLE_CHANGED, S.LOW, "identificationModule.acronym", "THING"),
    _one(
        "another summary", K.DESCRIPTION_CHANGED, S.LOW, "descriptionModule.briefSummary", "New",
        before="About a thing.", after="New",
    ),
    _one(
        "a reference of the sponsor", K.REFERENCE_CHANGED, S.LOW, "referencesModule.references",
        [{"pmid": "1", "type": "BACKGROUND", "citation": "A."}, {"pmid": "2", "type": "RESULT"}],
    ),
    _one(
        "a link", K.REFERENCE_CHANGED, S.LOW,
        "referencesModule.seeAlsoLinks", [{"label": "Site", "url": "https://example.org"}],
    ),
    _one(
        "a second identifier", K.IDENTIFIER_CHANGED, S.LOW,
        "identificationModule.secondaryIdInfos", [{"id": "2025-1"}, {"id": "U1111"}],
    ),
    _one(
        "the organization alone", K.IDENTIFIER_CHANGED, S.LOW,
        "identificationModule.organization.fullName", "Thing Group",
    ),
    _one("oversight", K.OVERSIGHT_CHANGED, S.LOW, "oversightModule.isFdaRegulatedDrug", True),
    _one(
        "data sharing", K.IPD_SHARING_CHANGED, S.LOW, "ipdSharingStatementModule.ipdSharing", "YES"
    ),
    _one(
        "a reference that the registry found", K.REGISTRY_NORMALIZATION, S.NOISE,
        "referencesModule.references",
        [{"pmid": "1", "type": "BACKGROUND", "citation": "A."}, {"pmid": "3", "type": "DERIVED"}],
    ),
    Case(
        name="a reference that the registry finds no more",
        kind=K.REGISTRY_NORMALIZATION,
        severity=S.NOISE,
        old={REFERENCES: [FOUND]},
        new={REFERENCES: GONE},
    ),
    Case(
        name="a reference that the registry found becomes the sponsor's",
        kind=K.REFERENCE_CHANGED,
        severity=S.LOW,
        old={REFERENCES: [FOUND]},
        new={REFERENCES: [{**FOUND, "type": "RESULT"}]},
    ),
    *(
        Case(
            name=f"a publication that the registry found was retracted, {when}",
            kind=K.REFERENCE_CHANGED,
            severity=S.LOW,
            old={REFERENCES: [FOUND]},
            new={REFERENCES: [RETRACTED]},
            silent=silent,
        )
        for when, silent in (("in an update", False), ("without a new date", True))
    ),
    *(
        Case(
            name=f"a violation that the FDA found, {when}",
            kind=K.OVERSIGHT_CHANGED,
            severity=S.HIGH,
            new={VIOLATIONS: [VIOLATION]},
            silent=silent,
        )
        for when, silent in (("in an update", False), ("without a new date", True))
    ),
    _one(
        "a violation that the sponsor's module tells", K.OVERSIGHT_CHANGED, S.HIGH,
        "oversightModule.fdaaa801Violation", True,
    ),
    _one(
        "results that are overdue", K.REGISTRY_NORMALIZATION, S.NOISE,
        "annotationSection.annotationModule.unpostedAnnotation.unpostedResponsibleParty", "Sponsor",
    ),
    _one(
        "a derived term", K.REGISTRY_NORMALIZATION, S.NOISE,
        "derivedSection.conditionBrowseModule.meshes", [{"id": "D1", "term": "Asthma"}],
    ),
    Case(
        name="any field edited without a new date",
        kind=K.REGISTRY_NORMALIZATION,
        severity=S.NOISE,
        new={"identificationModule.briefTitle": "A Study of a Thing"},
        silent=True,
    ),
    _one(
        "a field of the status module that no rule knows", K.FIELD_CHANGED, S.LOW,
        "statusModule.delayedPosting", True,
    ),
    _one("a new module", K.FIELD_CHANGED, S.LOW, "quantumModule", {"spin": [{"up": 1}]}),
    _one("a module of the wrong type", K.FIELD_CHANGED, S.LOW, "quantumModule", 7),
)  # fmt: skip
