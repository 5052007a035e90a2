"""Backfills: which records want their past filled in, what asks for it, and one at a time."""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from monitor.app.logs import get_logger
from monitor.app.sources import HISTORY, Sources
from monitor.app.workers import worker_id
from monitor.errors import StoreError
from monitor.model.lease import Lease
from monitor.model.tracking import Presence
from monitor.settings import CtgovSourceSettings, Settings
from monitor.sources.base import FollowedSource, State
from monitor.sources.ctgov_history.state import BackfillOutcome, read_backfill
from monitor.sources.http import StoppedError
from monitor.store.lease_keeper import LeaseKeeper, LeaseLostError
from monitor.store.lease_observer import LeaseObserver
from monitor.store.reader import Reader

if TYPE_CHECKING:
    from monitor.app.wiring import App
    from monitor.sources.ctgov_history import HistoryProgress

LEASE = "backfill"
"""The lease that lets one process ask the history API at a time, however many share a store."""
_LEASE_S = 60.0
_LOOK_S = 0.2
_AT_ONCE = 1_000
# Those that never failed come first.
_NEVER = datetime.min.replace(tzinfo=UTC)


class BackfillLease:
    """The lease of backfills as this process holds it.

    ``stop`` is set when the lease is lost, and soon after ``stop_request`` is: what calls the API
    under the lease ends then.
    """

    def __init__(
        self, keeper: LeaseKeeper, *, stop: threading.Event, stop_request: threading.Event
    ):
        self.stop = stop
        self._keeper = keeper
        self._stop_request = stop_request
        self._ended = threading.Event()

    @property
    def lease(self) -> Lease:
        """What each page that is stored under the lease renews."""
        return self._keeper.lease

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the lease, which was taken, during the block, and give it back."""
        self._keeper.start()
        watching = threading.Thread(target=self._watch, name="backfill lease", daemon=True)
        watching.start()
        try:
            yield
        finally:
            self._ended.set()
            watching.join()
            try:
                # A lease that cannot be given back ends by itself.
                self._keeper.release()
            except StoreError as exc:
                get_logger().warning("backfill lease not released", reason=str(exc))

    @contextmanager
    def raise_if_lost(self) -> Iterator[None]:
        """Let a block that was stopped because the lease was lost end with LeaseLostError."""
        try:
            yield
        except StoppedError:
            # It was asked to stop, or lost the lease: the keeper knows which.
            reason = self._keeper.lost_reason()
            if reason is not None:
                message = f"the lease to fetch earlier versions is lost: {reason}"
                raise LeaseLostError(message) from None
            raise

    def _watch(self) -> None:
        # What asks the API watches a single event, which two reasons to stop have to set.
        while not self._ended.wait(_LOOK_S):
            if self._stop_request.is_set():
                self.stop.set()


@contextmanager
def backfill_lease(
    app: "App",
    observer: LeaseObserver,
    *,
    stop: threading.Event,
    ttl_s: float = _LEASE_S,
    patient: bool = False,
) -> Iterator[BackfillLease]:
    """Take the lease for the block; LeaseHeldError when another process has it.

    ``stop``, once set, ends what is done under it. ``observer`` watches who has the lease, from
    one try to the next; ``patient``: until it is certain whether that one is alive. A lease that
    nobody renews any more is lost after ``ttl_s`` seconds.
    """
    app.store().close()  # a store that is not there yet is made
    ended = threading.Event()
    keeper = LeaseKeeper(
        LEASE,
        worker_id(),
        opened=app.store,
        reader=app.reader,
        ttl_s=lambda: ttl_s,
        now=app.now,
        on_trouble=lambda reason: get_logger().warning("backfill lease not renewed", reason=reason),
        on_lost=lambda _reason: ended.set(),
        observer=observer,
    )
    if patient:
        keeper.take_when_free(stop)
    else:
        keeper.take()
    held = BackfillLease(keeper, stop=ended, stop_request=stop)
    with held.hold():
        yield held


def pending_backfills(settings: Settings, reader: Reader) -> dict[str, list[str]]:
    """Return by base URL the followed NCT IDs whose past was not filled in yet.

    Of enabled sources with ``backfill = true``. What the registry could not give is not asked
    for again; ``monitor backfill`` does. Those that failed come last, the latest at the end.
    """
    states = reader.sources.states(HISTORY)
    wanting = [one for one in _registries(settings) if one.enabled and one.backfill]
    return _by_base_url(wanting, reader, states, lambda nct_id: _is_open(states.get(nct_id)))


def all_backfills(settings: Settings, reader: Reader) -> dict[str, list[str]]:
    """Return by base URL the NCT IDs that the sources follow, in the same order."""
    states = reader.sources.states(HISTORY)
    return _by_base_url(_registries(settings), reader, states, lambda _: True)


def _registries(settings: Settings) -> list[CtgovSourceSettings]:
    return [one for one in settings.sources if isinstance(one, CtgovSourceSettings)]


def _by_base_url(
    sources: Iterable[CtgovSourceSettings],
    reader: Reader,
    states: Mapping[str, State],
    is_wanted: Callable[[str], bool],
) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for source in sources:
        wanted = filter(is_wanted, _followed_ids(reader, source.name))
        found.setdefault(source.base_url, set()).update(wanted)

    def rank(nct_id: str) -> tuple[datetime, str]:
        return read_backfill(states.get(nct_id)).failed_at or _NEVER, nct_id

    return {base_url: sorted(ids, key=rank) for base_url, ids in found.items() if ids}


@contextmanager
def history(
    app: "App",
    base_url: str,
    nct_ids: Iterable[str],
    sources: Sources,
    *,
    under: BackfillLease,
    since: date | None = None,
    on_progress: "Callable[[HistoryProgress], None] | None" = None,
) -> Iterator[FollowedSource]:
    """Yield the source of these records' earlier versions that the store lacks.

    A block that ends because the lease was lost ends with LeaseLostError.
    """
    with (
        under.raise_if_lost(),
        sources.history(
            base_url,
            nct_ids,
            since=since,
            stored=lambda nct_id: stored_numbers(app, nct_id),
            on_progress=on_progress,
        ) as source,
    ):
        yield source


def _followed_ids(reader: Reader, source: str) -> Iterator[str]:
    """Yield the NCT IDs of all records that a source follows and shows, ascending."""
    after = ""
    while page := reader.sources.tracked_records(
        source, after=after, limit=_AT_ONCE, presence=Presence.SHOWN
    ):
        yield from (followed.nct_id for followed in page)
        after = page[-1].nct_id


def stored_numbers(app: "App", nct_id: str) -> Collection[int]:
    """Return the registry's version numbers that the store is known to have of a trial."""
    with app.reader() as reader:
        numbers = {
            number
            for version in reader.versions(nct_id)
            for number in (version.registry_version, version.last_registry_version)
        }
    return {number for number in numbers if number is not None}


def _is_open(state: State | None) -> bool:
    known = read_backfill(state)
    if known.outcome in (BackfillOutcome.UNKNOWN, BackfillOutcome.MERGED):
        return False  # what an earlier ``--since`` left out will not come either
    return known.outcome is BackfillOutcome.UNDER_WAY or known.since is not None
