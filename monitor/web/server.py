"""The HTTP server, in its caller's event loop."""

import asyncio
import errno
import math
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from monitor.errors import MonitorError
from monitor.settings import WebSettings
from monitor.web.acceptor import Acceptor, OnFault
from monitor.web.connection import ClientConnection
from monitor.web.limits import HEADER_BYTES, UNREAD_BYTES
from monitor.web.request_guard import Guard

Application = ASGIApp

_GRACE_S = 2
# Who waits in the system's queue while all connections are in use; the system may allow fewer
# (net.core.somaxconn).
_BACKLOG = 1024


class ListenError(MonitorError):
    """The server cannot listen where it should."""


class PortTakenError(ListenError):
    """Another process listens there."""


def _ignore(reason: str, error: BaseException | None) -> None:
    del reason, error


class WebServer:
    """Answers over HTTP/1.1 on one address, within limits.

    ``address``: host and port, 0 for any free one. The port is taken at once; ListenError when
    it cannot be had, which says where else with ``remedy``. ``serve`` does the
    answering until ``stop`` is called. ``on_fault`` is called with what goes wrong meanwhile.
    """

    def __init__(
        self,
        address: tuple[str, int],
        application: Application,
        *,
        limits: WebSettings | None = None,
        on_fault: OnFault = _ignore,
        remedy: str = "listen on another address",
    ) -> None:
        limits = limits or WebSettings()
        self._socket = _listen(address, remedy)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        config = uvicorn.Config(
            Guard(application, timeout_s=limits.request_timeout_s, on_fault=on_fault),
            http=ClientConnection, ws="none", lifespan="off", loop="none",
            # The event loop, signals and the log are the daemon's.
            log_config=None, log_level="critical", access_log=False, server_header=False,
            # X-Forwarded-For is read in clients.py, and only of trusted proxies.
            proxy_headers=False, timeout_graceful_shutdown=_GRACE_S,
            timeout_keep_alive=math.ceil(limits.header_timeout_s),
            h11_max_incomplete_event_size=HEADER_BYTES,
        )  # fmt: skip
        self._server = _UvicornServer(config, limits=limits, on_fault=on_fault)

    @property
    def url(self) -> str:
        """Where it answers: ``http://127.0.0.1:8080``."""
        return f"http://{address_text(self.address)}"

    async def serve(self) -> None:
        """Answer until ``stop`` is called, then end what is being answered."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            await self._server.drop()
            self._socket.close()

    def stop(self) -> None:
        """Let ``serve`` come to its end; any thread may ask for it."""
        self._server.should_exit = True

    def close(self) -> None:
        """Give the port back without ever having served."""
        self._socket.close()


class _UvicornServer(uvicorn.Server):
    """Bounds its connections, and leaves signals to the program that it runs in."""

    def __init__(self, config: uvicorn.Config, *, limits: WebSettings, on_fault: OnFault) -> None:
        super().__init__(config)
        self._limits = limits
        self._on_fault = on_fault
        self._connections: set[Any] = self.server_state.connections
        self._acceptor: Acceptor | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The daemon handles signals; another thread than the main one cannot.
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections."""
        (listening,) = sockets or []
        self._acceptor = Acceptor(
            listening, self._connections, self._connection,
            limits=self._limits, on_fault=self._on_fault,
        )  # fmt: skip
        listening.listen(_BACKLOG)
        self.servers: list[Any] = [self._acceptor]
        self.started = True

    def _connection(self) -> ClientConnection:
        return ClientConnection(config=self.config, server_state=self.server_state, app_state={})

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections, ten times a second; tell whether to end."""
        if self._acceptor is not None:
            self._acceptor.check()
        now = time.monotonic()
        # A copy: connections that are closed leave the set.
        for connection in list(self._connections):
            connection.check(
                now,
                header_timeout_s=self._limits.header_timeout_s,
                request_timeout_s=self._limits.request_timeout_s,
            )
        self._drop_unread()
        return await super().on_tick(counter)

    async def drop(self) -> None:
        """Close whatever is still open, also after a fault."""
        if self._acceptor is not None:
            self._acceptor.close()
        for connection in list(self._connections):
            connection.abort()
        # `abort` closes in the next round of the event loop.
        await asyncio.sleep(0)

    def _drop_unread(self) -> None:
        """Close those who leave most unread, as long as all together leave too much."""
        # By id where sizes are equal: connections themselves cannot be compared.
        unread = sorted(
            ((one.unread_bytes, id(one), one) for one in self._connections), reverse=True
        )
        total = sum(size for size, _, _ in unread)
        for size, _, connection in unread:
            if total <= UNREAD_BYTES:
                return
            connection.abort()
            total -= size


def _listen(address: tuple[str, int], remedy: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        return socket.create_server(address, family=family, backlog=_BACKLOG)
    except OSError as exc:
        # The words that Python adds to the system's say the address once more.
        system = exc.errno is not None and exc.errno > 0  # not one of a name service
        reason = os.strerror(exc.errno or 0) if system else exc.strerror or str(exc)
        kind = PortTakenError if exc.errno == errno.EADDRINUSE else ListenError
        raise kind(f"cannot listen on {address_text(address)} ({reason}); {remedy}") from exc


def address_text(address: tuple[str, int]) -> str:
    """Write an address as a URL has it: ``127.0.0.1:8080``, ``[::1]:8080``."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
