"""One batch of raw versions on its way through one transaction."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from monitor.detect.canonical import canonical_bytes, fingerprint, raw_hash
from monitor.detect.rules.base import Thresholds
from monitor.errors import RecordError
from monitor.ingest.node import Observation
from monitor.ingest.timelines import OPEN_TRIALS, Timelines
from monitor.model.history import QuarantineEntry, StoredVersion, Touch, VersionKey
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers.base import parse
from monitor.sources.base import Unreadable
from monitor.store.writer import Transaction

# Where a raw slice names its trial; only a guess, to ask the store once for a whole batch.
_OWN_ID = re.compile(rb'"nctId"\s*:\s*"(NCT\d{8})"')
_ANY_ID = re.compile(rb"NCT\d{8}")

# Parsed, records take some ten times their bytes.
_NEWS_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What a pass did: counts of records read, versions stored, events derived.

    ``unchanged`` were read and said nothing new; ``quarantined`` could not be read.
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
    """Takes each raw version through the pipeline and lets go of its document early.

    Holding the parsed documents of a whole batch would cost more than parsing them. A few
    that bring news are held, to ask the store for their trials' histories at once.
    """

    def __init__(self, tx: Transaction, thresholds: Thresholds) -> None:
        self._tx = tx
        self._timelines = Timelines(tx, thresholds)
        self._latest: dict[str, StoredVersion] = {}
        self._asked: set[str] = set()
        self._touches: dict[int, Touch] = {}
        self._news: list[Observation] = []
        self._unchanged = 0
        self._stored = 0
        self._quarantined = 0

    def take(self, batch: list[RawVersion | Unreadable]) -> IngestReport:
        """Write what the batch brings and return what was done."""
        for item in batch:
            if isinstance(item, Unreadable):
                self._quarantine(item, item.reason, item.size)
        raws = self._new_bytes([item for item in batch if isinstance(item, RawVersion)])
        self._ask(guess for raw, _ in raws if (guess := _guess_id(raw.content)))
        for raw, digest in raws:
            try:
                self._observe(_observation(raw, digest))
            except RecordError as exc:
                self._quarantine(raw, str(exc), len(raw.content))
        self._place_news()
        self._tx.touch(list(self._touches.values()))
        events = self._timelines.write_all()
        return IngestReport(
            read=len(batch),
            stored=self._stored,
            unchanged=self._unchanged,
            quarantined=self._quarantined,
            events=events,
        )

    def _new_bytes(self, raws: list[RawVersion]) -> list[tuple[RawVersion, bytes]]:
        """Return what no version is known to have been read from, byte for byte."""
        hashed = [(raw, raw_hash(raw.content)) for raw in raws]
        known = self._tx.known_raw([digest for _, digest in hashed])
        fresh: dict[bytes, RawVersion] = {}
        for raw, digest in hashed:
            if digest in known:
                self._touch(Touch(version_id=known[digest], seen_at=raw.retrieved_at))
            if digest in known or digest in fresh:
                self._unchanged += 1
            else:
                fresh[digest] = raw
        return [(raw, digest) for digest, raw in fresh.items()]

    def _ask(self, nct_ids: Iterable[str]) -> None:
        """Learn the latest versions of these trials, after keeping other writers off them."""
        new = set(nct_ids) - self._asked
        if new:
            self._tx.lock_trials(new)
            self._latest |= self._tx.latest(new)
            self._asked |= new

    def _observe(self, seen: Observation) -> None:
        """Touch what is as stored, put the rest into its trial's timeline."""
        nct_id = seen.record.nct_id
        self._ask([nct_id])
        newest = self._latest.get(nct_id)
        if newest is not None and _is_as_stored(seen, newest):
            self._unchanged += 1
            self._touch(_further(seen, newest))
            return
        if newest is not None:
            # From here on the trial's timeline alone knows; it has to see earlier touches.
            pending = self._touches.pop(newest.id, None)
            self._tx.touch([pending] if pending else [])
            del self._latest[nct_id]
        self._news.append(seen)
        if len(self._news) >= OPEN_TRIALS or _size(self._news) > _NEWS_BYTES:
            self._place_news()

    def _place_news(self) -> None:
        """Put what is not as stored into its trials' timelines."""
        news, self._news = self._news, []
        self._timelines.open(seen.record.nct_id for seen in news)
        for seen in news:
            try:
                made = self._timelines.observe(seen)
            except RecordError as exc:
                self._quarantine(seen.raw, str(exc), len(seen.raw.content))
            else:
                self._stored += made
                self._unchanged += not made

    def _touch(self, touch: Touch) -> None:
        """Keep the furthest sight of each version."""
        met = self._touches.get(touch.version_id)
        if met is None or met.last_key is None or _reaches_further(touch, met.last_key):
            self._touches[touch.version_id] = touch

    def _quarantine(self, item: RawVersion | Unreadable, reason: str, size: int) -> None:
        self._quarantined += 1
        self._tx.quarantine(
            QuarantineEntry(
                source=item.source,
                origin=item.origin,
                reason=reason,
                content=item.content,
                size=size,
                sha256=sha256(item.content).digest(),
                seen_at=item.retrieved_at,
            )
        )


def _size(observations: list[Observation]) -> int:
    return sum(len(seen.canonical) for seen in observations)


def _guess_id(content: bytes) -> str | None:
    found = _OWN_ID.search(content)
    if found is not None:
        return found.group(1).decode()
    found = _ANY_ID.search(content)
    return found.group().decode() if found else None


def _observation(raw: RawVersion, digest: bytes) -> Observation:
    record = parse(raw)
    canonical = canonical_bytes(record.document)
    return Observation(
        raw=raw,
        raw_sha256=digest,
        record=record,
        canonical=canonical,
        stated_sha256=fingerprint(canonical),
        key=_key(record, raw.retrieved_at),
    )


def _key(record: TrialRecord, retrieved_at: datetime) -> VersionKey:
    """Return a record's place in its history; one without any date stands where it was read."""
    return VersionKey(
        version_date=record.last_update_date or record.data_date or retrieved_at.date(),
        registry_version=record.registry_version,
        data_date=record.data_date,
        retrieved_at=retrieved_at,
    )


def _is_as_stored(seen: Observation, newest: StoredVersion) -> bool:
    return seen.stated_sha256 == newest.content_sha256 and seen.key >= newest.first_key


def _further(seen: Observation, newest: StoredVersion) -> Touch:
    further = seen.key > newest.last_key
    return Touch(
        version_id=newest.id,
        last_key=seen.key if further else None,
        last_raw_sha256=seen.raw_sha256 if further else None,
        seen_at=seen.raw.retrieved_at,
    )


def _reaches_further(touch: Touch, key: VersionKey) -> bool:
    return touch.last_key is not None and touch.last_key > key
