"""How the replica's search tells whether words stand in a text.

A small stand-in for the registry's search engine: no synonyms, no spelling relief. Words are
compared without case, marks of hyphenation or a plural's s; a quoted phrase must stand
together, other words anywhere in the searched fields of the study.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

_WORD = re.compile(r"\w+")  # NOT_YET_RECRUITING is one word


@lru_cache(maxsize=4_096)
def tokens(text: str) -> tuple[str, ...]:
    """Return the words of a text in their order, in the form in which they are compared."""
    return tuple(_stem(word) for word in _WORD.findall(text.casefold()))


def has_phrase(phrase: str, texts: Iterable[str]) -> bool:
    """Return whether one of the texts holds the phrase's words in a row."""
    wanted = tokens(phrase)
    return any(_in_a_row(wanted, tokens(text)) for text in texts)


def has_words(words: str, texts: Iterable[str]) -> bool:
    """Return whether each of the words stands in some of the texts."""
    wanted = set(tokens(words))
    for text in texts:
        wanted.difference_update(tokens(text))
        if not wanted:
            return True
    return not wanted


def is_whole(text: str, texts: Iterable[str]) -> bool:
    """Return whether one of the texts is this one, but for case and white space around it."""
    wanted = text.casefold().strip()
    return any(found.casefold().strip() == wanted for found in texts)


def starts(text: str, texts: Iterable[str]) -> bool:
    """Return whether one of the texts begins with the words."""
    wanted = tokens(text)
    return any(tokens(found)[: len(wanted)] == wanted for found in texts)


def ends(text: str, texts: Iterable[str]) -> bool:
    """Return whether one of the texts ends with the words."""
    wanted = tokens(text)
    return any(tokens(found)[-len(wanted) :] == wanted for found in texts)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word


def _in_a_row(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    if not wanted:
        return False
    reach = range(len(found) - len(wanted) + 1)
    return any(found[at : at + len(wanted)] == wanted for at in reach)
