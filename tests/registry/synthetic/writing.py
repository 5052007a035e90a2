"""Synthetic trials written out as study documents of API v2."""

import random
from datetime import date, timedelta
from math import exp
from typing import Any

from tests.registry.synthetic import prose
from tests.registry.synthetic.draw import mix, pick, share
from tests.registry.synthetic.facts import (
    STOPPED,
    Facts,
    measure_of,
)
from tests.registry.synthetic.results import results_section
from tests.registry.synthetic.sites import contacts_locations

Json = dict[str, Any]
_POSTING_DAYS = 2  # from the sponsor's submission to the registry's posting
_KINDS = ("DRUG", "BIOLOGICAL", "DEVICE", "PROCEDURE", "BEHAVIORAL")
_PHASES: tuple[list[str], ...] = (
    ["PHASE1"], ["PHASE2"], ["PHASE3"], ["PHASE4"], ["PHASE1", "PHASE2"], ["NA"], ["EARLY_PHASE1"],
)  # fmt: skip


def document(nct_id: str, facts: Facts) -> Json:
    """Return the record of a trial in a state, without the stamp of the data load."""
    draw = random.Random(mix(facts.seed, 20))  # noqa: S311 - words, no secret
    length = exp(draw.gauss(0, 0.62))  # how much the sponsor writes
    study: Json = {
        "protocolSection": {
            "identificationModule": _identification(nct_id, facts, draw),
            "statusModule": status_module(facts),
            "sponsorCollaboratorsModule": _sponsors(facts, draw),
            "oversightModule": {
                "oversightHasDmc": draw.random() < 0.4,
                "isFdaRegulatedDrug": draw.random() < 0.5,
                "isFdaRegulatedDevice": False,
            },
            "descriptionModule": _description(draw, length),
            "conditionsModule": _conditions(facts, draw),
            "designModule": _design(facts, draw),
            "armsInterventionsModule": _arms(facts, draw, length),
            "outcomesModule": _outcomes(facts, length),
            "eligibilityModule": _eligibility(facts, draw, length),
            "contactsLocationsModule": contacts_locations(nct_id, facts),
            **_references(facts, draw),
        },
        "derivedSection": _derived(facts, draw),
        "hasResults": facts.results is not None,
    }
    if facts.results is not None:
        study["resultsSection"] = results_section(facts.seed, facts.results_revised)
        study["documentSection"] = _documents(facts)
    return study


def _identification(nct_id: str, facts: Facts, draw: random.Random) -> Json:
    condition, drug = main_condition(facts), main_drug(facts)
    revised = f", Amendment {facts.title}" if facts.title else ""
    name, group = prose.SPONSORS[(mix(facts.seed, 21) + facts.sponsor) % len(prose.SPONSORS)]
    found: Json = {"nctId": nct_id}
    if facts.aliases:
        found["nctIdAliases"] = list(facts.aliases)
    found["orgStudyIdInfo"] = {"id": f"SYN-{mix(facts.seed, 22) % 10**6:06d}"}
    if draw.random() < 0.3:
        found["secondaryIdInfos"] = [
            {"id": f"2025-{mix(facts.seed, 23) % 10**6:06d}-00-00", "type": "CTIS"}
        ]
    found["organization"] = {"fullName": name, "class": group}
    found["briefTitle"] = f"{drug} in Patients With {condition}{revised}"
    found["officialTitle"] = (
        f"A {draw.choice(('Randomized', 'Single-arm', 'Multicenter', 'Pilot'))} Study to Evaluate"
        f" {drug} for the Treatment of {condition}{revised}"
    )
    return found


def main_condition(facts: Facts) -> str:
    """Return the condition in a trial's title."""
    return pick(prose.CONDITIONS, facts.seed, 24)


def main_drug(facts: Facts) -> str:
    """Return the intervention in a trial's title."""
    return pick(prose.DRUGS, facts.seed, 25)


