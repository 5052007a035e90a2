"""A trial's history as it is stored: versions, their events, and quarantined input.

``ingest`` writes these, ``store`` maps its rows to them.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import total_ordering
from typing import NamedTuple

from monitor.model.changes import ChangeEvent
from monitor.model.coverage import Coverage

_UNNUMBERED = 2**31 - 1
"""Stands for an unknown registry version number in comparisons; must equal the stored order."""


@total_ordering
@dataclass(frozen=True, slots=True, kw_only=True)
class VersionKey:
    """The position of an observation in a trial's history; comparable.

    Orders by the registry's date, the registry's version number (unknown: after every known
    one of that date), the date of the data load (unknown: before every known one), and the
    time of retrieval (aware UTC).
    """

    version_date: date
    registry_version: int | None = None
    data_date: date | None = None
    retrieved_at: datetime

    def _order(self) -> tuple[date, int, date, datetime]:
        # The API's newest version has no number yet, and the history numbers those before it.
        number = _UNNUMBERED if self.registry_version is None else self.registry_version
        return self.version_date, number, self.data_date or date.min, self.retrieved_at

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, VersionKey):
            return NotImplemented
        return self._order() < other._order()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A version of a trial's record that is to be stored.

    A version is one content that was observed once or many times without another content in
    between: the plain date columns are its first observation, the ``last_…`` ones its last.
    ``retrieved_at``: when it was first read, even where that was a later data load.
    ``raw_sha256``/``last_raw_sha256``: of the raw slice at those observations.
    ``stated_sha256``: fingerprint of the document as its source stated it;
    ``content_sha256``: of the record merged with its predecessor (equal when complete).
    ``backfilled``: it arrived late, after a later version was already stored, whatever source
    brought it; what a backfill brings in its order is not.
    ``stated_snapshot_id`` None: the stated document is the content itself. ``identity``: what
    every store of the same data calls it (``model.identity``); given once, never changed.
    ``rules``: the name of the rules that its events were derived by (``detect.rules_version``);
    None: of a program that did not keep it.
    """

    nct_id: str
    source: str
    origin: str
    version_date: date
    registry_version: int | None = None
    data_date: date | None = None
    retrieved_at: datetime
    last_version_date: date
    last_registry_version: int | None = None
    last_data_date: date | None = None
    last_retrieved_at: datetime
    raw_sha256: bytes
    last_raw_sha256: bytes
    stated_sha256: bytes
    content_sha256: bytes
    coverage: Coverage = field(default_factory=Coverage.complete)
    stated_coverage: Coverage = field(default_factory=Coverage.complete)
    backfilled: bool = False
    snapshot_id: int
    stated_snapshot_id: int | None = None
    identity: bytes
    rules: str | None = None

    @property
    def first_key(self) -> VersionKey:
        """The key of the first observation."""
        return VersionKey(
            version_date=self.version_date,
            registry_version=self.registry_version,
            data_date=self.data_date,
            retrieved_at=self.retrieved_at,
        )

    @property
    def last_key(self) -> VersionKey:
        """The key of the last observation."""
        return VersionKey(
            version_date=self.last_version_date,
            registry_version=self.last_registry_version,
            data_date=self.last_data_date,
            retrieved_at=self.last_retrieved_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion(NewVersion):
    """A version that the store holds; a trial's versions are ordered by (``first_key``, ``id``).

    The 1-based position in that order is the version number that a user sees.
    """

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """A further observation of a stored version, which extends its interval.

    ``first_key``/``last_key`` None: that end stays; each comes with the hash of the raw slice
    that was seen there. ``seen_at``: when the trial was seen to be as stored (aware UTC).
    """

    version_id: int
    first_key: VersionKey | None = None
    raw_sha256: bytes | None = None
    last_key: VersionKey | None = None
    last_raw_sha256: bytes | None = None
    seen_at: datetime


class NewestSighting(NamedTuple):
    """What a trial's newest version was first and last seen as, and the hashes of its content.

    Polls ask for it by the thousands, hence a tuple and not all of a version.
    ``is_dated_by_load``: the registry's date of the last sighting is that of its data load.
    """

    version_id: int
    is_dated_by_load: bool
    last_registry_version: int | None
    data_date: date | None
    raw_sha256: bytes
    last_data_date: date | None
    last_raw_sha256: bytes
    stated_sha256: bytes
    content_sha256: bytes


class TrialHistory(NamedTuple):
    """All versions of a trial in their order, at least one; the rest as in ``TrialRow``.

    ``search_sha256``: of the words that the search knows the trial by; None: it knows none.
    """

    versions: list[StoredVersion]
    first_start_date: str | None
    last_changed: date | None
    last_seen_at: datetime
    search_sha256: bytes | None = None


class LoadedAgain(NamedTuple):
    """A stored version's own slice under the stamp of a later data load: its last sighting now.

    ``raw_sha256``: of the slice; ``seen_at``: aware UTC.
    """

    version_id: int
    data_date: date
    seen_at: datetime
    raw_sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """A change event of a stored version; ``position``: its place among the version's events.

    ``backfilled``: its version is, or one that arrived late made another event of it.
    """

    id: int
    version_id: int
    nct_id: str
    position: int
    backfilled: bool
    event: ChangeEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """What is known of a trial now, for lists and look-ups.

    ``overall_status``: the registry's word; ``GONE`` or ``MERGED`` while it no longer shows the
    record. ``first_start_date``: the start date that the trial's first version states, as the
    registry wrote it. ``last_changed``: from when the latest version holds that has an event
    above noise. ``last_seen_at``: when a source last showed the record (aware UTC).
    """

    nct_id: str
    title: str | None
    overall_status: str | None
    lead_sponsor: str | None
    conditions: tuple[str, ...] = ()
    first_start_date: str | None = None
    latest_version_id: int
    last_version_date: date
    last_changed: date | None = None
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineEntry:
    """Raw input that could not be read, on its way into the quarantine.

    ``content``: the head of it; ``size``: of the whole, as far as it is known. ``sha256``: of the
    head, without the stamp of the data load that the registry puts on every record anew.
    """

    source: str
    origin: str
    reason: str
    content: bytes
    size: int
    sha256: bytes
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """One entry of the quarantine; ``content`` None in lists, which leave it out."""

    id: int
    source: str
    origin: str
    reason: str
    size: int
    sha256: bytes
    first_seen_at: datetime
    last_seen_at: datetime
    content: bytes | None = None

    @property
    def is_whole(self) -> bool:
        """True when all of the input was kept; of what could not even be opened nothing is."""
        return bool(self.content) and len(self.content or b"") == self.size
