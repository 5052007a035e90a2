"""Threads that are abandoned when their work does not end in time.

Python cannot stop a thread. So work runs in one of its own; at the deadline its caller goes on
without it, and ``AbandonedThreads`` limits how many such threads a process may have.
``sources.http`` and ``channels`` run their requests so.
"""

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

# After `cut`, time for the library to notice the closed socket and raise its own error.
_GRACE_S = 1.0
# A future cannot be waited for together with an event: `stop` is polled.
_STOP_POLL_S = 0.1

Value = TypeVar("Value")
Result = TypeVar("Result")


class LateError(MonitorError):
    """The work failed because it was ended at its deadline; ``__cause__``: how it failed."""


class AbandonedError(MonitorError):
    """The work did not end at its deadline, and its thread was abandoned.

    ``late``: has what the work returns or raises, should it ever end. ``is_last``: no other
    thread may be abandoned before one of the abandoned ones ends.
    """

    def __init__(self, late: "Future[Any]", *, is_last: bool) -> None:
        super().__init__("given up")
        self.late = late
        self.is_last = is_last


class TooManyAbandonedError(MonitorError):
    """The limit of abandoned threads is reached: the work was not begun."""


@dataclass(slots=True)
class _WorkItem:
    work: Callable[[Any], Any]
    future: "Future[Any]" = field(default_factory=Future)
    is_done: bool = False
    is_abandoned: bool = False


class AbandonedThreads:
    """Counts the threads that were abandoned and have not ended; never more than ``limit``."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        # A condition and not a semaphore: a waiter has to see whether the running threads end
        # or are abandoned.
        self._changed = threading.Condition()
        self._running = 0
        self._abandoned = 0

    @property
    def count(self) -> int:
        """The number of abandoned threads now."""
        return self._abandoned

    def enter(self) -> None:
        """Reserve a place for a thread; TooManyAbandonedError where none is left.

        While running threads have the last places, it waits for them: they have deadlines.
        """
        with self._changed:
            while self._abandoned + self._running >= self.limit:
                if self._abandoned >= self.limit:
                    raise TooManyAbandonedError(f"{self.limit} threads were given up")
                self._changed.wait()
            self._running += 1

    def leave(self, item: _WorkItem) -> bool:
        """Free the place, or keep it where the item is not done; return whether it was done."""
        with self._changed:
            self._running -= 1
            if not item.is_done:
                item.is_abandoned = True
                self._abandoned += 1
            self._changed.notify_all()
            return item.is_done

    def end(self, item: _WorkItem) -> None:
        """Mark an item as done; if it was abandoned, its place is free again."""
        with self._changed:
            item.is_done = True
            if item.is_abandoned:
                self._abandoned -= 1
                self._changed.notify_all()


class BoundedThread(Generic[Value]):
    """A thread that opens a resource and runs one work item with it after the other.

    What ``opened`` returns is entered with the first item and left with the last, in the thread.
    ``cut`` is called from outside when an item is late: it makes the item fail, or returns False
    where it cannot.
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
        # Empty until the thread has opened it: it may be any value, None too.
        self._value: list[Value] = []
        self._items: queue.SimpleQueue[_WorkItem | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_abandoned = False

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
        item = _WorkItem(work)
        self._submit(item)
        is_late = not _wait_until_done(item.future, within_s, stop)
        # `cut` may come just when the work ends by itself: what it returns counts then.
        if is_late and self._cut is not None and any(map(self._cut, self._value)):
            wait([item.future], _GRACE_S)
        if not self._abandoned.leave(item):
            self._is_abandoned = True
            is_last = self._abandoned.count >= self._abandoned.limit
            raise AbandonedError(item.future, is_last=is_last)
        error = item.future.exception()
        if is_late and error is not None:
            raise LateError from error
        result: Result = item.future.result()
        return result

    def close(self, *, within_s: float) -> None:
        """Leave what was opened, and end; what fails or takes longer is left behind."""
        if self._thread is not None and not self._is_abandoned:
            with contextlib.suppress(Exception):  # the last item is done; this changes nothing
                self.run(lambda _: self._stack.close(), within_s=within_s)
        self.stop()

    def stop(self) -> None:
        """End when nothing is left to do; waits for nothing."""
        self._items.put(None)

    def _submit(self, item: _WorkItem) -> None:
        if self._thread is None:
            self._thread = threading.Thread(
                # With the caller's context, so that log lines keep the id of their pass. A daemon:
                # an abandoned thread must not keep the process from ending.
                target=copy_context().run,
                args=(self._serve,),
                name=self._name,
                daemon=True,
            )
            self._thread.start()
        self._items.put(item)

    def _serve(self) -> None:
        while (item := self._items.get()) is not None:
            is_abandoned = self._run_item(item)
            del item  # what it returned is the caller's
            if is_abandoned:
                break
        with contextlib.suppress(Exception):  # nobody waits for it any more
            self._stack.close()

    def _run_item(self, item: _WorkItem) -> bool:
        """Run an item; return whether it was abandoned meanwhile."""
        try:
            if not self._value:
                self._value.append(self._stack.enter_context(self._opened()))
            result = item.work(self._value[0])
        except BaseException as exc:  # noqa: BLE001 - raised again where it is waited for
            self._abandoned.end(item)
            item.future.set_exception(exc)
        else:
            self._abandoned.end(item)
            item.future.set_result(result)
        return item.is_abandoned


def _wait_until_done(future: "Future[Any]", within_s: float, stop: threading.Event | None) -> bool:
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
