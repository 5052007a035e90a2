"""The web pages of the daemon; those of a stand-by wait for the port of the one that leads."""

import asyncio
import contextlib
import time

from monitor.app.logs import get_logger
from monitor.daemon.books import Books
from monitor.web.answers import Answers
from monitor.web.server import ListenError, PortTakenError, WebServer

_AGAIN_S = 1.0
_LEADING_S = 3.0
_LOOK_S = 0.1


class Pages:
    """Answers at the address as soon as it can be had.

    Where another process schedules the same store, it may well be the one that listens there: by
    the same configuration, on the same machine. Then the port is waited for, else ListenError.
    """

    def __init__(self, address: tuple[str, int], answers: Answers, books: Books) -> None:
        self._address = address
        self._answers = answers
        self._ended = asyncio.Event()
        self._server: WebServer | None = None
        try:
            self._server = WebServer(address, answers)
        except PortTakenError as exc:
            if not _is_led(books):
                raise
            get_logger().warning("port taken", reason=str(exc))

    @property
    def url(self) -> str | None:
        """Where they are; None as long as the port is waited for."""
        return None if self._server is None else self._server.url

    async def serve(self) -> None:
        """Answer until ``stop`` is called."""
        while self._server is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), _AGAIN_S)
                return
            with contextlib.suppress(ListenError):
                self._server = WebServer(self._address, self._answers)
                get_logger().info("listening", listen=self._server.url)
        await self._server.serve()

    def stop(self) -> None:
        """Let ``serve`` come to its end."""
        self._ended.set()
        if self._server is not None:
            self._server.stop()


def _is_led(books: Books) -> bool:
    """Tell whether another process schedules the store, or soon does: it may just have begun."""
    until = time.monotonic() + _LEADING_S
    while books.keeper.rival() is None:
        if time.monotonic() >= until:
            return False
        time.sleep(_LOOK_S)
    return True
