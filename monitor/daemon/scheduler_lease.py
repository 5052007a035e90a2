"""The scheduler's lease: taken, renewed until it is lost, and what may be stored only under it.

One process of those that share a store schedules it; the others stand by
(docs/decisions/2026-11-30-one-lease.md). ``LeaderSession`` runs for as long as this lease is held.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from monitor.app import App
from monitor.app.clock_skew import note, repair
from monitor.app.logs import get_logger
from monitor.app.operator_notices import note_lost
from monitor.daemon import SCHEDULER
from monitor.errors import StoreError
from monitor.model.lease import Lease
from monitor.model.tracking import SourceRow
from monitor.scheduler import latest_due
from monitor.store.lease_keeper import LeaseHeldError, LeaseKeeper
from monitor.store.writer import StoreWriter
from monitor.threads import in_thread

_LOOK_S = 1.0
_SILENT = "the store did not answer in time"


class SchedulerLease:
    """The scheduler's lease of one store, as one process takes, keeps and releases it.

    Every call may block; threads may share it. Creating one creates the tables of an empty store;
    StoreError when the store cannot be used, and from later calls when it does not answer. Each
    call opens the store anew: a connection kept open would go on with a file that has been
    replaced or deleted. ``keeper`` renews the lease. ``rival``: the lease while another process
    holds it, as last seen.
    """

    def __init__(self, app: App, *, holder: str, ttl_s: Callable[[], float] | None = None) -> None:
        self.holder = holder
        self.rival: Lease | None = None
        self._app = app
        # Makes the tables of an empty store, or says what is wrong with it, before anything else
        # begins.
        self._app.store().close()
        self.keeper = LeaseKeeper(
            SCHEDULER,
            holder,
            opened=self._opened,
            reader=app.reader,
            ttl_s=ttl_s or (lambda: app.settings.daemon.lease_s),
            now=app.now,
            on_trouble=lambda reason: get_logger().warning("lease not renewed", reason=reason),
        )

    def _opened(self) -> StoreWriter:
        return self._app.store(create=False)

    def take(self) -> bool:
        """Take the lease; False while another holds it. A file that is gone is made again."""
        try:
            self.keeper.rival()
        except StoreError:
            self._app.store().close()  # or this tells what is wrong
        try:
            self._note_lost(self.keeper.take())
        except LeaseHeldError as exc:
            self.rival = exc.lease
            return False
        self.rival = None
        return True

    def take_when_free(self, stop: threading.Event) -> None:
        """Take the lease, observing who has it where necessary; see ``LeaseKeeper``."""
        self._note_lost(self.keeper.take_when_free(stop))

    def _note_lost(self, lost: Lease | None) -> None:
        """Keep for the operator who was lost, and what was impossible about its lease."""
        if lost is None:
            return
        with self._opened() as store, store.transaction() as tx:
            note_lost(tx, lost.holder, at=self._app.now())
            if lost.fault is not None:
                note(tx, [f"the lease of {lost.holder}: {lost.fault}"], now=self._app.now())

    def release(self) -> None:
        """Give the lease back, if it is ours."""
        self.keeper.release()

    def sources(self) -> dict[str, SourceRow]:
        """Return how the sources are doing, by name."""
        with self._app.reader() as reader:
            return {row.name: row for row in reader.sources.all()}

    def repair(self, app: App) -> None:
        """Put times right that a wrong clock left, by the settings of ``app``."""
        repair(app, latest_run=latest_due)

    def note_due(self, due: Mapping[str, tuple[str, datetime]]) -> None:
        """Store when sources of these types are due next, as long as the lease is ours."""
        lease = self.keeper.lease
        with self._opened() as store, store.transaction() as tx:
            # Whoever lost the lease meanwhile writes nothing
            # (docs/decisions/2026-11-30-one-lease.md).
            if not tx.leases.renew(lease, now=self._app.now()):
                return
            for name, (type_, at) in due.items():
                row = tx.sources.get(name) or SourceRow(name=name, type=type_)
                tx.sources.store_row(replace(row, next_due_at=at))


async def wait_until_lost(keeper: LeaseKeeper, *, look_every_s: float = 0.2) -> str:
    """Keep a lease that was taken; return why it is lost, once it is.

    What the store does not answer within a second, when the lease is about to be lost, is no
    answer.
    """
    keeper.start()
    while True:
        # Cheap, since `held` only compares clocks, and often enough for the shortest lease (1 s).
        await asyncio.sleep(look_every_s)
        if keeper.is_held:
            continue
        asking = in_thread("lease", keeper.lost_reason)
        await asyncio.wait({asking}, timeout=_LOOK_S)
        reason = asking.result() if asking.done() else _SILENT
        if reason is not None:
            get_logger().error("lease lost", holder=keeper.holder, reason=reason)
            return reason
