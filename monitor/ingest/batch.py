"""Store one batch of raw versions within one transaction.

``run`` and ``page_storage`` call it. The steps come cheapest first, since most of a poll is known:
known bytes, a known document under a later stamp, a known content; ``timelines`` gets only what is
left.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.detect.fingerprints import absence_hash, raw_hash, unreadable_hash
from monitor.errors import DamagedSnapshotError, RecordError
from monitor.ingest.date_checks import allows_stamp, missing_required
from monitor.ingest.derivations import Derivations
from monitor.ingest.gate import GateDecision, PageGate
from monitor.ingest.new_slices import NewSlice, guess_id, is_restamped
from monitor.ingest.observation import ABSENT, day_of, make_observation
from monitor.ingest.places import places
from monitor.ingest.timeline_entry import Observation
from monitor.ingest.timelines import OPEN_TRIALS, Timelines
from monitor.model import fields
from monitor.model.history import (
    LoadedAgain,
    NewestSighting,
    QuarantineEntry,
    StoredVersion,
    Touch,
    VersionKey,
)
from monitor.model.record import RawVersion
from monitor.settings import IngestSettings, ThresholdSettings
from monitor.sources.base import Unreadable
from monitor.store.writer import Transaction

if TYPE_CHECKING:
    from monitor.ingest.notify import OutboxBuilder

# Parsed, records take some ten times their bytes.
_CHANGED_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What a pass did: counts of records read, versions stored, events derived.

    ``unchanged`` were read and have nothing new; ``quarantined`` could not be read.
    """

    read: int = 0
    stored: int = 0
    unchanged: int = 0
    quarantined: int = 0
    events: int = 0

    def __add__(self, other: "IngestReport") -> "IngestReport":
        return IngestReport(
            read=self.read + other.read,
            stored=self.stored + other.stored,
            unchanged=self.unchanged + other.unchanged,
            quarantined=self.quarantined + other.quarantined,
            events=self.events + other.events,
        )


