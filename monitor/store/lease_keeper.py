"""Hold a lease: take it, renew it in a thread of its own until it is lost or released.

Over ``leases``, which has the rows (docs/decisions/2026-11-30-one-lease.md).
"""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

from monitor.errors import MonitorError, StoreError
from monitor.model.lease import Lease
from monitor.store.lease_observer import LeaseObserver
from monitor.store.lease_process import this_process
from monitor.store.reader import Reader
from monitor.store.writer import StoreWriter, Transaction

_LOOK_S = 0.2
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)  # Linux
_SILENT = "the store did not answer in time"
_TAKEN = "another process has taken it"
_UNKNOWN = "the store knows nothing of it any more: it is another one than before"


class LeaseHeldError(MonitorError):
    """Another process holds the lease; ``lease``: as it was seen, None where it changes hands."""

    def __init__(self, name: str, lease: Lease | None) -> None:
        self.lease = lease
        who = "another process" if lease is None else lease.holder
        super().__init__(f"the lease {name!r} is held by {who}")


class LeaseLostError(MonitorError):
    """Another process does this work now; nothing of what was at hand was stored."""


def require_lease(tx: Transaction, lease: Lease, *, now: datetime) -> None:
    """Renew a lease within a transaction that writes as its holder; LeaseLostError otherwise."""
    if not tx.leases.renew(lease, now=now):
        raise LeaseLostError(f"the lease {lease.name!r} is held by another process now")


def seconds_since_boot() -> float:
    """Return monotonic seconds that go on while the machine sleeps, where the system counts them.

    A holder uses them: while it slept, another may have taken its lease. An observer does not:
    while it slept, it saw nothing.
    """
    return time.monotonic() if _BOOTTIME is None else time.clock_gettime(_BOOTTIME)


