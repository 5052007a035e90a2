"""Decide when another process's lease is lost: by our own clock, or because its process is gone.

``lease_keeper`` uses it, and what shows which process schedules.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from monitor.model.lease import Lease
from monitor.store.lease_process import liveness


@dataclass(frozen=True, slots=True, kw_only=True)
class _ObservedLease:
    fence: int
    renewals: int
    since: float
    moved: bool


@dataclass(slots=True)
class LeaseObserver:
    """Watches the leases of others by its own monotonic clock; clocks on the wall decide nothing.

    ``clock``: monotonic seconds. Threads may share it.
    """

    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, _ObservedLease] = field(default_factory=dict, init=False)

    def look(self, lease: Lease) -> float:
        """Observe a lease; return for how many seconds it has been unchanged, 0 at first."""
        now, last = self.clock(), self._seen.get(lease.name)
        if last is None or (last.fence, last.renewals) != (lease.fence, lease.renewals):
            last = _ObservedLease(
                fence=lease.fence, renewals=lease.renewals, since=now, moved=last is not None
            )
            self._seen[lease.name] = last
        return now - last.since

    def is_lost(self, lease: Lease) -> bool:
        """Return whether it was not renewed for its time to live, or its process is gone."""
        return self.look(lease) >= lease.observed_s or liveness(lease.process) == "gone"

    def is_alive(self, lease: Lease) -> bool:
        """Return whether it was renewed or taken between two looks, or its process runs."""
        self.look(lease)
        return self._seen[lease.name].moved or liveness(lease.process) == "running"
