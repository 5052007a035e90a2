"""Make an observation of a raw version: parse it, hash it, and find its key in the history.

The third step of ``batch``, and the only one that loads a document as Python objects.
"""

from datetime import date

from monitor.detect.fingerprints import canonical_bytes, fingerprint
from monitor.ingest.date_checks import check_dates
from monitor.ingest.timeline_entry import Observation
from monitor.model.history import VersionKey
from monitor.model.record import RawVersion, TrialRecord
from monitor.parsers.base import parse
from monitor.settings import IngestSettings

# The medium of a tombstone: the record is no longer shown.
ABSENT = "absence"


def make_observation(raw: RawVersion, digest: bytes, settings: IngestSettings) -> Observation:
    """Return the observation of a raw version; RecordError when it cannot be read.

    ``digest``: what tells its bytes from others (``raw_hash``).
    """
    record = parse(raw)
    # Before the record is hashed and placed: no later step would see anything wrong with it.
    check_dates(record, raw, settings)
    canonical = canonical_bytes(record.document)
    key = _key(record, raw)
    return Observation(
        raw=raw,
        raw_sha256=digest,
        record=record,
        canonical=canonical,
        stated_sha256=fingerprint(canonical),
        key=key,
        registry_date=key.version_date,
        is_dated=raw.media == ABSENT or _stated_date(record, raw) is not None,
    )


def day_of(raw: RawVersion) -> date:
    """Return the day of the load that the source saw, else that on which it was read."""
    return raw.data_date or raw.retrieved_at.date()


def _stated_date(record: TrialRecord, raw: RawVersion) -> date | None:
    return record.last_update_date or record.data_date or raw.data_date


def _key(record: TrialRecord, raw: RawVersion) -> VersionKey:
    """Return a record's key in its history; one without any date has that of its reading."""
    data_date = record.data_date or (day_of(raw) if raw.media == ABSENT else raw.data_date)
    return VersionKey(
        # The registry's date first, ours last (docs/architecture.md, "Versions").
        version_date=record.last_update_date or data_date or raw.retrieved_at.date(),
        registry_version=record.registry_version,
        data_date=data_date,
        retrieved_at=raw.retrieved_at,
    )
