"""The texts of a record under each key of a filter, in which ``filters`` searches for terms."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from monitor.match.text_index import Term, phrase_of, searchable, sentences, term_of, words_of
from monitor.model import fields
from monitor.model.countries import country_names, country_now
from monitor.model.record import TrialRecord
from monitor.model.search import TEXT_COLUMNS

WHOLE_KEYS = frozenset({"phase", "status", "study_type", "source"})
"""Keys whose values match as a whole: the registry's own, and the names of sources."""

_SUMMARY, _IDENTIFIER = "summary", "identifier"  # no keys of their own

# What the registry's web site writes for two of its values.
_WRITTEN = {"notapplicable": "na", "unknownstatus": "unknown"}


class FilterFields(dict[str, str]):
    """By key of FILTER_KEYS: all texts of a record under it, as ``searchable`` writes them.

    Computed when it is first read; "" where the record states nothing. ``sources``: names
    of the sources that follow the trial. ``other``: the attributes of another version, with which
    equal ones are shared.
    """

    def __init__(
        self,
        record: TrialRecord,
        *,
        sources: Iterable[str] = (),
        other: "FilterFields | None" = None,
    ) -> None:
        super().__init__()
        self.record = record
        self._sources = tuple(sources)
        self._other = other

    def __missing__(self, key: str) -> str:
        """Compute the texts of a key on first use."""
        other = self._other
        found = (
            other[key] if other is not None and self._is_same(other, key) else self._look_up(key)
        )
        self[key] = found
        return found

    def _is_same(self, other: "FilterFields", key: str) -> bool:
        """Return whether both records surely say the same under a key."""
        # The sources are of the trial, whichever version is asked.
        if key in {"source", "text"}:  # of the text, the parts are looked at
            return key == "source"
        paths, here, there = _KEYS[key].paths, self.record, other.record
        return bool(paths) and all(here.get(path) == there.get(path) for path in paths)

    def _look_up(self, key: str) -> str:
        if key == "text":
            return "\n".join(filter(None, (self[part] for part in TEXT_COLUMNS)))
        # Sorted: a reordered list must not look like a trial that entered or left a filter.
        texts = sorted(self.texts(key))
        if key in WHOLE_KEYS:
            return "\n".join(word for text in texts for word in term_under(key, text))
        return searchable(texts)

    def texts(self, key: str) -> frozenset[str]:
        """Return the texts under a key as they are written; not of ``text``, which has others'."""
        return frozenset(self._sources if key == "source" else _KEYS[key].texts(self.record))

    def text_of(self, key: str) -> str:
        """Return the texts under a key in the record's order, each once, a line for each.

        Not of ``source`` and ``text``; a longer text stays whole.
        """
        if key == _SUMMARY:
            return self.record.text(fields.BRIEF_SUMMARY) or ""
        return "\n".join(dict.fromkeys(_KEYS[key].texts(self.record)))

    def countries_of_sites(self) -> list[str]:
        """Return the country of each site, under the registry's present name of it."""
        return [country_now(one) for one in self.record.texts(fields.LOCATIONS, "country")]


def is_same(here: TrialRecord, there: TrialRecord, key: str) -> bool:
    """Return whether two records of one trial surely say the same under a key that they state."""
    paths = _KEYS[key].paths or (fields.LOCATIONS,)
    return all(here.get(path) == there.get(path) for path in paths)


@lru_cache(maxsize=1_024)  # statuses, phases, countries
def term_under(key: str, value: str) -> Term:
    """Return a filter's value as it is searched for under its key; () when it has no word.

    Values of WHOLE_KEYS become one word: ``Phase 1`` and ``PHASE_1`` are ``PHASE1``. A country
    is looked for under the registry's present name of it.
    """
    if key == "country":
        # "Korea, Republic of" and "South Korea" are one phrase; by its words alone it would match
        # "Korea, Democratic People's Republic of" too.
        written = value.strip('"“” ')
        now = country_now(written)
        return term_of(value) if now == written else (phrase_of(now),)
    if key not in WHOLE_KEYS:
        return term_of(value)
    # To `words_of` an underscore is part of a word: "PHASE_1" would not be "PHASE1".
    word = "".join(words_of(value.replace("_", " ")))
    return (f" {_WRITTEN.get(word, word)} ",) if word else ()


