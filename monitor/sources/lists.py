"""Split a list of records into items, whatever is wrong with one of them.

A record may be no JSON (a lone surrogate, ``NaN``, bottomless nesting), and its brackets or
quotation marks may not even close. Where it ends then follows from what is around it: the opening
of the next study, or by the end of the page. Files and answers of the registry are cut alike.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from monitor.data_types import DataType
from monitor.errors import RecordError
from monitor.model import fields
from monitor.sources.jsontext import bracket_end
from monitor.sources.slices import duplicate_key
from monitor.sources.window import LookAhead

# The start of a search page up to its list; only plain values come before it.
PAGE = re.compile(
    rb'\{\s*(?:"[^"\\]*"\s*:\s*(?:"[^"\\]*"|[-+.\w]+|\{[^{}]*\}|\[[^\[\]{}]*\])\s*,\s*)*'
    rb'"studies"\s*:\s*(?=\[)'
)
_LIST_NAME = b'"studies"'
# Its end. Only names that no study has may stand here: else a page that breaks off within a record
# would seem to end in it.
_PAGE_END = re.compile(
    rb'\](?=\s*(?:,\s*"(?:nextPageToken|totalCount)"\s*:\s*(?:"[^"\\]*"|\w+)\s*)*\}\s*\Z)'
)
_LIST_OPENING = re.compile(rb"\[\s*")
_LIST_END = re.compile(rb"\]\s*\Z")

_KEY = b'"' + fields.PROTOCOL[0].encode() + b'"'
_COLON = re.compile(rb"\s*:")
# Every study of the registry states it, and nearly at its end.
_LATE = fields.HAS_RESULTS[0]
_OBJECT = DataType[dict[str, msgspec.Raw]](dict[str, msgspec.Raw])
_SECTIONS = (
    fields.PROTOCOL,
    fields.RESULTS,
    fields.ANNOTATION,
    fields.DOCUMENTS,
    fields.DERIVED,
    fields.HAS_RESULTS,
)
# What may follow a list: the end of the file or of the page, another document, another page of a
# list of pages, or members of the page, which are none of a study.
_CLOSED = re.compile(
    rb"\s*(?:\Z|[\[{]|\}\s*(?:\Z|[\[{]|\]\s*\Z|,\s*\{\s*\"(?:studies|nextPageToken|totalCount)\"\s*:)|,\s*\"(?!(?:"
    + b"|".join(path[0].encode() for path in _SECTIONS)
    + rb')"))'
)
_MEMBER = re.compile(rb'\s*,\s*"(?:[^"\\]|\\.)*"\s*:', re.DOTALL)
_BETWEEN = re.compile(rb"\s*([,\]]|\Z)")
_SPACE = b" \t\r\n"
_LOOK_BEHIND = 4 << 10  # so much behind an item is looked at


class ListItem(NamedTuple):
    """One item of a list: its bytes, and what is wrong with them; ``number`` counts from 0."""

    text: bytes
    problem: str | None
    number: int


class BrokenListError(RecordError):
    """The items cannot be separated from ``number`` on."""

    def __init__(self, problem: str, number: int) -> None:
        super().__init__(problem)
        self.number = number


class _Ends:
    """Finds where broken items end; looks at each byte of the stream at most a few times."""

    def __init__(self, window: LookAhead, end: int | None) -> None:
        self._window = window
        self._end = end
        self._none_before = 0  # no opening stands between ``pos`` and this offset of the stream

    def of_broken(self) -> int | None:
        """Return how long the broken item at ``pos`` is; None when nothing shows it.

        Up to its last bracket, where an item or the list's end follows; else up to the next study.
        """
        window = self._window
        following = self._next_opening()
        closed: int | None = None
        if window.data[window.pos : window.pos + 1] in (b"{", b"["):
            within = window.limit if following is None else following
            closed = bracket_end(memoryview(window.data)[window.pos :][:within])
        # Brackets within a text that was not closed count as brackets: the place where they close
        # is believed only where an item or the end of the list follows.
        if closed is not None and self.fits(closed) and closed < len(window.data) - window.pos:
            return closed
        if following is not None:
            return following
        end = _PAGE_END.search(window.data, window.pos) or _LIST_END.search(window.data, window.pos)
        if end is not None:
            return len(window.data[window.pos : end.start()].rstrip(_SPACE))
        return closed

    def fits(self, length: int) -> bool:
        """Return whether the item of this length at ``pos`` is one record, and the whole of it.

        One that was closed too early is followed by members of its own; one that was closed too
        late holds the next study.
        """
        window = self._window
        window.look(length + _LOOK_BEHIND)
        data, end = window.data, window.pos + length
        if _opening_behind_comma(data, window.pos + 1, end) is not None:
            return False
        follows = _BETWEEN.match(data, end)
        if follows is None:
            return False
        if follows[1] == b"]":
            if self._end is not None:
                return window.offset + follows.end() == self._end
            return _CLOSED.match(data, follows.end()) is not None
        if not follows[1]:
            return self._end is None
        if _MEMBER.match(data, end) is None:
            return True
        return _is_complete(data[window.pos : end])

    def _next_opening(self) -> int | None:
        """Return the offset from ``pos`` of the comma before the next study."""
        window = self._window
        seen = max(window.pos + 1, self._none_before - window.offset)
        while True:
            found = _opening_behind_comma(window.data, seen)
            if found is not None:
                return found - window.pos
            # The comma and the brace may stand on this side of the edge, the key on the other.
            seen = max(seen, len(window.data) - _LOOK_BEHIND) - window.pos
            pending = len(window.data) - window.pos
            if not window.can_grow or not window.fill(pending + 1):
                self._none_before = window.offset + window.pos + seen
                return None
            seen += window.pos


def _is_complete(text: bytes) -> bool:
    """Return whether members behind the item cannot be its own: they are of one without a head."""
    try:
        return _LATE in _OBJECT.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False


def _opening_behind_comma(data: bytes, start: int, stop: int | None = None) -> int | None:
    """Return where the comma before the first study behind ``start`` stands; None without any."""
    at = start
    while (at := data.find(_KEY, at, stop)) >= 0:
        # The name alone is not enough: a study may quote "protocolSection" in one of its texts.
        brace = data[max(start - 1, at - _LOOK_BEHIND) : at].rstrip(_SPACE)
        comma = brace[:-1].rstrip(_SPACE)
        first = max(start - 1, at - _LOOK_BEHIND)
        if brace[-1:] == b"{" and comma[-1:] == b"," and _COLON.match(data, at + len(_KEY)):
            return first + len(comma) - 1
        at += len(_KEY)
    return None


def items(window: LookAhead, end: int | None = None) -> Iterator[ListItem]:
    """Yield the items of the list at the window's position; it is then behind the list.

    ``end``: where in the stream the list ends, if that is known. BrokenListError when the list does
    not close.
    """
    window.take_byte(b"[")
    if window.skip_space() == b"]" and end in (None, window.offset + window.pos + 1):
        window.take_byte(b"]")
        return
    ends = _Ends(window, end)
    number = 0
    while True:
        window.skip_space()
        try:
            yield _item(window, ends, number)
            if window.take_byte(b",]") == b"]":
                return
        except BrokenListError:
            raise
        except RecordError as exc:
            raise BrokenListError(str(exc), number) from None
        number += 1


def _item(window: LookAhead, ends: _Ends, number: int) -> ListItem:
    length = 0
    problem = "not valid JSON: its brackets do not close where it ends"
    try:
        length = window.value_length()
    except RecordError as exc:
        problem = str(exc)
    if length and ends.fits(length):
        return ListItem(window.take(length), None, number)
    end = ends.of_broken()
    if length and end in (None, length):
        return ListItem(window.take(length), None, number)  # it is the list that is broken
    if end is None:
        raise BrokenListError(problem, number)
    return ListItem(window.take(end), problem, number)


def page_frame(body: bytes) -> tuple[int, int] | None:
    """Return where the list of a search page begins and ends; None when the page is none.

    Looks at what is around the list alone: what is in it may be no JSON.
    """
    start = PAGE.match(body)
    end = _PAGE_END.search(body, start.end()) if start else None
    return (start.end(), end.end()) if start and end else None


def open_page(window: LookAhead) -> bool:
    """Move to the list of the search page that the window stands at; False when it is none."""
    found = PAGE.match(window.data, window.pos)
    if found is None:
        return False
    window.pos = found.end()
    return True


def is_list_of_pages(window: LookAhead) -> bool:
    """Return whether the list that the window stands at begins with a search page."""
    found = _LIST_OPENING.match(window.data, window.pos)
    return found is not None and PAGE.match(window.data, found.end()) is not None


def finish_page(window: LookAhead) -> None:
    """Pass over what a search page says behind its list (the token of the next page)."""
    while window.take_byte(b",}") == b",":
        window.skip_space()
        if window.take_value() == _LIST_NAME:
            raise duplicate_key(_LIST_NAME.decode().strip('"'))
        window.take_byte(b":")
        window.skip_space()
        window.take_value()
