"""Synonyms: named sets of words, any of which matches all the others.

The configuration defines them; ``filters`` expands each value of a filter with them.
"""

from collections.abc import Mapping

from monitor.match.text_index import is_quoted, words_of

_WordTuple = tuple[str, ...]


class Synonyms:
    """The sets of the configuration, by name; never changed once they are made."""

    def __init__(self, sets: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._sets: dict[_WordTuple, dict[str, None]] = {}
        for name, members in (sets or {}).items():
            for one in (name, *members):
                # A word may be in several sets; as dicts they keep the order of the configuration.
                self._sets.setdefault(_words(one), {}).update(dict.fromkeys((name, *members)))
        self._sets.pop((), None)

    def of(self, value: str) -> tuple[str, ...]:
        """Return the values that a filter's value matches: itself, then those of its sets.

        A value is in a set when it has the same words as the set's name or as one of its members;
        one in quotation marks matches itself alone.
        """
        if not self._sets or is_quoted(value):
            return (value,)
        words = _words(value)
        others = (one for one in self._sets.get(words, ()) if _words(one) != words)
        return (value, *others)


NO_SYNONYMS = Synonyms()


def _words(text: str) -> _WordTuple:
    return tuple(words_of(text.replace("_", " ")))
