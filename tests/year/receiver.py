"""Who is told: a webhook's server that is slow, busy and forgetful, and keeps what it got."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Self

from tests.year.known import merging

DRIP, BUSY, LOST, CLOSED, REFUSED = "dripped", "busy", "answer lost", "closed", "refused"
_CHANCES = {BUSY: 0.02, LOST: 0.01, CLOSED: 0.01}
_DRIP_S, _LONGEST_S = 0.1, 120.0

Change = tuple[str, str]
"""An NCT ID and the kind of an event."""


@dataclass(frozen=True, slots=True)
class YearReceipt:
    """A message as it was taken."""

    uid: str
    data: Mapping[str, Any]

    def statements(self) -> frozenset[tuple[str, ...]]:
        """Return what it says, whenever and however often it was said."""
        return frozenset(
            (alert["nct_id"], str(alert["version_date"]), event["kind"], event["path"] or "",
             event["summary"])
            for alert, event in self._events()
        )  # fmt: skip

    def changes(self) -> Iterator[Change]:
        """Yield the changes that it tells."""
        for alert, event in self._events():
            merged = (event["facts"] or {}).get("merged_into")
            yield alert["nct_id"], merging(event["kind"], merged)

    def _events(self) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
        for alert in self.data["alerts"]:
            for event in alert["events"]:
                yield alert, event


@dataclass
class ChangeReceiver:
    """A webhook on a free port; a context manager.

    ``refusing``: it takes nothing. ``drips``: how many messages more it is to answer a byte at a
    time; every other one of these it has taken before.
    """

    seed: int
    refusing: bool = False
    drips: int = 0
    receipts: list[YearReceipt] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._draw = Random(self.seed)  # noqa: S311 - a plan, no secret
        self._lock = threading.Lock()
        self._ending = threading.Event()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self) -> str | None:
        """Draw what goes wrong with a message; None: nothing does."""
        with self._lock:
            found = self._drawn()
            if found is not None:
                self.faults[found] += 1
            return found

    def _drawn(self) -> str | None:
        if self.refusing:
            return REFUSED
        if self.drips:
            self.drips -= 1
            return DRIP
        drawn = self._draw.random()
        for name, chance in _CHANCES.items():
            drawn -= chance
            if drawn < 0:
                return name
        return None

    def take(self, uid: str, data: Mapping[str, Any]) -> None:
        """Keep a message."""
        with self._lock:
            self.receipts.append(YearReceipt(uid, data))

    def takes_the_next_drip(self) -> bool:
        """Return whether the message that is answered so slowly was taken."""
        return self.faults[DRIP] % 2 == 1

    def rest(self) -> bool:
        """Wait a moment; True when the server ends."""
        return self._ending.wait(_DRIP_S)


class _Handler(BaseHTTPRequestHandler):
    receiver: ChangeReceiver

    def do_POST(self) -> None:
        """Take a message, or fail before it or after it."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body["id"] == self.headers["webhook-id"]
        fault = self.receiver.fault()
        if fault in {BUSY, REFUSED}:
            self._answer(503)
        elif fault == DRIP:
            is_taken = self.receiver.takes_the_next_drip()
            if is_taken:
                self.receiver.take(body["id"], body["data"])
            self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: " if is_taken else b"")
        elif fault != CLOSED:
            self.receiver.take(body["id"], body["data"])
            if fault != LOST:
                self._answer(204)

    def _answer(self, status: int) -> None:
        with suppress(OSError):  # who asked may have been killed
            self.send_response(status)
            self.end_headers()

    def _drip(self, start: bytes) -> None:
        """Answer a byte at a time, without an end, until nobody listens; a status is a promise."""
        began = time.monotonic()
        with suppress(OSError):
            self.wfile.write(start)
            while not self.receiver.rest() and time.monotonic() - began < _LONGEST_S:
                self.wfile.write(b"x")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
