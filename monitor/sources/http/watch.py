"""Ends a transfer from outside: a server that drips would hold it for ever.

The libraries' timeouts bound the silence between two reads, not the whole answer, and no library
call returns while a read waits. So a thread watches the clock and shuts the socket down.
"""

import threading
import time
from types import TracebackType
from typing import Literal, Self

from monitor.deadlines.sockets import SocketHandle

_STOP_POLL_S = 0.1

Verdict = Literal["late", "stopped"]


class Watch:
    """Cuts the line after so many seconds, or when ``stop`` is set; a context manager.

    ``verdict`` then says why. The name lookup and the connect cannot be cut; the connect has its
    own timeout.
    """

    def __init__(self, line: SocketHandle, *, seconds: float, stop: threading.Event | None) -> None:
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
