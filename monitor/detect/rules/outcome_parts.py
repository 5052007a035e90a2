"""Outcomes that one item's text lists: "static and dynamic balance", "(1) ALT, (2) AST"."""

import re
from typing import Any

from monitor.detect.likeness import tokens
from monitor.detect.rules.outcome_pairs import Words, measure_of
from monitor.detect.texts import LONGEST_COMPARED, plain
from monitor.detect.word_lists import STOP

_BETWEEN = re.compile(r"[;,&]|\b(?:and|plus|as well as)\b")
# "1) … 2) …", "(a) … (b) …", "i) … ii) …": what stands behind a number may be a whole sentence.
_NUMBERED = re.compile(r"(?:^|(?<=[\s;,:.]))\(?(?:\d{1,2}|[a-h]|i{1,3}|iv|v|vi)\)\s")
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_MOST_PARTS = 30
# A part is a few words that name something: one with "during" or "is" is a piece of a sentence.
_MOST_WORDS = 6
_NO_NAMES = STOP - {"of", "in", "the", "a", "an"}
# So much of one side's measure stands on the other side where a list got longer or shorter.
_KEPT = 0.8
# So little of a part does, where it came or went.
_NEW = 0.5


def parts_changed(old: Any, new: Any, words: Words) -> tuple[list[str], list[str]]:
    """Return the parts that one outcome's text lost and those that it gained.

    A part is of a measure that lists several; it is gone where little of it stands anywhere in
    the other version of the outcome, while that lists nothing else.
    """
    return _missing(old, new, words), _missing(new, old, words)


def _missing(one: Any, other: Any, words: Words) -> list[str]:
    if words.measure(other).status_in(words.whole(one)) < _KEPT:
        return []
    whole = words.whole(other)
    shares = [(part, words.bag(part).status_in(whole)) for part in _parts(measure_of(one))]
    kept = max((share for _, share in shares), default=0.0)
    return [part for part, share in shares if share <= _NEW and share < kept]


def _parts(measure: str) -> list[str]:
    """Return the names that a measure lists; none where it is no list of names."""
    shown = plain(measure)[:LONGEST_COMPARED]
    numbered = [part.strip(" .:;,") for part in _NUMBERED.split(shown)[1:]]
    if len(numbered) > 1:
        return [part for part in numbered if part][:_MOST_PARTS]
    text = _ASIDE.sub(" ", shown)
    parts = [part.strip(" .:") for part in _BETWEEN.split(text)]
    found = [part for part in parts if part][:_MOST_PARTS]
    return found if len(found) > 1 and all(map(_is_name, found)) else []


def _is_name(part: str) -> bool:
    words = tokens(part)
    return len(words) <= _MOST_WORDS and not _NO_NAMES & set(words)
