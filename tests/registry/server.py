"""A replica on a loopback port, in a thread of its own; and addresses where nobody answers."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from tests.registry.replica import Replica

LOOPBACK = "127.0.0.1"
NO_SUCH_HOST = "http://no-such-host.invalid"
"""A base URL whose name is never found (RFC 6761)."""
_GRACE_S = 2
_STOP_S = 15


class ReplicaServer:
    """Serves a replica over HTTP/1.1; a context manager that yields itself.

    ``base_url`` is good as soon as the server exists: the port listens from the start, and
    what connects early waits. Leaving the context stops the server, whatever is under way,
    and raises the first error of the replica itself, should there be one.
    """

    def __init__(self, replica: Replica, *, port: int = 0) -> None:
        self.replica = replica
        self._socket = socket.create_server((LOOPBACK, port))
        # asyncio sees to it for its own sockets alone; without it an answer waits 40 ms for an ACK.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port = int(self._socket.getsockname()[1])
        self.base_url = f"http://{LOOPBACK}:{self.port}"
        self._transports: dict[tuple[str, int], asyncio.Transport] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        config = uvicorn.Config(
            replica, http=self._protocol(), ws="none", lifespan="off", loop="asyncio",
            log_config=None, log_level="critical", access_log=False, server_header=False,
            headers=[("server", "istio-envoy")], timeout_graceful_shutdown=_GRACE_S,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="registry-replica", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if error is None and self.replica.broken:
            raise self.replica.broken[0]

    def start(self) -> None:
        """Begin to answer."""
        self.replica.abort = self._abort
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End what is under way and stop; the port is free afterwards."""
        loop = self._loop
        self._server.should_exit = True
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.replica.stopping.set)
        self._thread.join(_STOP_S)
        self._socket.close()
        if self._thread.is_alive():
            raise RuntimeError("the replica's server did not stop")

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        await self._server.serve(sockets=[self._socket])

    def _abort(self, scope: Scope) -> None:
        """Close a request's connection without a further byte."""
        transport = self._transports.get(scope.get("client") or ("", 0))
        if transport is not None:
            transport.abort()

    def _protocol(self) -> type[asyncio.Protocol]:
        transports = self._transports

        class Protocol(H11Protocol):
            """HTTP/1.1 that lets the replica reach its connections."""

            def connection_made(  # type: ignore[override]  # as uvicorn's own
                self, transport: asyncio.Transport
            ) -> None:
                super().connection_made(transport)
                if self.client:
                    transports[self.client] = transport

            def connection_lost(self, exc: Exception | None) -> None:
                if self.client:
                    transports.pop(self.client, None)
                super().connection_lost(exc)

        return Protocol


@contextmanager
def closed_port() -> Iterator[str]:
    """Yield a base URL that refuses every connection.

    The port stays bound (nobody else can take it) and nobody listens on it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as held:
        held.bind((LOOPBACK, 0))
        yield f"http://{LOOPBACK}:{held.getsockname()[1]}"
