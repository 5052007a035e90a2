"""Leases: the right to do what only one worker may do at a time, such as scheduling.

See docs/decisions/2026-11-30-one-lease.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST_LEASE_S = 86_400.0
"""No setting allows a longer time to live."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""So far two clocks may differ, or one be set back, before a time counts as impossible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lease as its row was when it was read.

    ``fence``: a number that grows with every taking of any lease of the store. ``renewals``: how
    often it was renewed since. ``ttl_s``: seconds without a renewal after which it is lost.
    ``process``: where its holder runs (``monitor.store.lease_process``), "" where that is not
    known. Times are aware UTC, by the clock that dates leases: the database's on PostgreSQL, the
    program's on SQLite. ``read_at``: what that clock showed when the row was read.
    """

    name: str
    holder: str
    fence: int
    renewals: int
    ttl_s: float
    process: str
    acquired_at: datetime
    renewed_at: datetime
    read_at: datetime

    @property
    def expires_at(self) -> datetime:
        """When it ends unless it is renewed, for people: no clock on the wall decides that."""
        return self.renewed_at + timedelta(seconds=self.observed_s)

    @property
    def observed_s(self) -> float:
        """Seconds without a renewal after which another process may take it."""
        # Bounded: a damaged row must not keep all workers out for years:
        # docs/decisions/2026-11-30-one-lease.md.
        return min(max(self.ttl_s, 0.0), LONGEST_LEASE_S)

    @property
    def is_current(self) -> bool:
        """Whether its last renewal is recent, as far as clocks tell."""
        return self.fault is None and self.expires_at > self.read_at

    @property
    def fault(self) -> str | None:
        """What no lease can be: dated in the future, or longer than any; None when it is sound."""
        if self.renewed_at > self.read_at + CLOCK_TOLERANCE:
            at = f"{self.renewed_at:%Y-%m-%d %H:%M} UTC"
            return f"it was renewed at {at}, in the future; a clock was, or is, wrong"
        if not 0 < self.ttl_s <= LONGEST_LEASE_S:
            return f"it lasts {self.ttl_s:g} s, which no setting allows"
        return None
