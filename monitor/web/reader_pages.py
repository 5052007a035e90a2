"""The pages for readers of messages, out of the store by the settings in force."""

from collections.abc import Callable

from monitor.app import App, message_pages
from monitor.web.message_routes import Pages
from monitor.web.store_calls import StoreCalls

Page = Callable[[App], str | None]


class ReaderPages:
    """Answers where ``[delivery] public_url`` is set; else there is no page."""

    def __init__(self, calls: StoreCalls) -> None:
        self._calls = calls

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
        if not self._calls.settings.delivery.public_url:
            return None
        return await self._calls.run(page)
