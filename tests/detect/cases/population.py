"""Who may take part."""

from tests.detect.cases.base import Case, K, S
from tests.detect.examples import GONE

CRITERIA = "eligibilityModule.eligibilityCriteria"
_TEXT = "Inclusion Criteria:\n\n* Age \\>= {age} years\n{more}\nExclusion Criteria:\n\n* Smoking"


def _criteria(age: int, *more: str) -> str:
    return _TEXT.format(age=age, more="".join(f"* {line}\n" for line in more))


CASES = (
    Case(
        name="an item edited tells the words",
        kind=K.ELIGIBILITY_CHANGED,
        severity=S.HIGH,
        old={CRITERIA: _criteria(18)},
        new={CRITERIA: _criteria(65)},
        facts={
            "limits": 1,
            "added": [],
            "dropped": [],
            "moved": [],
            "edited": [
                {
                    "section": "inclusion",
                    "before": "Age >= 18 years",
                    "after": "Age >= 65 years",
                    "words": [
                        ["same", "Age >= "],
                        ["removed", "18"],
                        ["added", "65"],
                        ["same", " years"],
                    ],
                }
            ],
        },
    ),
    Case(
        name="items added and dropped",
        kind=K.ELIGIBILITY_CHANGED,
        severity=S.MEDIUM,
        old={CRITERIA: _criteria(18, "Asthma for a year")},
        new={CRITERIA: _criteria(18, "Written informed consent of both parents")},
        facts={
            "added": [{"section": "inclusion", "text": "Written informed consent of both parents"}],
            "dropped": [{"section": "inclusion", "text": "Asthma for a year"}],
            "edited": [],
        },
    ),
    Case(
        name="an item moved to the exclusion criteria",
        kind=K.ELIGIBILITY_CHANGED,
        severity=S.HIGH,
        old={CRITERIA: "Inclusion Criteria:\n* Pregnancy\nExclusion Criteria:\n* Smoking"},
        new={CRITERIA: "Inclusion Criteria:\n\nExclusion Criteria:\n* Pregnancy\n* Smoking"},
        facts={"moved": [{"text": "Pregnancy", "from": "inclusion", "to": "exclusion"}]},
    ),
    Case(
        name="an item moved under another line",
        kind=K.ELIGIBILITY_CHANGED,
        severity=S.MEDIUM,
        old={CRITERIA: "* One of:\n  * ANA\n  * dsDNA\n* All of:\n  * SLEDAI"},
        new={CRITERIA: "* One of:\n  * ANA\n* All of:\n  * dsDNA\n  * SLEDAI"},
        facts={"moved": [{"text": "dsDNA", "from": "One of", "to": "All of"}]},
    ),
    Case(
        name="criteria in other typography",
        kind=K.ADMINISTRATIVE_UPDATE,
        severity=S.NOISE,
        old={CRITERIA: "Inclusion Criteria:\n* The subject's age >= 18"},
        new={CRITERIA: "Inclusion Criteria:\n* The subject\u2019s age \u226518"},
        path="protocolSection.eligibilityModule.eligibilityCriteria",
    ),
    Case(
        name="a maximum age",
        kind=K.ELIGIBLE_POPULATION_CHANGED,
        severity=S.HIGH,
        new={
            "eligibilityModule.maximumAge": "65 Years",
            "eligibilityModule.stdAges": ["ADULT"],
        },
    ),
    Case(
        name="one sex only",
        kind=K.ELIGIBLE_POPULATION_CHANGED,
        severity=S.HIGH,
        new={"eligibilityModule.sex": "FEMALE"},
        before="ALL",
        after="FEMALE",
    ),
    Case(
        name="healthy volunteers accepted",
        kind=K.ELIGIBLE_POPULATION_CHANGED,
        severity=S.HIGH,
        new={"eligibilityModule.healthyVolunteers": True},
        before=False,
        after=True,
    ),
    Case(
        name="another sampling",
        kind=K.ELIGIBLE_POPULATION_CHANGED,
        severity=S.HIGH,
        old={"eligibilityModule.samplingMethod": "PROBABILITY_SAMPLE"},
        new={"eligibilityModule.samplingMethod": "NON_PROBABILITY_SAMPLE"},
    ),
    Case(
        name="the population described in other words",
        kind=K.ELIGIBLE_POPULATION_CHANGED,
        severity=S.MEDIUM,
        old={"eligibilityModule.studyPopulation": "Adults of the clinic"},
        new={"eligibilityModule.studyPopulation": "Adults who attend the clinic"},
    ),
    Case(
        name="age groups derived anew",
        kind=K.REGISTRY_NORMALIZATION,
        severity=S.NOISE,
        new={"eligibilityModule.stdAges": GONE},
    ),
    Case(
        name="criteria in another order",
        kind=K.ADMINISTRATIVE_UPDATE,
        severity=S.NOISE,
        old={CRITERIA: "Inclusion Criteria:\n* One\n* Two"},
        new={CRITERIA: "Inclusion Criteria:\n* Two\n* One"},
        path="protocolSection.eligibilityModule.eligibilityCriteria",
    ),
)
