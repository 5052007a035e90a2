"""The plain definition of matching: walk over everything, without the program's own code."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from monitor.match.news import News
from monitor.model.changes import ChangeEvent
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Changes, Filter, Silence, Subscription

Sent = tuple[int, int, str]
"""Subscription, position of the event, name of the reason."""


def sent(
    subscriptions: Sequence[Subscription], silences: Sequence[Silence], news: News
) -> list[Sent]:
    """Return what is to be sent."""
    return [
        (one.id, position, reason)
        for one in subscriptions
        for reason in [stands(one, news)]
        if reason and one.standing == "active" and not news.backfilled
        for position, event in enumerate(news.events)
        if one.created_at <= news.known_at
        and asked_for(one.changes, event)
        and not all(
            any(is_over(silence, one, kind, news) for silence in silences) for kind in kinds(event)
        )
    ]


def stands(one: Subscription, news: News) -> str | None:
    """Return the name of the reason for which the trial is the subscription's."""
    if not ids(news).isdisjoint(one.trials.nct_ids):
        return "NCT_ID"
    records = [record for record in (news.old, news.new) if record is not None]
    if any(matches(wish, record) for wish in one.trials.filters for record in records):
        return "FILTER"
    return "EVERYTHING" if one.trials.everything else None


def ids(news: News) -> set[str]:
    """Return all IDs that the trial has, and had."""
    found = {news.nct_id}
    for record in (news.old, news.new):
        study: Any = record.document if record is not None else {}
        names = study.get("protocolSection", {}).get("identificationModule", {})
        found.update(names.get("nctIdAliases", []))
    return found


def asked_for(changes: Changes, event: ChangeEvent) -> bool:
    """Tell whether an event is asked for."""
    ranks = ["noise", "low", "medium", "high", "critical"]
    if changes.kinds is None:
        if event.severity == "noise":
            return False
    elif changes.kinds.isdisjoint(kinds(event)):
        return False
    if max(1, ranks.index(event.severity)) < ranks.index(changes.min_severity):
        return False
    days, percent = event.facts.get("days"), event.facts.get("percent")
    if changes.min_days and days is not None and -changes.min_days < days < changes.min_days:
        return False
    least = changes.min_percent
    return not (least and percent is not None and -least < percent < least)


def kinds(event: ChangeEvent) -> set[str]:
    """Return all kinds of change that an event tells of."""
    return {event.kind, *event.facts.get("also", [])}


def is_over(silence: Silence, one: Subscription, kind: str, news: News) -> bool:
    """Tell whether a silence keeps a kind of change from the subscription."""
    return (
        silence.subscriber in (None, one.subscriber)
        and silence.nct_id in {None, *ids(news)}
        and silence.kind in (None, kind)
        and (silence.nct_id is not None or silence.kind is not None)
        and silence.created_at <= news.known_at < silence.until
    )


def matches(wish: Filter, record: TrialRecord) -> bool:
    """Tell whether a filter matches one record."""
    return (
        (bool(wish.wanted) or any(says(value) for one in wish.excluded.values() for value in one))
        and all(
            any(has(record, key, value) for value in values) for key, values in wish.wanted.items()
        )
        and not any(
            has(record, key, value) for key, values in wish.excluded.items() for value in values
        )
    )


def says(value: str) -> bool:
    """Tell whether a value has a letter or a digit."""
    return bool(re.sub(r"[\W_]", "", value))


def has(record: TrialRecord, key: str, value: str) -> bool:
    """Tell whether a record has a value under a key."""
    texts = [text for text in under(record.document, key) if isinstance(text, str)]
    if key in {"phase", "status", "study_type"}:
        bare = re.sub(r"[\W_]", "", value).lower()
        return bool(bare) and any(re.sub(r"[\W_]", "", text).lower() == bare for text in texts)
    phrase = split(value)
    return bool(phrase) and any(
        words[at : at + len(phrase)] == phrase
        for words in map(split, texts)
        for at in range(len(words))
    )


@cache
def split(text: str) -> list[str]:
    """Return the words of a text in Latin script."""
    apart = unicodedata.normalize("NFKD", text.replace("™", " ").casefold())
    return re.findall(r"\w+", "".join(c for c in apart if not unicodedata.combining(c)))


def under(study: Any, key: str) -> Iterable[Any]:
    """Return what the study document says under a key."""
    protocol, derived = study.get("protocolSection", {}), study.get("derivedSection", {})
    if key == "condition":
        yield from protocol.get("conditionsModule", {}).get("conditions", [])
        meshes = derived.get("conditionBrowseModule", {}).get("meshes", [])
        yield from (mesh["term"] for mesh in meshes)
    if key == "intervention":
        for one in protocol.get("armsInterventionsModule", {}).get("interventions", []):
            yield from (one["name"], *one.get("otherNames", []))
        meshes = derived.get("interventionBrowseModule", {}).get("meshes", [])
        yield from (mesh["term"] for mesh in meshes)
    sponsors = protocol.get("sponsorCollaboratorsModule", {})
    if key == "sponsor":
        yield sponsors.get("leadSponsor", {}).get("name")
        yield from (one["name"] for one in sponsors.get("collaborators", []))
    design = protocol.get("designModule", {})
    if key == "phase":
        yield from design.get("phases", [])
    if key == "study_type":
        yield design.get("studyType")
    if key == "status":
        yield protocol.get("statusModule", {}).get("overallStatus")
    if key == "country":
        sites = protocol.get("contactsLocationsModule", {}).get("locations", [])
        yield from (site.get("country") for site in sites)
    if key == "title":
        names = protocol.get("identificationModule", {})
        yield from (names.get(name) for name in ("briefTitle", "officialTitle", "acronym"))
