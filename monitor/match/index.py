"""Which filters a record could match, without asking the others.

Each filter stands under the values of one of its keys: no record matches that has none of them
there. A value stands under one of its words. Keys and words that few filters have are chosen, so
a filter that asks for something rare is met by rare records only, and one that matches nothing
costs nothing. A value that many filters share is looked for once. A filter that only excludes
stands under no value: any record may match it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from monitor.match.attributes import WHOLE_KEYS, Attributes
from monitor.match.filters import CompiledFilter

# Keys of few values, each of which many records have.
_COARSE = WHOLE_KEYS | {"country"}
# Words up to this length are mostly "of", "and", a number: many records have them.
_SHORT = 3

_Place = tuple[str, str]
"""A key and a word."""
_Phrases = dict[str, list[int]]
"""Filters by a phrase that matches them, as far as one key goes."""


class FilterIndex:
    """Filters by word; never changed once it is made."""

    def __init__(self, filters: Mapping[int, CompiledFilter]) -> None:
        """Take filters by number; those that nothing can match are left out."""
        usable = {number: one for number, one in filters.items() if one.satisfiable}
        spread = Counter(place for one in usable.values() for place in _places(one))
        found: dict[str, dict[str, _Phrases]] = {}
        self._of_any = {number for number, one in usable.items() if not one.wanted}
        for number, one in usable.items():
            if not one.wanted:
                continue
            key, phrases = _anchors(one, spread)
            by_word = found.setdefault(key, {})
            for phrase, word in phrases.items():
                by_word.setdefault(word, {}).setdefault(phrase, []).append(number)
        self._by_key = found

    def candidates(self, attributes: Attributes) -> set[int]:
        """Return the numbers of all filters that match these attributes, and of some others."""
        found = set(self._of_any)
        for key, by_word in self._by_key.items():
            text = attributes.get(key, "")
            for word in set(text.split()) & by_word.keys():
                for phrase, numbers in by_word[word].items():
                    if phrase in text:
                        found.update(numbers)
        return found


def _places(one: CompiledFilter) -> set[_Place]:
    return {
        (key, word) for key, terms in one.wanted for phrase, _ in terms for word in phrase.split()
    }


def _anchors(one: CompiledFilter, spread: Counter[_Place]) -> tuple[str, dict[str, str]]:
    """Return the key to look under, and for each phrase there the word to find it by."""
    choices = []
    for key, terms in one.wanted:
        rarest = {phrase: _rarest(key, phrase.split(), spread) for phrase, _ in terms}
        short = any(len(word) <= _SHORT for word in rarest.values())
        shared = sum(spread[key, word] for word in set(rarest.values()))
        choices.append((key in _COARSE, short, shared, key, rarest))
    *_, key, phrases = min(choices, key=lambda choice: choice[:3])
    return key, phrases


def _rarest(key: str, words: Iterable[str], spread: Counter[_Place]) -> str:
    return min(words, key=lambda word: (len(word) <= _SHORT, spread[key, word], -len(word)))
