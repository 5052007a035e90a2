"""Shut a socket down from another thread, and limit what is received from it.

A read that waits returns only when its socket is shut down. HTTP and mail clients give their
sockets to a ``SocketHandle``; ``threads`` calls it when their time is over.
"""

import contextlib
import io
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl  # who only cuts connections does without loading it


class SocketHandle:
    """The socket of a connection, as far as it is known; any thread may shut it down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def use(self, connected: object) -> None:
        """Set the socket of a new connection; after ``cut`` it is shut down at once."""
        sock = getattr(connected, "socket", connected)  # TLS in TLS wraps the real one
        with self._lock:
            self._socket = sock if isinstance(sock, socket.socket) else None
            if self._cut:
                self._shut_down()

    def cut(self) -> None:
        """Shut the connection down, from any thread, now or as soon as there is one."""
        with self._lock:
            self._cut = True
            self._shut_down()

    @property
    def is_cut(self) -> bool:
        """Whether the connection was shut down."""
        return self._cut

    def renew(self) -> None:
        """Clear an earlier ``cut``, before another connection."""
        with self._lock:
            self._cut = False

    def _shut_down(self) -> None:
        if self._socket is not None:
            # Not SSLSocket's own method: it takes the TLS state away from under the reader.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def wrap_tls(
    sock: socket.socket, context: "ssl.SSLContext", host: str, handle: SocketHandle
) -> "ssl.SSLSocket":
    """Return the socket in TLS; the handle has it before the handshake, which may hang."""
    # Not in one call: `wrap_socket` with the handshake returns the socket only after it, and a
    # server that is silent in the handshake could not be cut off.
    wrapped = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    handle.use(wrapped)
    try:
        wrapped.do_handshake()
    except BaseException:
        wrapped.close()
        raise
    return wrapped


class ByteLimitError(OSError):
    """The other side sent more than the limit."""


class ByteLimit:
    """Counts what one conversation receives; ``limit``: the most bytes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.received = 0

    def renew(self) -> None:
        """Count from 0 again, for another connection."""
        self.received = 0

    def reader(self, sock: socket.socket) -> io.RawIOBase:
        """Return a reader of the socket, to be buffered; beyond the limit it is ByteLimitError."""
        return _LimitedReader(sock, self)


class _LimitedReader(io.RawIOBase):
    """Reads from a socket up to a byte limit."""

    def __init__(self, sock: socket.socket, limit: ByteLimit) -> None:
        self._sock = sock
        self._limit = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        # Before the read: the last buffer may exceed the limit, the next read then fails.
        if self._limit.received > self._limit.limit:
            raise ByteLimitError
        count = self._sock.recv_into(buffer)
        self._limit.received += count
        return count