class LeaseKeeper:
    """One lease that this process wants, or holds; threads may share it.

    ``opened`` opens the store for each call, as it lies there then, ``reader`` for looking.
    ``ttl_s`` is asked before each renewal, because the configuration may be read again.
    ``on_trouble`` is called with why a renewal failed, ``on_lost`` once when the lease is lost;
    both in the keeper's thread. ``clock``: monotonic seconds, None for those of this machine; no
    clock on the wall decides anything.
    """

    def __init__(
        self,
        name: str,
        holder: str,
        *,
        opened: Callable[[], AbstractContextManager[StoreWriter]],
        reader: Callable[[], AbstractContextManager[Reader]],
        ttl_s: Callable[[], float],
        now: Callable[[], datetime],
        on_trouble: Callable[[str], None] = lambda _reason: None,
        on_lost: Callable[[str], None] = lambda _reason: None,
        clock: Callable[[], float] | None = None,
        observer: LeaseObserver | None = None,
    ) -> None:
        self.name = name
        self.holder = holder
        self._opened = opened
        self._reader = reader
        self._ttl_s = ttl_s
        self._now = now
        self._on_trouble = on_trouble
        self._on_lost = on_lost
        self._clock = clock or seconds_since_boot
        self._observer = observer or LeaseObserver(clock or time.monotonic)
        self._lock = threading.Lock()
        self._lease: Lease | None = None
        self._until = float("-inf")
        self._seen: tuple[float, int] | None = None
        self._trouble: str | None = None
        self._lost: str | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    # --- taking ----------------------------------------------------------------------------

    def take(self) -> Lease | None:
        """Take the lease; return the one that another lost without releasing it, if there was one.

        LeaseHeldError while another has it: until we saw no renewal for its time to live, or its
        process is certain to be gone.
        """
        found = self.rival()  # by reading: a standby process takes no lock
        if found is not None and not self._observer.is_lost(found):
            raise LeaseHeldError(self.name, found)
        # Before the question, not after the answer: others count from when the row was written, and
        # a slow commit must not make us believe that we have longer than they do.
        asked_at, ttl_s = self._clock(), self._ttl_s()
        with self._opened() as store, store.transaction() as tx:
            lease = tx.leases.take(
                self.name, self.holder, ttl_s=ttl_s, now=self._now(), process=this_process(),
                # Taken only if the row still is as we saw it: compare-and-set.
                over=found,
            )  # fmt: skip
        if lease is None:
            raise LeaseHeldError(self.name, self.rival())
        with self._lock:
            self._lease, self._until = lease, asked_at + ttl_s
            self._seen, self._trouble, self._lost = (asked_at, lease.renewals), None, None
        return found

    def take_when_free(self, stop: threading.Event) -> Lease | None:
        """Take the lease, observing who has it for its time to live where that is necessary.

        LeaseHeldError as soon as the holder is seen to be alive, or when ``stop`` is set.
        """
        while True:
            try:
                return self.take()
            except LeaseHeldError as exc:
                if exc.lease is None or self._observer.is_alive(exc.lease) or stop.wait(_LOOK_S):
                    raise

    def rival(self) -> Lease | None:
        """Return the lease as long as another holds it, or has not released it."""
        with self._reader() as reader:
            lease = reader.leases.find(self.name, now=self._now())
        return None if lease is None or lease.holder == self.holder else lease

    # --- holding ---------------------------------------------------------------------------

    @property
    def lease(self) -> Lease:
        """What a transaction has to renew that writes as the holder; LeaseLostError without it."""
        with self._lock:
            if self._lease is None:
                raise LeaseLostError(f"the lease {self.name!r} is not held")
            return replace(self._lease, ttl_s=self._ttl_s())

    @property
    def is_taken(self) -> bool:
        """Whether the lease was taken, and not released yet."""
        with self._lock:
            return self._lease is not None

    @property
    def is_held(self) -> bool:
        """Whether no other process can have the lease."""
        with self._lock:
            return self._lost is None and self._clock() < self._until

    def start(self) -> None:
        """Keep the lease from now on, in a thread of its own."""
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._keep, args=(self._ended,), name=f"lease {self.name}", daemon=True
        )
        self._thread.start()

    def _keep(self, ended: threading.Event) -> None:
        while not ended.wait(self._pause_s()):
            self.renew()
            reason = self.lost_reason()
            if reason is not None:
                if not ended.is_set():
                    self._on_lost(reason)
                return

    def _pause_s(self) -> float:
        # A third: two renewals may fail, by a locked store for example, before the lease runs out.
        return min(self._ttl_s() / 3, max(0.01, self._until - self._clock()))

    def renew(self) -> None:
        """Renew the lease once; a failure is reported, and may mean that it is lost.

        Where transactions that write as its holder have renewed it since the last time, it waits
        for none of them.
        """
        # Own transactions renew it too (`require_lease`): what they did need not be done again, and
        # an ingest pass that holds SQLite's write lock need not be waited for.
        if self._look():
            return
        with self._lock:
            lease = self._lease
        if lease is None:
            return
        asked_at, lease = self._clock(), replace(lease, ttl_s=self._ttl_s())
        try:
            with self._opened() as store, store.transaction() as tx:
                is_ours = tx.leases.renew(lease, now=self._now())
            lost = None if is_ours else self._find_taker()
        except StoreError as exc:
            with self._lock:
                self._trouble = str(exc)
            self._look()
            self._on_trouble(f"lease not renewed: {exc}")
            return
        with self._lock:
            if lost is not None:
                self._lost = self._lost or lost
            else:
                self._until, self._trouble = max(self._until, asked_at + lease.ttl_s), None
        self._look()  # from here on, a renewal is another transaction's

    def lose(self) -> None:
        """Record that a transaction of ours found the lease to be another's."""
        with self._lock:
            self._lost = self._lost or _TAKEN

    def _find_taker(self) -> str:
        return _TAKEN if self.rival() is not None else _UNKNOWN

    def lost_reason(self) -> str | None:
        """Return why the lease is lost, once it is; None while it is held.

        It is lost when another has taken it, and when the store has not confirmed it for as long
        as it lasts: neither to a renewal of ours nor to a transaction that wrote as its holder,
        which may keep others from writing for long.
        """
        if self._clock() >= self._until:
            self._look()
        with self._lock:
            if self._lost is None and self._clock() >= self._until:
                self._lost = self._trouble or _SILENT
            return self._lost

    def _look(self) -> bool:
        """Find out whether a transaction of ours has renewed the lease since the last look.

        Reading waits for no writer. What counts is that the row has moved, not what any clock on
        the wall says.
        """
        looked_at = self._clock()
        try:
            with self._reader() as reader:
                found = reader.leases.find(self.name, now=self._now())
        except StoreError:
            return False
        with self._lock:
            if found is None or self._lease is None or found.fence != self._lease.fence:
                return False
            is_renewed = self._seen is not None and found.renewals > self._seen[1]
            if self._seen is not None and is_renewed:
                # From the look before: the renewal came at some time after it, and the earliest is
                # what counts.
                self._until = max(self._until, self._seen[0] + self._lease.ttl_s)
            self._seen = looked_at, found.renewals
            return is_renewed

    def report_trouble(self, reason: str) -> None:
        """Report what went wrong with work under the lease."""
        self._on_trouble(reason)

    # --- the end ---------------------------------------------------------------------------

    def release(self) -> None:
        """Stop renewing the lease and release it, if it is ours; StoreError."""
        self._ended.set()
        with self._lock:
            lease, self._lease, self._until = self._lease, None, float("-inf")
        if self._thread is not None and self._thread is not threading.current_thread():
            # Not for ever: the thread may be waiting for a locked store.
            self._thread.join(_LOOK_S)
        if lease is not None:
            with self._opened() as store, store.transaction() as tx:
                tx.leases.release(lease)
