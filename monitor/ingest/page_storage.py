"""Store one pass over a followed source: each page in one transaction, a long one in several.

``app.polling`` calls it. A record, its snapshot, events and messages are stored together or not at
all. What the page states about followed records, and the state from which the source goes on,
come with the last of them. No request is sent while a transaction is open.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from monitor.errors import HeldError
from monitor.ingest.batch import Batch, IngestReport
from monitor.ingest.derivations import Derivations, derive_first
from monitor.ingest.gate import Gate, PageGate, PageJudgment
from monitor.ingest.gc_tuning import fewer_collections
from monitor.ingest.notify import Notifier, OutboxBuilder
from monitor.ingest.run import batches
from monitor.ingest.unread_records import UnreadTracker
from monitor.memory import give_back
from monitor.model.gate import GateState
from monitor.model.lease import Lease
from monitor.model.tracking import Presence, SourceRow, TrackedRecord
from monitor.settings import IngestSettings, ThresholdSettings
from monitor.settings.sections import INGEST_DEFAULTS
from monitor.sources.base import FollowedSource, SourcePage, State
from monitor.sources.read_progress import SourceItem
from monitor.store.lease_keeper import require_lease
from monitor.store.reader import Reader
from monitor.store.writer import StoreWriter, Transaction

# Other writers wait for a transaction; behind one of this many seconds comes another one.
# A fifth of the ten seconds for which others wait for the write lock, so that a commit on a slow
# disk still fits (docs/decisions/2026-11-30-long-pages-in-parts.md).
_LONGEST_S = 2.0


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


class StoredSourceState:
    """The ``SourceState`` that the store answers."""

    def __init__(
        self,
        source: str,
        reader: Callable[[], AbstractContextManager[Reader]],
        unread: UnreadTracker,
        gate: Gate,
    ) -> None:
        self._source = source
        self._reader = reader
        self._unread = unread
        self._gate = gate

    def state(self, subject: str = "") -> State | None:
        """Return the state that the last stored page of the subject left; None before any."""
        with self._reader() as reader:
            return reader.sources.state(self._source, subject)

    def tracked_records(
        self,
        *,
        after: str = "",
        limit: int = 1_000,
        unseen_in: int | None = None,
        presence: Presence | None = None,
    ) -> list[TrackedRecord]:
        """Return followed records by ascending NCT ID, those behind ``after``."""
        with self._reader() as reader:
            return reader.sources.tracked_records(
                self._source, after=after, limit=limit, unseen_in=unseen_in, presence=presence
            )

    def seen_in(self, pass_number: int) -> int:
        """Return how many followed records were last noted in that pass as SHOWN."""
        with self._reader() as reader:
            return reader.sources.seen_in(self._source, pass_number)

    def suspects(self) -> list[str]:
        """Return the NCT IDs of the gate's suspects; they are fetched before the pass ends."""
        return self._gate.suspects_to_fetch()

    def hold_reason(self) -> str | None:
        """Return why records are held once all of the pass is seen; None when none is."""
        state = self._gate.held_state()
        return None if state is None else state.reason

    def unread(self) -> list[str]:
        """Return the NCT IDs of the followed records that could not be read when last seen."""
        return sorted(self._unread.nct_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Stores the pages of a source.

    ``type``: of the source, as the configuration calls it. ``leases``: a page is stored only
    while all of them are held, and renews them; without any, processes may follow at once.
    ``notifier``: puts messages into the outbox, in the same transaction; None sends no alerts.
    ``clock``: seconds, by which long pages are stored in several transactions.
    """

    store: StoreWriter
    reader: Callable[[], AbstractContextManager[Reader]]
    type: str
    thresholds: ThresholdSettings
    now: Callable[[], datetime]
    settings: IngestSettings = INGEST_DEFAULTS
    batch_records: int = 200
    leases: Sequence[Lease] = ()
    notifier: Notifier | None = None
    clock: Callable[[], float] = time.monotonic

    def follow(self, source: FollowedSource) -> Iterator[StoredPage]:
        """Store one pass, yielding what became of each page once it is stored.

        SourceError when the source cannot be read, HeldError when what it shows is held, StoreError
        when the store cannot be written, LeaseLostError when another process took over; what was
        yielded stays stored.
        """
        gate = Gate(source.name, self.reader, self.settings)
        try:
            yield from self._pages(source, gate)
        except HeldError as exc:
            self._conclude(gate, gate.held_state() or gate.state_without_records(reason=str(exc)))
            raise
        self._conclude(gate, gate.state_without_records())

    def _conclude(self, gate: Gate, held: GateState) -> None:
        """Store what is held after a pass."""
        if held == gate.state:
            return
        with self.store.transaction() as tx:
            # Here too: a process that lost its lease must not say for the new one what is held.
            for lease in self.leases:
                require_lease(tx, lease, now=self.now())
            gate.end_pass(tx, held, at=self.now())

    def _pages(self, source: FollowedSource, gate: Gate) -> Iterator[StoredPage]:
        unread = UnreadTracker(source.name, self.reader)
        pages = source.pages(StoredSourceState(source.name, self.reader, unread, gate))
        with fewer_collections():
            while True:
                asked = time.monotonic()
                # Here the network is waited for, and no transaction is open.
                page = next(pages, None)
                if page is None:
                    return
                got = time.monotonic()
                report, kinds, unreadable = self._store_page(
                    source.name, page, unread, gate.for_page(page)
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
                if report.stored:
                    give_back()
                yield stored

    def _store_page(
        self, source: str, page: SourcePage, unread: UnreadTracker, gate: PageGate
    ) -> tuple[IngestReport, Counter[str], str | None]:
        """Store a page; return the counts, and what could not be read first.

        In one transaction, or several where that would take long: other writers would wait, and
        leases run out. The last one moves the cursor: what is killed before is fetched again.
        """
        found = [*gate.absences(), *page.found]
        rest = list(batches(found, self.batch_records))
        report, kinds, unreadable = IngestReport(), Counter[str](), dict[str, str]()
        while True:
            part = _PendingBatches(
                source=source, page=page, gate=gate, judgment=gate.judgment, batches=rest
            )
            stored = derive_first(self.store, partial(self._store_part, part, unread, unreadable))
            report = report + stored.report
            kinds.update(stored.kinds)
            unreadable |= stored.unreadable
            if stored.is_last:
                break
            rest = rest[stored.batches :]
        first = next((f"{origin}: {reason}" for origin, reason in unreadable.items()), None)
        return report, kinds, first

    def _store_part(
        self,
        part: "_PendingBatches",
        unread: UnreadTracker,
        unreadable: Mapping[str, str],
        tx: Transaction,
        derivations: Derivations,
    ) -> "_StoredBatches":
        """Store as many batches as there is time for; after the last one, the page's own state."""
        page, gate = part.page, part.gate
        for lease in self.leases:  # has another process taken over meanwhile?
            require_lease(tx, lease, now=self.now())
        # The work may run several times: each begins from what the parts before it have judged.
        gate.restore(part.judgment)
        outbox = self._outbox_builder(tx, page, gate)
        stored = _StoredBatches()
        began = self.clock()
        for batch in part.batches:
            taker = Batch(
                tx,
                self.thresholds,
                derivations,
                outbox,
                settings=self.settings,
                gate=gate,
            )
            stored.add(taker.take(batch), taker)
            # A rehearsal goes on to its end: it is rolled back anyway, and should find all that is
            # wanted.
            if self.clock() - began >= _LONGEST_S and not derivations.is_rehearsal:
                break
        derivations.require_known()  # what follows is to happen once
        if outbox is not None:
            outbox.write()
        stored.is_last = stored.batches == len(part.batches)
        if stored.is_last:
            self._conclude_page(tx, part, unread, {**unreadable, **stored.unreadable})
        return stored

    def _conclude_page(
        self,
        tx: Transaction,
        part: "_PendingBatches",
        unread: UnreadTracker,
        unreadable: Mapping[str, str],
    ) -> None:
        page, gate, at = part.page, part.gate, self.now()
        # With the last part only: were the sightings stored with the first, a kill would leave
        # records that count as seen in this pass and whose versions are nowhere.
        tx.sources.follow(part.source, gate.sightings, pass_number=page.pass_number, at=at)
        tx.sources.unfollow(part.source, gate.untracked)
        unread.store(tx, gate.decided_sightings, unreadable, gate.untracked, at=at)
        gate.store(tx, at=at)
        if page.read:
            tx.close_quarantined(page.read, before=at)
        # In the transaction of the records, or a crash between the two would skip them or bring
        # them twice.
        tx.sources.put_state(part.source, page.subject, page.state, at=at)
        self._note_progress(tx, part.source, page)

    def _outbox_builder(
        self, tx: Transaction, page: SourcePage, gate: PageGate
    ) -> OutboxBuilder | None:
        if self.notifier is None:
            return None
        return self.notifier.make_outbox_builder(
            tx, announces_new_trials=page.announces_new_trials, silent=gate.silent
        )

    def _note_progress(self, tx: Transaction, source: str, page: SourcePage) -> None:
        if page.data_timestamp is not None:  # the pass is over: what was accepted is stored
            tx.sources.drop_states(GateState.acceptance_key(source), [""])
        elif page.cursor is None:
            return
        row = tx.sources.get(source) or SourceRow(name=source, type=self.type)
        tx.sources.store_row(
            replace(
                row,
                data_timestamp=page.data_timestamp or row.data_timestamp,
                cursor=page.cursor or row.cursor,
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _PendingBatches:
    """The batches of a page that are still to be stored; ``judgment``: of the parts before."""

    source: str
    page: SourcePage
    gate: PageGate
    judgment: PageJudgment
    batches: Sequence[list[SourceItem]]


@dataclass(slots=True)
class _StoredBatches:
    """What became of ``batches`` of a page; ``is_last``: the page is stored."""

    report: IngestReport = field(default_factory=IngestReport)
    kinds: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    batches: int = 0
    is_last: bool = False

    def add(self, taken: IngestReport, by: Batch) -> None:
        """Count a batch that was taken."""
        self.report = self.report + taken
        self.kinds.update(by.kinds)
        self.unreadable |= by.unreadable
        self.batches += 1
