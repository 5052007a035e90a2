"""What a record says under each key of a filter."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.match.words import phrase_of, searchable, words_of
from monitor.model import fields
from monitor.model.countries import country_names, country_now
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import FILTER_KEYS

Attributes = Mapping[str, str]
"""By key of FILTER_KEYS: all texts of the record under it, as ``searchable`` writes them."""

WHOLE_KEYS = frozenset({"phase", "status", "study_type"})
"""Keys whose values are the registry's own and match as a whole."""

# What the registry's web site writes for two of its values.
_WRITTEN = {"notapplicable": "na", "unknownstatus": "unknown"}


def attributes_of(record: TrialRecord) -> Attributes:
    """Return what the record says under each key; "" where it says nothing."""
    return {key: _searchable(key, set(texts)) for key, texts in _texts(record)}


def phrase_under(key: str, value: str) -> str:
    """Return a filter's value as it is searched for under its key; "" when it has no word.

    Values of WHOLE_KEYS become one word: ``Phase 1`` and ``PHASE_1`` are ``PHASE1``. A country
    is looked for under the registry's present name of it.
    """
    if key == "country":
        return phrase_of(country_now(value))
    if key not in WHOLE_KEYS:
        return phrase_of(value)
    word = "".join(words_of(value.replace("_", " ")))
    return f" {_WRITTEN.get(word, word)} " if word else ""


def _searchable(key: str, texts: Iterable[str]) -> str:
    if key in WHOLE_KEYS:
        return "\n".join(phrase_under(key, text) for text in sorted(texts))
    return searchable(sorted(texts))


def _texts(record: TrialRecord) -> Iterator[tuple[str, Iterable[str]]]:
    texts: tuple[Iterable[str], ...] = (
        (*record.conditions, *_named(record.items(fields.CONDITION_MESHES), "term")),
        _interventions(record),
        (*_stated(record, fields.LEAD_SPONSOR_NAME),
         *_named(record.items(fields.COLLABORATORS), "name")),
        record.phases,
        _stated(record, fields.OVERALL_STATUS),
        _stated(record, fields.STUDY_TYPE),
        _countries(record),
        _stated(record, fields.BRIEF_TITLE, fields.OFFICIAL_TITLE, fields.ACRONYM),
    )  # fmt: skip
    return zip(FILTER_KEYS, texts, strict=True)


def _countries(record: TrialRecord) -> Iterator[str]:
    for country in set(_named(record.locations, "country")):
        yield from country_names(country)


def _interventions(record: TrialRecord) -> Iterator[str]:
    interventions = record.items(fields.INTERVENTIONS)
    yield from _named(interventions, "name")
    for intervention in interventions:
        others = intervention.get("otherNames")
        if isinstance(others, list):
            yield from (name for name in others if isinstance(name, str))
    yield from _named(record.items(fields.INTERVENTION_MESHES), "term")


def _stated(record: TrialRecord, *paths: fields.Path) -> tuple[str, ...]:
    return tuple(text for path in paths if (text := record.text(path)) is not None)


def _named(items: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    for item in items:
        value = item.get(name)
        if isinstance(value, str):
            yield value
