"""One pass over a followed source: each of its pages is one transaction.

The records, their snapshots and events, what the page tells of followed records and the state
from which the source goes on are stored together or not at all. Nothing is asked of the network
while a transaction is open.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.detect.rules.base import Thresholds
from monitor.errors import HeldError
from monitor.ingest.batch import Batch, IngestReport
from monitor.ingest.derivations import Derivations, derived_first
from monitor.ingest.garbage import clear_circles, fewer_collections
from monitor.ingest.gatekeeper import Gatekeeper, PageGate
from monitor.ingest.notify import Announcer, Notifier
from monitor.ingest.plausible import PLAUSIBLE, Plausibility
from monitor.ingest.run import batches
from monitor.ingest.unread import Unread
from monitor.model.following import Followed, Presence, SourceRow
from monitor.model.gate import GateState
from monitor.model.lease import Lease
from monitor.sources.base import FollowedSource, Page, State
from monitor.store.lease_keeper import require_lease
from monitor.store.reader import Reader
from monitor.store.writer import Store, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """What became of one page, and the seconds that asking for it and storing it took.

    ``kinds``: how many events of each kind its new versions have. ``unreadable``: where the first
    that could not be read came from, and why.
    """

    report: IngestReport
    kinds: Mapping[str, int]
    unreadable: str | None
    total: int | None
    fetch_s: float
    store_s: float


class StoreMemory:
    """What a source may ask about its own past, answered by the store."""

    def __init__(
        self,
        source: str,
        reader: Callable[[], AbstractContextManager[Reader]],
        unread: Unread,
        gate: Gatekeeper,
    ) -> None:
        self._source = source
        self._reader = reader
        self._unread = unread
        self._gate = gate

    def state(self, subject: str = "") -> State | None:
        """Return the state that the last stored page of the subject left; None before any."""
        with self._reader() as reader:
            return reader.sources.state(self._source, subject)

    def followed(
        self,
        *,
        after: str = "",
        limit: int = 1_000,
        unseen_in: int | None = None,
        presence: Presence | None = None,
    ) -> list[Followed]:
        """Return followed records by ascending NCT ID, those behind ``after``."""
        with self._reader() as reader:
            return reader.sources.followed(
                self._source, after=after, limit=limit, unseen_in=unseen_in, presence=presence
            )

    def seen_in(self, pass_number: int) -> int:
        """Return how many followed records were last noted in that pass as SHOWN."""
        with self._reader() as reader:
            return reader.sources.seen_in(self._source, pass_number)

    def suspects(self) -> list[str]:
        """Return the NCT IDs that the gate set aside; they are asked for before the pass ends."""
        return self._gate.to_ask()

    def held(self) -> str | None:
        """Return what the gate holds after all of the pass was seen; None when nothing is."""
        held = self._gate.held()
        return None if held is None else held.reason

    def unread(self) -> list[str]:
        """Return the NCT IDs of the followed records that could not be read when last seen."""
        return sorted(self._unread.known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Stores the pages of a source.

    ``type``: of the source, as the configuration calls it. ``leases``: a page is stored only
    while all of them are held, and renews them; without any, processes may follow at once.
    ``notifier``: turns news into messages, in the same transaction; None alerts nobody.
    """

    store: Store
    reader: Callable[[], AbstractContextManager[Reader]]
    type: str
    thresholds: Thresholds
    now: Callable[[], datetime]
    plausibility: Plausibility = PLAUSIBLE
    batch_records: int = 200
    leases: Sequence[Lease] = ()
    notifier: Notifier | None = None

    def follow(self, source: FollowedSource) -> Iterator[StoredPage]:
        """Store one pass, yielding what became of each page once it is stored.

        SourceError when the source cannot be read, HeldError when what it shows is held, StoreError
        when the store cannot be written, LeaseLostError when another process took over; what was
        yielded stays stored.
        """
        gate = Gatekeeper(source.name, self.reader, self.plausibility)
        try:
            yield from self._pages(source, gate)
        except HeldError as exc:
            self._conclude(gate, gate.held() or gate.nothing_held(reason=str(exc)))
            raise
        self._conclude(gate, gate.nothing_held())

    def _conclude(self, gate: Gatekeeper, held: GateState) -> None:
        """Note what is held after a pass."""
        if held == gate.state:
            return
        with self.store.transaction() as tx:
            for lease in self.leases:
                require_lease(tx, lease, now=self.now())
            gate.conclude(tx, held, at=self.now())

    def _pages(self, source: FollowedSource, gate: Gatekeeper) -> Iterator[StoredPage]:
        unread = Unread(source.name, self.reader)
        pages = source.pages(StoreMemory(source.name, self.reader, unread, gate))
        with fewer_collections():
            while True:
                asked = time.monotonic()
                page = next(pages, None)
                if page is None:
                    return
                got = time.monotonic()
                report, kinds, unreadable = self._store_page(
                    source.name, page, unread, gate.page(page)
                )
                stored = StoredPage(
                    report=report,
                    kinds=kinds,
                    unreadable=unreadable,
                    total=page.total,
                    fetch_s=got - asked,
                    store_s=time.monotonic() - got,
                )
                del page  # or its bytes would stay while the next one is fetched
                yield stored

    def _store_page(
        self, source: str, page: Page, unread: Unread, gate: PageGate
    ) -> tuple[IngestReport, Counter[str], str | None]:
        """Store a page in one transaction; return the counts, and what could not be read first."""

        def store_in(
            tx: Transaction, derivations: Derivations
        ) -> tuple[IngestReport, Counter[str], str | None]:
            report = IngestReport()
            kinds: Counter[str] = Counter()
            unreadable: dict[str, str] = {}
            for lease in self.leases:  # did nobody take over while the page was fetched?
                require_lease(tx, lease, now=self.now())
            gate.restart()
            announcer = self._announcer(tx, page, gate)
            for batch in batches([*gate.absences(), *page.found], self.batch_records):
                taker = Batch(
                    tx,
                    self.thresholds,
                    derivations,
                    announcer,
                    plausibility=self.plausibility,
                    gate=gate,
                )
                taken = taker.take(batch)
                report = report + taken
                kinds.update(taker.kinds)
                unreadable |= taker.unreadable
                if taken.has_news:
                    clear_circles()
            derivations.require_known()  # what follows is to happen once
            if announcer is not None:
                announcer.write()
            at = self.now()
            tx.sources.follow(source, gate.sights, pass_number=page.pass_number, at=at)
            tx.sources.unfollow(source, gate.left)
            unread.note(tx, gate.decided, unreadable, gate.left, at=at)
            gate.note(tx, at=at)
            tx.sources.put_state(source, page.subject, page.state, at=at)
            self._note_progress(tx, source, page)
            first = next((f"{origin}: {reason}" for origin, reason in unreadable.items()), None)
            return report, kinds, first

        return derived_first(self.store, store_in)

    def _announcer(self, tx: Transaction, page: Page, gate: PageGate) -> Announcer | None:
        if self.notifier is None:
            return None
        return self.notifier.announcer(
            tx, first_sights=page.first_sights_are_news, silent=gate.silent
        )

    def _note_progress(self, tx: Transaction, source: str, page: Page) -> None:
        if page.data_timestamp is not None:  # the pass is over: what was let through is in
            tx.sources.drop_states(GateState.accepted_by(source), [""])
        elif page.cursor is None:
            return
        row = tx.sources.get(source) or SourceRow(name=source, type=self.type)
        tx.sources.put(
            replace(
                row,
                data_timestamp=page.data_timestamp or row.data_timestamp,
                cursor=page.cursor or row.cursor,
            )
        )
