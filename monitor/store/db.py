"""Run statements: all reads and writes of the database come through here.

Statements are SQLAlchemy Core over the tables of ``schema``, made once, with ``bindparam`` for what
differs; SQLAlchemy keeps what it compiles of them.
"""

import math
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement, Executable
from sqlalchemy.sql.compiler import SQLCompiler

from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.column_types import NO_ZONE, UtcTime
from monitor.store.engine import store_errors
from monitor.store.errors import translate
from monitor.store.row_mapping import RowMapper, SqlRow

BATCH = 500
"""Values behind one IN, rows of one insert: well under every database's limit."""

SqlParameters = Mapping[str, Any]
RowValues = dict[str, Any]
"""Values of one row, by the names of its columns."""
T = TypeVar("T")
_NOTHING: SqlParameters = {}
# Of SQLite's virtual machine, between two looks at the clock: some milliseconds.
_STEPS_OF_THE_MACHINE = 10_000
_SET_TIMEOUT = sa.select(sa.func.set_config("statement_timeout", bindparam("millis"), True))
_QUERY_CANCELED = "57014"
_STREAMED = 500
_TOGETHER = 5_000  # rows: some megabytes of text


# Without `inherit_cache` SQLAlchemy would compile each such insert every time.
class _DoNothing(OnConflictDoNothing):
    inherit_cache = True
    constraint_target = None  # which PostgreSQL's compiler asks for too


class _DoUpdate(OnConflictDoUpdate):
    inherit_cache = True
    constraint_target = None


def insert_new(table: sa.Table, key: Sequence[str] | None = None) -> sa.Insert:
    """Return an insert that leaves existing rows as they are: by ``key``, or by any key."""
    # Both databases take the same ON CONFLICT. SQLAlchemy has it in each of their packages;
    # PostgreSQL's compiler takes SQLite's, whose package is loaded anyway.
    return sa.insert(table).ext(_DoNothing(key))


def excluded(table: sa.Table) -> Any:
    """Return the columns of the row that could not be inserted, as an upsert may set them."""
    return sqlite.insert(table).excluded


def upsert(
    table: sa.Table,
    key: Sequence[str] = (),
    names: Collection[str] = (),
    *,
    values: Mapping[str, Any] = _NOTHING,
    where: ColumnElement[bool] | None = None,
) -> sa.Insert:
    """Return an insert that changes the row of the same key where there is one.

    ``key``: its columns, else the table's primary key. Changed are the columns ``names`` and
    ``values``, of which each is given an expression of its own; without any, all but the key.
    ``where``: only such rows.
    """
    key = key or [column.name for column in table.primary_key]
    if not names and not values:
        # By the columns of the table, so that a new column is written without a change here.
        names = [column.name for column in table.c if column.name not in key]
    given = excluded(table)
    changed = {name: given[name] for name in names} | dict(values)
    return sa.insert(table).ext(_DoUpdate(key, None, changed, where))


