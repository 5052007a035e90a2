"""Running the texts of a transaction: by sqlite3 itself on SQLite, by SQLAlchemy on PostgreSQL."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy.engine import Connection

from monitor.store.mapping import Row
from monitor.store.moments import utc_text
from monitor.store.statements import question, spelled_out

Values = Mapping[str, Any]

_TOGETHER = 5_000  # rows: some megabytes of text


class Runner:
    """Runs SQL texts with named parameters within one transaction.

    A parameter behind IN is a list. Times are aware datetimes, else ValueError.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._sqlite: sqlite3.Connection | None = None
        self.dialect = connection.dialect.name
        if self.dialect == "sqlite":
            self._sqlite = connection.connection.driver_connection

    def lock(self, kind: str) -> str:
        """Return the words that lock the rows of a query; "" on SQLite: nobody else writes."""
        return f" {kind}" if self._sqlite is None else ""

    def ask(self, sql: str, parameters: Values) -> Sequence[Row]:
        """Return the rows of a query, or those that a change returns."""
        if self._sqlite is not None:
            return self._sqlite.execute(*spelled_out(sql, self._bound(parameters))).fetchall()
        return self._connection.execute(question(sql), self._bound(parameters)).all()

    def run(self, sql: str, parameters: Values) -> int:
        """Change rows and return how many."""
        if self._sqlite is not None:
            return self._sqlite.execute(*spelled_out(sql, self._bound(parameters))).rowcount
        return self._connection.execute(question(sql), self._bound(parameters)).rowcount

    def put_many(
        self,
        sql: str,
        columns: Mapping[str, str],
        rows: Sequence[Sequence[Any]],
        *,
        returning: str = "",
    ) -> list[Row]:
        """Run an insert for every row, in bulk.

        ``sql`` holds ``{rows}`` where the values come from; ``columns``: names and types of
        PostgreSQL, in the order of a row. PostgreSQL returns the columns ``returning`` of the
        rows that were new, SQLite nothing.
        """
        if self._sqlite is not None:
            marks = ", ".join("?" * len(columns))
            self._sqlite.executemany(sql.format(rows=f"VALUES ({marks})"), _plain(columns, rows))
            return []
        # As one text of JSON: the driver would take longer to write arrays or single rows.
        table = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        given = f"SELECT * FROM json_to_recordset(CAST(:rows AS json)) given ({table})"  # noqa: S608 - the program's own names
        statement = question(f"{sql.format(rows=given)} {returning and 'RETURNING'} {returning}")
        found: list[Row] = []
        for start in range(0, len(rows), _TOGETHER):
            objects = [
                dict(zip(columns, map(_aware, row), strict=True))
                for row in rows[start : start + _TOGETHER]
            ]
            text = orjson.dumps(objects).decode()
            result = self._connection.execute(statement, {"rows": text})
            found.extend(result.all() if returning else ())
        return found

    def _bound(self, parameters: Values) -> dict[str, Any]:
        if self._sqlite is not None:
            return {name: _text(value) for name, value in parameters.items()}
        return {name: _aware(value) for name, value in parameters.items()}


def _plain(columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Return rows with their times as SQLite keeps them: of few times each is written once."""
    given: list[Iterable[Any]] = list(zip(*rows, strict=True))
    for place, kind in enumerate(columns.values()):
        if kind == "timestamptz" and rows:
            texts = {value: _text(value) for value in set(given[place])}
            given[place] = map(texts.__getitem__, given[place])
    return zip(*given, strict=True)


def _text(value: Any) -> Any:
    return _moment_text(_aware(value)) if isinstance(value, datetime) else value


@lru_cache(maxsize=1024)
def _moment_text(moment: datetime) -> str:
    return utc_text(moment)


def _aware(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("a time without a time zone cannot be stored")
    return value
