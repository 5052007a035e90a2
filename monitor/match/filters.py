"""Filters, made ready to be held against many records."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from monitor.match.attributes import WHOLE_KEYS, Attributes, phrase_under
from monitor.model import fields
from monitor.model.subscriptions import FILTER_KEYS, Filter

LONGEST_VALUE = 200
"""Characters."""

KNOWN_VALUES: Mapping[str, tuple[str, ...]] = {
    "phase": fields.ENUMERATIONS[fields.PHASES],
    "status": fields.ENUMERATIONS[fields.OVERALL_STATUS],
    "study_type": fields.ENUMERATIONS[fields.STUDY_TYPE],
}
"""The registry's values of WHOLE_KEYS (API v2, ``/studies/enums``)."""

# What people write and the registry never does.
_COUNTRIES = {
    "usa": "United States", "us": "United States", "u s": "United States",
    "u s a": "United States", "united states of america": "United States",
    "uk": "United Kingdom", "u k": "United Kingdom", "great britain": "United Kingdom",
    "uae": "United Arab Emirates", "holland": "Netherlands",
}  # fmt: skip

_Terms = tuple[tuple[str, str], ...]
"""Of one key: (phrase, the value as it was written)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFilter:
    """A filter whose values are phrases; a key whose values have no word has no terms.

    ``keys``: all that it asks about.
    """

    wanted: tuple[tuple[str, _Terms], ...]
    excluded: tuple[tuple[str, _Terms], ...]
    keys: frozenset[str]

    @property
    def satisfiable(self) -> bool:
        """Tell whether there is a record at all that it could match."""
        if not self.wanted:
            return any(terms for _, terms in self.excluded)
        return all(terms for _, terms in self.wanted)

    def hit(self, attributes: Attributes) -> str | None:
        """Return what made the filter match, ``condition: lupus; phase: PHASE1``; else None.

        Of one that only excludes, what the trial is without: ``not country: China, Turkey``.
        """
        if not self.satisfiable:
            return None
        hits = []
        for key, terms in self.wanted:
            text = attributes.get(key, "")
            for phrase, value in terms:
                if phrase in text:
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

    def miss(self, attributes: Attributes) -> str:
        """Return what kept the filter from matching; "" when it matches, or asks for nothing.

        Either a key with all its values, none of which is there (``condition: lupus, gout``),
        or a value that is excluded (``not country: China``).
        """
        for key, terms in self.wanted:
            text = attributes.get(key, "")
            if not any(phrase in text for phrase, _ in terms):
                return f"{key}: {', '.join(value for _, value in terms)}"
        return self._excluding(attributes) or ""

    def _excluding(self, attributes: Attributes) -> str | None:
        for key, terms in self.excluded:
            text = attributes.get(key, "")
            for phrase, value in terms:
                if phrase in text:
                    return f"not {key}: {value}"
        return None


def compile_filter(wish: Filter) -> CompiledFilter:
    """Make a filter ready. Whatever it holds, it never matches more than its words say.

    A value without a word matches no record; ``require_usable`` tells people so.
    """
    return CompiledFilter(
        wanted=_compiled(wish.wanted),
        excluded=_compiled(wish.excluded),
        keys=frozenset((*wish.wanted, *wish.excluded)),
    )


def require_usable(wish: Filter) -> None:
    """Pass when a filter can do what it was written for, else raise a ValueError.

    Refused are: nothing wanted and nothing excluded, unknown keys, keys without values, values
    without a word or longer than LONGEST_VALUE, values of ``phase``, ``status`` and
    ``study_type`` that the registry does not have, names of countries that it does not use. The
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
                _require_usable_value(f"{prefix}{key}", key, value)


def _require_usable_value(place: str, key: str, value: str) -> None:
    shown = repr(value if len(value) <= 40 else f"{value[:40]}…")
    if len(value) > LONGEST_VALUE:
        raise ValueError(f"{place}: {shown} is longer than {LONGEST_VALUE} characters")
    phrase = phrase_under(key, value)
    if not phrase:
        raise ValueError(f"{place}: {shown} has no letter and no digit, so nothing could match it")
    if key in WHOLE_KEYS:
        known = {phrase_under(key, name): name for name in KNOWN_VALUES[key]}
        if phrase not in known:
            near = difflib.get_close_matches(phrase, known, n=1)
            names = ", ".join(KNOWN_VALUES[key])
            fix = f"did you mean {known[near[0]]}?" if near else f"there are {names}"
            raise ValueError(f"{place}: the registry has no value {shown}; {fix}")
    if key == "country" and phrase.strip() in _COUNTRIES:
        raise ValueError(f"{place}: for {shown} the registry writes {_COUNTRIES[phrase.strip()]!r}")


def _compiled(values: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, _Terms], ...]:
    return tuple((key, _terms(key, written)) for key, written in values.items())


def _terms(key: str, written: tuple[str, ...]) -> _Terms:
    pairs = ((phrase_under(key, value), value) for value in written)
    return tuple((phrase, value) for phrase, value in pairs if phrase)
