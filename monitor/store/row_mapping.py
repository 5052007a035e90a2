"""Rows of the store as dataclasses of the domain: the one place that reads values of columns.

SQLite gives dates and times as ISO text, PostgreSQL as date and datetime: both are taken. SQLite
keeps values of any type in any column, so whatever cannot be read is a CorruptError.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from monitor.store.codec import CorruptError
from monitor.store.column_types import IsoDate, UtcTime
from monitor.store.timestamps import moment

SqlRow = Sequence[Any]
Decoder = Callable[[Any], Any]
T = TypeVar("T")


class RowMapper(Generic[T]):
    """Makes an object of each row of some columns.

    ``columns``: in the order of the row, each named as the argument of ``make`` that it becomes.
    ``damaged``: the text of the CorruptError for a row that cannot be read, in which ``{0}`` is
    its first value. ``decoders``: by name, what reads a column otherwise than by its type.
    """

    def __init__(
        self,
        make: Callable[..., T],
        columns: Iterable[ColumnElement[Any]],
        *,
        damaged: str = "a row cannot be read",
        **decoders: Decoder,
    ) -> None:
        self.columns = tuple(columns)
        self._make = make
        self._damaged = damaged
        self.names = [str(column.key) for column in self.columns]
        found = [
            (place, decoders.get(name) or _decoder(column))
            for place, (name, column) in enumerate(zip(self.names, self.columns, strict=True))
        ]
        self._decoders = [(place, decode) for place, decode in found if decode is not None]

    def __call__(self, row: SqlRow) -> T:
        """Return the object of a row; further columns are ignored."""
        try:
            # By position, not by name: a row of a join has two columns called "id".
            values = list(row[: len(self.names)])
            for place, decode in self._decoders:
                values[place] = decode(values[place])
            return self._make(**dict(zip(self.names, values, strict=True)))
        except (TypeError, ValueError, LookupError) as exc:
            problem = " ".join(str(exc).split())
            raise CorruptError(f"{self._damaged.format(*row)} ({problem})") from exc


def _decoder(column: ColumnElement[Any]) -> Decoder | None:
    """Return the decoder of a column's values; None where they need none."""
    decode = _DECODERS.get(type(column.type))
    is_optional = getattr(column, "nullable", True)
    return optional(decode) if decode is not None and is_optional else decode


def optional(decode: Decoder) -> Decoder:
    """Return a decoder that passes a missing value through."""

    def decode_optional(value: Any) -> Any:
        return None if value is None else decode(value)

    return decode_optional


# Of versions and data loads: there are few among very many rows.
@lru_cache(maxsize=4_096)
def day(value: str | date) -> date:
    """Read a date of a row."""
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, date):
        return value
    raise TypeError("a date is missing")


_DECODERS: dict[type, Decoder] = {
    IsoDate: day,
    UtcTime: moment,
    sa.Boolean: bool,
    sa.LargeBinary: bytes,
}