class BulkInsert:
    """An insert of very many rows, which are tuples in the order of ``names``.

    Rows that are there already, by ``key`` or by any key, stay as they are. ``returning``: what
    is returned of the new ones, of a table with a number as its primary key.
    """

    def __init__(
        self,
        table: sa.Table,
        names: Sequence[str],
        key: Sequence[str] | None = None,
        *,
        returning: Sequence[sa.Column[Any]] = (),
    ) -> None:
        self.names = tuple(map(str, names))  # SQLAlchemy names columns by texts of its own kind
        self.row = insert_new(table, key)
        # As one text of JSON: PostgreSQL's driver would take longer to write arrays or single rows.
        columns = [sa.column(name, table.c[name].type) for name in names]
        rows = sa.cast(bindparam("rows", type_=sa.Text), sa.JSON)
        given = sa.func.json_to_recordset(rows).table_valued(*columns)
        given = given.render_derived(with_types=True)
        insert = insert_new(table, key).from_select(names, sa.select(*given.c))
        self.records: Executable = insert.returning(*returning) if returning else insert
        self.returns_rows = bool(returning)
        [first, *_] = table.primary_key
        self.newest = sa.select(sa.func.coalesce(sa.func.max(first), 0))
        self.newer = sa.select(*returning).where(first > bindparam("than"))
        self._times = [
            place for place, name in enumerate(names) if isinstance(table.c[name].type, UtcTime)
        ]

    def require_zones(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Raise ValueError for a time without a zone, which JSON could write."""
        for place in self._times:
            if any(time and time.tzinfo is None for time in {row[place] for row in rows}):
                raise ValueError(NO_ZONE)


class DeadlineError(Exception):
    """The deadline of a query is over."""


class Db:
    """Runs statements within one transaction; errors become a StoreError.

    A parameter behind IN is a list. Times are aware datetimes, else ValueError.
    """

    def __init__(self, connection: Connection, address: StoreAddress) -> None:
        self._connection = connection
        self._address = address
        self.dialect = connection.dialect.name

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Make a StoreError of a database's error, and of damage, in the block."""
        with store_errors(self._address):
            try:
                yield
            except UnicodeDecodeError as exc:  # of a text that the driver read
                raise translate(exc, self._address) from exc

    @contextmanager
    def deadline(self, at: float) -> Iterator[None]:
        """End the statements of the block at a time of the monotonic clock: DeadlineError."""
        left = at - time.monotonic()
        if left <= 0:
            raise DeadlineError
        if left == math.inf:
            yield
            return
        limit = (
            self._interrupt_at(at) if self.dialect == "sqlite" else self._statement_timeout(left)
        )
        try:
            with limit:
                yield
        except StoreError as exc:
            if _is_interruption(exc.__cause__):
                raise DeadlineError from exc
            raise

    @contextmanager
    def _interrupt_at(self, at: float) -> Iterator[None]:
        driver: Any = self._connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > at, _STEPS_OF_THE_MACHINE)
        try:
            yield
        finally:
            driver.set_progress_handler(None, 0)

    @contextmanager
    def _statement_timeout(self, left: float) -> Iterator[None]:
        # What is ended must not end the reader's transaction, nor its view of the store.
        # A savepoint: an error on PostgreSQL makes the whole transaction unusable but for a
        # rollback.
        with self.errors(), self._connection.begin_nested():
            # At least 1: for PostgreSQL 0 means "no limit".
            self._connection.execute(_SET_TIMEOUT, {"millis": str(max(1, round(left * 1000)))})
            yield
            self._connection.execute(_SET_TIMEOUT, {"millis": "0"})

    def fetch(
        self, statement: Executable, parameters: SqlParameters = _NOTHING
    ) -> Sequence[SqlRow]:
        """Return the rows of a query, or those that a change returns."""
        with self.errors():
            return self._connection.execute(statement, parameters).all()

    def read(
        self, mapper: RowMapper[T], statement: Executable, parameters: SqlParameters = _NOTHING
    ) -> list[T]:
        """Return the objects that the mapper makes of the rows of a query, or of a change."""
        with self.errors():
            return list(map(mapper, self._connection.execute(statement, parameters)))

    def first(
        self, mapper: RowMapper[T], statement: Executable, parameters: SqlParameters = _NOTHING
    ) -> T | None:
        """Return the object of the first row; None without any."""
        with self.errors():
            row = self._connection.execute(statement, parameters).first()
            return None if row is None else mapper(row)

    def value(self, statement: Executable, parameters: SqlParameters = _NOTHING) -> Any:
        """Return the first value of the first row; None without any."""
        with self.errors():
            return self._connection.execute(statement, parameters).scalar()

    def stream(
        self, statement: Executable, parameters: SqlParameters = _NOTHING
    ) -> Iterator[SqlRow]:
        """Yield the rows of a query that may have very many."""
        with self.errors():
            # Without it all rows of a table would be in memory before the first is looked at.
            options = {"yield_per": _STREAMED}
            result = self._connection.execute(statement, parameters, execution_options=options)
            try:
                yield from result
            finally:
                result.close()

    def run(self, statement: Executable, parameters: SqlParameters = _NOTHING) -> int:
        """Change rows and return how many."""
        with self.errors():
            # SQLAlchemy does not count the rows of an insert by default.
            options = {"preserve_rowcount": True}
            return self._connection.execute(
                statement, parameters, execution_options=options
            ).rowcount

    def run_many(self, statement: Executable, rows: Sequence[SqlParameters]) -> None:
        """Run a statement for every row, all with the same names.

        On SQLite the driver itself takes the compiled statement and the rows.
        """
        if not rows:
            return
        with self.errors():
            if self.dialect == "sqlite":
                # By the driver itself: SQLAlchemy would go through each row's parameters in Python
                # once more.
                compiled = _compile(statement, tuple(rows[0]))
                driver: Any = self._connection.connection.driver_connection
                driver.executemany(compiled.sql, map(compiled.bound, rows))
            else:
                self._connection.execute(statement, list(rows))

    def insert_many(self, bulk: BulkInsert, rows: Sequence[tuple[Any, ...]]) -> Sequence[SqlRow]:
        """Insert very many rows; return what ``bulk`` returns of the new ones."""
        with self.errors():
            if self.dialect == "sqlite":
                # Nobody else writes meanwhile, so the new ones are those behind the last one.
                newest = self.value(bulk.newest) if bulk.returns_rows else None
                driver: Any = self._connection.connection.driver_connection
                driver.executemany(*_positional(bulk, rows))
                return self.fetch(bulk.newer, {"than": newest}) if bulk.returns_rows else []
            bulk.require_zones(rows)
            found: list[SqlRow] = []
            # PostgreSQL takes a gigabyte in one text; a few megabytes keep both sides small.
            for start in range(0, len(rows), _TOGETHER):
                together = rows[start : start + _TOGETHER]
                text = orjson.dumps([dict(zip(bulk.names, row, strict=True)) for row in together])
                result = self._connection.execute(bulk.records, {"rows": text.decode()})
                found.extend(result.all() if bulk.returns_rows else ())
            return found


