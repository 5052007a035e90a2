"""Leases for tests: taken by name, claimed under, and lost."""

from datetime import datetime
from typing import Any

from monitor.deliver.claims import WORKER
from monitor.model.lease import Lease
from monitor.model.messages import OutboxMessage
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, Transaction
from tests.store.examples import SEEN


def worker_lease(tx: Transaction, worker: str, *, now: datetime = SEEN) -> Lease:
    """Return the lease of a worker, taken where it has none."""
    found = tx.leases.find(WORKER + worker, now=now)
    if found is None:
        found = tx.leases.take(WORKER + worker, worker, ttl_s=60, now=now)
    assert found is not None
    return found


def claim(tx: Transaction, worker: str, *, now: datetime, **which: Any) -> list[OutboxMessage]:
    """Claim messages as a worker."""
    return tx.outbox.claim(worker_lease(tx, worker, now=now), now=now, **which)


def lose(tx: Transaction, name: str, *, now: datetime = SEEN) -> None:
    """Let a holder have lost its lease."""
    lease = tx.leases.find(name, now=now)
    assert lease is not None
    assert tx.leases.drop(lease)


def lose_worker(tx: Transaction, worker: str) -> None:
    """Let a worker have lost its lease: what it claimed is anybody's."""
    lose(tx, WORKER + worker)


def take(
    store: StoreWriter, name: str, holder: str, *, ttl_s: float = 30, now: datetime = SEEN
) -> Lease:
    """Take a lease, also from who has it now."""
    with store.transaction() as tx:
        over = tx.leases.find(name, now=now)
        taken = tx.leases.take(name, holder, ttl_s=ttl_s, now=now, over=over)
    assert taken is not None
    return taken


def lease_of(url: str, name: str, *, now: datetime = SEEN) -> Lease | None:
    """Return a lease as the store has it."""
    with open_reader(url) as reader:
        return reader.leases.find(name, now=now)
