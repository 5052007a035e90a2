"""Blocking work seen from the event loop: every piece in a thread at once, none waits."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")

# More than there are ever pieces of work at a time, so that none is queued. A thread that is idle
# is used again: one for each piece would take memory pools and codecs of its own every time.
_THREADS = ThreadPoolExecutor(max_workers=1_000, thread_name_prefix="idle")


def in_thread(name: str, work: Callable[[], Result]) -> "asyncio.Future[Result]":
    """Start the work in a thread of that name; the future has what it returns or raises.

    Nothing is queued, so that no piece ever waits for another one. The thread sees the
    caller's context variables.
    """
    started = _THREADS.submit(partial(copy_context().run, _named, name, work))
    ended = asyncio.wrap_future(started)
    ended.add_done_callback(_seen)
    return ended


def _named(name: str, work: Callable[[], Result]) -> Result:
    """Do the work in a thread that bears its name meanwhile, for who looks at the process."""
    thread = threading.current_thread()
    thread.name, idle = name, thread.name
    try:
        return work()
    finally:
        thread.name = idle


def _seen(ended: "asyncio.Future[Any]") -> None:
    """Look at a failure, so that asyncio does not complain when nobody else does any more."""
    if not ended.cancelled():
        ended.exception()


class ThreadTasks:
    """What is under way, by name: one piece of a name at a time."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Future[Any]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What is under way; any thread may ask."""
        return tuple(self._running)

    def start(self, name: str, work: Callable[[], Result]) -> "asyncio.Future[Result] | None":
        """Start a piece of work; None when the last one of that name is still under way."""
        if name in self._running:
            return None
        started = in_thread(name, work)
        self._running[name] = started
        started.add_done_callback(lambda _: self._running.pop(name, None))
        return started

    async def settled(self, within_s: float) -> tuple[str, ...]:
        """Wait until nothing is under way; return what still is after that time."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=within_s)
        return self.names
