"""What a record says under each key of a filter."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from monitor.match.words import Term, phrase_of, searchable, sentences, term_of, words_of
from monitor.model import fields
from monitor.model.countries import country_names, country_now
from monitor.model.record import TrialRecord

WHOLE_KEYS = frozenset({"phase", "status", "study_type", "source"})
"""Keys whose values match as a whole: the registry's own, and the names of sources."""

# What the registry's web site writes for two of its values.
_WRITTEN = {"notapplicable": "na", "unknownstatus": "unknown"}


class Attributes(dict[str, str]):
    """By key of FILTER_KEYS: all texts of a record under it, as ``searchable`` writes them.

    What nobody asks for is never looked up; "" where the record says nothing. ``sources``: names
    of the sources that follow the trial. ``other``: the attributes of another version, with which
    equal ones are shared.
    """

    def __init__(
        self,
        record: TrialRecord,
        *,
        sources: Iterable[str] = (),
        other: "Attributes | None" = None,
    ) -> None:
        super().__init__()
        self._record = record
        self._sources = tuple(sources)
        self._other = other
        self._texts: dict[str, frozenset[str]] = {}

    def __missing__(self, key: str) -> str:
        """Look a key up the first time it is asked for."""
        texts = self.texts(key)
        other = self._other
        if other is not None and texts == other.texts(key):
            found = other[key]
        elif key in WHOLE_KEYS:
            found = "\n".join(phrase for text in sorted(texts) for phrase in term_under(key, text))
        else:
            found = searchable(sorted(texts))
        self[key] = found
        return found

    def texts(self, key: str) -> frozenset[str]:
        """Return the texts under a key as they are written."""
        found = self._texts.get(key)
        if found is None:
            texts = self._sources if key == "source" else _TEXTS[key](self._record)
            found = self._texts[key] = frozenset(texts)
        return found


def term_under(key: str, value: str) -> Term:
    """Return a filter's value as it is searched for under its key; () when it has no word.

    Values of WHOLE_KEYS become one word: ``Phase 1`` and ``PHASE_1`` are ``PHASE1``. A country
    is looked for under the registry's present name of it.
    """
    if key == "country":
        written = value.strip('"“” ')
        now = country_now(written)
        return term_of(value) if now == written else (phrase_of(now),)
    if key not in WHOLE_KEYS:
        return term_of(value)
    word = "".join(words_of(value.replace("_", " ")))
    return (f" {_WRITTEN.get(word, word)} ",) if word else ()


def _conditions(record: TrialRecord) -> Iterator[str]:
    yield from record.conditions
    for path in (fields.CONDITION_MESHES, fields.CONDITION_ANCESTORS):
        yield from _named(record.items(path), "term")


def _interventions(record: TrialRecord) -> Iterator[str]:
    interventions = record.items(fields.INTERVENTIONS)
    yield from _named(interventions, "name")
    for intervention in interventions:
        others = intervention.get("otherNames")
        if isinstance(others, list):
            yield from (name for name in others if isinstance(name, str))
    for path in (fields.INTERVENTION_MESHES, fields.INTERVENTION_ANCESTORS):
        yield from _named(record.items(path), "term")


def _sponsors(record: TrialRecord) -> Iterator[str]:
    yield from _stated(record, fields.LEAD_SPONSOR_NAME)
    yield from _named(record.items(fields.COLLABORATORS), "name")


def _countries(record: TrialRecord) -> Iterator[str]:
    for country in set(_named(record.locations, "country")):
        yield from country_names(country)


def _titles(record: TrialRecord) -> Iterator[str]:
    return _stated(record, fields.BRIEF_TITLE, fields.OFFICIAL_TITLE, fields.ACRONYM)


def _all_texts(record: TrialRecord) -> Iterator[str]:
    yield from _titles(record)
    yield from _conditions(record)
    yield from record.words(fields.KEYWORDS)
    yield from _interventions(record)
    yield from sentences(record.text(fields.BRIEF_SUMMARY) or "")


def _stated(record: TrialRecord, *paths: fields.Path) -> Iterator[str]:
    return (text for path in paths if (text := record.text(path)) is not None)


def _named(items: Iterable[Mapping[str, Any]], name: str) -> Iterator[str]:
    for item in items:
        value = item.get(name)
        if isinstance(value, str):
            yield value


_TEXTS: Mapping[str, Callable[[TrialRecord], Iterable[str]]] = {
    "condition": _conditions,
    "intervention": _interventions,
    "sponsor": _sponsors,
    "phase": lambda record: record.phases,
    "status": lambda record: _stated(record, fields.OVERALL_STATUS),
    "study_type": lambda record: _stated(record, fields.STUDY_TYPE),
    "country": _countries,
    "title": _titles,
    "keyword": lambda record: record.words(fields.KEYWORDS),
    "facility": lambda record: _named(record.locations, "facility"),
    "city": lambda record: _named(record.locations, "city"),
    "text": _all_texts,
}
