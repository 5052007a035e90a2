"""Check a record when it is read: its dates, and the fields that every complete one has.

``observation`` and ``batch`` call it; what fails goes to the quarantine.
"""

from datetime import date, timedelta

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.record import RawVersion, TrialRecord
from monitor.settings import IngestSettings

# A year: clocks and time zones account for days, and what is dated later than that is a mistake.
_AHEAD = timedelta(days=366)


def allows_stamp(loaded: date, raw: RawVersion, settings: IngestSettings) -> bool:
    """Return whether a record can bear the stamp of that data load when it is read."""
    return loaded - _read_on(raw) <= settings.stamp_ahead


def check_dates(record: TrialRecord, raw: RawVersion, settings: IngestSettings) -> None:
    """Raise RecordError where a record is updated or stamped far ahead of its reading.

    Versions are ordered by their dates: behind one of the year 9999 every real one would be late,
    and send no alert; so would an absence behind a stamp ahead.
    """
    read, updated, loaded = _read_on(raw), record.last_update_date, record.data_date
    if updated is not None and updated - read > _AHEAD:
        raise RecordError(
            f"its last update is dated {updated}, more than a year after it was read ({read}): "
            "no later version could be told from an older one"
        )
    if loaded is not None and not allows_stamp(loaded, raw, settings):
        raise RecordError(
            f"its data load is dated {loaded}, more than {settings.stamp_ahead_days} days after it"
            f" was read ({read}): what comes before that day would count as late"
        )


def missing_required(record: TrialRecord) -> list[fields.Path]:
    """Return what a complete document lacks that every real one has, but for withheld ones."""
    if not record.coverage.is_complete or record.overall_status == fields.WITHHELD:
        return []
    return [path for path in fields.REQUIRED if not record.has(path)]


def _read_on(raw: RawVersion) -> date:
    """Return the day of reading: the source's own, if that is later than ours.

    Our clock may be years behind.
    """
    return max(raw.retrieved_at.date(), raw.data_date or date.min)
