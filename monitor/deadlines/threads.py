"""Threads that are given up when what they do does not end in time."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from monitor.errors import MonitorError

_GRACE_S = 1.0
_STOP_POLL_S = 0.1

Value = TypeVar("Value")
Result = TypeVar("Result")


class LateError(MonitorError):
    """The work failed because it was ended at its deadline; ``__cause__``: how it failed."""


class AbandonedError(MonitorError):
    """The work did not end at its deadline, and its thread was given up.

    ``late``: has what the work returns or raises, should it ever end. ``is_last``: no other
    thread may be given up before one of those given up ends.
    """

    def __init__(self, late: "Future[Any]", *, is_last: bool) -> None:
        super().__init__("given up")
        self.late = late
        self.is_last = is_last


class TooManyAbandonedError(MonitorError):
    """As many threads as may be were given up and have not ended: nothing was begun."""


@dataclass(slots=True)
class _Piece:
    work: Callable[[Any], Any]
    future: "Future[Any]" = field(default_factory=Future)
    is_over: bool = False
    is_abandoned: bool = False


class AbandonedThreads:
    """Counts the threads that were given up and have not ended; never more than ``limit``."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._changed = threading.Condition()
        self._running = 0
        self._abandoned = 0

    @property
    def count(self) -> int:
        """How many there are now."""
        return self._abandoned

    def enter(self) -> None:
        """Take the right to give a thread up; TooManyAbandonedError where there is none left.

        While others hold the last of these rights, it waits for them: they have deadlines.
        """
        with self._changed:
            while self._abandoned + self._running >= self.limit:
                if self._abandoned >= self.limit:
                    raise TooManyAbandonedError(f"{self.limit} threads were given up")
                self._changed.wait()
            self._running += 1

    def leave(self, piece: _Piece) -> bool:
        """Give the right back, or use it where the piece is not over; tell whether it was."""
        with self._changed:
            self._running -= 1
            if not piece.is_over:
                piece.is_abandoned = True
                self._abandoned += 1
            self._changed.notify_all()
            return piece.is_over

    def end(self, piece: _Piece) -> None:
        """Note that a piece is over; if it was given up, there is one fewer."""
        with self._changed:
            piece.is_over = True
            if piece.is_abandoned:
                self._abandoned -= 1
                self._changed.notify_all()


class BoundedThread(Generic[Value]):
    """A thread that opens something and does one piece of work with it after the other.

    What ``opened`` returns is entered with the first piece and left with the last, in the thread.
    ``cut`` is called from outside when a piece is late: it makes the piece fail, or tells that it
    cannot (False).
    The thread never keeps the process from ending. After AbandonedError it takes no more work.
    """

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[Value]],
        *,
        name: str,
        abandoned: AbandonedThreads,
        cut: Callable[[Value], bool] | None = None,
    ) -> None:
        self._opened = opened
        self._name = name
        self._abandoned = abandoned
        self._cut = cut
        self._stack = ExitStack()
        self._value: list[Value] = []
        self._pieces: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_given_up = False

    def run(
        self,
        work: Callable[[Value], Result],
        *,
        within_s: float,
        stop: threading.Event | None = None,
    ) -> Result:
        """Return what the work returns, or raise what it raises, within so many seconds.

        When ``stop`` is set, the time is over at once. LateError when it had to be ended,
        AbandonedError when it could not be, and TooManyAbandonedError when it must not begin.
        """
        self._abandoned.enter()
        piece = _Piece(work)
        self._begin(piece)
        is_late = not _ends(piece.future, within_s, stop)
        if is_late and self._cut is not None and any(map(self._cut, self._value)):
            wait([piece.future], _GRACE_S)
        if not self._abandoned.leave(piece):
            self._is_given_up = True
            is_last = self._abandoned.count >= self._abandoned.limit
            raise AbandonedError(piece.future, is_last=is_last)
        error = piece.future.exception()
        if is_late and error is not None:
            raise LateError from error
        result: Result = piece.future.result()
        return result

    def close(self, *, within_s: float) -> None:
        """Leave what was opened, and end; what fails or takes longer is left behind."""
        if self._thread is not None and not self._is_given_up:
            with contextlib.suppress(Exception):  # the last piece is over; this changes nothing
                self.run(lambda _: self._stack.close(), within_s=within_s)
        self.stop()

    def stop(self) -> None:
        """End when nothing is left to do; waits for nothing."""
        self._pieces.put(None)

    def _begin(self, piece: _Piece) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                target=copy_context().run, args=(self._serve,), name=self._name, daemon=True
            )
            self._thread.start()
        self._pieces.put(piece)

    def _serve(self) -> None:
        while (piece := self._pieces.get()) is not None:
            is_abandoned = self._do(piece)
            del piece  # what it returned is the caller's
            if is_abandoned:
                break
        with contextlib.suppress(Exception):  # nobody waits for it any more
            self._stack.close()

    def _do(self, piece: _Piece) -> bool:
        """Do a piece; tell whether it was given up meanwhile."""
        try:
            if not self._value:
                self._value.append(self._stack.enter_context(self._opened()))
            result = piece.work(self._value[0])
        except BaseException as exc:  # noqa: BLE001 - raised again where it is waited for
            self._abandoned.end(piece)
            piece.future.set_exception(exc)
        else:
            self._abandoned.end(piece)
            piece.future.set_result(result)
        return piece.is_abandoned


def _ends(future: "Future[Any]", within_s: float, stop: threading.Event | None) -> bool:
    """Wait for the end, for so long at most and no longer than ``stop`` is not set."""
    end = time.monotonic() + within_s
    while not future.done():
        left_s = end - time.monotonic()
        if left_s <= 0 or (stop is not None and stop.is_set()):
            return False
        wait([future], left_s if stop is None else min(left_s, _STOP_POLL_S))
    return True


def run_bounded(
    work: Callable[[], Result], *, name: str, within_s: float, abandoned: AbandonedThreads
) -> Result:
    """Return what the work returns within so many seconds; raises as ``BoundedThread.run``."""
    thread = BoundedThread(contextlib.nullcontext, name=name, abandoned=abandoned)
    try:
        return thread.run(lambda _: work(), within_s=within_s)
    finally:
        thread.stop()
