"""Subscriptions as people make them, and changed trials, for the fan-out."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

import orjson

from monitor.match.change_set import ChangeSet
from monitor.model import fields
from monitor.model.changes import GROUPS, ChangeEvent, ChangeKind, Severity
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Changes, Filter, Subscription, SubscriptionOrigin, Trials
from monitor.model.when import AtOnce, Hourly, LocalTime, When
from tests.bench.records import Corpus

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHANNELS = ("mail", "slack")
SOURCE = "source"

_WHEN: tuple[When, ...] = (
    AtOnce(), AtOnce(), Hourly(), LocalTime(at=time(8), zone="Europe/Madrid"),
    LocalTime(at=time(9), weekday=0),
)  # fmt: skip
_CHANGES = (
    Changes(),
    Changes(),
    Changes(min_severity=Severity.MEDIUM),
    Changes(min_severity=Severity.HIGH),
    Changes(kinds=GROUPS["status"]),
    Changes(kinds=GROUPS["status"] | GROUPS["sites"] | GROUPS["enrollment"]),
    Changes(kinds=GROUPS["dates"], min_days=60),
    Changes(kinds=GROUPS["enrollment"] | GROUPS["outcomes"], min_percent=10.0),
)
_KINDS: tuple[tuple[ChangeKind, Severity, dict[str, Any]], ...] = (
    (ChangeKind.SITE_ADDED, Severity.MEDIUM, {"count": 3}),
    (ChangeKind.SITE_STATUS_CHANGED, Severity.LOW, {"count": 12}),
    (ChangeKind.CONTACT_CHANGED, Severity.LOW, {}),
    (ChangeKind.PRIMARY_COMPLETION_MOVED, Severity.HIGH, {"days": 184}),
    (ChangeKind.COMPLETION_MOVED, Severity.MEDIUM, {"days": 31}),
    (ChangeKind.ENROLLMENT_TARGET_CHANGED, Severity.HIGH, {"percent": 66.7}),
    (ChangeKind.RECRUITMENT_OPENED, Severity.HIGH, {}),
    (ChangeKind.TRIAL_TERMINATED, Severity.CRITICAL, {"reason_class": "business"}),
    (ChangeKind.ELIGIBILITY_CHANGED, Severity.MEDIUM, {}),
    (ChangeKind.DESCRIPTION_CHANGED, Severity.LOW, {}),
    (ChangeKind.ADMINISTRATIVE_UPDATE, Severity.NOISE, {}),
    (ChangeKind.REGISTRY_NORMALIZATION, Severity.NOISE, {}),
)


def changed_trials(corpus: Corpus, changed: int) -> Iterator[ChangeSet]:
    """Yield one changed version each of so many trials, every tenth of the NCT IDs."""
    random = Random(4)  # noqa: S311 - repeatable, not secret
    documents = [orjson.loads(content.content) for content in corpus.latest()]
    for number in range(changed):
        before = documents[number % len(documents)]
        yield ChangeSet(
            nct_id=nct_id(number * 10),
            old=TrialRecord(nct_id=nct_id(number * 10), document=before),
            new=TrialRecord(nct_id=nct_id(number * 10), document=_with_edit(before)),
            events=_events(random),
            backfilled=False,
            known_at=NOW,
            sources=(f"{SOURCE} {number % 20}",),
        )


def subscriptions(
    corpus: Corpus, size: int, *, trials: int, new_keys: bool = False
) -> list[Subscription]:
    """Return subscriptions as people make them: some NCT IDs each, or a filter.

    ``new_keys``: every second filter asks under ``text``, ``keyword``, ``facility``, ``city`` or
    ``source`` in place of ``condition``.
    """
    random = Random(5)  # noqa: S311 - repeatable, not secret
    records = [
        TrialRecord(nct_id=content.nct_id, document=orjson.loads(content.content))
        for content in corpus.latest()
    ]
    conditions = sorted({text for record in records for text in record.conditions})
    found = []
    for number in range(size):
        one = _filter(conditions, records, random)
        if new_keys and number % 2:
            one = _under_another_key(one, records, Random(number))  # noqa: S311 - as above
        about = Trials(filters=(one,))
        if random.random() < 0.8:
            ids = (nct_id(random.randrange(trials)) for _ in range(random.randint(1, 5)))
            about = Trials(nct_ids=frozenset(ids))
        found.append(_subscription(number, about, random))
    return found


def idle(corpus: Corpus, size: int, *, first: int) -> list[Subscription]:
    """Return as many of the same mix that match no changed trial.

    Their trials do not change; their filters ask for what is in no record, half of them beside
    something that is in many.
    """
    random = Random(6)  # noqa: S311 - repeatable, not secret
    known = subscriptions(corpus, 2_000, trials=1)
    filters = [
        subscription.trials.filters[0] for subscription in known if subscription.trials.filters
    ]
    found = []
    for number in range(first, first + size):
        if random.random() < 0.8:
            ids = (nct_id(random.randrange(50_000) * 10 + 3) for _ in range(random.randint(1, 5)))
            about = Trials(nct_ids=frozenset(f"{one[:-8]}8{one[-7:]}" for one in ids))
        else:
            absent = {random.choice(("sponsor", "intervention")): (f"Neverheardof{number} Ltd",)}
            beside = random.choice(filters).wanted if random.random() < 0.5 else {}
            about = Trials(filters=(Filter(wanted={**beside, **absent}),))
        found.append(_subscription(number, about, random))
    return found


def nct_id(number: int) -> str:
    """Return the NCT ID of a trial of this measurement."""
    return f"NCT{90_000_000 + number:08}"


def _subscription(number: int, about: Trials, random: Random) -> Subscription:
    return Subscription(
        id=number + 1,
        subscriber=f"person {number % 20_000}",
        name=f"wish {number}",
        trials=about,
        changes=random.choice(_CHANGES),
        when=random.choice(_WHEN),
        channels=(random.choice(CHANNELS),),
        origin=SubscriptionOrigin.COMMAND,
        created_at=NOW - timedelta(days=random.randint(1, 900)),
    )


def _filter(conditions: Sequence[str], records: Sequence[TrialRecord], random: Random) -> Filter:
    """Return a filter over words that records have: a condition, mostly something beside it."""
    record = random.choice(records)
    wanted = {"condition": tuple(random.sample(conditions, random.choice((1, 1, 2))))}
    countries = sorted({str(site.get("country")) for site in record.locations})
    for key, values, share in (
        ("phase", record.phases, 0.5),
        ("country", countries[:2], 0.3),
        ("status", ("RECRUITING", "NOT_YET_RECRUITING"), 0.2),
        ("sponsor", (record.lead_sponsor or "Sponsor",), 0.05),
    ):
        if values and random.random() < share:
            wanted[key] = tuple(values)
    excluded = {"country": ("China",)} if random.random() < 0.1 else {}
    return Filter(wanted=wanted, excluded=excluded)


def _under_another_key(one: Filter, records: Sequence[TrialRecord], random: Random) -> Filter:
    """Return a filter that asks for words of a record elsewhere than in its conditions."""
    record = random.choice(records)
    sites = [random.choice(record.locations)] if record.locations else []
    choices = {
        "text": one.wanted["condition"],
        "keyword": record.words(fields.KEYWORDS)[:2],
        "facility": tuple(str(site.get("facility")) for site in sites),
        "city": tuple(str(site.get("city")) for site in sites),
        "source": (f"{SOURCE} {random.randrange(20)}",),
    }
    key = random.choice([key for key, values in choices.items() if any(values)])
    others = {name: values for name, values in one.wanted.items() if name != "condition"}
    return Filter(wanted={key: choices[key], **others}, excluded=one.excluded)


def _with_edit(before: dict[str, Any]) -> dict[str, Any]:
    """Return the record with another status; what is not changed is shared."""
    section, module, name = fields.OVERALL_STATUS
    protocol = before[section]
    return {**before, section: {**protocol, module: {**protocol[module], name: "TERMINATED"}}}


def _events(random: Random) -> tuple[ChangeEvent, ...]:
    chosen = random.sample(_KINDS, random.randint(1, 6))
    return tuple(
        ChangeEvent(kind=kind, severity=severity, label=kind, path="", summary=kind, facts=facts)
        for kind, severity, facts in chosen
    )
