"""Ends a transfer from outside: a server that drips would hold it for ever.

The libraries' timeouts bound the silence between two reads, not the whole answer, and no library
call returns while a read waits. So a thread watches the clock and shuts the socket down.
"""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Literal, Self

_STOP_POLL_S = 0.1

Verdict = Literal["late", "stopped"]


class Line:
    """The socket that a session talks over, as far as it is known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def use(self, connected: object) -> None:
        """Take the socket of a new connection; one that comes too late is shut down at once."""
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

    def _shut_down(self) -> None:
        if self._socket is not None:
            # Not SSLSocket's own method: it takes the TLS state away from under the reader.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watch:
    """Cuts the line after so many seconds, or when ``stop`` is set; a context manager.

    ``verdict`` then says why. The name lookup and the connect cannot be cut; the connect has its
    own timeout.
    """

    def __init__(self, line: Line, *, seconds: float, stop: threading.Event | None) -> None:
        self.verdict: Verdict | None = None
        self._line = line
        self._end = time.monotonic() + seconds
        self._stop = stop
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="http-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._lock:  # after this the line belongs to the next request
            self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            left_s = max(0.0, self._end - time.monotonic())
            if self._over.wait(left_s if self._stop is None else min(left_s, _STOP_POLL_S)):
                return
            if (verdict := self._judge()) is not None:
                with self._lock:
                    if not self._over.is_set():
                        self.verdict = verdict
                        self._line.cut()
                return

    def _judge(self) -> Verdict | None:
        if self._stop is not None and self._stop.is_set():
            return "stopped"
        return "late" if time.monotonic() >= self._end else None
