"""What a record can say when it is read: dates near its reading, and what every whole one has."""

from dataclasses import dataclass
from datetime import date, timedelta

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.record import RawVersion, TrialRecord

_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plausibility:
    """How far what is read may be from what can be.

    ``stamp_ahead``: how far a data load's stamp may be ahead of the clock. More than
    ``hold_percent`` of at least ``hold_min_records`` known records with one cause are a mass.
    """

    hold_min_records: int = 20
    hold_percent: float = 20.0
    stamp_ahead: timedelta = timedelta(days=2)

    def allows_stamp(self, loaded: date, raw: RawVersion) -> bool:
        """Tell whether a record can bear the stamp of that data load when it is read."""
        return loaded - _read_on(raw) <= self.stamp_ahead

    def check_dates(self, record: TrialRecord, raw: RawVersion) -> None:
        """Raise RecordError where a record is updated or stamped far ahead of its reading.

        Versions stand in the order of their dates: behind one of the year 9999 every real one
        would come late, and alert nobody; so would an absence behind a stamp ahead.
        """
        read, updated, loaded = _read_on(raw), record.last_update_date, record.data_date
        if updated is not None and updated - read > _AHEAD:
            raise RecordError(
                f"its last update is dated {updated}, more than a year after it was read ({read}): "
                "no later version could be told from an older one"
            )
        if loaded is not None and not self.allows_stamp(loaded, raw):
            raise RecordError(
                f"its data load is dated {loaded}, more than {self.stamp_ahead.days} days after it"
                f" was read ({read}): what comes before that day would count as late"
            )


PLAUSIBLE = Plausibility()


def missing_required(record: TrialRecord) -> list[fields.Path]:
    """Return what a complete document lacks that every real one has, but for withheld ones."""
    if not record.coverage.is_complete or record.overall_status == fields.WITHHELD:
        return []
    return [path for path in fields.REQUIRED if not record.has(path)]


def _read_on(raw: RawVersion) -> date:
    """Return the day of reading: what the source itself says of it, if that is later than ours.

    Our clock may be years behind.
    """
    return max(raw.retrieved_at.date(), raw.data_date or date.min)
