"""Split one file into slices: detect the layout of its content, and read that.

``files`` calls it for each file and archive entry.

JSON lines, JSON documents (one or several, over any number of lines), or a text page. The
content decides, never the file's name. Memory is bounded by the longest line or item.
"""

import re
from collections.abc import Iterator

from monitor.errors import RecordError
from monitor.model.foreign_formats import of_bytes, of_list
from monitor.model.record import RawVersion
from monitor.sources.containers import MAGIC_BYTES, is_packed
from monitor.sources.error_groups import group_errors
from monitor.sources.jsontext import is_whole
from monitor.sources.lists import (
    PAGE,
    BrokenListError,
    finish_page,
    is_list_of_pages,
    items,
    open_page,
)
from monitor.sources.read_progress import Limits, Reading, SourceItem, Unreadable
from monitor.sources.slices import is_bare_study, item, slices
from monitor.sources.window import Leftover, LookAhead

SourceItems = Iterator[SourceItem]

# How far to look for the end of the first line, and for a whole line behind a broken one. A
# longer first line is one record of JSON lines, or a list that is read item by item anyway.
_LOOK_AHEAD = 8 << 20
# How much is looked at to tell the layout.
_HEAD = 64 << 10

_BOM = b"\xef\xbb\xbf"
# ``[`` also begins many a text page (``[Image]``).
_LIST = re.compile(rb'\[\s*(?:[\[\]{"\d-]|true\b|false\b|null\b|\Z)')
_OTHER_LIST = re.compile(rb"\[\s*[^\s{\]]")
_OBJECT_LINE = re.compile(rb'^\{"', re.MULTILINE)


def split_records(window: LookAhead, reading: Reading, limits: Limits) -> SourceItems:
    """Yield everything that one file or archive entry holds, in its order. Raises nothing."""
    if (first := window.skip_space()) is None:
        what = "holds only white space" if window.offset else "is empty"
        yield reading.unreadable(b"", reason=window.reason_at_end(f"the file {what}"))
        return
    window.look(_HEAD)
    # By what is there: ".json" files of JSON lines and ".jsonl" files of one document are common.
    if first == b"{" and _is_lines(window):
        yield from group_errors(_lines(window, reading, limits))
    elif first == b"{" or _LIST.match(window.data, window.pos):
        yield from group_errors(_documents(window, reading, limits))
    else:
        yield _page(window, reading, limits)
    if window.fault is not None and not window.is_fault_reported:
        yield reading.unreadable(b"", reason=window.fault)


def _is_lines(window: LookAhead) -> bool:
    """Return whether it is JSON lines, not a document; the window begins at an opening brace.

    The first line is whole, or it is broken and a whole one follows that cannot be a part of it.
    """
    end = window.line_end(_LOOK_AHEAD)
    if end is None:
        return PAGE.match(window.data, window.pos) is None
    if is_whole(memoryview(window.data)[window.pos : end]):
        return True
    length = end - window.pos
    # A broken first line is no reason to read a file of 100,000 good ones as one broken document.
    window.look(2 * length + _HEAD)
    data = window.data
    for start in (found.start() for found in _OBJECT_LINE.finditer(data, window.pos + length)):
        before = data[max(0, start - 64) : start].rstrip()[-1:]
        stop = data.find(b"\n", start)
        if before not in (b"[", b",", b":", b"{") and is_whole(memoryview(data)[start:stop]):
            return True
    return False


def _is_lone_line(window: LookAhead) -> bool:
    """Return whether the line that the window stands at is the whole file."""
    end = window.line_end(_LOOK_AHEAD)
    if end is None:
        return False
    length = end - window.pos
    while not window.data[window.pos + length :].strip():
        pending = len(window.data) - window.pos
        if pending > 2 * _LOOK_AHEAD:
            return False
        if not window.fill(pending):
            return True
    return False


def _lines(window: LookAhead, reading: Reading, limits: Limits) -> SourceItems:
    lone = _is_lone_line(window)
    while True:
        at = "" if lone else f":{window.line}"
        line = window.take_line()
        if line is None:
            return
        if isinstance(line, Leftover):
            yield _unreadable(line, reading, at)
        elif is_bare_study(line):
            yield reading.version(line.strip(), at=at)
        elif text := line.strip().removeprefix(_BOM):
            yield from _text(text, reading, at, limits)
        else:
            window.skip_space()  # one step over any number of blank lines


