"""What a transaction asks and writes of leases."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitor.model.lease import Lease
from monitor.store.codec import DamagedError
from monitor.store.mapping import Row
from monitor.store.moments import moment, utc_text

if TYPE_CHECKING:
    from monitor.store.running import Runner

# ``{now}``: PostgreSQL dates leases by its own clock, which all hosts share.
_LEASE = "name, holder, fence, renewals, ttl_s, process, acquired_at, renewed_at, {now}"

LEASE = f"SELECT {_LEASE} FROM leases WHERE name = :name{{lock}}"  # noqa: S608 - constants

LEASES = f"SELECT {_LEASE} FROM leases ORDER BY name"  # noqa: S608 - constants

NEXT_FENCE = """
UPDATE properties SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT)
WHERE name = 'lease_fence' RETURNING value"""

PUT_LEASE = """
INSERT INTO leases (name, holder, fence, renewals, ttl_s, process, acquired_at, renewed_at)
VALUES (:name, :holder, :fence, 0, :ttl_s, :process, {now}, {now})
ON CONFLICT (name) DO NOTHING"""

REPLACE_LEASE = """
UPDATE leases SET holder = :holder, fence = :fence, renewals = 0, ttl_s = :ttl_s,
    process = :process, acquired_at = {now}, renewed_at = {now}
WHERE name = :name AND fence = :old_fence AND renewals = :old_renewals"""

RENEW_LEASE = """
UPDATE leases SET renewals = renewals + 1, ttl_s = :ttl_s, renewed_at = {now}
WHERE name = :name AND holder = :holder AND fence = :fence"""

RELEASE_LEASE = """
DELETE FROM leases WHERE name = :name AND holder = :holder AND fence = :fence"""

DROP_LEASE = """
DELETE FROM leases WHERE name = :name AND fence = :fence AND renewals = :renewals"""

_NOW = {"sqlite": ":now", "postgresql": "clock_timestamp()"}

Ask = Callable[[str, Mapping[str, Any]], Sequence[Row]]


class LeaseReader:
    """Who holds which lease; reached by ``Reader.leases``.

    ``now`` dates them on SQLite; PostgreSQL goes by its own clock.
    """

    def __init__(
        self,
        ask: Ask,
        dialect: str,
        *,
        errors: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._ask = ask
        self._dialect = dialect
        self._errors = errors

    def find(self, name: str, *, now: datetime) -> Lease | None:
        """Return a lease that is held, or was never given back; None when nobody has it."""
        rows = self._ask(self._sql(LEASE), {"name": name, **self._dated(now)})
        with self._errors():
            return lease_row(rows[0]) if rows else None

    def all(self, *, now: datetime) -> list[Lease]:
        """Return all of them, by name."""
        rows = self._ask(self._sql(LEASES), self._dated(now))
        with self._errors():
            return [lease_row(row) for row in rows]

    def _sql(self, sql: str, lock: str = "") -> str:
        return sql.format(now=_NOW[self._dialect], lock=lock)

    def _dated(self, now: datetime) -> dict[str, str]:
        if now.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return {"now": utc_text(now)} if self._dialect == "sqlite" else {}


class LeaseWriter(LeaseReader):
    """Takes, renews and gives back leases; reached by ``Transaction.leases``, written at once."""

    def __init__(self, run: "Runner") -> None:
        super().__init__(run.ask, run.dialect)
        self._run = run

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
        """Take a lease that nobody has, or one's own anew; None while another holds it.

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
        values: dict[str, Any] = {"name": name, "holder": holder, "ttl_s": ttl_s}
        values |= {"process": process, "fence": self._next_fence(), **self._dated(now)}
        if found is None:
            taken = self._run.run(self._sql(PUT_LEASE), values)
        else:
            old = {"old_fence": found.fence, "old_renewals": found.renewals}
            taken = self._run.run(self._sql(REPLACE_LEASE), {**values, **old})
        return self.find(name, now=now) if taken else None

    def _is_free_to_write(self, name: str, now: datetime) -> bool:
        """Tell whether nobody is about to renew it; on PostgreSQL its row is locked from now on."""
        lock = self._run.lock("FOR UPDATE SKIP LOCKED")
        return bool(self._ask(self._sql(LEASE, lock), {"name": name, **self._dated(now)}))

    def _next_fence(self) -> int:
        rows = self._run.ask(NEXT_FENCE, {})
        if not rows:
            raise DamagedError("the number of the last lease cannot be read")
        return int(rows[0][0])

    def renew(self, lease: Lease, *, now: datetime) -> bool:
        """Keep a lease for ``lease.ttl_s`` more seconds; False when it is no longer held.

        After True nobody else can take it before this transaction ends: what it writes, it writes
        as holder.
        """
        return self._run.run(self._sql(RENEW_LEASE), {**_token(lease), "ttl_s": lease.ttl_s,
                                                      **self._dated(now)}) > 0  # fmt: skip

    def release(self, lease: Lease) -> None:
        """Give a lease back; nothing happens when another has it."""
        self._run.run(RELEASE_LEASE, _token(lease))

    def drop(self, lost: Lease) -> bool:
        """Forget a lease that is lost to its holder; False when it was renewed meanwhile."""
        values = {"name": lost.name, "fence": lost.fence, "renewals": lost.renewals}
        return self._run.run(DROP_LEASE, values) > 0


def _token(lease: Lease) -> dict[str, Any]:
    return {"name": lease.name, "holder": lease.holder, "fence": lease.fence}


def _pulse(lease: Lease) -> tuple[int, int]:
    return lease.fence, lease.renewals


def lease_row(row: Row) -> Lease:
    """Read a row of ``leases``, with the time at which it was read."""
    try:
        return Lease(
            name=row[0],
            holder=row[1],
            fence=int(row[2]),
            renewals=int(row[3]),
            ttl_s=float(row[4]),
            process=row[5],
            acquired_at=moment(row[6]),
            renewed_at=moment(row[7]),
            read_at=moment(row[8]),
        )
    except (TypeError, ValueError) as exc:
        raise DamagedError(f"the lease {row[0]!r} cannot be read ({exc})") from exc