def status_module(facts: Facts) -> Json:
    """Return the status module of a trial in a state."""
    submitted = facts.posted - timedelta(days=_POSTING_DAYS)
    first = facts.registered

    def struct(day: str, *, actual: bool) -> Json:
        return {"date": day, "type": "ACTUAL" if actual else "ESTIMATED"}

    found: Json = {
        "statusVerifiedDate": submitted.strftime("%Y-%m"),
        "overallStatus": facts.status,
    }
    if facts.last_known:
        found["lastKnownStatus"] = facts.last_known
    if facts.known_status in STOPPED and facts.why_stopped:
        found["whyStopped"] = facts.why_stopped
    found |= {
        "expandedAccessInfo": {"hasExpandedAccess": False},
        "startDateStruct": struct(facts.start, actual=facts.started),
        "primaryCompletionDateStruct": struct(
            facts.primary_completion, actual=facts.primary_completed
        ),
        "completionDateStruct": struct(facts.completion, actual=facts.completed),
        "studyFirstSubmitDate": first.isoformat(),
        "studyFirstSubmitQcDate": first.isoformat(),
        "studyFirstPostDateStruct": _posted(first + timedelta(days=6)),
    }
    if facts.results is not None:
        posted = date.fromisoformat(facts.results)
        found["resultsFirstSubmitDate"] = (posted - timedelta(days=30)).isoformat()
        found["resultsFirstSubmitQcDate"] = (posted - timedelta(days=5)).isoformat()
        found["resultsFirstPostDateStruct"] = _posted(posted)
    found["lastUpdateSubmitDate"] = submitted.isoformat()
    found["lastUpdatePostDateStruct"] = _posted(facts.posted)
    return found


def _posted(day: date) -> Json:
    return {"date": day.isoformat(), "type": "ACTUAL"}


def _sponsors(facts: Facts, draw: random.Random) -> Json:
    at = mix(facts.seed, 21) + facts.sponsor
    name, group = prose.SPONSORS[at % len(prose.SPONSORS)]
    found: Json = {
        "responsibleParty": {"type": "SPONSOR"},
        "leadSponsor": {"name": name, "class": group},
    }
    if draw.random() < 0.35:
        other, kind = prose.SPONSORS[(mix(facts.seed, 21) + 7) % len(prose.SPONSORS)]
        found["collaborators"] = [{"name": f"{other} Partners", "class": kind}]
    return found


def _description(draw: random.Random, length: float) -> Json:
    found = {"briefSummary": prose.text(int(6_000 * draw.random()), int(1_100 * length))}
    if draw.random() < 0.65:
        found["detailedDescription"] = prose.text(int(6_000 * draw.random()), int(3_400 * length))
    return found


def _conditions(facts: Facts, draw: random.Random) -> Json:
    found = {"conditions": [main_condition(facts)]}
    if draw.random() < 0.4:
        second = draw.choice(prose.CONDITIONS)
        if second not in found["conditions"]:
            found["conditions"].append(second)
    if draw.random() < 0.6:
        found["keywords"] = [main_drug(facts), "safety", "efficacy"][: draw.randrange(1, 4)]
    return found


def _design(facts: Facts, draw: random.Random) -> Json:
    return {
        "studyType": "INTERVENTIONAL",
        "phases": draw.choice(_PHASES),
        "designInfo": {
            "allocation": "RANDOMIZED",
            "interventionModel": "PARALLEL",
            "primaryPurpose": "TREATMENT",
            "maskingInfo": {"masking": draw.choice(("NONE", "DOUBLE", "QUADRUPLE"))},
        },
        "enrollmentInfo": {
            "count": facts.enrollment,
            "type": "ACTUAL" if facts.enrolled else "ESTIMATED",
        },
    }


