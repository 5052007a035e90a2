"""How much two texts say the same, by their content words.

A word counts by its stem, without the words of grammar and of counting, weighted by how much it
tells: a word of every trial little, one of many texts of the same record less. Abbreviations are
written out: as the record does, by the initials of words beside them or in the place of them in
another version, or as people know them.
Everything takes a time that grows with the texts, not with their square.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations

from monitor.detect.stems import stem
from monitor.detect.texts import LONGEST_COMPARED, plain
from monitor.detect.word_lists import (
    ABBREVIATIONS,
    COMMON,
    COUNTING,
    MEASURED,
    NUMBERS,
    STOP,
    SYNONYMS,
    TIMES,
)

_WORD = re.compile(r"\d++(?:[.,]\d++)*+(?![^\W_])|[^\W_]++")
# "Dose", "response", "survival" stand in outcomes of every field, numbers in all: texts that share
# only these are hardly alike. Tuned on labelled pairs (docs/meaning.md, "Primary outcomes").
_COMMON_WEIGHT = 0.4
_NUMBER_WEIGHT = 0.3
_LONGEST_SHORT = 6  # letters of an abbreviation
_MOST_SHORTS = 300  # that are looked for in another version
_SPREAD = 0.5  # how much a word loses for being in many texts of one record
_COMMON_STEMS = frozenset(map(stem, COMMON))
# "Overall survival" is one name, "overall health" two words.
_WITH_NEXT = frozenset({"overall", "objective"})
_NEXT = (["survival"], ["response"], ["responses"])
_EMPTY = STOP | COUNTING | TIMES
_EMPTY_STEMS = frozenset(map(stem, COUNTING | TIMES)) - _COMMON_STEMS


@dataclass(frozen=True)
class Bag:
    """The content words of a text, by stem, with their weights."""

    weights: Mapping[str, float]

    @cached_property
    def total(self) -> float:
        """Return the weight of all words."""
        return sum(self.weights.values())

    def shared_weight(self, other: "Bag") -> float:
        """Return the weight of the words that both have."""
        return sum(w for word, w in self.weights.items() if word in other.weights)

    def share_in(self, other: "Bag") -> float:
        """Return which share of the weight is in the other text, from 0 to 1; 0 of nothing."""
        return self.shared_weight(other) / self.total if self.total else 0.0

    def likeness(self, other: "Bag") -> float:
        """Return the share of both texts' weight that they have in common, from 0 to 1."""
        both = self.total + other.total
        return (self.shared_weight(other) + other.shared_weight(self)) / both if both else 0.0

    def without(self, other: "Bag") -> "Bag":
        """Return the words that the other text lacks."""
        return Bag({word: w for word, w in self.weights.items() if word not in other.weights})

    def with_words(self, other: "Bag") -> "Bag":
        """Return the words of both texts."""
        return Bag({**other.weights, **self.weights})


