"""Standard error behind a bounded queue, so that a log that nobody reads stops nobody.

A pipe that nobody drains, or a terminal that was stopped, blocks its writer. A thread
of its own does the writing; what does not fit into the queue meanwhile is dropped and counted.
"""

import atexit
import contextlib
import io
import os
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

LINES = 10_000
# One piece may be long, as a traceback is: characters are bounded as well as lines.
CHARACTERS = 4 * 1024 * 1024
SETTLE_S = 1.0

_PAUSE_S = 0.5


class QueuedStream(io.TextIOBase):
    """A text stream over another one's file; writing never waits.

    Bounded in ``lines`` (pieces that were written at once) and characters. ``on_dropped`` is called
    with how many lines were dropped once there is room again. Lines keep their order. ``flush``
    waits for nothing, since loggers call it after each line; ``settle`` waits until all is written,
    ``settle_s`` at most. A reader that has gone stops nobody.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        on_dropped: Callable[[int], None],
        lines: int = LINES,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._stream = stream
        self._file = stream.fileno()
        self._on_dropped = on_dropped
        self._lines = lines
        self._settle_s = settle_s
        self._queue: deque[str] = deque()
        self._characters = 0
        self._changed = threading.Condition()
        self._reported = 0
        self.dropped = 0
        # What waits for ever in a write must not keep the process from ending.
        threading.Thread(target=self._write_on, name="log", daemon=True).start()

    # --- as a stream -------------------------------------------------------------------------

    @property
    def encoding(self) -> str:  # type: ignore[override]  # read-only here
        """As the stream's."""
        return self._stream.encoding or "utf-8"

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """As the stream's."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """As the stream's: what is written to it bypasses the queue."""
        return self._file

    def write(self, text: str, /) -> int:
        """Queue a text, or drop it where there is no room."""
        if not isinstance(text, str):
            raise TypeError(f"a text was expected, not {type(text).__name__}")
        with self._changed:
            full = len(self._queue) >= self._lines or self._characters > CHARACTERS
            if full:
                self.dropped += 1
            elif text:
                self._queue.append(text)
                self._characters += len(text)
                self._changed.notify_all()
        return len(text)

    def settle(self) -> None:
        """Wait until all that is queued was written, or for a while."""
        with self._changed:
            self._changed.wait_for(lambda: not self._queue, timeout=self._settle_s)

    # --- the thread that writes --------------------------------------------------------------

    def _write_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._queue))
                text = self._queue[0]  # there until it is written: see ``settle``
            with contextlib.suppress(OSError, ValueError):
                self._put(text.encode(self.encoding, "backslashreplace"))
            with self._changed:
                self._characters -= len(self._queue.popleft())
                self._changed.notify_all()
                # Not with the first free place: a full log would get a line about each lost line,
                # one by one.
                room = len(self._queue) <= self._lines // 2
                dropped = self.dropped - self._reported if room else 0
                self._reported += dropped
            # Outside the lock: it logs, and that writes here.
            if dropped:
                self._on_dropped(dropped)

    def _put(self, data: bytes) -> None:
        """Write past the stream's buffer: its lock would be held for as long as nobody reads."""
        while data:
            try:
                data = data[os.write(self._file, data) :]
            except BlockingIOError:  # the file was opened non-blocking by another process
                select.select([], [self._file], [], _PAUSE_S)


_queued: QueuedStream | None = None


def queue_standard_error(on_dropped: Callable[[int], None]) -> None:
    """Let everything that the process writes to standard error go through a queue from now on.

    What is left in it at the process's end is written then, within a limit. Standard error that
    is no file stays as it is.
    """
    global _queued  # noqa: PLW0603 - as standard error, it is the process's
    if isinstance(sys.stderr, QueuedStream):
        return
    with contextlib.suppress(OSError, ValueError, AttributeError):
        _queued = QueuedStream(sys.stderr, on_dropped=on_dropped)
        sys.stderr = _queued
        atexit.register(_queued.settle)


def dropped_lines() -> int:
    """Return how many log lines were dropped because nobody read the log."""
    return 0 if _queued is None else _queued.dropped


def flush_within(seconds: float) -> None:
    """Write what the standard streams still hold, as far as that takes no longer."""

    def flush() -> None:
        if _queued is not None:
            _queued.settle()
        for stream in (sys.stderr, sys.stdout):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()

    flushing = threading.Thread(target=flush, name="flush", daemon=True)
    flushing.start()
    flushing.join(seconds)


def end_after(seconds: float, end: Callable[[], None]) -> None:
    """Call ``end`` after so long, unless the process has ended by then, whatever else hangs."""

    def wait() -> None:
        time.sleep(seconds)
        end()

    threading.Thread(target=wait, name="grace", daemon=True).start()