def _is_interruption(cause: BaseException | None) -> bool:
    orig = getattr(cause, "orig", cause)
    if isinstance(orig, sqlite3.Error):
        return orig.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
    # "57014" is "query_canceled"; a lock that was waited for too long has another code (55P03).
    return getattr(orig, "sqlstate", None) == _QUERY_CANCELED


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield a long list in batches that one statement can take."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def sqlite_text(statement: Executable) -> str:
    """Return a statement as sqlite3 takes it, with named parameters."""
    return _compile(statement, ()).sql


_DIALECT = sqlite.dialect(paramstyle="named")


class _Compiled(NamedTuple):
    """A statement as sqlite3 takes it.

    ``constants``: its own parameters; ``binders``: what makes a value of some others.
    """

    sql: str
    constants: SqlParameters
    binders: Mapping[str, Callable[[Any], Any]]

    def bound(self, row: SqlParameters) -> SqlParameters:
        """Return a row's values as SQLite keeps them."""
        values = {**self.constants, **row}
        for name, bind in self.binders.items():
            values[name] = bind(values[name])
        return values


@lru_cache(maxsize=256)
def _compile(statement: Executable, names: tuple[str, ...]) -> _Compiled:
    """Compile a statement whose parameters have these names."""
    assert isinstance(statement, sa.ClauseElement)  # noqa: S101  # whatever runs is one
    compiled = statement.compile(dialect=_DIALECT, column_keys=list(names) or None)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101  # no DDL comes here
    binders = {
        name: bind
        for name, parameter in compiled.binds.items()
        if (bind := parameter.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)) is not None
    }
    constants = {
        name: parameter.effective_value
        for name, parameter in compiled.binds.items()
        if name not in names and not parameter.required
    }
    return _Compiled(str(compiled), constants, binders)


def _positional(
    bulk: BulkInsert, rows: Sequence[tuple[Any, ...]]
) -> tuple[str, Iterable[tuple[Any, ...]]]:
    """Return a bulk insert as sqlite3 takes it: of a column's few values each is bound once."""
    sql, binders = _positional_sql(bulk)
    columns: list[Iterable[Any]] = list(zip(*rows, strict=True))
    for place, bind in binders:
        if rows:
            bound = {value: bind(value) for value in set(columns[place])}
            columns[place] = map(bound.__getitem__, columns[place])
    return sql, zip(*columns, strict=True)


@lru_cache(maxsize=16)
def _positional_sql(bulk: BulkInsert) -> tuple[str, list[tuple[int, Any]]]:
    dialect = sqlite.dialect()
    compiled = bulk.row.compile(dialect=dialect, column_keys=list(bulk.names))
    assert isinstance(compiled, SQLCompiler)  # noqa: S101  # no DDL comes here
    assert compiled.positiontup == list(bulk.names)  # noqa: S101  # they are in the table's order
    binders = [
        (place, bind)
        for place, name in enumerate(bulk.names)
        if (bind := compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect))
    ]
    return str(compiled), binders
