"""Whose turn it is to ask the history API: one process at a time, however many share a store."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.app.holder import holder
from monitor.app.logs import get_logger
from monitor.errors import MonitorError, StoreError
from monitor.model.lease import Lease
from monitor.sources.http import StoppedError
from monitor.store.lease_keeper import LeaseHeldError, LeaseKeeper, LeaseLostError
from monitor.store.lease_observer import LeaseObserver

if TYPE_CHECKING:
    from monitor.app.wiring import App
    from monitor.store.writer import Store

TURN = "backfill"
"""The name of the lease."""
_TURN_S = 60.0
_LOOK_S = 0.2


class TurnTakenError(MonitorError):
    """Another process has the turn; ``until``: ask again then, unless that process is done."""

    def __init__(self, lease: Lease | None, *, now: datetime) -> None:
        self.until = None if lease is None else now + timedelta(seconds=lease.observed_s)
        who = "another process" if lease is None else lease.holder
        super().__init__(f"earlier versions are being fetched by {who}; a second one has to wait")


class Turn:
    """The turn as this process holds it.

    ``stop`` is set when the turn is lost, and soon after ``asked`` is: whatever asks the API
    under the turn ends then.
    """

    def __init__(self, keeper: LeaseKeeper, *, stop: threading.Event, asked: threading.Event):
        self.stop = stop
        self._keeper = keeper
        self._asked = asked
        self._ended = threading.Event()

    @property
    def lease(self) -> Lease:
        """What each page that is stored under the turn renews."""
        return self._keeper.lease

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep the turn, which was taken, during the block, and give it back."""
        self._keeper.start()
        watching = threading.Thread(target=self._watch, name="turn", daemon=True)
        watching.start()
        try:
            yield
        finally:
            self._ended.set()
            watching.join()
            try:
                self._keeper.release()
            except StoreError as exc:
                get_logger().warning("turn not released", reason=str(exc))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Let a block that was stopped because the turn was lost end with LeaseLostError."""
        try:
            yield
        except StoppedError:
            reason = self._keeper.why_lost()
            if reason is not None:
                said = f"the turn to fetch earlier versions is lost: {reason}"
                raise LeaseLostError(said) from None
            raise

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_S):
            if self._asked.is_set():
                self.stop.set()


@contextmanager
def turn(
    app: "App",
    observer: LeaseObserver,
    *,
    stop: threading.Event,
    ttl_s: float = _TURN_S,
    patient: bool = False,
) -> Iterator[Turn]:
    """Take the turn for the block; TurnTakenError when another process has it.

    ``stop``, once set, ends what is done under it. ``observer`` watches who has the turn, from
    one try to the next; ``patient``: until it is certain whether that one is alive. A turn that
    nobody keeps any more is lost after ``ttl_s`` seconds.
    """

    def opened() -> "Store":
        from monitor.store.writer import open_store  # noqa: PLC0415 - a look at what is wanted needs none

        given = app.settings.store
        return open_store(given.url, busy_timeout_s=given.busy_timeout_s)

    opened().close()  # a store that is not there yet is made
    ended = threading.Event()
    keeper = LeaseKeeper(
        TURN,
        holder(),
        opened=opened,
        reader=app.reader,
        ttl_s=lambda: ttl_s,
        now=app.now,
        on_trouble=lambda reason: get_logger().warning("turn not kept", reason=reason),
        on_lost=lambda _reason: ended.set(),
        observer=observer,
    )
    try:
        if patient:
            keeper.take_patiently(stop)
        else:
            keeper.take()
    except LeaseHeldError as exc:
        raise TurnTakenError(exc.lease, now=app.now()) from None
    held = Turn(keeper, stop=ended, asked=stop)
    with held.kept():
        yield held
