"""The types of the store's columns.

Dates are DATE, times TIMESTAMPTZ on PostgreSQL; on SQLite both are ISO text in UTC, so that
they sort by time.
"""

from collections.abc import Callable
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.store.timestamps import utc_text

NO_ZONE = "a time without a time zone cannot be stored"

Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
"""SQLite makes row ids only of INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC datetime; written as fixed-width ISO text where SQLite keeps it."""

    impl = sa.String
    # Or SQLAlchemy would compile every statement with such a column anew.
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Choose the column type of the database."""
        if dialect.name == "postgresql":
            return sa.TIMESTAMP(timezone=True)
        return sa.String(27)  # type: ignore[return-value]  # text stands for the time there

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """Give the driver what it stores; ValueError for a time without a zone."""
        if value is None:
            return None
        # A naive time would mean one moment to the one database and another to the other.
        if value.tzinfo is None:
            raise ValueError(NO_ZONE)
        if dialect.name == "postgresql":
            return value
        return utc_text(value)


class IsoDate(TypeDecorator[date]):
    """A date; written as ISO text where SQLite keeps it, and read by ``row_mapping``."""

    impl = sa.Date
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[date | None], object] | None:
        """Return what gives the driver what it stores."""
        return _day_text if dialect.name == "sqlite" else None

    def result_processor(self, dialect: Dialect, coltype: object) -> None:
        """Leave values as they come."""


def _day_text(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


# Of each type one object for all columns: SQLAlchemy works out for each object what it is on a
# database, which for every column anew would take most of the time of the first statements.
TEXT, INTEGER, BIGINT, SMALLINT = sa.Text(), sa.Integer(), sa.BigInteger(), sa.SmallInteger()
BOOLEAN, TIME, DATE = sa.Boolean(), UtcTime(), IsoDate()
DOUBLE: sa.Double[float] = sa.Double()
BYTES, SHA256 = sa.LargeBinary(), sa.LargeBinary(32)
