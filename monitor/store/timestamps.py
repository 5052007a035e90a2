"""Times as the databases keep them: ISO text on SQLite, datetimes on PostgreSQL.

Of what is read and written by column ``column_types`` and ``row_mapping`` take care.
"""

from datetime import UTC, datetime


def moment(value: str | datetime) -> datetime:
    """Read a time of a row (UTC)."""
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if not isinstance(value, datetime):
        raise TypeError("a time is missing")
    return value.astimezone(UTC)


def moment_or_none(value: str | datetime | None) -> datetime | None:
    """Read a time of a row that may have none."""
    return None if value is None else moment(value)


def utc_text(moment: datetime) -> str:
    """Write a time the way SQLite keeps it: ``2026-02-19T14:05:00.000000Z``."""
    plain = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # Always 27 characters: texts of one width sort like their times.
    return plain.isoformat(timespec="microseconds")[:26] + "Z"