class Batch:
    """Takes each raw version through the pipeline, and frees its document early.

    Keeping the parsed documents of a whole batch would cost more memory than parsing them costs
    time. A few changed ones are kept, to read their trials' histories with one query.
    ``unreadable``: where what went to the quarantine came from, and why. ``gate``: of a page of
    a followed source; its suspects count as nothing new.
    """

    def __init__(
        self,
        tx: Transaction,
        thresholds: ThresholdSettings,
        derivations: Derivations,
        outbox: "OutboxBuilder | None" = None,
        *,
        settings: IngestSettings,
        gate: PageGate | None = None,
    ) -> None:
        self._tx = tx
        self._gate = gate
        self._settings = settings
        self._timelines = Timelines(tx, thresholds, derivations, outbox)
        self._latest_sightings: dict[str, NewestSighting | None] = {}
        self._latest: dict[str, StoredVersion] = {}
        self._locked: set[str] = set()
        self._fetched: set[str] = set()
        self._extensions: dict[int, Touch] = {}
        self._loads: dict[int, LoadedAgain] = {}
        self._seen: dict[int, datetime] = {}
        self._changed: list[Observation] = []
        # The same slice may come twice in one batch, as in two files of a folder. It counts as
        # nothing new only if the first of them could be read.
        self._duplicates: dict[bytes, list[RawVersion]] = {}
        self._unchanged = 0
        self._stored = 0
        self._quarantined = 0
        self.unreadable: dict[str, str] = {}

    def take(self, batch: list[RawVersion | Unreadable]) -> IngestReport:
        """Write what the batch brings and return what was done."""
        for item in batch:
            if isinstance(item, Unreadable):
                self._quarantine(item, item.reason, item.size)
        fresh = self._leave_out_known([item for item in batch if isinstance(item, RawVersion)])
        changed = self._leave_out_restamped(fresh)
        # In one query where there are many; a few are read as they come.
        if len(changed) > OPEN_TRIALS:
            self._fetch_latest(
                one.guess for one in changed if one.guess and self._latest_sightings.get(one.guess)
            )
        for one in changed:
            self._parse(one.raw, one.digest)
        self._place_changed()
        events = self._timelines.write_all()
        self._close_quarantined(batch)
        return IngestReport(
            read=len(batch),
            stored=self._stored,
            unchanged=self._unchanged,
            quarantined=self._quarantined,
            events=events,
        )

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many events of each kind the new versions have."""
        return self._timelines.kinds

    def _parse(self, raw: RawVersion, digest: bytes) -> None:
        try:
            self._observe(make_observation(raw, digest, self._settings))
        except RecordError as exc:
            self._quarantine(raw, str(exc), len(raw.content))
            for duplicate in self._recount_duplicates(digest):
                self._parse(duplicate, digest)

    def _recount_duplicates(self, digest: bytes) -> list[RawVersion]:
        """Return the other slices of the same bytes, once the first of them was unreadable.

        Until then they were counted as unchanged.
        """
        duplicates = self._duplicates.pop(digest, [])
        self._unchanged -= len(duplicates)
        return duplicates

    def _leave_out_known(self, raws: list[RawVersion]) -> list[NewSlice]:
        """Return the slices that no stored version was read from, byte for byte."""
        hashes = [
            raw_hash(raw.content) if raw.media != ABSENT else absence_hash(raw.content, day_of(raw))
            for raw in raws
        ]
        digests = [hashed.whole for hashed in hashes]
        known = self._tx.known_raw(digests)
        fresh: dict[bytes, NewSlice] = {}
        for raw, hashed, digest in zip(raws, hashes, digests, strict=True):
            version_id = known.get(digest)
            if version_id is not None:
                # Two sources may bring the same bytes; the clock of one may be behind that of the
                # other.
                seen_at = self._seen.get(version_id, raw.retrieved_at)
                self._seen[version_id] = max(seen_at, raw.retrieved_at)
            elif digest not in fresh:
                fresh[digest] = NewSlice(raw, hashed, digest, guess_id(raw.content))
            else:
                self._duplicates.setdefault(digest, []).append(raw)
        self._unchanged += len(raws) - len(fresh)
        return list(fresh.values())

    def _leave_out_restamped(self, fresh: list[NewSlice]) -> list[NewSlice]:
        """Return the slices that are not a newest version's own under a later stamp.

        The others are noted as seen again: most of what a poll brings, and need not be parsed.
        """
        times = Counter(one.guess for one in fresh)
        # Several slices of one trial are put in order by its timeline.
        once = {guess for guess in times if guess is not None and times[guess] == 1}
        # Before the first question about these trials: on PostgreSQL another writer could else
        # store a version between what is read here and what is written (READ COMMITTED sees it only
        # afterwards).
        self._lock(guess for guess in times if guess is not None)
        newest = self._tx.newest_sightings(once)
        self._latest_sightings |= {guess: newest.get(guess) for guess in once}
        rest = []
        for one in fresh:
            sight = newest.get(one.guess) if one.guess else None
            loaded = one.hashed.loaded
            if (
                # Cheap before dear: the last of the four hashes the slice again under the earlier
                # stamp.
                loaded is not None
                and sight is not None
                and allows_stamp(loaded, one.raw, self._settings)
                and is_restamped(one, loaded, sight)
            ):
                load = LoadedAgain(sight.version_id, loaded, one.raw.retrieved_at, one.digest)
                self._loads[sight.version_id] = load
            else:
                rest.append(one)
        self._unchanged += len(fresh) - len(rest)
        return rest

    def _fetch_latest(self, nct_ids: Iterable[str]) -> None:
        """Read the latest versions of these trials, after locking them."""
        new = set(nct_ids) - self._fetched
        if new:
            self._lock(new)
            self._latest |= self._tx.latest(new)
            self._fetched |= new

    def _lock(self, nct_ids: Iterable[str]) -> None:
        """Lock these trials against other writers, if that was not done yet."""
        new = set(nct_ids) - self._locked
        if new:
            self._tx.lock_trials(new)
            self._locked |= new

    def _observe(self, seen: Observation) -> None:
        """Extend the interval of what is as stored; queue the rest for its trial's timeline."""
        nct_id = seen.record.nct_id
        if self._is_changed(seen):
            self._fetched.add(nct_id)
        self._fetch_latest([nct_id])
        newest = self._latest.get(nct_id)
        # One that is in `_loads` is about to be moved: what was read of it is no longer so.
        if newest is not None and newest.id not in self._loads and _is_as_stored(seen, newest):
            self._unchanged += 1
            self._touch(_extension(seen.key, seen.raw_sha256, newest))
            return
        # From here on the trial's timeline alone knows.
        self._latest.pop(nct_id, None)
        self._changed.append(seen)
        if len(self._changed) >= OPEN_TRIALS or _size(self._changed) > _CHANGED_BYTES:
            self._place_changed()

    def _is_changed(self, seen: Observation) -> bool:
        """Return whether the newest version surely has another content, as far as it was read."""
        nct_id = seen.record.nct_id
        if nct_id not in self._latest_sightings:
            return False
        newest = self._latest_sightings[nct_id]
        return newest is None or seen.stated_sha256 not in (
            newest.content_sha256, newest.stated_sha256,
        )  # fmt: skip

    def _place_changed(self) -> None:
        """Put the changed observations into their trials' timelines."""
        changed, self._changed = self._changed, []
        self._store_sightings()  # the timelines start from them
        self._timelines.open(seen.record.nct_id for seen in changed)
        for seen in changed:
            try:
                made = not self._is_suspect(seen) and self._timelines.observe(seen)
            except (RecordError, DamagedSnapshotError) as exc:
                for duplicate in (seen.raw, *self._recount_duplicates(seen.raw_sha256)):
                    self._quarantine(duplicate, str(exc), len(duplicate.content))
            else:
                self._stored += made
                self._unchanged += not made

    def _is_suspect(self, seen: Observation) -> bool:
        """Return whether the gate makes a record a suspect; RecordError as ``_check_complete``.

        Judged are complete documents; what a gated page brings is the newest of its trial.
        """
        # In a partial record, what was lost looks the same as what its source does not state.
        if self._gate is not None and seen.record.coverage.is_complete:
            newest = self._timelines.newest(seen.record.nct_id)
            decision = self._gate.judge(seen, newest)
            if decision is not GateDecision.STORE:
                return decision is GateDecision.SUSPECT
        self._check_complete(seen)
        return False

    def _check_complete(self, seen: Observation) -> None:
        """Raise RecordError for a complete document without what every real one has.

        What its newest version lacks too was accepted by the operator.
        """
        missing = missing_required(seen.record)
        if not missing:
            return
        newest = self._timelines.newest(seen.record.nct_id)
        # Example: a record that the operator accepted without conditions has none in its next
        # version either; were that refused, the record would be in quarantine for good.
        lost = [path for path in missing if newest is None or newest.has(path)]
        if lost:
            named = ", ".join(f"{fields.label(path)} ({fields.dotted(path)})" for path in lost)
            raise RecordError(f"the complete document is without {named}, which every record has")

    def _store_sightings(self) -> None:
        """Write when stored versions were seen again."""
        self._tx.load_again(list(self._loads.values()))
        self._tx.touch(list(self._extensions.values()))
        self._tx.see(self._seen)
        self._loads.clear()
        self._extensions.clear()
        self._seen.clear()

    def _touch(self, touch: Touch) -> None:
        """Keep the latest sighting of each version."""
        met = self._extensions.get(touch.version_id)
        if met is None or met.last_key is None or _is_further(touch, met.last_key):
            self._extensions[touch.version_id] = touch

    def _close_quarantined(self, batch: list[RawVersion | Unreadable]) -> None:
        """Drop quarantine entries of places that could be read now; not those of this batch."""
        read = {
            place
            for item in batch
            if item.origin not in self.unreadable
            for place in places(item.origin)
        }
        if read:
            # "Last seen before this batch": an entry that the batch itself has just made or renewed
            # stays.
            begun = min(item.retrieved_at for item in batch)
            self._tx.close_quarantined(read, before=begun)

    def _quarantine(self, item: RawVersion | Unreadable, reason: str, size: int) -> None:
        self._quarantined += 1
        self.unreadable[item.origin] = reason
        self._tx.quarantine(
            QuarantineEntry(
                source=item.source,
                origin=item.origin,
                reason=reason,
                content=item.content,
                size=size,
                sha256=unreadable_hash(item.content),
                seen_at=item.retrieved_at,
            )
        )


def _size(observations: list[Observation]) -> int:
    return sum(len(seen.canonical) for seen in observations)


def _is_as_stored(seen: Observation, newest: StoredVersion) -> bool:
    """Return whether this is the newest version's content, or all that its source stated."""
    known = newest.content_sha256, newest.stated_sha256
    # An undated record does not state when it was so; its timeline finds the place for it.
    return seen.is_dated and seen.stated_sha256 in known and seen.key >= newest.first_key


def _extension(key: VersionKey, raw_sha256: bytes, newest: StoredVersion) -> Touch:
    further = key > newest.last_key
    return Touch(
        version_id=newest.id,
        last_key=key if further else None,
        last_raw_sha256=raw_sha256 if further else None,
        seen_at=key.retrieved_at,
    )


def _is_further(touch: Touch, key: VersionKey) -> bool:
    return touch.last_key is not None and touch.last_key > key
