"""Columns of tables: names that stay, types that every format keeps.

Exports define their layouts with them; ``text_files`` and ``parquet`` write rows by them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

T = TypeVar("T")

ColumnType = Literal["text", "integer", "number", "boolean", "date", "time", "json"]
"""``time``: an aware datetime; ``json``: any value that JSON holds."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its name, its type, and the function that returns its value in a row, or None."""

    name: str
    type: ColumnType
    value: Callable[[T], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout(Generic[T]):
    """Columns, and which year a row belongs to in a dataset that is partitioned by year."""

    columns: Sequence[Column[T]]
    year: Callable[[T], int]

    def row(self, one: T) -> list[Any]:
        """Return the values of a row in the order of the columns."""
        return [column.value(one) for column in self.columns]


def field_columns(types: Mapping[str, ColumnType]) -> tuple[Column[Any], ...]:
    """Return columns that are attributes of the rows, by name."""
    return tuple(Column(name, kind, _attribute(name)) for name, kind in types.items())


def _attribute(name: str) -> Callable[[Any], Any]:
    # A function of its own: a lambda in the loop above would use the last name for all columns.
    return lambda row: getattr(row, name)
