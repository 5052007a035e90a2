"""Results sections of synthetic trials: a few tables, or many megabytes of them."""

import random
from collections.abc import Sequence
from math import exp
from typing import Any

from tests.registry.synthetic import prose
from tests.registry.synthetic.draw import mix

Json = dict[str, Any]
_SYSTEMS = (
    "Gastrointestinal disorders", "Nervous system disorders", "Infections and infestations",
    "General disorders", "Skin and subcutaneous tissue disorders", "Cardiac disorders",
    "Musculoskeletal and connective tissue disorders", "Investigations",
)  # fmt: skip
_TERMS = (
    "Nausea", "Headache", "Fatigue", "Pyrexia", "Rash", "Cough", "Anaemia", "Dizziness", "Vomiting",
    "Diarrhoea", "Back pain", "Insomnia", "Arthralgia", "Pneumonia", "Neutropenia", "Pruritus",
)  # fmt: skip


def results_section(seed: int, revised: int) -> Json:
    """Return the results of a trial; their size is spread as in the registry, mean 55 KB.

    ``revised``: how often the sponsor added a caveat to them.
    """
    draw = random.Random(mix(seed, 60))  # noqa: S311 - numbers, no secret
    scale = exp(draw.gauss(0, 1.1))
    arms = 2 + (draw.random() < 0.3)
    number = draw.randrange(8, 400)
    return {
        "participantFlowModule": _flow(draw, arms, number),
        "baselineCharacteristicsModule": _baseline(draw, arms, number),
        "outcomeMeasuresModule": {
            "outcomeMeasures": [
                _measure(draw, draw.choice(prose.MEASURES), at, arms, number)
                for at in range(max(1, round(5 * scale)))
            ]
        },
        "adverseEventsModule": _adverse(draw, arms, number, round(34 * scale)),
        "moreInfoModule": {
            **_caveats(seed, revised),
            "certainAgreement": {"piSponsorEmployee": False, "restrictiveAgreement": False},
            "pointOfContact": {
                "title": "Study director", "organization": "Sponsor",
                "email": "results@example.org", "phone": "+1 555 0199",
            },
        },
    }  # fmt: skip


def _caveats(seed: int, revised: int) -> Json:
    if not revised:
        return {}
    return {
        "limitationsAndCaveats": {"description": prose.text(mix(seed, 61, revised) % 6_000, 300)}
    }


def _groups(draw: random.Random, prefix: str, arms: int) -> list[Json]:
    return [
        {
            "id": f"{prefix}{arm:03d}",
            "title": f"Group {arm + 1}",
            "description": prose.text(int(6_000 * draw.random()), 160),
        }
        for arm in range(arms)
    ]


def _flow(draw: random.Random, arms: int, number: int) -> Json:
    def step(kind: str, subjects: int) -> Json:
        return {
            "type": kind,
            "achievements": [
                {"groupId": f"FG{arm:03d}", "numSubjects": str(subjects - arm % 2)}
                for arm in range(arms)
            ],
        }

    done = number * 9 // 10
    return {
        "groups": _groups(draw, "FG", arms),
        "periods": [
            {
                "title": "Overall Study",
                "milestones": [
                    step("STARTED", number), step("COMPLETED", done),
                    step("NOT COMPLETED", number - done),
                ],
            }
        ],
    }  # fmt: skip


def _counts(prefix: str, arms: int, number: int) -> list[Json]:
    counts = [{"groupId": f"{prefix}{arm:03d}", "value": str(number)} for arm in range(arms)]
    return [{"units": "Participants", "counts": counts}]


def _values(draw: random.Random, prefix: str, arms: int) -> list[Json]:
    return [
        {
            "groupId": f"{prefix}{arm:03d}",
            "value": f"{99 * draw.random() + 1:.2f}",
            "spread": f"{9 * draw.random():.2f}",
        }
        for arm in range(arms)
    ]


def _baseline(draw: random.Random, arms: int, number: int) -> Json:
    def measure(title: str, categories: Sequence[str]) -> Json:
        return {
            "title": title,
            "paramType": "COUNT_OF_PARTICIPANTS",
            "unitOfMeasure": "Participants",
            "classes": [
                {
                    "categories": [
                        {"title": name, "measurements": _values(draw, "BG", arms)}
                        for name in categories
                    ]
                }
            ],
        }

    return {
        "groups": _groups(draw, "BG", arms),
        "denoms": _counts("BG", arms, number),
        "measures": [
            measure("Age, Categorical", ("<=18 years", "Between 18 and 65 years", ">=65 years")),
            measure("Sex: Female, Male", ("Female", "Male")),
            measure("Region of Enrollment", ("United States", "Europe", "Asia")),
        ],
    }


def _measure(draw: random.Random, title: str, at: int, arms: int, number: int) -> Json:
    return {
        "type": "PRIMARY" if at == 0 else "SECONDARY",
        "title": title,
        "description": prose.text(int(6_000 * draw.random()), 300),
        "populationDescription": "Full analysis set",
        "reportingStatus": "POSTED",
        "paramType": "MEAN",
        "dispersionType": "Standard Deviation",
        "unitOfMeasure": "units on a scale",
        "timeFrame": draw.choice(prose.TIME_FRAMES),
        "groups": _groups(draw, "OG", arms),
        "denoms": _counts("OG", arms, number),
        "classes": [
            {
                "title": f"Week {4 * week}",
                "categories": [{"measurements": _values(draw, "OG", arms)}],
            }
            for week in range(1, draw.randrange(2, 9))
        ],
    }


def _adverse(draw: random.Random, arms: int, number: int, events: int) -> Json:
    def event(at: int) -> Json:
        return {
            "term": f"{_TERMS[at * 7 % len(_TERMS)]} (type {at})",
            "organSystem": _SYSTEMS[at % len(_SYSTEMS)],
            "sourceVocabulary": "MedDRA 26.1",
            "assessmentType": "SYSTEMATIC_ASSESSMENT",
            "stats": [
                {"groupId": f"EG{arm:03d}", "numEvents": int(40 * draw.random()),
                 "numAffected": int(20 * draw.random()), "numAtRisk": number}
                for arm in range(arms)
            ],
        }  # fmt: skip

    return {
        "frequencyThreshold": "5",
        "timeFrame": "From the first dose to 30 days after the last",
        "eventGroups": [
            {**group, "deathsNumAffected": 0, "deathsNumAtRisk": number,
             "seriousNumAffected": draw.randrange(9), "seriousNumAtRisk": number,
             "otherNumAffected": draw.randrange(30), "otherNumAtRisk": number}
            for group in _groups(draw, "EG", arms)
        ],
        "seriousEvents": [event(at) for at in range(events // 3)],
        "otherEvents": [event(events + at) for at in range(events)],
    }  # fmt: skip
