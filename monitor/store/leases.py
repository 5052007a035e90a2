"""Leases: who holds which, and what a transaction writes of them.

No time in a row decides anything (docs/decisions/2026-11-30-one-lease.md): what is compared are the
fence and the number of renewals.
"""

import sqlite3
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from monitor.model.lease import Lease
from monitor.store import properties
from monitor.store.codec import CorruptError
from monitor.store.column_types import UtcTime
from monitor.store.db import Db, insert_new, sqlite_text
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import leases
from monitor.store.timestamps import utc_text


class _Now(FunctionElement[datetime]):
    """The clock that dates leases: on PostgreSQL its own, which all hosts share; else a value."""

    inherit_cache = True
    name = "now"
    type = UtcTime()


@compiles(_Now)
def _given_now(element: _Now, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Now, "postgresql")
def _database_now(element: _Now, compiler: SQLCompiler, **options: Any) -> str:
    del element, compiler, options
    return "clock_timestamp()"


_NOW = _Now(bindparam("now", type_=UtcTime))

_LEASE = RowMapper(
    Lease,
    (*leases.c, _NOW.label("read_at")),
    damaged="the lease {0!r} cannot be read",
    fence=int,
    renewals=int,
    ttl_s=float,
)
_ALL = sa.select(*_LEASE.columns).order_by(leases.c.name)
_OF_NAME = sa.select(*_LEASE.columns).where(leases.c.name == bindparam("name"))
# A holder whose long transaction has just renewed it has the row locked: it is alive, and to wait
# for its commit would take as long as the transaction does.
_FREE_TO_WRITE = _OF_NAME.with_for_update(skip_locked=True)

_NEXT_FENCE = properties.increment("lease_fence")
_TAKEN = {
    "holder": bindparam("by"),
    # Grows with every taking in the store, so an earlier holder of the same name is another one.
    "fence": bindparam("token"),
    "renewals": 0,
    "ttl_s": bindparam("seconds"),
    "process": bindparam("where"),
    "acquired_at": _NOW,
    "renewed_at": _NOW,
}
_PUT = insert_new(leases).values(name=bindparam("of"), **_TAKEN)
_REPLACE = (
    sa.update(leases)
    .where(
        leases.c.name == bindparam("of"),
        leases.c.fence == bindparam("old_fence"),
        leases.c.renewals == bindparam("old_renewals"),
    )
    .values(**_TAKEN)
)
_IS_HELD = (
    leases.c.name == bindparam("of"),
    leases.c.holder == bindparam("by"),
    leases.c.fence == bindparam("token"),
)
_RENEW = (
    sa.update(leases)
    .where(*_IS_HELD)
    # The count is the sign of life; `renewed_at` is for people.
    .values(renewals=leases.c.renewals + 1, ttl_s=bindparam("seconds"), renewed_at=_NOW)
)
_RELEASE = sa.delete(leases).where(*_IS_HELD)
_DROP = sa.delete(leases).where(
    leases.c.name == bindparam("of"),
    leases.c.fence == bindparam("old_fence"),
    leases.c.renewals == bindparam("old_renewals"),
)


def leases_in(connection: sqlite3.Connection, *, now: datetime) -> list[Lease]:
    """Return the leases of a SQLite file that was opened by other means than a ``Db``."""
    return list(map(_LEASE, connection.execute(sqlite_text(_ALL), {"now": utc_text(now)})))


def drop_all_leases(connection: sqlite3.Connection) -> None:
    """Forget all leases of such a file."""
    connection.execute(sqlite_text(sa.delete(leases)))


class LeaseReader:
    """Who holds which lease; reached by ``Reader.leases``.

    ``now`` dates them on SQLite; PostgreSQL uses its own clock.
    """

    def __init__(self, db: Db) -> None:
        self._db = db

    def find(self, name: str, *, now: datetime) -> Lease | None:
        """Return a lease that is held, or was never released; None when there is none."""
        return self._db.first(_LEASE, _OF_NAME, {"name": name, "now": now})

    def all(self, *, now: datetime) -> list[Lease]:
        """Return all of them, by name."""
        return self._db.read(_LEASE, _ALL, {"now": now})


class LeaseWriter(LeaseReader):
    """Takes, renews and gives back leases; reached by ``Transaction.leases``, written at once."""

    def take(
        self,
        name: str,
        holder: str,
        *,
        ttl_s: float,
        now: datetime,
        process: str = "",
        over: Lease | None = None,
    ) -> Lease | None:
        """Take a free lease, or one's own anew; None while another holds it.

        ``over``: as a lease was last seen that is lost to its holder; it can be taken as long as
        it stands so. ``holder`` names one program, not one machine. Whoever gets the lease has it
        once the transaction is committed.
        """
        found = self.find(name, now=now)
        if found is not None:
            is_lost = over is not None and _pulse(over) == _pulse(found)
            if found.holder != holder and not is_lost:
                return None
            if not self._is_free_to_write(name, now):
                return None
        values = {"of": name, "by": holder, "token": self._next_fence(), "seconds": ttl_s}
        values |= {"where": process, "now": now}
        taken = self._db.run(_PUT, values) if found is None else self._replace(found, values)
        return self.find(name, now=now) if taken else None

    def _replace(self, found: Lease, values: dict[str, Any]) -> int:
        return self._db.run(_REPLACE, {**values, **_pulse_values(found)})

    def _is_free_to_write(self, name: str, now: datetime) -> bool:
        """Return whether no holder is about to renew it; PostgreSQL locks its row from now on."""
        return bool(self._db.fetch(_FREE_TO_WRITE, {"name": name, "now": now}))

    def _next_fence(self) -> int:
        fence = self._db.value(_NEXT_FENCE)
        if fence is None:
            raise CorruptError("the number of the last lease cannot be read")
        return int(fence)

    def renew(self, lease: Lease, *, now: datetime) -> bool:
        """Keep a lease for ``lease.ttl_s`` more seconds; False when it is no longer held.

        After True no other can take it before this transaction ends: what it writes, it writes
        as holder.
        """
        return self._db.run(_RENEW, {**_token(lease), "seconds": lease.ttl_s, "now": now}) > 0

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when another has it."""
        self._db.run(_RELEASE, _token(lease))

    def drop(self, lost: Lease) -> bool:
        """Forget a lease that is lost to its holder; False when it was renewed meanwhile."""
        return self._db.run(_DROP, {"of": lost.name, **_pulse_values(lost)}) > 0


def _token(lease: Lease) -> dict[str, Any]:
    return {"of": lease.name, "by": lease.holder, "token": lease.fence}


def _pulse(lease: Lease) -> tuple[int, int]:
    return lease.fence, lease.renewals


def _pulse_values(lease: Lease) -> dict[str, Any]:
    return {"old_fence": lease.fence, "old_renewals": lease.renewals}
