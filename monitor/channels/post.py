"""One POST to one place: the address checked, then connected to, and no redirect followed.

The standard library's HTTP client does this best: it takes a socket that is connected already,
so the address that was checked is the one that is spoken to, whatever the name service answers
later (DNS rebinding), while Host and SNI stay the name's. Every message has a connection of its
own: on one that is used again, nobody can tell whether a message was taken before it closed.
"""

import contextlib
import http.client
import io
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message as HeaderFields
from typing import Any, TypeVar

from monitor import __version__
from monitor.channels.addresses import Resolve, resolve
from monitor.channels.connect import connect
from monitor.deadlines.sockets import ByteLimit, ByteLimitError, SocketHandle, wrap_tls
from monitor.errors import DeliveryError
from monitor.settings.endpoints import Place, is_public
from monitor.settings.sections import DELIVERY_DEFAULTS

_READ_BYTES = 4096

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostResponse:
    """What the service said; ``body`` is its beginning, at most a few KB."""

    status: int
    headers: HeaderFields
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """Posts to one place.

    ``timeout_s`` bounds the connecting, and afterwards each silence; ``cut`` ends what takes
    longer as a whole. ``answer_limit_bytes``: of the headers and the little that is read of a
    body. ``allow_private``: addresses of private and loopback ranges too. ``context``: of TLS;
    without it the system's certificates are read anew for every message.
    """

    place: Place
    timeout_s: float
    context: ssl.SSLContext | None = None
    allow_private: bool = False
    resolve: Resolve = resolve
    answer_limit_bytes: int = DELIVERY_DEFAULTS.answer_limit_bytes
    line: SocketHandle = field(default_factory=SocketHandle, init=False)

    def post(self, body: bytes, headers: Mapping[str, str]) -> PostResponse:
        """Send the body and return the answer, whatever its status.

        DeliveryError when there is none; permanent when the place must not be spoken to.
        """
        return self._converse(lambda sock: self._exchange(sock, body, headers))

    def reach(self) -> None:
        """Connect, with TLS where the place asks for it, and hang up; nothing is asked.

        DeliveryError as of ``post``.
        """
        self._converse(lambda _: None)

    def cut(self) -> None:
        """Shut the connection down under what is being said, from another thread."""
        self.line.cut()

    def _converse(self, speak: Callable[[socket.socket], Result]) -> Result:
        self.line.renew()
        try:
            with contextlib.closing(self._connect(self._resolve_addresses())) as sock:
                return speak(sock)
        except (OSError, UnicodeError, http.client.HTTPException) as exc:
            raise self._to_delivery_error(exc) from None

    def _resolve_addresses(self) -> list[str]:
        """Return the addresses to connect to; one that is refused refuses them all."""
        found = list(self.resolve(self.place.host, self.place.port))
        if not found:
            raise OSError("the name has no address")
        # SSRF: a name that others control may point to a cloud's metadata service
        # (169.254.169.254) or to a database inside our network. One such address refuses them
        # all, or chance would decide.
        if not self.allow_private and not all(map(is_public, found)):
            message = (
                f"{self.place.shown} is an address of a private or special range, which is "
                "refused; allow_private = true in the configuration allows it"
            )
            raise DeliveryError(message, permanent=True)
        return found

    def _connect(self, addresses: list[str]) -> socket.socket:
        plain = connect(addresses, self.place.port, within_s=self.timeout_s)
        # Before the handshake, which can hang as well.
        self.line.use(plain)
        if not self.place.tls:
            return plain
        context = self.context or ssl.create_default_context()
        return wrap_tls(plain, context, self.place.host, self.line)

    def _exchange(
        self, sock: socket.socket, body: bytes, headers: Mapping[str, str]
    ) -> PostResponse:
        # It never connects by itself: its socket is set before the first request.
        connection = http.client.HTTPConnection(self.place.host, self.place.port)
        connection.sock = _CountingSocket(sock, ByteLimit(self.answer_limit_bytes))
        connection.request(
            "POST",
            self.place.target,
            body,
            {
                "Host": self.place.authority,
                "User-Agent": f"trial-monitor/{__version__}",
                "Connection": "close",
                **headers,
            },
        )
        response = connection.getresponse()
        words = b""
        with contextlib.closing(response), contextlib.suppress(OSError, http.client.HTTPException):
            # The status has decided; a body that breaks off must not repeat what was taken.
            words = response.read(_READ_BYTES)
        return PostResponse(status=response.status, headers=response.msg, body=words)

    def _to_delivery_error(self, exc: Exception) -> DeliveryError:
        reason = _reason(exc)
        if isinstance(exc, ByteLimitError):
            limit = f"{self.answer_limit_bytes >> 10:,} KB"
            reason = f"more than {limit} came before the answer's body (delivery.answer_limit_kb)"
        return DeliveryError(f"{self.place.shown}: {reason}", permanent=False)


class _CountingSocket:
    """What the HTTP client needs of a socket; the maker of the socket closes it."""

    def __init__(self, sock: socket.socket, limit: ByteLimit) -> None:
        self._sock = sock
        self._limit = limit

    def sendall(self, data: Any) -> None:
        """Send all of it."""
        self._sock.sendall(data)

    def makefile(self, *_: str) -> io.BufferedReader:
        """Return what reads, and counts."""
        return io.BufferedReader(self._limit.reader(self._sock))

    def close(self) -> None:
        """Leave it open."""


def _reason(exc: Exception) -> str:
    """Say what went wrong, in words that hold nothing of what was sent."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError):
        return f"TLS failed: {exc.reason}"
    if isinstance(exc, TimeoutError):
        return "timed out"
    if isinstance(exc, http.client.RemoteDisconnected):
        return "the connection was closed without an answer"
    if isinstance(exc, http.client.HTTPException):
        return "what came is no HTTP answer"
    if isinstance(exc, OSError) and exc.strerror:
        return exc.strerror
    # A plain OSError without `strerror` is one of ours; the words of others could hold anything.
    return str(exc) if type(exc) is OSError else "it cannot be reached"
