"""A look-ahead over a stream of bytes, from which lines and JSON values are cut.

It holds what has been read and not yet been cut, so memory is bounded by the longest piece that
is requested, never by the length of the stream.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.errors import RecordError
from monitor.sources.jsontext import BrokenJsonError, bracket_end, value_end
from monitor.sources.read_progress import HEAD_BYTES, Limits

_BOM = b"\xef\xbb\xbf"
_NOT_SPACE = re.compile(rb"[^ \t\r\n]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover:
    """What had to be passed over: its head (at most 1 MiB), its full size, and why."""

    head: bytes
    size: int
    reason: str


class LookAhead:
    """Bytes from ``pos`` on, more of them on demand.

    ``limit``: the longest piece that is held. ``line`` is the number of the line at ``pos``, from
    1, as long as only lines are cut.
    A fault of the stream (damaged or truncated compression, a read error) ends it: ``fault``
    then holds the reason, and what came before can still be cut.
    """

    __slots__ = (
        "_chunks",
        "_ended",
        "data",
        "fault",
        "is_fault_reported",
        "limit",
        "line",
        "offset",
        "pos",
    )

    def __init__(self, chunks: Iterator[bytes], limits: Limits) -> None:
        self._chunks = chunks
        self.limit = limits.record_bytes
        self._ended = False
        self.data = b""
        self.pos = 0
        self.offset = 0  # of data[0] in the stream
        self.line = 1
        self.fault: str | None = None
        self.is_fault_reported = False  # as the reason of a leftover
        # Windows programs put a mark before UTF-8; JSON does not allow one, and its line is the
        # first.
        self.fill(len(_BOM))
        if self.data.startswith(_BOM):
            self.pos = len(_BOM)

    def fill(self, wanted: int) -> bool:
        """Read at least ``wanted`` more bytes if there are as many; False when there are none.

        What has been cut is dropped: ``pos`` moves to 0.
        """
        parts = [self.data[self.pos :]]
        self.offset += self.pos
        self.pos = 0
        added = 0
        while added < wanted and (chunk := self._next()):
            parts.append(chunk)
            added += len(chunk)
        self.data = b"".join(parts)
        return added > 0

    def look(self, wanted: int) -> None:
        """Read until ``wanted`` bytes from ``pos`` on are there, if there are as many."""
        if (missing := wanted - (len(self.data) - self.pos)) > 0:
            self.fill(missing)

    def reason_at_end(self, reason: str) -> str:
        """Return why the piece that reaches to the end is unreadable: the fault comes first."""
        if self.fault is None:
            return reason
        self.is_fault_reported = True
        return self.fault

    def skip_space(self) -> bytes | None:
        """Move to the next byte that is not white space and return it; None at the end."""
        while (found := _NOT_SPACE.search(self.data, self.pos)) is None:
            self._pass_lines(len(self.data))
            if not self.fill(1):
                return None
        self._pass_lines(found.start())
        return found[0]

    def line_end(self, within: int) -> int | None:
        """Return the index of the end of the line at ``pos``; None when it is further off."""
        seen = self.pos
        while (end := self.data.find(b"\n", seen)) < 0:
            pending = len(self.data) - self.pos
            if pending > within:
                return None
            # Doubling: each byte is copied a fixed number of times, however long the line is.
            if not self.fill(pending + 1):
                return len(self.data)
            seen = pending
        return end

    def take_line(self) -> bytes | Leftover | None:
        """Cut the next line, without its line feed; None at the end.

        A Leftover is a line over the limit (never held whole), or one that a fault cut off.
        """
        end = self.data.find(b"\n", self.pos)
        if end < 0:
            return self._take_long_line()
        line = self.data[self.pos : end]
        self.pos = end + 1
        self.line += 1
        return line if len(line) <= self.limit else _overlong("line", line, len(line), self.limit)

    @property
    def can_grow(self) -> bool:
        """Whether a piece of what has been read may still be longer than that."""
        return not self._ended and len(self.data) - self.pos <= self.limit

    def value_length(self) -> int:
        """Return how long the JSON value at ``pos`` is; RecordError says what is wrong with it."""
        while True:
            pending = memoryview(self.data)[self.pos :]
            try:
                end = value_end(pending, final=self._ended)
            except BrokenJsonError as exc:
                raise self._with_position(exc) from None
            if end is not None:
                break
            if len(pending) > self.limit:
                raise RecordError(_over_limit("JSON value", self.limit))
            # The value is scanned from its start each time, so what is read doubles; with pieces of
            # one size a record of 3 MB would be scanned a dozen times.
            self.fill(min(len(pending), self.limit - len(pending)) + 1)
        if end > self.limit:
            raise RecordError(_over_limit("JSON value", self.limit))
        return end

    def take(self, length: int) -> bytes:
        """Cut so many bytes, which are there."""
        value = self.data[self.pos : self.pos + length]
        self.pos += length
        return value

    def take_value(self) -> bytes:
        """Cut the JSON value at ``pos``, exactly; RecordError says what is wrong with it."""
        return self.take(self.value_length())

    def take_bracketed(self) -> bytes | None:
        """Cut from the bracket at ``pos`` to its partner, JSON or not; None when there is none."""
        while True:
            pending = memoryview(self.data)[self.pos : self.pos + self.limit]
            if (end := bracket_end(pending)) is not None:
                break
            if len(pending) == self.limit or not self.fill(len(pending) + 1):
                return None
        text = self.data[self.pos : self.pos + end]
        self.pos += end
        return text

    def take_byte(self, allowed: bytes) -> bytes:
        """Cut the next byte that is not white space; RecordError when it is not allowed."""
        byte = self.skip_space()
        if byte is None:
            raise self._with_position(BrokenJsonError("it ends too early", 0))
        if byte not in allowed:
            names = " or ".join(repr(chr(code)) for code in allowed)
            raise self._with_position(BrokenJsonError(f"expected {names}", 0))
        self.pos += 1
        return byte

    def take_rest(self, reason: str) -> Leftover:
        """Pass over everything that is left, keeping its head."""
        reason = self.reason_at_end(reason)
        head = self.data[self.pos : self.pos + HEAD_BYTES]
        size = len(self.data) - self.pos
        self.pos = len(self.data)
        while self.fill(1):
            head += self.data[: HEAD_BYTES - len(head)]
            size += len(self.data)
            self.pos = len(self.data)
        self.is_fault_reported = True
        return Leftover(head=head, size=size, reason=reason)

    def _next(self) -> bytes:
        if self._ended:
            return b""
        try:
            chunk = next(self._chunks, b"")
        except RecordError as exc:
            self.fault = str(exc)
            chunk = b""
        self._ended = not chunk
        return chunk

    def _pass_lines(self, pos: int) -> None:
        self.line += self.data.count(b"\n", self.pos, pos)
        self.pos = pos

    def _take_long_line(self) -> bytes | Leftover | None:
        """Cut a line that goes on behind the window; once over the limit, only count it."""
        parts = [self.data[self.pos :]]
        size = len(parts[0])
        self.offset += len(self.data)
        self.data, self.pos = b"", 0
        while chunk := self._next():
            end = chunk.find(b"\n")
            part = chunk if end < 0 else chunk[:end]
            size += len(part)
            if size <= self.limit:
                parts.append(part)
            # Over the limit: from here on only its head is held. A line without any end, a gigabyte
            # of it, costs a megabyte.
            elif len(parts) > 1 or len(parts[0]) != HEAD_BYTES:
                parts = [_head([*parts, part])]
            if end >= 0:
                self.data, self.pos = chunk, end + 1
                self.line += 1
                break
            self.offset += len(chunk)
        if size > self.limit:
            return _overlong("line", _head(parts), size, self.limit)
        line = b"".join(parts)
        if self._ended and self.fault is not None and line:
            return Leftover(head=line[:HEAD_BYTES], size=size, reason=self.reason_at_end(""))
        return line if line or not self._ended else None

    def _with_position(self, exc: BrokenJsonError) -> RecordError:
        where = "" if exc.at is None else f" (byte {self.offset + self.pos + exc.at})"
        return RecordError(f"not valid JSON: {exc.what}{where}")


def _head(parts: list[bytes]) -> bytes:
    """Return the first 1 MiB of the parts without joining the rest."""
    head = b""
    for part in parts:
        if len(head) < HEAD_BYTES:
            head += part[: HEAD_BYTES - len(head)]
    return head


def _over_limit(what: str, limit: int) -> str:
    return f"the {what} is longer than the limit of {limit:,} bytes"


def _overlong(what: str, head: bytes, size: int, limit: int) -> Leftover:
    return Leftover(head=head[:HEAD_BYTES], size=size, reason=_over_limit(what, limit))
