"""The daemon's own entries in the store: who schedules, and when sources are due."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from monitor.app import App
from monitor.daemon import SCHEDULER
from monitor.errors import StoreError
from monitor.model.following import Lease, SourceRow
from monitor.store.writer import Store, Transaction, open_store


class Books:
    """Entries in one store by one holder; every call may block, threads may share it.

    Opening makes the tables of an empty store; StoreError when the store is not to be used.
    Later calls raise StoreError when it does not answer. Each of them opens the store as it
    lies there then: a connection that is kept would go on with a file that was replaced or
    deleted. ``lost``: who held the lease before and let it run out.
    """

    def __init__(self, app: App, *, holder: str) -> None:
        self.holder = holder
        self.lost: str | None = None
        self._app = app
        self._opened(create=True).close()

    def _opened(self, *, create: bool = False) -> Store:
        given = self._app.settings.store
        return open_store(given.url, create=create, busy_timeout_s=given.busy_timeout_s)

    @contextlib.contextmanager
    def _transaction(self, *, create: bool = False) -> Iterator[Transaction]:
        with self._opened(create=create) as store, store.transaction() as tx:
            yield tx

    def take(self, *, ttl_s: float) -> bool:
        """Take the lease; False while another holds it. A file that is gone is made again."""
        with contextlib.suppress(StoreError):  # opening it for writing tells what is wrong
            if self.held_by_another() is not None:  # seen by reading: a stand-by locks nobody out
                return False
        with self._transaction(create=True) as tx:
            now = self._app.now()
            return tx.sources.take_lease(SCHEDULER, self.holder, now=now, ttl_s=ttl_s)

    def renew(self, *, ttl_s: float) -> bool:
        """Keep the lease for another while; False when it is not ours any more."""
        with self._transaction() as tx:
            now = self._app.now()
            return tx.sources.renew_lease(SCHEDULER, self.holder, now=now, ttl_s=ttl_s)

    def release(self) -> None:
        """Give the lease back, if it is ours."""
        with self._transaction() as tx:
            tx.sources.release_lease(SCHEDULER, self.holder)

    def held_by_another(self) -> Lease | None:
        """Return the lease as long as another holds it."""
        with self._app.reader() as reader:
            lease = reader.sources.lease(SCHEDULER)
        if lease is None or lease.holder == self.holder:
            return None
        if lease.expires_at <= self._app.now():
            self.lost = lease.holder
            return None
        return lease

    def why_lost(self) -> str:
        """Return why the lease could not be renewed."""
        if self.held_by_another() is not None:
            return "another process has taken it"
        return "the store knows nothing of it any more: it is another one than before"

    def expiry(self) -> datetime | None:
        """Return until when the lease is ours as the store has it; None when it is not ours."""
        with self._app.reader() as reader:
            lease = reader.sources.lease(SCHEDULER)
        return lease.expires_at if lease is not None and lease.holder == self.holder else None

    def sources(self) -> dict[str, SourceRow]:
        """Return how the sources are doing, by name."""
        with self._app.reader() as reader:
            return {row.name: row for row in reader.sources.all()}

    def note_due(self, due: Mapping[str, tuple[str, datetime]], *, ttl_s: float) -> None:
        """Store when sources of these types are due next, as long as the lease is ours."""
        with self._transaction() as tx:
            now = self._app.now()
            if not tx.sources.renew_lease(SCHEDULER, self.holder, now=now, ttl_s=ttl_s):
                return
            for name, (type_, at) in due.items():
                row = tx.sources.get(name) or SourceRow(name=name, type=type_)
                tx.sources.put(replace(row, next_due_at=at))
