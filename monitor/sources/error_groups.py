"""Junk by the million (a log among the records) must not become a million refusals.

Stands between cutting a file (``layouts``) and storing it: a refusal is a row of the quarantine.
"""

from collections.abc import Iterator
from dataclasses import replace

from monitor.model.record import RawVersion
from monitor.sources.read_progress import HEAD_BYTES, Unreadable

# Enough to see what kind of file it is, few enough for `monitor quarantine list` to be read.
_REFUSALS_IN_ROW = 100


def group_errors(found: Iterator[RawVersion | Unreadable]) -> Iterator[RawVersion | Unreadable]:
    """Yield what was found, with the refusals of a long row run together.

    The first hundred of a row stand for themselves, and so does its last, which may tell how the
    file ended. Those between become one, with the origin and the reason of the first of them, the
    sum of the sizes, and the heads up to 1 MiB. Versions all stay.
    """
    in_row = 0
    row: _Row | None = None
    for one in found:
        # A record between them ends a row: one bad line in every ten is ten bad records, no junk.
        if isinstance(one, RawVersion):
            if row is not None:
                yield from row.told()
            row = None
            in_row = 0
            yield one
        elif in_row < _REFUSALS_IN_ROW:
            in_row += 1
            yield one
        elif row is None:
            row = _Row(one)
        else:
            row.add(one)
    if row is not None:
        yield from row.told()


class _Row:
    """Refusals one behind the other."""

    def __init__(self, first: Unreadable) -> None:
        self._first = first
        self._last = first
        self._content = bytearray()
        self._size = 0
        self._count = 0

    def add(self, following: Unreadable) -> None:
        room = HEAD_BYTES - len(self._content)
        if room > 0:
            self._content += (b"\n" * bool(self._count) + self._last.content)[:room]
        self._size += self._last.size
        self._count += 1
        self._last = following

    def told(self) -> Iterator[Unreadable]:
        """Yield all but the last as one, and the last."""
        if self._count:
            more = f"; so are the next {self._count - 1:,}" if self._count > 1 else ""
            content, reason = bytes(self._content), self._first.reason + more
            yield replace(self._first, content=content, size=self._size, reason=reason)
        yield self._last
