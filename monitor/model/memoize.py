"""Memoize functions of texts, with a bound on bytes and not only on entries.

``detect`` uses it: the same criteria and descriptions come with every version of a trial, and a
single text may have a megabyte.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache, wraps
from threading import Lock

SHORT = 256
"""Texts of so many characters are cached by count: 8,192 of them take some megabytes."""

OfText = Callable[[str], str]


def memoize(*, entries: int, long_bytes: int) -> Callable[[OfText], OfText]:
    """Cache the results of a pure function from text to text, for the texts used last.

    ``entries``: how many short texts; ``long_bytes``: for how many bytes of longer ones, their
    results included. A longer one is computed each time.
    """

    def decorate(function: OfText) -> OfText:
        short = lru_cache(maxsize=entries)(function)
        long = _Long(function, long_bytes)

        @wraps(function)
        def lookup(text: str) -> str:
            return short(text) if len(text) <= SHORT else long(text)

        return lookup

    return decorate


class _Long:
    """An LRU cache of the results for long texts, bounded in bytes."""

    def __init__(self, function: OfText, limit: int) -> None:
        self._function = function
        self._limit = limit
        self._found: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __call__(self, text: str) -> str:
        with self._lock:
            known = self._found.get(text)
            if known is not None:
                self._found.move_to_end(text)
                return known
        # Outside the lock: two threads may do the same work, but none waits for another's.
        result = self._function(text)
        with self._lock:
            if text not in self._found:
                self._found[text] = result
                self._bytes += _size(text, result)
            while self._bytes > self._limit:
                self._bytes -= _size(*self._found.popitem(last=False))
        return result


def _size(text: str, result: str) -> int:
    # A function that has nothing to change returns the very text.
    return sys.getsizeof(text) + (0 if result is text else sys.getsizeof(result))
