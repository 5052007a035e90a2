"""Detect whether a process uses a SQLite store, and lock all out of it.

For ``restore``, which puts another file in its place: a process that has the old one open would go
on writing to a file that has no name any more, and nothing would show it.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from monitor.errors import StoreError
from monitor.model.lease import Lease
from monitor.store.codec import CorruptError
from monitor.store.lease_process import liveness
from monitor.store.leases import leases_in

_PAUSE_S = 0.05
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
# The bytes that every reader of a SQLite file locks: https://www.sqlite.org/lockingv3.html
_SHARED_BYTES, _SHARED_FIRST = 510, 0x40000002


def require_unused(connection: sqlite3.Connection, store: Path, *, now: datetime) -> None:
    """Raise StoreError while a process holds a lease in the store: it schedules, or delivers.

    A process that is certain to be gone holds none, nor does one of elsewhere whose lease is over.
    A store that does not tell (it is damaged, or has another schema) holds none.
    """
    held: list[Lease] = []
    # A damaged store is just what a backup is put back for.
    with suppress(sqlite3.DatabaseError, CorruptError):  # an older store has no such table
        held = leases_in(connection, now=now)
    lease = next(filter(_is_held, held), None)
    if lease is not None:
        raise StoreError(
            f"the store {store} is in use by {lease.holder} ({lease.name.strip()}, until"
            f" {lease.expires_at:%Y-%m-%d %H:%M:%S} UTC unless it is renewed): stop it first; one"
            " that was killed elsewhere counts until then (`monitor status` shows who schedules)"
        )


def _is_held(lease: Lease) -> bool:
    alive = liveness(lease.process)
    return alive == "running" or (alive == "unknown" and lease.is_current)


@contextmanager
def exclusive(store: Path, *, busy_timeout_s: float) -> Iterator[sqlite3.Connection | None]:
    """Keep every other process out of a SQLite file during the block; its log is folded in.

    Yields a connection, or None for a file that is not there or that SQLite cannot make sense of.
    StoreError when others have it open for ``busy_timeout_s``. When the block fails the file is
    again as it was.
    """
    if not store.exists():
        yield None
        return
    place = store.absolute().as_uri() + "?mode=rw"
    connection = sqlite3.connect(place, uri=True, timeout=busy_timeout_s, isolation_level=None)
    with closing(connection):
        try:
            was_wal = _lock(connection, store, time.monotonic() + busy_timeout_s)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # damaged
            # SQLite cannot lock what it cannot read; these locks are those that its readers take.
            with _lock_bytes(store):
                yield None
            return
        try:
            yield connection
        except BaseException:
            connection.execute("ROLLBACK")
            if was_wal:
                with suppress(sqlite3.OperationalError):  # it was replaced all the same
                    connection.execute("PRAGMA journal_mode=WAL")
            raise


def _lock(connection: sqlite3.Connection, store: Path, deadline: float) -> bool:
    """Leave WAL mode, which only who is alone can, and lock the file; return what was left."""
    was_wal: bool = connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    while True:
        try:
            # Not BEGIN EXCLUSIVE alone: in WAL mode that keeps out writers, but no readers.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                return was_wal
            connection.execute("ROLLBACK")  # another process came in between
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode not in _LOCKED:
                raise
        if time.monotonic() > deadline:
            raise _opened_by_others(store)
        time.sleep(_PAUSE_S)


@contextmanager
def _lock_bytes(store: Path) -> Iterator[None]:
    descriptor = os.open(store, os.O_RDWR)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_BYTES, _SHARED_FIRST)
        yield
    except BlockingIOError as exc:
        raise _opened_by_others(store) from exc
    finally:
        os.close(descriptor)


def _opened_by_others(store: Path) -> StoreError:
    return StoreError(
        f"the store {store} is in use: another process has it open; stop it first"
        f" (`fuser {store}` or `lsof {store}` names it)"
    )
