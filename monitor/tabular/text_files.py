"""Write rows as CSV and as JSON lines, one row at a time; ``files`` calls it."""

import csv
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, BinaryIO, TypeVar

import orjson

from monitor.model.sanitize import sanitize, without_formula
from monitor.tabular.columns import ColumnType, TableLayout

T = TypeVar("T")
_BOM = b"\xef\xbb\xbf"


def write_csv(
    file: BinaryIO, rows: Iterable[T], layout: TableLayout[T], *, bom: bool = False
) -> int:
    """Write rows as CSV in UTF-8 with a head; return how many.

    Dates and times are ISO, booleans ``true`` and ``false``, JSON is text, and what is missing is
    empty: DuckDB and pandas find the types by themselves. No text is a formula to a spreadsheet.
    ``bom``: a byte order mark, by which Excel recognizes UTF-8.
    """
    if bom:
        file.write(_BOM)
    # The module's default is CRLF, which many tools take for a part of the last cell.
    write = csv.writer(_TextSink(file), lineterminator="\n").writerow
    write([column.name for column in layout.columns])
    cells = [(column.value, _CELLS[column.type]) for column in layout.columns]
    count = 0
    for row in rows:
        count += 1
        write(["" if (found := value(row)) is None else cell(found) for value, cell in cells])
    return count


def write_json_lines(file: BinaryIO, rows: Iterable[T], layout: TableLayout[T]) -> int:
    """Write rows as one JSON object a line; return how many."""
    columns = [(column.name, column.value) for column in layout.columns]
    count = 0
    for row in rows:
        count += 1
        found = {name: value(row) for name, value in columns}
        file.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE))
    return count


class _TextSink:
    """The text file that the csv module writes to; passes bytes of UTF-8 on."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write a row."""
        # JSON can hold one half of a surrogate pair, UTF-8 cannot.
        self._file.write(text.encode("utf-8", "replace"))


def json_text(value: Any) -> str:
    """Return a value as JSON on one line."""
    return orjson.dumps(value).decode()


def _text(value: str) -> str:
    # Spreadsheets run cells that begin with =, +, - or @ as formulas
    # (https://owasp.org/www-community/attacks/CSV_Injection).
    return without_formula(sanitize(value))


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _iso(value: date | datetime) -> str:
    return value.isoformat()


_CELLS: dict[ColumnType, Callable[[Any], Any]] = {
    "text": _text,
    "integer": int,
    "number": float,
    "boolean": _boolean,
    "date": _iso,
    "time": _iso,
    "json": lambda value: sanitize(json_text(value)),
}
