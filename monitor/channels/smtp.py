"""smtplib's client, on a connection that can be ended and that is counted."""

import io
import smtplib
import socket
import ssl
from typing import cast

from monitor.channels.addresses import resolve
from monitor.channels.connect import connect
from monitor.deadlines.sockets import ByteLimit, SocketHandle, wrap_tls


class ConnectionLimits:
    """What a session talks over: ``handle`` ends it, ``limit`` counts what the server says."""

    def __init__(self, limit_bytes: int) -> None:
        self.handle = SocketHandle()
        self.limit = ByteLimit(limit_bytes)

    def renew(self) -> None:
        """Begin another conversation on the same session, or on a new one."""
        self.handle.renew()
        self.limit.renew()


class WatchedSmtp(smtplib.SMTP):
    """A session over a line. ``tls``: from the first byte; ``timeout_s``: the longest silence."""

    def __init__(
        self,
        line: ConnectionLimits,
        place: tuple[str, int],
        *,
        hello: str,
        timeout_s: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._line = line
        self._tls = tls
        super().__init__(*place, local_hostname=hello, timeout=timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect; smtplib's own place for it."""
        sock = connect(resolve(host, port), port, within_s=timeout)
        self._line.handle.use(sock)
        if self._tls is None:
            return sock
        return wrap_tls(sock, self._tls, host, self._line.handle)

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Go on in TLS, as ``starttls``; the handshake can be ended too."""
        # smtplib calls `wrap_socket` and nothing else; ours lets `cut` reach the handshake.
        self.starttls(context=cast("ssl.SSLContext", _Handshake(context, self._line.handle)))

    def getreply(self) -> tuple[int, bytes]:
        """Return the server's answer; counts what came of it."""
        # smtplib opens its file when it needs one, anew after STARTTLS: ours counts in its place.
        if self.file is None and self.sock is not None:
            self.file = _Lines(self._line.limit.reader(self.sock))
        return super().getreply()


class _Lines(io.BufferedReader):
    """Reads whole lines: what breaks off in the middle is no answer, though it begin with 250."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        return line if line.endswith(b"\n") or len(line) == size else b""


class _Handshake:
    """The one thing that smtplib wants of a context."""

    def __init__(self, context: ssl.SSLContext, handle: SocketHandle) -> None:
        self._context = context
        self._handle = handle

    def wrap_socket(self, sock: socket.socket, *, server_hostname: str) -> ssl.SSLSocket:
        """Shake hands over the socket."""
        return wrap_tls(sock, self._context, server_hostname, self._handle)
