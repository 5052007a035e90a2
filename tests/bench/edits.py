"""Later versions of a record, edited as sponsors edit: a few fields, a date, a stamp."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import orjson

Study = dict[str, Any]

_STATUSES = ("NOT_YET_RECRUITING", "RECRUITING", "ACTIVE_NOT_RECRUITING", "COMPLETED", "SUSPENDED")
_FIRST_UPDATE = date(2026, 4, 2)


def later_version(first: bytes, *, trial: int, version: int, nct_id: str | None = None) -> bytes:
    """Return version ``version`` (0: the first itself) of a trial that began as ``first``.

    Each version keeps the edits of the ones before it. The same numbers give the same bytes.
    ``nct_id`` makes it another trial's record.
    """
    study: Study = orjson.loads(first)
    if nct_id is not None:
        study["protocolSection"]["identificationModule"]["nctId"] = nct_id
    for number in range(1, version + 1):
        _edit(study, Random(trial * 1_000 + number), number)  # noqa: S311 - repeatable, not secret
    return orjson.dumps(study)


def _edit(study: Study, random: Random, number: int) -> None:
    protocol = study["protocolSection"]
    day = _FIRST_UPDATE + timedelta(days=7 * number)
    status = protocol.setdefault("statusModule", {})
    status["statusVerifiedDate"] = day.isoformat()[:7]
    status["lastUpdateSubmitDate"] = (day - timedelta(days=2)).isoformat()
    status["lastUpdatePostDateStruct"] = {"date": day.isoformat(), "type": "ESTIMATED"}
    info = study.setdefault("derivedSection", {}).setdefault("miscInfoModule", {})
    info["versionHolder"] = day.isoformat()
    for edit in random.sample(_EDITS, random.randint(1, 3)):
        edit(protocol, random)


def _next_status(protocol: Study, random: Random) -> None:
    now = protocol["statusModule"].get("overallStatus")
    others = [status for status in _STATUSES if status != now]
    protocol["statusModule"]["overallStatus"] = random.choice(others)


def _other_enrollment(protocol: Study, random: Random) -> None:
    info = protocol.setdefault("designModule", {}).setdefault("enrollmentInfo", {})
    info["count"] = info.get("count", 0) + random.randint(1, 80)
    info["type"] = "ESTIMATED"


def _later_completion(protocol: Study, random: Random) -> None:
    for name in ("primaryCompletionDateStruct", "completionDateStruct"):
        moved = date(2027, 1, 1) + timedelta(days=random.randint(0, 900))
        protocol["statusModule"][name] = {"date": moved.isoformat(), "type": "ESTIMATED"}


def _another_site(protocol: Study, random: Random) -> None:
    sites = protocol.setdefault("contactsLocationsModule", {}).setdefault("locations", [])
    number = random.randint(1, 99_999)
    sites.append(
        {
            "facility": f"Research Site {number}",
            "status": "RECRUITING",
            "city": f"City {number % 300}",
            "zip": f"{number:05}",
            "country": "United States",
        }
    )


def _site_statuses(protocol: Study, random: Random) -> None:
    sites = protocol.get("contactsLocationsModule", {}).get("locations", [])
    for site in random.sample(sites, min(len(sites), random.randint(1, 5))):
        site["status"] = "COMPLETED" if site.get("status") != "COMPLETED" else "RECRUITING"


def _other_criterion(protocol: Study, random: Random) -> None:
    module = protocol.setdefault("eligibilityModule", {})
    line = f"\n* Laboratory value number {random.randint(1, 9_999)} within the normal range"
    module["eligibilityCriteria"] = module.get("eligibilityCriteria", "") + line


def _other_summary(protocol: Study, random: Random) -> None:
    module = protocol.setdefault("descriptionModule", {})
    sentence = f" Amendment {random.randint(1, 9_999)} changed the schedule of visits."
    module["briefSummary"] = module.get("briefSummary", "") + sentence


def _other_contact(protocol: Study, random: Random) -> None:
    module = protocol.setdefault("contactsLocationsModule", {})
    phone = f"+1 555 {random.randint(0, 9_999_999):07}"
    module["centralContacts"] = [{"name": "Study contact", "role": "CONTACT", "phone": phone}]


_EDITS: tuple[Callable[[Study, Random], None], ...] = (
    _next_status, _other_enrollment, _later_completion, _another_site, _site_statuses,
    _other_criterion, _other_summary, _other_contact,
)  # fmt: skip
