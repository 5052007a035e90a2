"""Where a JSON value ends: found by msgspec's validating scan, without building objects.

msgspec has no call that says how far a value reaches, but the error that it raises for a text
going on behind the value names the place. Reading that message is the price of a scan that is
twenty times faster than one written in Python; the tests of this package hold msgspec to it.
"""

import re
from typing import Any

import msgspec

from monitor.data_types import DataType
from monitor.errors import RecordError
from monitor.model.fields import Path

_SCAN = DataType[msgspec.Raw](msgspec.Raw)
_OBJECT = DataType[dict[str, msgspec.Raw]](dict[str, msgspec.Raw])
_ANY = DataType[Any](Any)
_MESSAGE = re.compile(r"(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?", re.DOTALL)
_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
_TRAILING = "trailing characters"
_TRUNCATED = "truncated"
_SPACE = b" \t\r\n"
# A number that the end of the text cuts in two (``-``, ``1.``, ``1e+``) is reported as malformed
# at that end, not as truncated.
_NUMBER_TAIL = 4


class BrokenJsonError(RecordError):
    """The text is not JSON; ``at`` is the offset where that shows, None when it is not known."""

    def __init__(self, what: str, at: int | None) -> None:
        super().__init__(what)
        self.what = what
        self.at = at


def broken_json(exc: Exception) -> BrokenJsonError:
    """Return msgspec's complaint in this package's words."""
    if isinstance(exc, RecursionError):
        return BrokenJsonError("nested too deeply", None)
    what, at = _parts(exc)
    return BrokenJsonError("it ends too early" if _TRUNCATED in what else what, at)


def value_end(text: bytes | memoryview, *, final: bool) -> int | None:
    """Return the offset right behind the JSON value that the text begins with.

    None: the value goes on behind the end of the text. With ``final`` there is nothing behind
    it, and such a value is broken. BrokenJsonError when no value can come of it.
    Checks the grammar; neither UTF-8 nor the sense of the value.
    """
    try:
        _SCAN.decode(text)
    except RecursionError as exc:
        raise broken_json(exc) from None
    except msgspec.DecodeError as exc:
        what, at = _parts(exc)
        # The usual case, "{…},{…": msgspec complains about the comma, and so says where the value
        # ends.
        if what == _TRAILING and at is not None:
            return _trim_end(text, at - _TRAILING_SHIFT)
        unfinished = _TRUNCATED in what or (at is not None and at > len(text) - _NUMBER_TAIL)
        if unfinished and not final:
            return None
        raise broken_json(exc) from None
    # "12" may go on as "123" in the next piece, "{}" cannot: only a number or a word is unfinished
    # without looking so.
    closed = bytes(text[-1:]) in (b"}", b"]", b'"')
    return _trim_end(text, len(text)) if final or closed else None


def bracket_end(text: bytes | memoryview) -> int | None:
    """Return where the bracket that the text begins with is closed; None when it never is.

    For what is no JSON but nearly (``NaN``, nesting too deep, a bad escape): looks at brackets
    and strings alone. An order of magnitude slower than ``value_end``.
    """
    depth = 0
    for found in _BRACKETS.finditer(text):
        mark = text[found.start()]
        if mark in b"{[":
            depth += 1
        elif mark in b"}]":
            depth -= 1
            # A closing bracket of the wrong kind closes too: this is for texts that are broken
            # already.
            if depth <= 0:
                return found.end()
    return None


def is_whole(text: bytes | memoryview) -> bool:
    """Return whether the text is one JSON value and nothing else."""
    try:
        _SCAN.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def value_at(text: bytes, path: Path) -> Any:
    """Return the value at the path of names; None when it is not there or cannot be read."""
    value: bytes | msgspec.Raw = text
    try:
        for name in path:
            value = _OBJECT.decode(value).get(name, b"null")
        return _ANY.decode(value)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _parts(exc: Exception) -> tuple[str, int | None]:
    found = _MESSAGE.fullmatch(str(exc))
    if found is None:
        return str(exc), None
    return found[1], int(found[2]) if found[2] else None


def _trim_end(text: bytes | memoryview, end: int) -> int:
    while end and text[end - 1] in _SPACE:
        end -= 1
    return end


def _trailing_shift() -> int:
    """Return how far behind the first trailing character msgspec reports it (by one in 0.22)."""
    try:
        _SCAN.decode(b"[],")
    except msgspec.DecodeError as exc:
        return (_parts(exc)[1] or 0) - len(b"[]")
    return 0


_TRAILING_SHIFT = _trailing_shift()
