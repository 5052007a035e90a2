"""Accepting connections: as many as may be, whatever the system has left."""

import asyncio
import errno
import socket
from collections.abc import Callable

from monitor.settings import WebSettings
from monitor.web.connection import ClientConnection
from monitor.web.limits import connections_at_most

# Descriptors come back when something else closes: asking at once would only spin.
_PAUSE_S = 0.5
_LOOK_S = 0.05
# Of the process (EMFILE) or of the system (the others) nothing is left.
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
# accept(2): errors of the new connection, which Linux passes on; the listening socket is well.
_OF_THE_CLIENT = frozenset(
    {
        errno.ECONNABORTED, errno.ECONNRESET, errno.EPERM, errno.EPROTO, errno.ENOPROTOOPT,
        errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EOPNOTSUPP,
        errno.ETIMEDOUT,
    }
)  # fmt: skip

OnFault = Callable[[str, BaseException | None], None]
"""Called with what went wrong, and the error; possibly often with the same."""


class Acceptor:
    """Takes connections in; looks like a server of asyncio to uvicorn.

    asyncio's own server ends in an endless row of errors when the descriptors run out. Here a new
    connection takes the place of the one that has waited longest for its client, so a client that
    asks at once is always answered; while all are being worked for, new ones wait in the
    system's queue.
    """

    def __init__(
        self,
        listening: socket.socket,
        connections: set[ClientConnection],
        protocol: Callable[[], ClientConnection],
        *,
        limits: WebSettings,
        on_fault: OnFault,
    ) -> None:
        self._socket = listening
        self._connections = connections
        self._protocol = protocol
        self._limit = connections_at_most(limits)
        self._on_fault = on_fault
        self._task = asyncio.create_task(self._serve(), name="accept")

    def check(self) -> None:
        """Raise what ended the accepting, if anything did."""
        if self._task.done() and not self._task.cancelled():
            self._task.result()

    def close(self) -> None:
        """Accept nothing any more."""
        self._task.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing is accepted any more."""
        await asyncio.wait({self._task})

    async def _serve(self) -> None:
        self._socket.setblocking(False)
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, _ = await loop.sock_accept(self._socket)
            except OSError as exc:
                await self._refused(exc)
                continue
            try:
                await self._make_room()
                await loop.connect_accepted_socket(self._protocol, accepted)
            except OSError as exc:  # it is gone already, or the system has no room for it
                accepted.close()
                await self._refused(exc)
            except BaseException:
                # Cancelled: the socket must not be left to the garbage collector.
                accepted.close()
                raise

    async def _refused(self, error: OSError) -> None:
        """Wait where the system has nothing left, else go on; raise what is another error."""
        if error.errno in _EXHAUSTED:
            self._on_fault(f"no connection can be taken: {error.strerror}", None)
            self._close_longest_waiting()
            await asyncio.sleep(_PAUSE_S)
        elif error.errno in _OF_THE_CLIENT:
            # A client that opens and resets connections in a row must not keep the event loop to
            # itself.
            await asyncio.sleep(0)
        else:
            raise error

    async def _make_room(self) -> None:
        """Wait until one more connection may be had; close the one that waits longest."""
        while len(self._connections) >= self._limit:
            closed = self._close_longest_waiting()
            # `abort` takes effect in the next round of the event loop.
            await asyncio.sleep(0 if closed else _LOOK_S)

    def _close_longest_waiting(self) -> bool:
        waiting = [
            (since, connection)
            for connection in self._connections
            if (since := connection.waiting_since) is not None
        ]
        if not waiting:
            return False
        min(waiting, key=lambda one: one[0])[1].abort()
        return True