def _arms(facts: Facts, draw: random.Random, length: float) -> Json:
    kind, drug = draw.choice(_KINDS), main_drug(facts)
    names = [f"{kind.capitalize()}: {drug}", "Drug: Placebo"]
    labels = [f"{drug} arm", "Placebo arm"]
    return {
        "armGroups": [
            {
                "label": label,
                "type": role,
                "description": prose.text(int(6_000 * draw.random()), int(180 * length)),
                "interventionNames": [name],
            }
            for label, role, name in zip(
                labels, ("EXPERIMENTAL", "PLACEBO_COMPARATOR"), names, strict=True
            )
        ],
        "interventions": [
            {
                "type": kind,
                "name": drug,
                "description": prose.text(int(6_000 * draw.random()), int(220 * length)),
                "armGroupLabels": [labels[0]],
            },
            {"type": "DRUG", "name": "Placebo", "armGroupLabels": [labels[1]]},
        ],
    }


def _outcomes(facts: Facts, length: float) -> Json:
    edits = dict(facts.edits)

    def outcome(number: int) -> Json:
        seed, frame = facts.seed, mix(facts.seed, 30, number) + edits.get(number, 0)
        found = {"measure": measure_of(seed, number)}
        if share(seed, 31, number) < 0.8:
            found["description"] = prose.text(mix(seed, 32, number) % 6_000, int(170 * length))
        found["timeFrame"] = prose.TIME_FRAMES[frame % len(prose.TIME_FRAMES)]
        return found

    found = {"primaryOutcomes": [outcome(number) for number in facts.primary]}
    if facts.secondary:
        found["secondaryOutcomes"] = [outcome(number) for number in facts.secondary]
    return found


def _eligibility(facts: Facts, draw: random.Random, length: float) -> Json:
    included, excluded = max(2, int(7 * length)), max(2, int(10 * length))
    return {
        "eligibilityCriteria": prose.criteria(
            draw.randrange(4_000), included, excluded, facts.criteria
        ),
        "healthyVolunteers": False,
        "sex": "ALL",
        "minimumAge": "18 Years",
        "stdAges": ["ADULT", "OLDER_ADULT"],
    }


def _references(facts: Facts, draw: random.Random) -> Json:
    own = draw.randrange(1, 6) if draw.random() < 0.3 else 0
    start = int(6_000 * draw.random())
    cited = [
        {"pmid": f"{900_000_000 + mix(facts.seed, 50, at) % 10**8}", "type": "BACKGROUND",
         "citation": prose.text(start + at, 180)}
        for at in range(own)
    ]  # fmt: skip
    found = [
        {"pmid": f"{800_000_000 + mix(facts.seed, 51, at) % 10**8}", "type": "DERIVED",
         "citation": prose.text(start + 50 + at, 180)}
        for at in range(facts.found)
    ]  # fmt: skip
    return {"referencesModule": {"references": [*found, *cited]}} if found or cited else {}


def _derived(facts: Facts, draw: random.Random) -> Json:
    def mesh(name: str) -> Json:
        return {"id": f"D{mix(len(name), ord(name[0])) % 10**6:06d}", "term": name}

    ancestors = draw.sample(prose.CONDITIONS, draw.randrange(2, 9))
    return {
        "miscInfoModule": {},
        "conditionBrowseModule": {
            "meshes": [mesh(main_condition(facts))],
            "ancestors": [mesh(name) for name in ancestors],
        },
        "interventionBrowseModule": {"meshes": [mesh(main_drug(facts))]},
    }


def _documents(facts: Facts) -> Json:
    day = date.fromisoformat(str(facts.results)) - timedelta(days=400)
    return {
        "largeDocumentModule": {
            "largeDocs": [
                {
                    "typeAbbrev": "Prot_SAP", "hasProtocol": True, "hasSap": True,
                    "hasIcf": False, "label": "Study Protocol and Statistical Analysis Plan",
                    "date": day.isoformat(), "uploadDate": f"{day.isoformat()}T10:15",
                    "filename": "Prot_SAP_000.pdf", "size": 100_000 + facts.seed % 10**6,
                }
            ]
        }
    }  # fmt: skip
