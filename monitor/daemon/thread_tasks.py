"""Blocking work of the daemon that must not run twice at a time."""

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from monitor.threads import in_thread

Result = TypeVar("Result")


class ThreadTasks:
    """What is under way, by name: one piece of a name at a time."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Future[Any]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """What is under way; any thread may ask."""
        # Copied in one step: other threads ask while the event loop changes it.
        return tuple(self._running)

    def start(self, name: str, work: Callable[[], Result]) -> "asyncio.Future[Result] | None":
        """Start a piece of work; None when the last one of that name is still under way."""
        if name in self._running:
            return None
        started = in_thread(name, work)
        self._running[name] = started
        # Called in the event loop, like `start`, so no lock is needed.
        started.add_done_callback(lambda _: self._running.pop(name, None))
        return started

    async def wait(self, within_s: float) -> tuple[str, ...]:
        """Wait until nothing is under way; return what still is after that time."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=within_s)
        return self.names
