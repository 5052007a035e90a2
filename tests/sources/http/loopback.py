"""A server on loopback that answers as a script says, down to the bytes on the wire."""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came; header names in lower case; ``connection`` counts from 1."""

    target: str
    headers: dict[str, str]
    connection: int


class Connection:
    """The server's end of a connection."""

    def __init__(self, sock: socket.socket, stopped: threading.Event, number: int) -> None:
        self.number = number
        self.protocol = sock.selected_alpn_protocol() if isinstance(sock, ssl.SSLSocket) else None
        self._socket = sock
        self._stopped = stopped

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def receive(self) -> bytes:
        """Return what comes next; nothing when the client has left."""
        return self._socket.recv(1 << 16)

    def drip(self, data: bytes) -> None:
        """Send a byte at a time, over and over, until the client has had enough."""
        while True:
            for position in range(len(data)):
                self.send_slowly(data[position : position + 1])

    def send_slowly(self, data: bytes) -> None:
        """Send all of it and wait a moment."""
        self.send(data)
        if self._stopped.wait(_PAUSE_S):
            raise OSError("the test is over")

    def hold(self) -> None:
        """Say nothing until the client leaves."""
        while self.receive():
            pass

    def hang_up(self) -> None:
        """Close in the orderly way."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close with a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def request(self) -> Request | None:
        """Read the next request; None when the client has left."""
        head = b""
        while b"\r\n\r\n" not in head:
            chunk = self.receive()
            if not chunk:
                return None
            head += chunk
        first, *lines = head.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        return Request(
            target=first.split(" ")[1],
            headers={name.lower(): value for name, value in fields.items()},
            connection=self.number,
        )


Script = Callable[[Connection, Request], None]


class Loopback:
    """Serves requests from a list of scripts, the last of them for ever; a context manager."""

    def __init__(self, *scripts: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self._scripts = scripts
        self._tls = tls
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http{'s' if tls else ''}://{self.host}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in self._threads:
            thread.join(5)

    def _start(self, run: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            number += 1
            self._sockets.append(sock)
            self._start(self._serve, sock, number)

    def _serve(self, sock: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):  # the client left, or the test is over
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.converse(Connection(sock, self._stopped, number))

    def converse(self, connection: Connection) -> None:
        """Answer the requests of one connection."""
        while (request := connection.request()) is not None:
            self.script_for(request)(connection, request)

    def script_for(self, request: Request) -> Script:
        """Note the request and return what to do with it."""
        with self._lock:
            script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
            self.requests.append(request)
        return script


def head(status: int = 200, *fields: str) -> bytes:
    """Return a status line and headers."""
    return "\r\n".join([f"HTTP/1.1 {status} Reason", *fields, "", ""]).encode()


def reply(
    body: bytes = b"{}", *fields: str, status: int = 200, media: str = "application/json"
) -> Script:
    """Answer in full, with a length."""

    def script(connection: Connection, request: Request) -> None:
        del request
        stated = (f"Content-Type: {media}", f"Content-Length: {len(body)}", *fields)
        connection.send(head(status, *stated))
        connection.send(body)

    return script


def send(*parts: bytes, then: Callable[[Connection], None]) -> Script:
    """Send the bytes as they are; what comes then is up to ``then``."""

    def script(connection: Connection, request: Request) -> None:
        del request
        connection.send(b"".join(parts))
        then(connection)

    return script


def error(status: int, words: str = "", *fields: str) -> Script:
    """Answer with a status and a sentence, as the registry does."""
    return reply(words.encode(), *fields, status=status, media="text/plain")


def page(status: int) -> Script:
    """Answer with a page for people, as the registry's edge does."""
    body = b"<!DOCTYPE html>\n<html><title>Request blocked</title></html>"
    return reply(body, status=status, media="text/html; charset=utf-8")


def chunked(parts: Sequence[bytes], *, last: bool = True) -> bytes:
    """Return the parts as chunks, with or without the last, empty one."""
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in parts]
    return b"".join(chunks) + (b"0\r\n\r\n" if last else b"")


def gzipped(body: bytes) -> bytes:
    """Return the body as gzip."""
    return gzip.compress(body, compresslevel=1, mtime=0)
