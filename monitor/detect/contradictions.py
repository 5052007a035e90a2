"""Detect measures that differ, however many words they share: ALT and AST, left and right knee.

``outcome_pairs`` and ``result_groups`` call it before two of them are taken for one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from monitor.detect.likeness import tokens
from monitor.detect.stems import stem
from monitor.detect.texts import LONGEST_COMPARED, plain
from monitor.detect.word_lists import (
    ABBREVIATIONS,
    COUNTING,
    NEGATIONS,
    OPPOSITES,
    SCALES,
    STOP,
)

# "ALT", "R0", "FEV1", "HbA1c": a name of its own.
_NAME = re.compile(r"\b(?=\w*[A-Z])(?:\w*[A-Z]\w*[A-Z]\w*|[A-Z]+\w*\d+)\b")
# A time in short: "D28", "W12", "C1D15".
_TIME = re.compile(r"(?:C\d+)?[DWM]\d+")
# What one of two measures names and the other does not, and makes it another; "sickness absence"
# and "whether or not" deny nothing.
_TELLING = NEGATIONS - {"free", "absence", "absent", "lack"} | {"duration"}
_WHETHER = re.compile(r"(?i)\bwhether or not\b")
# Words of two short measures; in long ones such a word is often an aside.
_SHORT = 12
_ORDERING = frozenset({
    "after", "as", "before", "from", "into", "minus", "over", "per", "than", "to", "until",
    "versus", "vs", "without",
})  # fmt: skip
_SIGNS = re.compile(r"(?<![^\W\d_])([^\W\d_]++)\s*+(\d+(?:[.,]\d+)*|[+<>=-](?=\s|$))")
_SKIPPED = STOP - _ORDERING | COUNTING | {"time"}


@dataclass(frozen=True, slots=True)
class _Traits:
    """What a measure names: abbreviations, words, which word is beside which, numbers behind words.

    ``initials``: of its words, in a row.
    """

    names: frozenset[str]
    words: frozenset[str]
    initials: str
    relations: frozenset[tuple[str, str, str]]
    signs: frozenset[tuple[str, str]]

    def writes_out(self, name: str) -> bool:
        """Return whether it has a name in other letters, or words with its initials in a row."""
        return name.casefold() in self.words or name.casefold() in self.initials


def contradict(one: str, other: str) -> bool:
    """Return whether two measures name different things in the same place.

    Another abbreviation, the opposite word, a "without" or "duration" in one only, or the same
    words in another order where the order says which is which.
    """
    ours, theirs = _traits(one), _traits(other)
    return (
        _other_names(ours, theirs)
        or _opposite(ours.words, theirs.words)
        or any((y, by, x) in theirs.relations for x, by, y in ours.relations if x != y)
        or _rebound(ours.signs, theirs.signs)
    )


@lru_cache(maxsize=1024)
def _traits(text: str) -> _Traits:
    shown = plain(text)[:LONGEST_COMPARED]
    words = tokens(_WHETHER.sub("whether", shown))
    return _Traits(
        # In a text all in capitals every word looks like an abbreviation.
        names=frozenset(() if shown.isupper() else filter(_is_telling, _NAME.findall(shown))),
        words=frozenset(words),
        initials="".join(word[0] for word in words),
        relations=frozenset(_relations(words)),
        signs=frozenset((stem(word.casefold()), sign) for word, sign in _SIGNS.findall(shown)),
    )


def _is_telling(name: str) -> bool:
    """Return whether an abbreviation names a thing of its own.

    AE, SAE and TEAE are one in kind, and a time is no thing.
    """
    known = ABBREVIATIONS.get(name.casefold(), "")
    return "adverse events" not in known and not _TIME.fullmatch(name)


def _other_names(ours: _Traits, theirs: _Traits) -> bool:
    mine = {name for name in ours.names - theirs.names if not theirs.writes_out(name)}
    yours = {name for name in theirs.names - ours.names if not ours.writes_out(name)}
    return bool(mine and yours) and not any(
        x in y or y in x or _measure_one_thing(x, y) for x in mine for y in yours
    )


def _measure_one_thing(one: str, other: str) -> bool:
    """Return whether two abbreviations are scales for the same thing: HDRS and MADRS."""
    ours, theirs = (set(SCALES.get(name.casefold(), ())) for name in (one, other))
    return bool(ours & theirs)


def _opposite(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    mine, yours = ours - theirs, theirs - ours
    if any((x in mine and y in yours) or (y in mine and x in yours) for x, y in OPPOSITES):
        return True
    return bool(_TELLING & (mine | yours)) and len(ours | theirs) <= _SHORT


def _relations(words: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (word, ordering word, word): ``relapse to death``."""
    before, ordering = "", ""
    for word in words:
        if word in _ORDERING:
            ordering = word
        elif word not in _SKIPPED:
            own = stem(word)
            if before and ordering:
                yield before, ordering, own
            before, ordering = own, ""


def _rebound(ours: frozenset[tuple[str, str]], theirs: frozenset[tuple[str, str]]) -> bool:
    """Return whether the same numbers or signs stand behind other words: week 3, grade 12."""
    words, signs = (
        [sorted(pair[place] for pair in side) for side in (ours, theirs)] for place in (0, 1)
    )
    return ours != theirs and words[0] == words[1] and signs[0] == signs[1]