def _conditions(record: TrialRecord) -> Iterator[str]:
    yield from record.conditions
    # The registry's MeSH terms and their ancestors: "Neoplasms" finds a trial of "Melanoma".
    for path in (fields.CONDITION_MESHES, fields.CONDITION_ANCESTORS):
        yield from record.texts(path, "term")


def _interventions(record: TrialRecord) -> Iterator[str]:
    yield from record.texts(fields.INTERVENTIONS, "name")
    for intervention in record.items(fields.INTERVENTIONS):
        others = intervention.get("otherNames")
        if isinstance(others, list):
            yield from (name for name in others if isinstance(name, str))
    for path in (fields.INTERVENTION_MESHES, fields.INTERVENTION_ANCESTORS):
        yield from record.texts(path, "term")


def _sponsors(record: TrialRecord) -> Iterator[str]:
    yield from _texts_at(record, fields.LEAD_SPONSOR_NAME)
    yield from record.texts(fields.COLLABORATORS, "name")


def _countries(record: TrialRecord) -> Iterator[str]:
    for country in dict.fromkeys(record.texts(fields.LOCATIONS, "country")):
        yield from country_names(country)


def _titles(record: TrialRecord) -> Iterator[str]:
    return _texts_at(record, fields.BRIEF_TITLE, fields.OFFICIAL_TITLE, fields.ACRONYM)


def _identifiers(record: TrialRecord) -> Iterator[str]:
    yield record.nct_id
    yield from record.aliases
    yield from _texts_at(record, fields.ORG_STUDY_ID)
    yield from record.texts(fields.SECONDARY_IDS, "id")


def _texts_at(record: TrialRecord, *paths: fields.Path) -> Iterator[str]:
    return (text for path in paths if (text := record.text(path)) is not None)


@dataclass(frozen=True, slots=True)
class _KeyTexts:
    """``texts``: of a record under a key. ``paths``: where; () where comparing costs too much."""

    texts: Callable[[TrialRecord], Iterable[str]]
    paths: tuple[fields.Path, ...] = ()


_TITLE_PATHS = (fields.BRIEF_TITLE, fields.OFFICIAL_TITLE, fields.ACRONYM)
_CONDITION_PATHS = (fields.CONDITIONS, fields.CONDITION_MESHES, fields.CONDITION_ANCESTORS)
_INTERVENTION_PATHS = (
    fields.INTERVENTIONS, fields.INTERVENTION_MESHES, fields.INTERVENTION_ANCESTORS,
)  # fmt: skip
_KEYS: Mapping[str, _KeyTexts] = {
    "condition": _KeyTexts(_conditions, _CONDITION_PATHS),
    "intervention": _KeyTexts(_interventions, _INTERVENTION_PATHS),
    "sponsor": _KeyTexts(_sponsors, (fields.LEAD_SPONSOR_NAME, fields.COLLABORATORS)),
    "phase": _KeyTexts(lambda record: record.phases, (fields.PHASES,)),
    "status": _KeyTexts(
        lambda record: _texts_at(record, fields.OVERALL_STATUS), (fields.OVERALL_STATUS,)
    ),
    "study_type": _KeyTexts(
        lambda record: _texts_at(record, fields.STUDY_TYPE), (fields.STUDY_TYPE,)
    ),
    "country": _KeyTexts(_countries),
    "title": _KeyTexts(_titles, _TITLE_PATHS),
    "keyword": _KeyTexts(lambda record: record.words(fields.KEYWORDS), (fields.KEYWORDS,)),
    "facility": _KeyTexts(lambda record: record.texts(fields.LOCATIONS, "facility")),
    "city": _KeyTexts(lambda record: record.texts(fields.LOCATIONS, "city")),
    _IDENTIFIER: _KeyTexts(
        _identifiers, (fields.NCT_ID_ALIASES, fields.ORG_STUDY_ID, fields.SECONDARY_IDS)
    ),
    _SUMMARY: _KeyTexts(
        lambda record: sentences(record.text(fields.BRIEF_SUMMARY) or ""), (fields.BRIEF_SUMMARY,)
    ),
}
