"""Whose turn it is to ask the history API: one process at a time, however many share a store."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.app.holder import holder
from monitor.app.logs import get_logger
from monitor.errors import MonitorError, StoreError
from monitor.ingest.following import LeaseLostError
from monitor.model.following import Lease
from monitor.sources.http import StoppedError

if TYPE_CHECKING:
    from monitor.app.wiring import App
    from monitor.store.writer import Store

TURN = "backfill"
"""The name of the lease."""
_TURN_S = 120.0
_LOOK_S = 0.2


class TurnTakenError(MonitorError):
    """Another process has the turn; ``until``: when it runs out, unless that process keeps it."""

    def __init__(self, lease: Lease | None) -> None:
        self.until: datetime | None = None if lease is None else lease.expires_at
        who = "another process"
        if lease is not None:
            who = f"{lease.holder} (its turn lasts until {lease.expires_at:%Y-%m-%d %H:%M:%S} UTC)"
        super().__init__(f"earlier versions are being fetched by {who}; a second one has to wait")


class Turn:
    """The turn as this process holds it; a thread keeps it, also while nothing comes.

    ``stop`` is set when the turn is lost, and soon after ``asked`` is: whatever asks the API
    under the turn ends then.
    """

    def __init__(self, app: "App", store: "Store", *, asked: threading.Event, ttl_s: float) -> None:
        self.stop = threading.Event()
        self._app = app
        self._store = store
        self._holder = holder()
        self._asked = asked
        self._ttl_s = ttl_s
        self._lost: str | None = None
        self._ended = threading.Event()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the turn during the block; TurnTakenError when another process has it."""
        taken_at = time.monotonic()
        with self._store.transaction() as tx:
            now = self._app.now()
            taken = tx.sources.take_lease(TURN, self._holder, now=now, ttl_s=self._ttl_s)
        if not taken:
            with self._app.reader() as reader:
                raise TurnTakenError(reader.sources.lease(TURN))
        keeping = threading.Thread(target=self._keep, args=(taken_at,), name="turn", daemon=True)
        keeping.start()
        try:
            yield
        finally:
            self._ended.set()
            keeping.join()
            self._release()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Let a block that was stopped because the turn was lost end with LeaseLostError."""
        try:
            yield
        except StoppedError:
            self._check()
            raise

    def keep(self) -> None:
        """Renew the turn; LeaseLostError when another process has it now."""
        with self._store.transaction() as tx:
            now = self._app.now()
            if not tx.sources.renew_lease(TURN, self._holder, now=now, ttl_s=self._ttl_s):
                self._lost = "another process fetches earlier versions now"
        self._check()

    def _check(self) -> None:
        if self._lost is not None:
            self.stop.set()
            raise LeaseLostError(self._lost)

    def _keep(self, kept_at: float) -> None:
        """Renew the turn again and again, until its end or until it is lost."""
        every_s = self._ttl_s / 5
        due_at = kept_at + every_s
        while not self._ended.wait(min(_LOOK_S, every_s)):
            if self._asked.is_set():
                self.stop.set()
            asked_at = time.monotonic()
            if asked_at < due_at:
                continue
            due_at = asked_at + every_s
            try:
                self.keep()
                kept_at = asked_at
            except LeaseLostError:
                return
            except StoreError as exc:
                if time.monotonic() + every_s >= kept_at + self._ttl_s:
                    self._lost = f"the turn to fetch earlier versions could not be kept: {exc}"
                    self.stop.set()
                    return

    def _release(self) -> None:
        try:
            with self._store.transaction() as tx:
                tx.sources.release_lease(TURN, self._holder)
        except StoreError as exc:
            get_logger().warning("turn not released", reason=str(exc))


@contextmanager
def turn(app: "App", *, stop: threading.Event, ttl_s: float = _TURN_S) -> Iterator[Turn]:
    """Take the turn for the block; TurnTakenError when another process has it.

    ``stop``, once set, ends what is done under it. A turn that nobody keeps any more runs out
    after ``ttl_s`` seconds.
    """
    from monitor.store.writer import open_store  # noqa: PLC0415 - a look at what is wanted needs none

    given = app.settings.store
    with open_store(given.url, busy_timeout_s=given.busy_timeout_s) as store:
        held = Turn(app, store, asked=stop, ttl_s=ttl_s)
        with held.taken():
            yield held
