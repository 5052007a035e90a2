"""One POST to one place: the address checked, then connected to, and no redirect followed.

The standard library's HTTP client does this best: it takes a socket that is connected already,
so the address that was checked is the one that is spoken to, whatever the name service answers
later (DNS rebinding), while Host and SNI stay the name's. Every message has a connection of its
own: on one that is used again, nobody can tell whether a message was taken before it closed.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message as HeaderFields
from typing import TypeVar

from monitor import __version__
from monitor.channels.addresses import Resolve, is_public, resolve
from monitor.channels.place import Place
from monitor.errors import DeliveryError

_READ_BYTES = 4096

Said = TypeVar("Said")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service said; ``body`` is its beginning, at most a few KB."""

    status: int
    headers: HeaderFields
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Poster:
    """Posts to one place.

    ``timeout_s`` bounds everything from the connect to the answer; the name service takes its
    own time. ``allow_private``: addresses of private and loopback ranges too. ``context``: of
    TLS; without it the system's certificates are read anew for every message.
    """

    place: Place
    timeout_s: float
    context: ssl.SSLContext | None = None
    allow_private: bool = False
    resolve: Resolve = resolve

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send the body and return the answer, whatever its status.

        DeliveryError when there is none; permanent when the place must not be spoken to.
        """
        return self._connected(lambda sock: self._exchange(sock, body, headers))

    def reach(self) -> None:
        """Connect, with TLS where the place asks for it, and hang up; nothing is asked.

        DeliveryError as of ``post``.
        """
        self._connected(_shake_hands)

    def _connected(self, speak: Callable[[socket.socket], Said]) -> Said:
        end = time.monotonic() + self.timeout_s
        try:
            sock = self._connect(self._checked(), end)
        except (OSError, UnicodeError) as exc:
            raise self._failed(exc) from None
        late = threading.Event()
        try:
            with _cut(sock, end, late), contextlib.closing(sock):
                return speak(sock)
        except (OSError, http.client.HTTPException) as exc:
            if late.is_set():
                message = f"{self.place.shown} did not answer within {self.timeout_s:g} s"
                raise DeliveryError(message, permanent=False) from None
            raise self._failed(exc) from None

    def _checked(self) -> list[str]:
        """Return the addresses to connect to; one that is refused refuses them all."""
        found = list(self.resolve(self.place.host, self.place.port))
        if not found:
            raise OSError("the name has no address")
        if not self.allow_private and not all(map(is_public, found)):
            message = (
                f"{self.place.shown} is an address of a private or special range, which is "
                "refused; allow_private = true in the configuration allows it"
            )
            raise DeliveryError(message, permanent=True)
        return found

    def _connect(self, addresses: list[str], end: float) -> socket.socket:
        last: OSError = OSError("the name has no address")
        for number, address in enumerate(addresses):
            # An address that nobody answers at leaves time for the next.
            left_s = (end - time.monotonic()) / (len(addresses) - number)
            if left_s <= 0:
                raise TimeoutError
            try:
                plain = socket.create_connection((address, self.place.port), left_s)
            except OSError as exc:
                last = exc
                continue
            plain.settimeout(self.timeout_s)
            if not self.place.tls:
                return plain
            # The handshake waits until the clock is watched.
            context = self.context or ssl.create_default_context()
            return context.wrap_socket(
                plain, server_hostname=self.place.host, do_handshake_on_connect=False
            )
        raise last

    def _exchange(self, sock: socket.socket, body: bytes, headers: Mapping[str, str]) -> Answer:
        _shake_hands(sock)
        connection = http.client.HTTPConnection(self.place.host, self.place.port)
        connection.sock = sock
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
        return Answer(status=response.status, headers=response.msg, body=words)

    def _failed(self, exc: Exception) -> DeliveryError:
        return DeliveryError(f"{self.place.shown}: {_reason(exc)}", permanent=False)


def _shake_hands(sock: socket.socket) -> None:
    if isinstance(sock, ssl.SSLSocket):
        sock.do_handshake()


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
    return str(exc) if type(exc) is OSError else "it cannot be reached"


@contextlib.contextmanager
def _cut(sock: socket.socket, end: float, late: threading.Event) -> Iterator[None]:
    """Shut the socket down when its time is over: a server that drips would hold us for ever."""

    def shut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            # Not SSLSocket's own method: it takes the TLS state away from under the reader.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, end - time.monotonic()), shut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
