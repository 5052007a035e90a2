"""Made-up records of the real sizes, for where the real ones are not at hand."""

import math
from collections.abc import Iterator
from itertools import pairwise
from random import Random
from typing import Any

import orjson

from tests.bench.edits import later_version

# Bytes of the 1,195 real contents, at these shares of them.
_SIZES = (
    (0.0, 2_067), (0.01, 3_950), (0.05, 5_115), (0.1, 5_939), (0.25, 7_843), (0.5, 11_747),
    (0.75, 18_305), (0.9, 35_534), (0.95, 60_410), (0.99, 147_713), (0.999, 788_806),
    (1.0, 1_117_914),
)  # fmt: skip
# How many of 1,155 real trials have how many contents.
_LENGTHS = ((6, 1), (4, 2), (3, 5), (2, 19))
_WORDS = (
    "participants", "disease", "treatment", "dose", "weeks", "baseline", "response", "safety",
    "arm", "study", "placebo", "visit", "assessment", "change", "survival", "score", "patients",
    "group", "randomised", "blood", "daily", "measured", "time", "adverse", "event", "tumour",
    "progression", "cell", "therapy", "oral", "tablet", "infusion", "follow-up", "criteria",
)  # fmt: skip


def made_up_series(trials: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield (NCT ID, data date, bytes) of distinct contents, by data date."""
    lengths = [length for length, count in _LENGTHS for _ in range(count)]
    rounds = max(lengths)
    firsts = [_record(number, trials) for number in range(trials)]
    for version in range(rounds):
        for number, first in enumerate(firsts):
            length = lengths[number] if number < len(lengths) else 1
            if version < length:
                content = later_version(first, trial=number, version=version)
                info = orjson.loads(content)["derivedSection"]["miscInfoModule"]
                yield _nct_id(number), info["versionHolder"], content


def _nct_id(number: int) -> str:
    return f"NCT{90_000_000 + number}"


def _record(number: int, trials: int) -> bytes:
    random = Random(number)  # noqa: S311 - repeatable, not secret
    size = _size_at((number * 7_919 % trials + 0.5) / trials)
    study = _skeleton(number, random)
    protocol = study["protocolSection"]
    left = size - len(orjson.dumps(study))
    protocol["descriptionModule"]["detailedDescription"] = _text(random, left // 8)
    protocol["eligibilityModule"]["eligibilityCriteria"] = "\n".join(
        f"* {_text(random, 90)}" for _ in range(max(1, left // 400))
    )
    sites = protocol["contactsLocationsModule"]["locations"]
    outcomes = protocol["outcomesModule"]["secondaryOutcomes"]
    while len(orjson.dumps(study)) < size:
        for _ in range(1 + left // 4_000):
            sites.append(made_up_site(random, len(sites)))
            outcomes.append(_outcome(random, len(outcomes)))
    return orjson.dumps(study)


def _size_at(share: float) -> int:
    for (low, small), (high, large) in pairwise(_SIZES):
        if share <= high:
            return round(small * math.pow(large / small, (share - low) / (high - low)))
    return _SIZES[-1][1]


def _skeleton(number: int, random: Random) -> dict[str, Any]:
    start = f"2025-{random.randint(1, 12):02}-01"
    return {
        "protocolSection": {
            "identificationModule": {
                "nctId": _nct_id(number),
                "orgStudyIdInfo": {"id": f"EX-{number}"},
                "organization": {"fullName": "Sponsor", "class": "INDUSTRY"},
                "briefTitle": _text(random, 80),
            },
            "statusModule": {
                "statusVerifiedDate": "2026-01",
                "overallStatus": "RECRUITING",
                "startDateStruct": {"date": start, "type": "ACTUAL"},
                "completionDateStruct": {"date": "2027-12-31", "type": "ESTIMATED"},
                "studyFirstSubmitDate": "2024-12-02",
                "studyFirstSubmitQcDate": "2024-12-04",
                "studyFirstPostDateStruct": {"date": "2024-12-06", "type": "ACTUAL"},
                "lastUpdateSubmitDate": "2026-01-14",
                "lastUpdatePostDateStruct": {"date": "2026-01-16", "type": "ESTIMATED"},
            },
            "sponsorCollaboratorsModule": {"leadSponsor": {"name": "Sponsor", "class": "INDUSTRY"}},
            "descriptionModule": {"briefSummary": _text(random, 300)},
            "conditionsModule": {"conditions": random.sample(_WORDS, 3)},
            "designModule": {
                "studyType": "INTERVENTIONAL",
                "phases": ["PHASE2"],
                "enrollmentInfo": {"count": random.randint(10, 900), "type": "ESTIMATED"},
            },
            "armsInterventionsModule": {"interventions": [{"type": "DRUG", "name": "A drug"}]},
            "outcomesModule": {
                "primaryOutcomes": [_outcome(random, 0)],
                "secondaryOutcomes": [],
            },
            "eligibilityModule": {
                "sex": "ALL",
                "minimumAge": "18 Years",
                "stdAges": ["ADULT", "OLDER_ADULT"],
            },
            "contactsLocationsModule": {"locations": []},
        },
        "derivedSection": {"miscInfoModule": {"versionHolder": "2026-02-02"}},
        "hasResults": False,
    }


def made_up_site(random: Random, number: int) -> dict[str, Any]:
    return {
        "facility": f"Research Site {number}",
        "status": "RECRUITING",
        "city": f"City {random.randint(1, 400)}",
        "zip": f"{random.randint(0, 99_999):05}",
        "country": random.choice(("United States", "France", "Japan", "Spain")),
        "geoPoint": {
            "lat": round(random.uniform(-60, 70), 5),
            "lon": round(random.uniform(-180, 180), 5),
        },
    }


def _outcome(random: Random, number: int) -> dict[str, Any]:
    return {
        "measure": f"{_text(random, 50)} {number}",
        "description": _text(random, 180),
        "timeFrame": f"{random.randint(1, 104)} weeks",
    }


def _text(random: Random, length: int) -> str:
    words: list[str] = []
    while length > 0:
        words.append(random.choice(_WORDS))
        length -= len(words[-1]) + 1
    return " ".join(words)
