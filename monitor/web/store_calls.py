"""Work on the store that requests ask for: in threads, a few pieces at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from monitor.app import App
from monitor.settings import Settings
from monitor.store.engine import ReaderPool
from monitor.threads import in_thread

Result = TypeVar("Result")

# Each takes a connection of the database, of which passes and deliveries need some, too.
_AT_A_TIME = 4


class StoreCalls:
    """Runs work on the store, which blocks, while the event loop answers others.

    ``app`` returns the monitor with the settings in force.
    """

    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app
        self._turns = asyncio.Semaphore(_AT_A_TIME)
        self._pool = ReaderPool(_AT_A_TIME)

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._app().settings

    async def run(self, work: Callable[[App], Result]) -> Result:
        """Return what the work returns, or raise what it raises."""
        await self._turns.acquire()
        running = in_thread("page", partial(work, replace(self._app(), reader_pool=self._pool)))
        # Who gives up waiting leaves the thread behind; its turn ends when the thread does.
        running.add_done_callback(lambda _: self._turns.release())
        # A request that ran out of time is cancelled; its thread cannot be.
        return await asyncio.shield(running)