def _text(text: bytes, reading: Reading, at: str, limits: Limits) -> SourceItems:
    try:
        yield from slices(text, reading, at)
    except RecordError as exc:
        # A page or list on one line in which one study is broken: cut by its items, the others are
        # read.
        if (PAGE.match(text) or text[:1] == b"[") and not is_whole(text):
            yield from _documents(LookAhead(iter([text]), limits), reading, limits, at)
        else:
            yield reading.unreadable(text, reason=str(exc), at=at)


def _documents(window: LookAhead, reading: Reading, limits: Limits, at: str = "") -> SourceItems:
    """Read JSON documents one behind the other; lists and search pages item by item."""
    number = 1
    place = at
    while (first := window.skip_space()) is not None:
        window.look(_HEAD)
        try:
            is_page = first == b"{" and open_page(window)
            if is_page or first == b"[":
                if not is_page and _OTHER_LIST.match(window.data, window.pos):
                    known = of_list(window.data[window.pos : window.pos + _HEAD])
                    raise BrokenListError(known or "it is a JSON list, but not of objects", 0)
                if not is_page and is_list_of_pages(window):
                    yield from _pages(window, reading, place)
                else:
                    yield from _list(window, reading, place)
            elif first == b"{":
                text, problem = _take_value(window)
                if problem is None:
                    yield from _text(text, reading, place, limits)
                else:
                    yield reading.unreadable(text, reason=problem, at=place)
            else:
                raise RecordError("something that is not JSON follows the JSON document")
            if is_page:
                finish_page(window)
        except BrokenListError as exc:
            yield _unreadable(window.take_rest(str(exc)), reading, f"{place}[{exc.number}]")
            return
        except RecordError as exc:
            yield _unreadable(window.take_rest(str(exc)), reading, place)
            return
        number += 1
        place = f"{at}#{number}"


def _list(window: LookAhead, reading: Reading, at: str) -> SourceItems:
    for one in items(window):
        place = f"{at}[{one.number}]"
        if one.problem is None:
            yield from item(one.text, reading, place)
        else:
            yield reading.unreadable(one.text, reason=one.problem, at=place)


def _pages(window: LookAhead, reading: Reading, at: str) -> SourceItems:
    """Read a list of search pages, study by study; whatever else it holds, item by item."""
    separator = window.take_byte(b"[")
    number = 0
    while separator != b"]":
        window.skip_space()
        window.look(_HEAD)
        place = f"{at}[{number}]"
        if open_page(window):
            try:
                yield from _list(window, reading, place)
            except BrokenListError as exc:
                yield _unreadable(window.take_rest(str(exc)), reading, f"{place}[{exc.number}]")
                return
            finish_page(window)
        else:
            text, problem = _take_value(window)
            if problem is None:
                yield from item(text, reading, place)
            else:
                yield reading.unreadable(text, reason=problem, at=place)
        window.skip_space()
        separator = window.take_byte(b",]")
        number += 1


def _take_value(window: LookAhead) -> tuple[bytes, str | None]:
    """Cut the next value; with the reason when it is broken but ends where its brackets close.

    RecordError when it does not: where it ends is then unknown.
    """
    try:
        return window.take_value(), None
    except RecordError as exc:
        text = window.take_bracketed()
        if text is None:
            raise
        return text, str(exc)


def _page(window: LookAhead, reading: Reading, limits: Limits) -> RawVersion | Unreadable:
    """Read a text page, which has to be UTF-8; whether it is a record is for the parser to say."""
    head = window.data[window.pos : window.pos + _HEAD]
    if (problem := _no_text(head)) is not None:
        return _unreadable(window.take_rest(problem), reading, "")
    # One byte more than is allowed, or a text of just the limit and a longer one would look alike.
    window.look(limits.record_bytes + 1)
    text = window.data[window.pos :].rstrip()
    try:
        text.decode()
    except UnicodeDecodeError as exc:
        problem = f"it is no text in UTF-8 (byte {window.offset + window.pos + exc.start})"
    if is_whole(text):
        problem = "it is JSON, but neither an object nor a list"
    if len(text) > limits.record_bytes:
        problem = f"the text is longer than the limit of {limits.record_bytes:,} bytes"
    if problem is None and window.fault is None:
        return reading.version(text, media="text")
    return _unreadable(window.take_rest(problem or ""), reading, "")


def _no_text(head: bytes) -> str | None:
    """Return what the content is that begins like this, when it is no text page; else None."""
    if is_packed(head[:MAGIC_BYTES]):
        return "it is compressed once more; unpack it first"
    return of_bytes(head)


def _unreadable(leftover: Leftover, reading: Reading, at: str) -> Unreadable:
    return reading.unreadable(leftover.head, size=leftover.size, reason=leftover.reason, at=at)
