"""The claims of a process: good as long as the lease lasts that they were made under."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from monitor.errors import StoreError
from monitor.model.lease import Lease
from monitor.model.messages import OutboxMessage
from monitor.store.lease_keeper import LeaseKeeper

WORKER = "worker "
"""The names of such leases begin so."""


class Claims:
    """One lease for all that a process has claimed, held while any of its channels delivers.

    A claim names the lease's fence, so that what was claimed under a lease that was lost is not
    ours, even when we have a new one. Threads share it.
    """

    def __init__(self, keeper: LeaseKeeper) -> None:
        self._keeper = keeper
        self._lock = threading.Lock()
        self._users = 0

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Hold the lease in the block; StoreError when the store cannot be used."""
        with self._lock:
            # One lease row serves all channels: the first that delivers takes it, the last gives
            # it back.
            if self._users == 0:
                self._take()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0:
                    self._release()

    def lease(self) -> Lease:
        """Return what to claim under: a new lease where the last one was lost."""
        with self._lock:
            # What was claimed under a lost lease may be another process's by now; it is not
            # touched again.
            if self._keeper.lost_reason() is not None:
                self._take()
            return self._keeper.lease

    def lose(self, lease: Lease) -> None:
        """Note that the store has this lease no more."""
        with self._lock:
            # Another channel's thread may have taken a new lease meanwhile, and that one is good.
            if self._keeper.lease.fence == lease.fence:
                self._keeper.lose()

    def holds(self, message: OutboxMessage) -> bool:
        """Return whether nobody else can have claimed the message since we did."""
        with self._lock:
            return self._keeper.is_held and message.claim_fence == self._keeper.lease.fence

    def _take(self) -> None:
        self._keeper.take()
        self._keeper.start()

    def _release(self) -> None:
        try:
            self._keeper.release()
        # Giving back is a courtesy: a lease that nobody renews ends by itself after `lease_s`.
        except StoreError as exc:
            self._keeper.report_trouble(f"claims run out by themselves: {exc}")
