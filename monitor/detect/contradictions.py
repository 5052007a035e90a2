"""What makes two measures two, however many words they share: ALT and AST, left and right knee."""

import re
from collections.abc import Iterator

from monitor.detect.likeness import tokens
from monitor.detect.stems import stem
from monitor.detect.texts import LONGEST_COMPARED, plain
from monitor.detect.word_lists import COUNTING, NEGATIONS, OPPOSITES, STOP

# "ALT", "R0", "FEV1", "HbA1c": a name of its own.
_NAME = re.compile(r"\b(?=\w*[A-Z])(?:\w*[A-Z]\w*[A-Z]\w*|[A-Z]+\w*\d+)\b")
# What one of two measures names and the other does not, and makes it another.
_TELLING = NEGATIONS - {"free"} | {"duration"}
# Words of two short measures; in long ones such a word is often an aside.
_SHORT = 12
_ORDERING = frozenset({
    "after", "as", "before", "from", "into", "minus", "over", "per", "than", "to", "until",
    "versus", "vs", "without",
})  # fmt: skip
_SIGNS = re.compile(r"(?<![^\W\d_])([^\W\d_]++)\s*+(\d+(?:[.,]\d+)*|[+<>=-](?=\s|$))")
_SKIPPED = STOP - _ORDERING | COUNTING | {"time"}


def contradict(one: str, other: str) -> bool:
    """Tell whether two measures name different things in the same place.

    Another abbreviation, the opposite word, a "without" or "duration" in one only, or the same
    words in another order where the order says which is which.
    """
    return (
        _other_names(one, other)
        or _opposite(set(tokens(one)), set(tokens(other)))
        or _reversed(set(_relations(one)), set(_relations(other)))
        or _rebound(one, other)
    )


def _other_names(one: str, other: str) -> bool:
    ours, theirs = _names(one), _names(other)
    mine = {name for name in ours - theirs if not _is_written_out(name, other)}
    yours = {name for name in theirs - ours if not _is_written_out(name, one)}
    return bool(mine and yours) and not any(x in y or y in x for x in mine for y in yours)


def _names(text: str) -> set[str]:
    return set() if text.isupper() else set(_NAME.findall(plain(text)[:LONGEST_COMPARED]))


def _is_written_out(name: str, text: str) -> bool:
    """Tell whether a text has the name in other letters, or words with its initials in a row."""
    words = tokens(text)
    return name.casefold() in words or name.casefold() in "".join(word[0] for word in words)


def _opposite(ours: set[str], theirs: set[str]) -> bool:
    pairs = (*OPPOSITES, *(pair[::-1] for pair in OPPOSITES))
    if any(x in ours and y not in ours and y in theirs and x not in theirs for x, y in pairs):
        return True
    return bool(_TELLING & (ours ^ theirs)) and len(ours | theirs) <= _SHORT


def _relations(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield (word, ordering word, word): ``relapse to death``."""
    before, ordering = "", ""
    for word in tokens(text):
        if word in _ORDERING:
            ordering = word
        elif word not in _SKIPPED:
            own = stem(word)
            if before and ordering:
                yield before, ordering, own
            before, ordering = own, ""


def _reversed(ours: set[tuple[str, str, str]], theirs: set[tuple[str, str, str]]) -> bool:
    return any((y, by, x) in theirs for x, by, y in ours if x != y)


def _rebound(one: str, other: str) -> bool:
    """Tell whether the same numbers or signs stand behind other words: week 3, grade 12."""
    ours, theirs = (
        {
            (stem(word.casefold()), sign)
            for word, sign in _SIGNS.findall(plain(text)[:LONGEST_COMPARED])
        }
        for text in (one, other)
    )
    signs = sorted(sign for _, sign in ours) == sorted(sign for _, sign in theirs)
    words = {word for word, _ in ours} == {word for word, _ in theirs}
    return signs and words and ours != theirs
