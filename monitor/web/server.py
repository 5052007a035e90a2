"""The HTTP server, in the event loop of whoever starts it."""

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from monitor.errors import MonitorError
from monitor.web.answers import Answers, application

_GRACE_S = 2


class ListenError(MonitorError):
    """The server cannot listen where it should."""


class PortTakenError(ListenError):
    """Another process listens there."""


class WebServer:
    """Answers over HTTP/1.1 on one address.

    ``address``: host and port, 0 for any free one. The port is taken at once; ListenError when
    it cannot be had. ``serve`` does the answering until ``stop`` is called.
    """

    def __init__(self, address: tuple[str, int], answers: Answers) -> None:
        self._socket = _listening(address)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        config = uvicorn.Config(
            application(answers), http="h11", ws="none", lifespan="off", loop="none",
            log_config=None, access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )  # fmt: skip
        self._server = _Server(config)

    @property
    def url(self) -> str:
        """Where it answers: ``http://127.0.0.1:8080``."""
        return f"http://{written(self.address)}"

    async def serve(self) -> None:
        """Answer until ``stop`` is called, then end what is being answered."""
        try:
            await self._server.serve(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """Let ``serve`` come to its end."""
        self._server.should_exit = True

    def close(self) -> None:
        """Give the port back without ever having served."""
        self._socket.close()


class _Server(uvicorn.Server):
    """Leaves signals to the program that it runs in."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening(address: tuple[str, int]) -> socket.socket:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        return socket.create_server(address, family=family)
    except OSError as exc:
        # The words that Python adds to the system's say the address once more.
        system = exc.errno is not None and exc.errno > 0  # not one of a name service
        reason = os.strerror(exc.errno or 0) if system else exc.strerror or str(exc)
        kind = PortTakenError if exc.errno == errno.EADDRINUSE else ListenError
        raise kind(
            f"cannot listen on {written(address)} ({reason}); set [web] listen to another address,"
            ' or to "" for none'
        ) from exc


def written(address: tuple[str, int]) -> str:
    """Write an address as a URL has it: ``127.0.0.1:8080``, ``[::1]:8080``."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
