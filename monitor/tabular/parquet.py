"""Write rows as Parquet, one file or a dataset partitioned by year; needs the extra ``parquet``.

``files`` calls it. Rows become columns in batches: all of an export as Python objects would not fit
into memory.
"""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

from monitor.errors import UsageError
from monitor.tabular.columns import TableLayout
from monitor.tabular.text_files import json_text

T = TypeVar("T")

_ROWS = 500
"""Rows that are held as Python objects, of a dataset for each year."""
_GROUP = 20_000
"""Rows of a group within a file: held compactly until it is written."""
_GROUP_OF_YEAR = 4_000
"""The same of a dataset, whose years are all open at once."""


def require_parquet() -> None:
    """Raise UsageError, with what to install, unless Parquet can be written."""
    try:
        import pyarrow.parquet  # noqa: F401, PLC0415 - an extra
    except ModuleNotFoundError as exc:
        raise UsageError("Parquet needs an extra: pip install 'trial-monitor[parquet]'") from exc


def write_parquet(file: BinaryIO, rows: Iterable[T], layout: TableLayout[T]) -> int:
    """Write rows as one Parquet file; return how many."""
    count = 0
    with _Writer(file, layout) as writer:
        for one in rows:
            writer.add(layout.row(one))
            count += 1
    return count


def write_dataset(folder: Path, rows: Iterable[T], layout: TableLayout[T]) -> int:
    """Write rows as ``year=2026/part-0.parquet`` below a folder; return how many.

    DuckDB, Polars and Spark read the folder as one table with a column ``year``.
    """
    count = 0
    writers: dict[int, _Writer] = {}
    # All years stay open: rows come by trial or by time, not by year.
    with ExitStack() as stack:
        for one in rows:
            year = layout.year(one)
            if year not in writers:
                place = folder / f"year={year}"
                place.mkdir(parents=True, exist_ok=True)
                file = stack.enter_context((place / "part-0.parquet").open("wb"))
                writers[year] = stack.enter_context(_Writer(file, layout, group=_GROUP_OF_YEAR))
            writers[year].add(layout.row(one))
            count += 1
    return count


class _Writer:
    """Writes rows to a file, group by group."""

    def __init__(self, file: BinaryIO, layout: TableLayout[Any], *, group: int = _GROUP) -> None:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        import pyarrow.parquet as pq  # noqa: PLC0415 - likewise

        self._pa = pa
        self._group = group
        types = {
            "text": pa.string(), "integer": pa.int64(), "number": pa.float64(),
            "boolean": pa.bool_(), "date": pa.date32(), "time": pa.timestamp("us", tz="UTC"),
            "json": pa.string(),
        }  # fmt: skip
        # Parquet has no type for any JSON: as text it is the same in every reader.
        self._json = [at for at, one in enumerate(layout.columns) if one.type == "json"]
        self._schema = pa.schema([(one.name, types[one.type]) for one in layout.columns])
        self._parquet = pq.ParquetWriter(file, self._schema, compression="zstd")
        self._rows: list[list[Any]] = []
        self._batches: list[Any] = []

    def add(self, row: list[Any]) -> None:
        """Add a row; full groups are written at once."""
        for at in self._json:
            row[at] = None if row[at] is None else json_text(row[at])
        self._rows.append(row)
        if len(self._rows) >= _ROWS:
            self._pack()
            if len(self._batches) * _ROWS >= self._group:
                self._write()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an error the file is thrown away: nothing more is packed into it.
        if kind is None:
            self._pack()
            self._write()
        self._parquet.close()

    def _pack(self) -> None:
        # From rows to columns. Not strict: without rows there are no columns, though the schema
        # has them.
        pairs = zip(zip(*self._rows, strict=True), self._schema, strict=False)
        arrays = [self._pa.array(values, type=field.type) for values, field in pairs]
        if arrays:
            self._batches.append(self._pa.record_batch(arrays, schema=self._schema))
        self._rows = []

    def _write(self) -> None:
        if self._batches:
            self._parquet.write_table(self._pa.Table.from_batches(self._batches))
        self._batches = []
