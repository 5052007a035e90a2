"""The pages for readers of messages, out of the store by the settings in force."""

import asyncio
from collections.abc import Callable
from functools import partial

from monitor.app import App, message_pages
from monitor.daemon.thread_tasks import in_thread
from monitor.web.message_routes import Pages

_AT_A_TIME = 4

Page = Callable[[App], str | None]


class ReaderPages:
    """Answers where ``[delivery] public_url`` is set, a few questions at a time; else not at all.

    ``app`` returns the settings in force.
    """

    def __init__(self, app: Callable[[], App]) -> None:
        self._app = app
        self._turns = asyncio.Semaphore(_AT_A_TIME)

    @property
    def pages(self) -> Pages:
        """Whom to ask for each page."""
        return Pages(
            changes=self._changes,
            message=self._message,
            unsubscribing=self._unsubscribing,
            unsubscribe=self._unsubscribe,
        )

    async def _changes(self, nct_id: str, version: str) -> str | None:
        return await self._ask(lambda app: message_pages.changes(app, nct_id, version))

    async def _message(self, uid: str, token: str) -> str | None:
        return await self._ask(lambda app: message_pages.message(app, uid, token))

    async def _unsubscribing(self, uid: str, token: str) -> str | None:
        return await self._ask(lambda app: message_pages.unsubscribing(app, uid, token))

    async def _unsubscribe(self, uid: str, token: str) -> str | None:
        return await self._ask(lambda app: message_pages.unsubscribe(app, uid, token))

    async def _ask(self, page: Page) -> str | None:
        app = self._app()
        if not app.settings.delivery.public_url:
            return None
        await self._turns.acquire()
        asked = in_thread("page", partial(page, app))
        # Who gives up waiting leaves the thread behind; its turn ends when the thread does.
        asked.add_done_callback(lambda _: self._turns.release())
        return await asyncio.shield(asked)
