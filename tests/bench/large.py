"""Comparing two records of a megabyte."""

from collections.abc import Callable
from random import Random
from typing import Any

import orjson

from monitor.detect.diff import diff
from monitor.model.record import TrialRecord
from tests.bench.made_up import made_up_site
from tests.bench.plan import Bench
from tests.bench.records import Corpus
from tests.bench.rows import Measurement, raced
from tests.bench.timing import Race

Study = dict[str, Any]
_MEGABYTE = 1_000_000
_NEW_STATUS = "WITHDRAWN"
_SITE_KEY = ("facility", "city", "state", "zip", "country")


def measure(bench: Bench) -> list[Measurement]:
    """Measure one changed field in two kinds of large record, then many changed sites."""
    plan = bench.plan
    widest = max((content.content for content in bench.corpus.latest()), key=len)
    crowded = with_sites(bench.corpus, plan.sites)
    many = shuffled_sites(crowded, plan.changed_sites)
    size = f"{len(crowded) / _MEGABYTE:.1f} MB"
    return [
        _race(bench, f"largest record of the series ({len(widest) / _MEGABYTE:.1f} MB), one field",
              widest, other_enrollment(widest), 1, 3.0),
        _race(bench, f"record of {plan.sites} sites ({size}), one field",
              crowded, other_enrollment(crowded), 1, 3.0),
        _race(bench, f"{plan.changed_sites} of {plan.sites} sites changed, list shuffled ({size})",
              crowded, many, plan.changed_sites, 20.0),
    ]  # fmt: skip


def with_sites(corpus: Corpus, count: int) -> bytes:
    """Return a record of the series with this many sites, real ones of the series first.

    Sites are told apart by facility and place. Each gets a contact and an investigator as
    recruiting sites have them, which makes half a kilobyte of it.
    """
    found: dict[tuple[Any, ...], Study] = {}
    for content in corpus.latest():
        module = orjson.loads(content.content)["protocolSection"].get("contactsLocationsModule", {})
        for site in module.get("locations", []):
            found.setdefault(tuple(site.get(name) for name in _SITE_KEY), site)
    random = Random(5)  # noqa: S311 - repeatable, not secret
    sites = sorted(found.values(), key=lambda site: -len(orjson.dumps(site)))[:count]
    sites += [made_up_site(random, number) for number in range(count - len(sites))]
    for number, site in enumerate(sites):
        site["status"] = "RECRUITING"
        site["contacts"] = [_person(number, "CONTACT"), _person(number, "PRINCIPAL_INVESTIGATOR")]
    random.shuffle(sites)
    ordinary = sorted(corpus.latest(), key=lambda content: len(content.content))
    study = orjson.loads(ordinary[len(ordinary) // 2].content)
    study["protocolSection"].setdefault("contactsLocationsModule", {})["locations"] = sites
    return orjson.dumps(study)


def shuffled_sites(content: bytes, changed: int) -> bytes:
    """Return the record with its sites in another order, this many of them with a new status."""
    study = orjson.loads(content)
    sites = study["protocolSection"]["contactsLocationsModule"]["locations"]
    random = Random(6)  # noqa: S311 - repeatable, not secret
    random.shuffle(sites)
    for site in random.sample(sites, changed):
        site["status"] = _NEW_STATUS
    return orjson.dumps(study)


def other_enrollment(content: bytes) -> bytes:
    """Return the record with another number of participants."""
    study = orjson.loads(content)
    info = study["protocolSection"].setdefault("designModule", {}).setdefault("enrollmentInfo", {})
    info["count"] = info.get("count", 0) + 96
    return orjson.dumps(study)


def compared(old: bytes, new: bytes, changes: int) -> Callable[[], None]:
    """Return a comparison of the two records that fails unless it finds just these changes."""
    before, after = (_record(content) for content in (old, new))

    def compare() -> None:
        found = diff(before, after)
        assert len(found) == changes, f"{len(found)} changes instead of {changes}"

    return compare


def _record(content: bytes) -> TrialRecord:
    document = orjson.loads(content)
    nct_id = document["protocolSection"]["identificationModule"]["nctId"]
    return TrialRecord(nct_id=nct_id, document=document)


def _race(
    bench: Bench, what: str, old: bytes, new: bytes, changes: int, target: float
) -> Measurement:
    bench.say(f"large: {what}")
    race = Race()

    def parse_both() -> None:
        orjson.loads(old)
        orjson.loads(new)

    for _ in range(bench.plan.rounds):
        # Parsed anew each time: nothing is remembered of objects seen before.
        race.run(compared(old, new, changes), parse_both)
    return raced(
        "large", f"diff, {what}", race, "parsing both", target=target,
        note=f"`diff` of two parsed records; exactly {changes} field change(s) reported. Baseline: "
        f"`orjson.loads` of both. Best of {bench.plan.rounds} rounds, in turns.",
    )  # fmt: skip


def _person(number: int, role: str) -> Study:
    return {
        "name": f"Site contact {number}",
        "role": role,
        "phone": f"+1 555 {number:07}",
        "email": f"site.contact.{number}@sites.example",
    }
