"""Filters, compiled to be compared with many records; and which filters can be used at all.

``matcher`` compiles those of subscriptions, ``documents`` translates them for the search.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from monitor.match.filter_fields import term_under
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.match.text_index import Term, holds, words_of
from monitor.model import fields
from monitor.model.subscriptions import FILTER_KEYS, Filter

LONGEST_VALUE = 200
"""Characters."""

KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "phase": fields.ENUMERATIONS[fields.PHASES],
    "status": fields.ENUMERATIONS[fields.OVERALL_STATUS],
    "study_type": fields.ENUMERATIONS[fields.STUDY_TYPE],
}
"""The registry's values of those WHOLE_KEYS that are its own (API v2, ``/studies/enums``)."""

# What people write and the registry never does.
_COUNTRIES = {
    "usa": "United States", "us": "United States", "u s": "United States",
    "u s a": "United States", "united states of america": "United States",
    "uk": "United Kingdom", "u k": "United Kingdom", "great britain": "United Kingdom",
    "uae": "United Arab Emirates", "holland": "Netherlands",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clause:
    """The condition of a filter on one key: any of some terms, each with its value as written.

    ``terms``: () when none of the values has a word. Filters that say the same share one.
    """

    key: str
    terms: tuple[tuple[Term, str], ...]

    def __str__(self) -> str:
        """Return the key with all its values, ``condition: lupus, gout``."""
        return f"{self.key}: {', '.join(value for _, value in self.terms)}"


class _TermHits(dict[Term, bool]):
    """Whether one record has terms under one key: each is looked for once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def __missing__(self, term: Term) -> bool:
        """Look for a term on first use."""
        text = self._text
        # The longest phrase first: where it is missing, nothing else is looked at.
        found = self[term] = term[0] in text and holds(text, term)  # most are not, without a call
        return found


class _TermHitsByKey(dict[str, _TermHits]):
    def __init__(self, attributes: Mapping[str, str]) -> None:
        super().__init__()
        self._attributes = attributes

    def __missing__(self, key: str) -> _TermHits:
        found = self[key] = _TermHits(self._attributes[key])
        return found


class Hits(dict[Clause, str | None]):
    """What clauses hit in one record, ``condition: lupus``, None for those that hit nothing.

    Each clause, and each term under a key, is looked for once, however many filters share it.
    """

    def __init__(self, attributes: Mapping[str, str]) -> None:
        super().__init__()
        self.attributes = attributes
        self._term_hits = _TermHitsByKey(attributes)

    def __missing__(self, clause: Clause) -> str | None:
        """Look for a clause on first use."""
        found = self._term_hits[clause.key]
        hit = None
        for term, value in clause.terms:
            if found[term]:
                hit = f"{clause.key}: {value}"
                break
        self[clause] = hit
        return hit

    def under(self, key: str) -> Mapping[Term, bool]:
        """Return whether the record has a term under a key, by term."""
        return self._term_hits[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFilter:
    """A filter whose values are terms: all that is wanted must be there, nothing that is excluded.

    ``keys``: all that it asks about. ``satisfiable``: there can be a record that it matches.
    """

    wanted: tuple[Clause, ...]
    excluded: tuple[Clause, ...]
    keys: frozenset[str]
    satisfiable: bool

    def hit(self, hits: Hits) -> str | None:
        """Return what made the filter match, ``condition: lupus; phase: PHASE1``; else None.

        Of one that only excludes, what the trial is without: ``not country: China, Turkey``.
        """
        words = ""
        for clause in self.wanted:
            hit = hits[clause]
            if hit is None:
                return None
            words = f"{words}; {hit}" if words else hit
        for clause in self.excluded:
            if hits[clause] is not None:
                return None
        if not words:
            words = "; ".join(f"not {clause}" for clause in self.excluded if clause.terms)
        return words or None

    def miss(self, hits: Hits) -> str:
        """Return what kept the filter from matching; "" when it matches, or asks for nothing.

        Either a key with all its values, none of which is there (``condition: lupus, gout``),
        or a value that is excluded (``not country: China``).
        """
        missed = (str(clause) for clause in self.wanted if hits[clause] is None)
        excluding = (f"not {hits[clause]}" for clause in self.excluded if hits[clause] is not None)
        return next(chain(missed, excluding), "")


_Written = tuple[str, tuple[str, ...]]
"""A key and its values."""


class FilterCompiler:
    """Compiles filters. Whatever they contain, they never match more than their words allow.

    A value without a word matches no record; ``require_usable`` reports it. Filters of one
    compiler share their clauses.
    """

    def __init__(self, synonyms: Synonyms = NO_SYNONYMS) -> None:
        self._synonyms = synonyms
        self._clauses: dict[_Written, Clause] = {}

    def compile(self, filter_: Filter) -> CompiledFilter:
        """Compile a filter."""
        wanted = tuple(map(self._clause, filter_.wanted.items()))
        excluded = tuple(map(self._clause, filter_.excluded.items()))
        # All wanted keys must be met, so each needs a word; of exclusions one that works is enough.
        some = all if wanted else any
        return CompiledFilter(
            wanted=wanted,
            excluded=excluded,
            keys=frozenset((*filter_.wanted, *filter_.excluded)),
            satisfiable=some(clause.terms for clause in wanted or excluded),
        )

    def _clause(self, written: _Written) -> Clause:
        found = self._clauses.get(written)
        if found is None:
            key, values = written
            terms = tuple(_terms(key, values, self._synonyms))
            found = self._clauses[written] = Clause(key=key, terms=terms)
        return found


def compile_filter(filter_: Filter, synonyms: Synonyms = NO_SYNONYMS) -> CompiledFilter:
    """Compile one filter, as a FilterCompiler does."""
    return FilterCompiler(synonyms).compile(filter_)


def require_usable(filter_: Filter, synonyms: Synonyms = NO_SYNONYMS) -> None:
    """Raise ValueError when a filter could never do what it was written for.

    Invalid are: nothing wanted and nothing excluded, unknown keys, keys without values, values
    without a word or longer than LONGEST_VALUE, values of ``phase``, ``status`` and
    ``study_type`` that the registry does not have, names of countries that it does not use. The
    name of a set of synonyms means the set: it is usable where all others of it are. The
    error names key, value and what to write.
    """
    if not filter_.wanted and not filter_.excluded:
        raise ValueError(f"a filter needs one of {', '.join(FILTER_KEYS)}, or `not` with one")
    for prefix, values in (("", filter_.wanted), ("not ", filter_.excluded)):
        for key, written in values.items():
            if key not in FILTER_KEYS:
                near = difflib.get_close_matches(key, FILTER_KEYS, n=1)
                fix = f"did you mean {near[0]}?" if near else f"there are {', '.join(FILTER_KEYS)}"
                raise ValueError(f"a filter has no key {prefix}{key[:40]!r}; {fix}")
            if not written:
                raise ValueError(f"{prefix}{key}: name at least one value, or leave the key out")
            for value in written:
                _require_usable_value(f"{prefix}{key}", key, value, synonyms)


def _require_usable_value(place: str, key: str, value: str, synonyms: Synonyms) -> None:
    shown = repr(value if len(value) <= 40 else f"{value[:40]}…")
    if len(value) > LONGEST_VALUE:
        raise ValueError(f"{place}: {shown} is longer than {LONGEST_VALUE} characters")
    if not term_under(key, value):
        raise ValueError(f"{place}: {shown} has no letter and no digit, so nothing could match it")
    # "USA" is refused with "United States" as the fix: it would match no record, for ever and
    # silently.
    fix = _fix(key, value)
    if fix and not any(_fix(key, one) is None for one in synonyms.of(value)[1:]):
        raise ValueError(f"{place}: {fix.format(shown)}")


def _fix(key: str, value: str) -> str | None:
    """Return what is wrong with a value of which the registry knows all, and what to write."""
    if key == "country":
        name = _COUNTRIES.get(" ".join(words_of(value)))
        return name and f"for {{}} the registry writes {name!r}"
    if key not in KNOWN_VALUES:
        return None
    [word] = term_under(key, value) or ("",)
    known = {term_under(key, name)[0]: name for name in KNOWN_VALUES[key]}
    if word in known:
        return None
    near = difflib.get_close_matches(word, known, n=1)
    names = ", ".join(KNOWN_VALUES[key])
    fix = f"did you mean {known[near[0]]}?" if near else f"there are {names}"
    return f"the registry has no value {{}}; {fix}"


def _terms(key: str, written: tuple[str, ...], synonyms: Synonyms) -> Iterator[tuple[Term, str]]:
    for value in written:
        for one in synonyms.of(value):
            if term := term_under(key, one):
                yield term, value if one == value else f"{value} ({one})"
