"""The plain definition of matching: walk over everything, without the program's own code."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from monitor.match.change_set import ChangeSet
from monitor.model.changes import GROUPS, ChangeEvent
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Changes, Filter, Silence, Subscription

# A paragraph, an item of a list, or a full stop behind a word, before what begins with a capital.
SENTENCE = r"\n\s*\n|\n\s*[*•-]\s|(?<=\w{3}[.!?])\s+(?=[\W_]*[A-Z0-9])|(?<=\w[)\]][.!?])\s+"

Sent = tuple[int, int, str]
"""Subscription, position of the event, name of the reason."""


def sent(
    subscriptions: Sequence[Subscription], silences: Sequence[Silence], news: ChangeSet
) -> list[Sent]:
    """Return what is to be sent."""
    return [
        (one.id, position, reason)
        for one in subscriptions
        for reason in [stands(one, news)]
        if reason and one.status == "active" and not news.backfilled
        for position, event in enumerate(news.events)
        if one.created_at <= news.known_at
        and asked_for(one.changes, event)
        and not all(
            any(is_over(silence, one, kind, news) for silence in silences) for kind in kinds(event)
        )
    ]


def stands(one: Subscription, news: ChangeSet) -> str | None:
    """Return the name of the reason for which the trial is the subscription's."""
    if not ids(news).isdisjoint(one.trials.nct_ids):
        return "NCT_ID"
    records = [record for record in (news.old, news.new) if record is not None]
    if any(matches(wish, record) for wish in one.trials.filters for record in records):
        return "FILTER"
    return "EVERYTHING" if one.trials.everything else None


def ids(news: ChangeSet) -> set[str]:
    """Return all IDs that the trial has, and had."""
    found = {news.nct_id}
    for record in (news.old, news.new):
        study: Any = record.document if record is not None else {}
        names = study.get("protocolSection", {}).get("identificationModule", {})
        found.update(names.get("nctIdAliases", []))
    return found


def asked_for(changes: Changes, event: ChangeEvent) -> bool:
    """Return whether an event is asked for."""
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


def is_over(silence: Silence, one: Subscription, kind: str, news: ChangeSet) -> bool:
    """Return whether a silence keeps a kind of change from the subscription."""
    return (
        silence.subscriber in (None, one.subscriber)
        and silence.nct_id in {None, *ids(news)}
        and (silence.kind in (None, kind) or kind in GROUPS.get(silence.kind or "", ()))
        and (silence.nct_id is not None or silence.kind is not None)
        and silence.created_at <= news.known_at < silence.until
    )


def matches(wish: Filter, record: TrialRecord) -> bool:
    """Return whether a filter matches one record."""
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
    """Return whether a value has a letter or a digit."""
    return bool(re.sub(r"[\W_]", "", value))


def has(record: TrialRecord, key: str, value: str) -> bool:
    """Return whether a record has a value under a key."""
    texts = [text for text in under(record.document, key) if isinstance(text, str)]
    if key in {"phase", "status", "study_type", "source"}:
        bare = re.sub(r"[\W_]", "", value).lower()
        return bool(bare) and any(re.sub(r"[\W_]", "", text).lower() == bare for text in texts)
    parts = phrases(value)
    return bool(parts) and any(
        all(stands_in(part, words) for part in parts) for words in map(split, texts)
    )


def stands_in(part: list[str], words: list[str]) -> bool:
    """Return whether words stand among others, next to one another."""
    return any(words[at : at + len(part)] == part for at in range(len(words)))


def phrases(value: str) -> list[list[str]]:
    """Return the parts of a value, each of which a text must have.

    Parts are what is in quotation marks, and words; a number or a letter goes with what is before
    it, else with what is behind it.
    """
    pieces = value.split('"') if value.count('"') % 2 == 0 else [value]
    found: list[list[str]] = []
    for at, piece in enumerate(pieces):
        clauses = [piece] if at % 2 else re.split(r"[,;:/()\[\]{}|&+]", piece)
        for clause in clauses:
            found += [split(clause)] if at % 2 else together(clause.split())
    return [part for part in found if part]


def together(words: list[str]) -> list[list[str]]:
    """Return the parts of words that nothing but spaces separates."""
    parts: list[list[str]] = []
    for part in filter(None, map(split, words)):
        if parts and (is_short(part) or (len(parts) == 1 and is_short(parts[0]))):
            parts[-1] += part
        else:
            parts.append([*part])
    return parts


def is_short(part: list[str]) -> bool:
    """Return whether a part is a number or a letter of the Latin alphabet."""
    [first, *rest] = part
    return not rest and (first.isdigit() or (len(first) == 1 and first.isascii()))


@cache
def split(text: str) -> list[str]:
    """Return the words of a text in Latin script."""
    apart = unicodedata.normalize("NFKD", text.replace("™", " ").casefold())
    return re.findall(r"\w+", "".join(c for c in apart if not unicodedata.combining(c)))


PATHS = {
    "condition": """protocolSection.conditionsModule.conditions
        derivedSection.conditionBrowseModule.meshes.term
        derivedSection.conditionBrowseModule.ancestors.term""",
    "intervention": """protocolSection.armsInterventionsModule.interventions.name
        protocolSection.armsInterventionsModule.interventions.otherNames
        derivedSection.interventionBrowseModule.meshes.term
        derivedSection.interventionBrowseModule.ancestors.term""",
    "sponsor": """protocolSection.sponsorCollaboratorsModule.leadSponsor.name
        protocolSection.sponsorCollaboratorsModule.collaborators.name""",
    "phase": "protocolSection.designModule.phases",
    "status": "protocolSection.statusModule.overallStatus",
    "study_type": "protocolSection.designModule.studyType",
    "country": "protocolSection.contactsLocationsModule.locations.country",
    "title": """protocolSection.identificationModule.briefTitle
        protocolSection.identificationModule.officialTitle
        protocolSection.identificationModule.acronym""",
    "keyword": "protocolSection.conditionsModule.keywords",
    "facility": "protocolSection.contactsLocationsModule.locations.facility",
    "city": "protocolSection.contactsLocationsModule.locations.city",
    "source": "",
    "identifier": """protocolSection.identificationModule.nctId
        protocolSection.identificationModule.nctIdAliases
        protocolSection.identificationModule.orgStudyIdInfo.id
        protocolSection.identificationModule.secondaryIdInfos.id""",
}
TEXT = "title", "condition", "keyword", "intervention", "sponsor", "facility", "identifier"


def under(study: Any, key: str) -> Iterable[Any]:
    """Return what the study document says under a key."""
    if key == "text":
        for one in TEXT:
            yield from under(study, one)
        for summary in at(study, ["protocolSection", "descriptionModule", "briefSummary"]):
            yield from re.split(SENTENCE, summary)
    else:
        for path in PATHS[key].split():
            yield from at(study, path.split("."))


def at(value: Any, names: Sequence[str]) -> Iterable[Any]:
    """Return what is at a path, of each item of a list on the way."""
    if isinstance(value, list):
        for one in value:
            yield from at(one, names)
    elif names:
        yield from at(value.get(names[0], {}), names[1:])
    elif value:
        yield value
