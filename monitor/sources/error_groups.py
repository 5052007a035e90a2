"""Group long rows of unreadable pieces, so that junk does not fill the quarantine.

``layouts`` passes what it cuts through here: a log file among the records would otherwise become a
million rows of the quarantine.
"""

from collections.abc import Iterator
from dataclasses import replace

from monitor.model.record import RawVersion
from monitor.sources.read_progress import HEAD_BYTES, Unreadable

# Enough to see what kind of file it is, few enough for `monitor quarantine list` to be read.
_MAX_IN_ROW = 100


def group_errors(found: Iterator[RawVersion | Unreadable]) -> Iterator[RawVersion | Unreadable]:
    """Yield the items, with the unreadable pieces of a long row run together.

    The first hundred of a row stand for themselves, and so does its last, which may tell how the
    file ended. Those between become one, with the origin and the reason of the first of them, the
    sum of the sizes, and the heads up to 1 MiB. Versions all stay.
    """
    in_row = 0
    error_run: _ErrorRun | None = None
    for one in found:
        # A record between them ends a row: one bad line in every ten is ten bad records, not junk.
        if isinstance(one, RawVersion):
            if error_run is not None:
                yield from error_run.items()
            error_run = None
            in_row = 0
            yield one
        elif in_row < _MAX_IN_ROW:
            in_row += 1
            yield one
        elif error_run is None:
            error_run = _ErrorRun(one)
        else:
            error_run.add(one)
    if error_run is not None:
        yield from error_run.items()


class _ErrorRun:
    """Unreadable pieces one behind the other."""

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

    def items(self) -> Iterator[Unreadable]:
        """Yield all but the last as one, and the last."""
        if self._count:
            more = f"; so are the next {self._count - 1:,}" if self._count > 1 else ""
            content, reason = bytes(self._content), self._first.reason + more
            yield replace(self._first, content=content, size=self._size, reason=reason)
        yield self._last
