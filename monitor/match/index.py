"""Find the filters that a record could match, without checking the others.

Each filter is indexed under the values of one of its keys: no record matches that has none of them
there. A value is indexed under one of its words. Keys and words that few filters have are chosen,
so a filter that asks for something rare is met by rare records only, and one that matches nothing
costs nothing. A value that many filters share is looked for once. A filter that only excludes is
indexed under no value: any record may match it.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from monitor.match.filter_fields import WHOLE_KEYS
from monitor.match.filters import CompiledFilter, Hits
from monitor.match.text_index import Term

# Keys of few values, each of which many records have.
_COARSE = WHOLE_KEYS | {"country"}
# Words up to this length are mostly "of", "and", a number: many records have them.
_SHORT = 3

_KeyWord = tuple[str, str]
"""A key and a word."""
_Terms = dict[Term, list[int]]
"""Filters by a term that matches them, as far as one key goes."""


class FilterIndex:
    """Filters by word; never changed once it is made."""

    def __init__(self, filters: Mapping[int, CompiledFilter]) -> None:
        """Take filters by number; those that nothing can match are left out."""
        usable = {number: one for number, one in filters.items() if one.satisfiable}
        spread = Counter(place for one in usable.values() for place in _key_words(one))
        found: dict[str, dict[str, _Terms]] = {}
        self._of_any = {number for number, one in usable.items() if not one.wanted}
        for number, one in usable.items():
            if not one.wanted:
                continue
            key, words = _narrowest_key(one, spread)
            by_word = found.setdefault(key, {})
            for term, word in words.items():
                by_word.setdefault(word, {}).setdefault(term, []).append(number)
        self._by_key = found

    @property
    def keys(self) -> Collection[str]:
        """The keys that any filter is found under."""
        return self._by_key.keys()

    def candidates(self, hits: Hits, keys: Iterable[str] | None = None) -> set[int]:
        """Return the numbers of all filters that match a record, and of some others.

        ``keys``: look under these alone, where the answer to the others is known.
        """
        found = set(self._of_any)
        for key in self._by_key if keys is None else keys:
            by_word, has = self._by_key[key], hits.under(key)
            # Set against set: the cost grows with the record's words, not with the filters.
            for word in by_word.keys() & hits.attributes[key].split():
                for term, numbers in by_word[word].items():
                    if has[term]:
                        found.update(numbers)
        return found


def _words_of_term(term: Term) -> set[str]:
    return {word for phrase in term for word in phrase.split()}


def _key_words(one: CompiledFilter) -> set[_KeyWord]:
    return {
        (clause.key, word)
        for clause in one.wanted
        for term, _ in clause.terms
        for word in _words_of_term(term)
    }


def _narrowest_key(one: CompiledFilter, spread: Counter[_KeyWord]) -> tuple[str, dict[Term, str]]:
    """Return the key to look under, and for each term there the word to find it by."""
    choices = []
    for clause in one.wanted:
        key = clause.key
        rarest = {term: _rarest(key, _words_of_term(term), spread) for term, _ in clause.terms}
        short = any(len(word) <= _SHORT for word in rarest.values())
        shared = sum(spread[key, word] for word in set(rarest.values()))
        # In this order: a key with many values, words that are no "of" or number, few filters to
        # share with.
        choices.append((key in _COARSE, short, shared, key, rarest))
    *_, key, words = min(choices, key=lambda choice: choice[:3])
    return key, words


def _rarest(key: str, words: Iterable[str], spread: Counter[_KeyWord]) -> str:
    return min(words, key=lambda word: (len(word) <= _SHORT, spread[key, word], -len(word), word))
