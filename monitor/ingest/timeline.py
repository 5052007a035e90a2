"""Place observations among a trial's versions, in memory.

Pure except for the loader that it is given: it decides, ``timelines`` reads and writes.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from monitor.detect.classify import registration_event
from monitor.detect.fingerprints import canonical_bytes, fingerprint
from monitor.detect.partial_records import merge_partial
from monitor.detect.rules.base import Context
from monitor.ingest.derivations import Compared, Derivations
from monitor.ingest.load_order import (
    earlier_sighting,
    has_been_shown,
    move_after,
    place_before,
    redate_after_last_read,
    redate_after_loads,
    shown_later,
)
from monitor.ingest.timeline_entry import Observation, TimelineEntry, new_entry, split
from monitor.model.changes import ChangeEvent
from monitor.model.coverage import Coverage
from monitor.model.dates import PartialDate
from monitor.model.history import VersionKey
from monitor.model.record import TrialRecord
from monitor.settings import ThresholdSettings

# (snapshot id, coverage, registry version) → the record that the snapshot holds, and its bytes.
Load = Callable[[int, Coverage, int | None], tuple[TrialRecord, int]]


class Indexed(NamedTuple):
    """A trial in the search index: a hash of its words, and the snapshot that has them."""

    sha256: bytes
    snapshot_id: int


@dataclass(slots=True, kw_only=True)
class Timeline:
    """All versions of one trial in their order.

    ``load`` reads a stored snapshot, ``derivations`` has the events of two versions.
    ``first_start_date``: the start date that the first
    version states, as written. ``last_changed``, ``last_seen_at``: as in ``TrialRow``.
    ``observed``: an observation was placed here. ``indexed``: None while the trial is not in the
    search index.
    """

    nct_id: str
    entries: list[TimelineEntry]
    thresholds: ThresholdSettings
    load: Load
    derivations: Derivations
    first_start_date: str | None = None
    last_changed: date | None = None
    last_seen_at: datetime | None = None
    observed: bool = False
    indexed: Indexed | None = None

    def observe(self, seen: Observation) -> bool:
        """Place an observation; return True when it makes a new version.

        An observation of a known content only extends the interval in which its neighbor's content
        was seen. One that contradicts the middle of such an interval splits it. An absence that
        becomes known late goes before what later loads showed; an absence of a record that was
        never seen is dropped.
        """
        # First a place for what has no date, then the loads: the second asks for a date.
        seen = redate_after_loads(self.entries, redate_after_last_read(self.entries, seen))
        if seen.is_dated and self.entries and self._is_undated(self.entries[0]):
            place_before(self.entries[0], seen)
        if not seen.is_absence:
            return self._place(seen)
        if not has_been_shown(self.entries, seen.key):
            return False  # a record that was never there cannot vanish
        later = shown_later(self.entries, seen.key)
        if later:
            # Read before anything moves: a snapshot that is damaged then leaves the timeline as it
            # was.
            for entry in self.entries:
                self.record(entry)  # as below
            move_after(self.entries, later, seen.key)
        return self._place(seen, all_later=bool(later))

    def _is_undated(self, entry: TimelineEntry) -> bool:
        """Return whether neither the version nor its source gave any date."""
        key = entry.first_key
        dated = key.data_date or key.registry_version
        if dated or key.version_date != key.retrieved_at.date():
            return False
        return self._stated_record(entry).last_update_date is None

    def _place(self, seen: Observation, *, all_later: bool = False) -> bool:
        """Put an observation where its key says; ``all_later``: derive all later versions anew."""
        # `bisect_right`: of equal keys the one that came first stays first.
        index = bisect_right([entry.first_key for entry in self.entries], seen.key) - 1
        before = self.entries[index] if index >= 0 else None
        after = self.entries[index + 1] if index + 1 < len(self.entries) else None
        if before is not None and self._is_known_content(seen, before):
            if seen.key > before.last_key:
                before.last_key, before.last_raw_sha256 = seen.key, seen.raw_sha256
                before.moved = True
            return False
        # A → B → A in the middle of what seemed one long A: B splits it in two versions (`split`).
        inside = before is not None and seen.key < before.last_key
        for neighbour in (before, after):
            if neighbour is not None:
                self.record(neighbour)  # what cannot be read back is an error before anything moves
        # The same content, read late: no new version, its successor only begins sooner.
        if after is not None and not inside and self._is_earlier_sighting(seen, after):
            before_key, after.raw_sha256 = after.first_key, seen.raw_sha256
            after.first_key = earlier_sighting(seen.key, after)
            after.moved = True
            if _derived_from(before_key) != _derived_from(after.first_key):
                self._check(index + 1)
                self._check(index + 2)
            return False
        if before is not None and inside:
            self.entries.insert(index + 1, split(before))
        self._insert(index + 1, seen, all_later=all_later)
        if inside:
            self._check(index + 3)  # what follows the second half of what was cut in two
        return True

    def _is_known_content(self, seen: Observation, entry: TimelineEntry) -> bool:
        if seen.stated_sha256 in {entry.content_sha256, entry.stated_sha256}:
            return True
        # A complete record that differs is new; a partial one may still say only what is known.
        if seen.record.coverage.is_complete:
            return False
        merged = merge_partial(self.record(entry), seen.record)
        return fingerprint(canonical_bytes(merged.document)) == entry.content_sha256

    def _is_earlier_sighting(self, seen: Observation, entry: TimelineEntry) -> bool:
        if seen.stated_sha256 == entry.stated_sha256:
            return True
        same_date = seen.key.version_date == entry.first_key.version_date
        return same_date and self._is_known_content(seen, entry)

    def _insert(self, index: int, seen: Observation, *, all_later: bool) -> None:
        self.entries.insert(index, new_entry(seen, backfilled=index < len(self.entries)))
        self._merge(index)
        restarted = index == 0 and self._restart()
        self._derive(index)
        at = index + 1
        while at < len(self.entries):
            remerged = self._merge(at)
            self._derive(at, again=True)
            at += 1
            # The successor is always derived anew, since it has another predecessor. Beyond it
            # nothing changes, unless partial versions were merged with what has moved.
            if not (remerged or restarted or all_later):
                break

    def _restart(self) -> bool:
        """Take over the first version's start date; True when later phases of life depend on it."""
        # Whether a trial had begun when it changed depends on the first start date that it stated.
        start = self.record(self.entries[0]).start_date
        before, self.first_start_date = self.first_start_date, str(start) if start else None
        return self.first_start_date != before

    def _merge(self, index: int) -> bool:
        """Merge a partial record with its predecessor; True when what is known changed."""
        entry = self.entries[index]
        if entry.stated_coverage.is_complete:
            return False
        base = self.record(self.entries[index - 1]) if index else None
        merged = merge_partial(base, self._stated_record(entry))
        canonical = canonical_bytes(merged.document)
        content = fingerprint(canonical)
        entry.record, entry.coverage = merged, merged.coverage
        # The same content is not stored a second time under another id.
        if content == entry.content_sha256:
            return False
        entry.set_merged(content, canonical)
        return True

    def _derive(self, index: int, *, again: bool = False) -> None:
        """Derive a version's events from it and its predecessor."""
        entry = self.entries[index]
        entry.recomputed, entry.checked = entry.recomputed or again, False
        entry.events = self.events(index)

    def _check(self, index: int) -> None:
        """Derive the events of a version, if there is one, whose neighbor or date moved.

        Stored ones mostly stay as they are then, and keep their mark where they do not.
        """
        if index < len(self.entries):
            entry = self.entries[index]
            entry.checked = entry.checked or entry.events is None
            entry.events = self.events(index)

    def events(self, index: int) -> tuple[ChangeEvent, ...]:
        """Return the events of a version, derived from it and its predecessor."""
        new = self.record(self.entries[index])
        if index == 0:
            return (registration_event(new),)
        before, entry = self.entries[index - 1], self.entries[index]
        version_date = entry.first_key.version_date
        context = Context(
            old=self.record(before),
            new=new,
            version_date=version_date,
            first_start_date=PartialDate.parse(self.first_start_date),
            thresholds=self.thresholds,
        )
        compared = Compared(
            before.content_sha256,
            before.coverage,
            before.first_key.registry_version,
            entry.content_sha256,
            entry.coverage,
            entry.first_key.registry_version,
            version_date.isoformat(),
            self.first_start_date,
        )
        return self.derivations.events(compared, context, size=before.size + entry.size)

    def record(self, entry: TimelineEntry) -> TrialRecord:
        """Return a version's record as known then."""
        number = entry.first_key.registry_version
        if entry.record is None:
            entry.record, entry.size = self.load(entry.stored_snapshot(), entry.coverage, number)
        # The number of its place may have changed since the record was read; rules look at it.
        elif entry.record.registry_version != number:
            entry.record = replace(entry.record, registry_version=number)
        return entry.record

    def _stated_record(self, entry: TimelineEntry) -> TrialRecord:
        """Return a version's record as its source stated it."""
        if entry.stated is None:
            number = entry.first_key.registry_version
            snapshot = entry.stated_snapshot_id or entry.stored_snapshot()
            entry.stated, _ = self.load(snapshot, entry.stated_coverage, number)
        return entry.stated


def _derived_from(key: VersionKey) -> tuple[date, int | None]:
    """Return what of a version's place its events, and those of the next one, depend on."""
    return key.version_date, key.registry_version
