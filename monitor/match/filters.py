"""Filters, made ready to be held against many records."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.match.attributes import term_under
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.match.words import Term, holds, words_of
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

_Terms = tuple[tuple[Term, str], ...]
"""Of one key: what is searched for, and the value as it was written, with the synonym it is by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFilter:
    """A filter whose values are terms; a key whose values have no word has no terms.

    ``keys``: all that it asks about. ``satisfiable``: there can be a record that it matches.
    """

    wanted: tuple[tuple[str, _Terms], ...]
    excluded: tuple[tuple[str, _Terms], ...]
    keys: frozenset[str]
    satisfiable: bool

    def hit(self, attributes: Mapping[str, str]) -> str | None:
        """Return what made the filter match, ``condition: lupus; phase: PHASE1``; else None.

        Of one that only excludes, what the trial is without: ``not country: China, Turkey``.
        """
        if not self.satisfiable:
            return None
        hits = []
        for key, terms in self.wanted:
            text = attributes[key]
            for term, value in terms:
                if term[0] in text and holds(text, term):  # most are not, without a call
                    hits.append((key, value))
                    break
            else:
                return None
        if self._excluding(attributes) is not None:
            return None
        if not hits:
            hits = [
                (f"not {key}", ", ".join(value for _, value in terms))
                for key, terms in self.excluded
                if terms
            ]
        return "; ".join(f"{key}: {value}" for key, value in hits)

    def miss(self, attributes: Mapping[str, str]) -> str:
        """Return what kept the filter from matching; "" when it matches, or asks for nothing.

        Either a key with all its values, none of which is there (``condition: lupus, gout``),
        or a value that is excluded (``not country: China``).
        """
        for key, terms in self.wanted:
            text = attributes[key]
            if not any(holds(text, term) for term, _ in terms):
                return f"{key}: {', '.join(value for _, value in terms)}"
        return self._excluding(attributes) or ""

    def _excluding(self, attributes: Mapping[str, str]) -> str | None:
        for key, terms in self.excluded:
            text = attributes[key]
            for term, value in terms:
                if term[0] in text and holds(text, term):  # most are not, without a call
                    return f"not {key}: {value}"
        return None


def compile_filter(wish: Filter, synonyms: Synonyms = NO_SYNONYMS) -> CompiledFilter:
    """Make a filter ready. Whatever it holds, it never matches more than its words say.

    A value without a word matches no record; ``require_usable`` tells people so.
    """
    wanted, excluded = _compiled(wish.wanted, synonyms), _compiled(wish.excluded, synonyms)
    return CompiledFilter(
        wanted=wanted,
        excluded=excluded,
        keys=frozenset((*wish.wanted, *wish.excluded)),
        satisfiable=all(terms for _, terms in wanted) if wanted else any(t for _, t in excluded),
    )


def require_usable(wish: Filter, synonyms: Synonyms = NO_SYNONYMS) -> None:
    """Pass when a filter can do what it was written for, else raise a ValueError.

    Refused are: nothing wanted and nothing excluded, unknown keys, keys without values, values
    without a word or longer than LONGEST_VALUE, values of ``phase``, ``status`` and
    ``study_type`` that the registry does not have, names of countries that it does not use. The
    name of a set of synonyms stands for the set: it is usable where all others of it are. The
    error names key, value and what to write.
    """
    if not wish.wanted and not wish.excluded:
        raise ValueError(f"a filter needs one of {', '.join(FILTER_KEYS)}, or `not` with one")
    for prefix, values in (("", wish.wanted), ("not ", wish.excluded)):
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


def _compiled(
    values: Mapping[str, tuple[str, ...]], synonyms: Synonyms
) -> tuple[tuple[str, _Terms], ...]:
    return tuple((key, tuple(_terms(key, written, synonyms))) for key, written in values.items())


def _terms(key: str, written: tuple[str, ...], synonyms: Synonyms) -> Iterator[tuple[Term, str]]:
    for value in written:
        for one in synonyms.of(value):
            if term := term_under(key, one):
                yield term, value if one == value else f"{value} ({one})"
