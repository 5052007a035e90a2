"""One version of a timeline, and the observation that it comes from.

``observation`` makes observations, ``timeline`` places them, ``timelines`` writes the entries.
What a row of ``versions`` has of an entry, and an entry of a row, stands here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from monitor.errors import StoreError
from monitor.model.changes import ChangeEvent
from monitor.model.coverage import ABSENCE, Coverage
from monitor.model.history import NewVersion, StoredVersion, VersionKey
from monitor.model.identity import version_identity
from monitor.model.record import RawVersion, TrialRecord

CHANGEABLE = (
    "version_date", "registry_version", "data_date", "retrieved_at", "raw_sha256",
    "last_version_date", "last_registry_version", "last_data_date", "last_retrieved_at",
    "last_raw_sha256", "content_sha256", "coverage", "stated_coverage", "snapshot_id",
    "stated_snapshot_id",
)  # fmt: skip
"""What may change of a stored version: its interval, and the record that it was merged with.

All else stays as it was when the version was new.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A parsed record on its way into the history, with its place and its hashes.

    ``stated_sha256`` is the fingerprint of the document as the source stated it. ``is_dated``
    False: neither the record nor its source gives any date; its key holds when it was read.
    ``registry_date``: the date that the record bears, whatever place it is given.
    """

    raw: RawVersion
    raw_sha256: bytes
    record: TrialRecord
    canonical: bytes
    stated_sha256: bytes
    key: VersionKey
    registry_date: date
    is_dated: bool = True

    @property
    def is_absence(self) -> bool:
        """True when it states only that the registry no longer shows the record."""
        return self.record.coverage == ABSENCE


@dataclass(slots=True, kw_only=True)
class TimelineEntry:
    """A version of a timeline: stored (it has an ``id``), new, or changed.

    ``record``: as known then (merged with its predecessor), of ``size`` bytes; ``stated``: as its
    source stated it; both None (0) until needed. ``content``/``stated_content``: canonical
    bytes still to be stored. ``events`` None: as stored, untouched. ``identity`` None: it is
    yet to be given one. ``registry_date``: as of ``Observation``; of what is stored already, the
    date of its place. ``rules``: those that the stored events were derived by.
    ``checked``: ``events`` are written only where they are not the stored ones.
    """

    id: int | None = None
    identity: bytes | None = None
    registry_date: date
    source: str
    origin: str
    first_key: VersionKey
    last_key: VersionKey
    raw_sha256: bytes
    last_raw_sha256: bytes
    stated_sha256: bytes
    content_sha256: bytes
    coverage: Coverage
    stated_coverage: Coverage
    backfilled: bool
    snapshot_id: int | None = None
    stated_snapshot_id: int | None = None
    record: TrialRecord | None = None
    size: int = 0
    stated: TrialRecord | None = None
    content: bytes | None = None
    stated_content: bytes | None = None
    moved: bool = False
    events: tuple[ChangeEvent, ...] | None = None
    recomputed: bool = False
    checked: bool = False
    rules: str | None = None

    @property
    def is_absence(self) -> bool:
        """True when its source stated only that the registry no longer shows the record."""
        return self.stated_coverage == ABSENCE

    def stored_snapshot(self) -> int:
        """Return the id of the snapshot that holds what was known."""
        if self.snapshot_id is None:
            raise StoreError(f"a version read from {self.origin} has no snapshot yet")
        return self.snapshot_id

    def set_merged(self, content_sha256: bytes, content: bytes) -> None:
        """Set the content after the record was merged with another predecessor."""
        # What the source stated must outlive what it is merged with: the snapshot so far becomes
        # the stated one, and a new one is stored for what is known now.
        if self.snapshot_id is not None and self.stated_snapshot_id is None:
            self.stated_snapshot_id = self.snapshot_id
        self.snapshot_id = None
        self.content_sha256, self.content, self.size = content_sha256, content, len(content)


def new_entry(seen: Observation, *, backfilled: bool) -> TimelineEntry:
    """Return the entry of an observation that makes a new version."""
    return TimelineEntry(
        registry_date=seen.registry_date if seen.is_dated else seen.key.version_date,
        source=seen.raw.source,
        origin=seen.raw.origin,
        first_key=seen.key,
        last_key=seen.key,
        raw_sha256=seen.raw_sha256,
        last_raw_sha256=seen.raw_sha256,
        stated_sha256=seen.stated_sha256,
        content_sha256=seen.stated_sha256,
        coverage=seen.record.coverage,
        stated_coverage=seen.record.coverage,
        backfilled=backfilled,
        record=seen.record,
        size=len(seen.canonical),
        stated=seen.record,
        content=seen.canonical,
        stated_content=seen.canonical,
    )


def stored_entry(version: StoredVersion) -> TimelineEntry:
    """Return the entry of a stored version."""
    return TimelineEntry(
        id=version.id,
        identity=version.identity,
        registry_date=version.version_date,
        source=version.source,
        origin=version.origin,
        first_key=version.first_key,
        last_key=version.last_key,
        raw_sha256=version.raw_sha256,
        last_raw_sha256=version.last_raw_sha256,
        stated_sha256=version.stated_sha256,
        content_sha256=version.content_sha256,
        coverage=version.coverage,
        stated_coverage=version.stated_coverage,
        backfilled=version.backfilled,
        snapshot_id=version.snapshot_id,
        stated_snapshot_id=version.stated_snapshot_id,
        rules=version.rules,
    )


def new_version(nct_id: str, entry: TimelineEntry, *, rules: str) -> NewVersion:
    """Return what is stored of an entry; ``rules``: those that its events were derived by."""
    first, last = entry.first_key, entry.last_key
    if entry.identity is None:
        raise ValueError("a version is stored with its identity")
    return NewVersion(
        nct_id=nct_id,
        identity=entry.identity,
        source=entry.source,
        origin=entry.origin,
        version_date=first.version_date,
        registry_version=first.registry_version,
        data_date=first.data_date,
        retrieved_at=first.retrieved_at,
        last_version_date=last.version_date,
        last_registry_version=last.registry_version,
        last_data_date=last.data_date,
        last_retrieved_at=last.retrieved_at,
        raw_sha256=entry.raw_sha256,
        last_raw_sha256=entry.last_raw_sha256,
        stated_sha256=entry.stated_sha256,
        content_sha256=entry.content_sha256,
        coverage=entry.coverage,
        stated_coverage=entry.stated_coverage,
        backfilled=entry.backfilled,
        snapshot_id=entry.stored_snapshot(),
        stated_snapshot_id=entry.stated_snapshot_id,
        rules=rules,
    )


def give_identities(nct_id: str, entries: Sequence[TimelineEntry]) -> None:
    """Give all of a trial's versions that have none their identities, in their order.

    The date is the registry's; where a record bears an earlier one than the version before it
    (it was taken back, or is shown again after an absence), that version's.
    """
    # Identities are never given anew, not even when a version moves: links and message ids in
    # people's mail are made of them (docs/decisions/2026-11-30-ids-stand-for-contents.md).
    taken = {entry.identity for entry in entries if entry.identity is not None}
    before = date.min
    for entry in entries:
        if entry.identity is None:
            on = max(entry.registry_date, before)
            entry.identity = version_identity(nct_id, on, entry.content_sha256, taken=taken)
            taken.add(entry.identity)
        before = entry.first_key.version_date


def split(entry: TimelineEntry) -> TimelineEntry:
    """Split a version that another content interrupts: it ends at its first observation.

    Return the part that was seen afterwards, which starts at its last observation.
    """
    rest = replace(
        entry,
        # A version of its own, with an identity of its own: it begins where the other content
        # ended.
        id=None,
        identity=None,
        registry_date=entry.last_key.version_date,
        first_key=entry.last_key,
        raw_sha256=entry.last_raw_sha256,
        events=None,
        moved=False,
    )
    entry.last_key, entry.last_raw_sha256, entry.moved = entry.first_key, entry.raw_sha256, True
    return rest
