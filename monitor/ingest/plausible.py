"""Dates that a record can bear when it is read."""

from datetime import date, timedelta

from monitor.errors import RecordError
from monitor.model.record import RawVersion, TrialRecord

_AHEAD = timedelta(days=366)


def check_dates(record: TrialRecord, raw: RawVersion) -> None:
    """Raise RecordError where a record is dated more than a year after it was read.

    Versions stand in the order of their dates: behind one of the year 9999 every real one would
    come late, and alert nobody. What the source itself says of the day counts beside our clock,
    which may be years behind.
    """
    read = max(raw.retrieved_at.date(), raw.data_date or date.min)
    for what, day in (("last update", record.last_update_date), ("data load", record.data_date)):
        if day is not None and day - read > _AHEAD:
            raise RecordError(
                f"its {what} is dated {day}, more than a year after it was read ({read}): "
                "no later version could be told from an older one"
            )