class WordWeights:
    """What words are worth among the texts of one record, and what its abbreviations stand for.

    ``versions``: the texts of each version of the record; a word of many texts of one version
    tells little. ``glossary``: more texts that write out abbreviations.
    """

    def __init__(self, *versions: Iterable[str], glossary: Iterable[str] = ()) -> None:
        self._meanings: dict[str, tuple[str, ...]] = {}
        self._texts: Counter[str] = Counter()
        spelled = [[_words(text) for text in texts] for texts in versions]
        for words in spelled:
            for found in words:
                self._meanings.update(_find_definitions(found))
            self._texts |= Counter(
                one for found in words for one in {_root(word) for word in _merge_names(found)}
            )
        for text in glossary:
            self._meanings.update(_find_definitions(_words(text)))
        for short, meaning in _find_written_out(spelled):
            self._meanings.setdefault(short, meaning)
        self._bags: dict[str, Bag] = {}

    def bag(self, text: str) -> Bag:
        """Return the content words of a text."""
        found = self._bags.get(text)
        if found is None:
            found = self._bags[text] = self._bag(text)
        return found

    def _bag(self, text: str) -> Bag:
        words = tokens(text)
        stems: dict[str, float] = {}
        for word in words:
            meaning = self._meanings.get(word) or _KNOWN.get(word) or (word,)
            for one in (*meaning, *MEASURED.get(word, ())):
                weight = self._weight(one)
                if weight:
                    stems.setdefault(_root(one), weight)
        if not stems:  # of nothing but counting words: they are all there is
            stems = {stem(word): _COMMON_WEIGHT for word in words if word not in STOP}
        return Bag(stems)

    def _weight(self, word: str) -> float:
        if word in _EMPTY or (len(word) == 1 and not word.isdigit()):
            return 0.0
        weight = _NUMBER_WEIGHT if word[0].isdigit() or word in NUMBERS else 1.0
        own = _root(word)
        if own in _EMPTY_STEMS:
            return 0.0
        if own in _COMMON_STEMS:
            weight = _COMMON_WEIGHT
        return weight / (1 + _SPREAD * math.log(max(1, self._texts[own])))


def _root(word: str) -> str:
    """Return a word as it is compared: the stem of its meaning, the digits of a number."""
    own = NUMBERS.get(word) or stem(word)
    return _MEANINGS.get(own, own)


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text, in lower case, up to what is compared at most."""
    return _merge_names(_words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(plain(text)[:LONGEST_COMPARED].casefold())


def _merge_names(words: Sequence[str]) -> list[str]:
    """Make one word of those that name something only together: "progression-free"."""
    found: list[str] = []
    for place, word in enumerate(words):
        if word == "free" and found and found[-1] not in STOP:
            found[-1] = f"{stem(found[-1])}free"
        elif word in _WITH_NEXT and words[place + 1 : place + 2] in _NEXT:
            found.append(f"{word}{words[place + 1]}")
        else:
            found.append(word)
    return found


def _find_definitions(words: list[str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    """Yield abbreviations that stand beside their words: "progression free survival (PFS)"."""
    for place, word in enumerate(words):
        size = len(word)
        if not 2 <= size <= _LONGEST_SHORT or word in STOP:
            continue
        before = _long_form(word, words[max(0, place - size - 3) : place])
        if before:
            yield word, tuple(_merge_names(before))


def _find_written_out(versions: Sequence[list[list[str]]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield abbreviations of one version whose words stand in the other alone, as "hs" troponin.

    Each is a word that the other version lacks, and the initials of words in a row that its own
    version lacks.
    """
    for own, other in permutations(versions, 2):
        mine, theirs = ({word for text in side for word in text} for side in (own, other))
        shorts = sorted(filter(_is_short, mine - theirs - STOP - _KNOWN.keys() - {"vs"}))
        shorts = shorts[:_MOST_SHORTS]
        for text in other if shorts else ():
            words = [word for word in text if word not in STOP]
            initials = "".join(word[0] for word in words)
            for short in shorts:
                start = initials.find(short)
                run = words[start : start + len(short)]
                if start >= 0 and mine.isdisjoint(run):
                    yield short, tuple(_merge_names(run))


def _is_short(word: str) -> bool:
    return 2 <= len(word) <= _LONGEST_SHORT and word.isalpha()


def _long_form(short: str, words: list[str]) -> tuple[str, ...]:
    """Return the last words whose initials, little words left out or not, spell the short one."""
    # "Time to progression (TTP)" needs its "to", "quality of life (QL)" must lose its "of".
    for kept in (words, [word for word in words if word not in STOP]):
        last = kept[-len(short) :]
        if len(last) == len(short) and all(w[0] == c for w, c in zip(last, short, strict=True)):
            return tuple(last)
    return ()


_MEANINGS = {stem(word): stem(meaning) for word, meaning in SYNONYMS.items()}
_KNOWN = {short: tuple(_merge_names(long.split())) for short, long in ABBREVIATIONS.items()}
