"""Running statements: the one door to the database, for reading and for writing.

Statements are SQLAlchemy Core over the tables of ``schema``, made once, with ``bindparam`` for what
differs; SQLAlchemy keeps what it compiles of them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler

from monitor.store.address import Address
from monitor.store.engine import store_errors
from monitor.store.faults import translate
from monitor.store.mapping import Row, RowMapper

BATCH = 500
"""Values behind one IN, rows of one insert: well under every database's limit."""

Values = Mapping[str, Any]
T = TypeVar("T")
_NOTHING: Values = {}
_STREAMED = 500


class Db:
    """Runs statements within one transaction; errors become a StoreError.

    A parameter behind IN is a list. Times are aware datetimes, else ValueError.
    """

    def __init__(self, connection: Connection, address: Address) -> None:
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

    def fetch(self, statement: Executable, parameters: Values = _NOTHING) -> Sequence[Row]:
        """Return the rows of a query, or those that a change returns."""
        with self.errors():
            return self._connection.execute(statement, parameters).all()

    def read(
        self, mapper: RowMapper[T], statement: Executable, parameters: Values = _NOTHING
    ) -> list[T]:
        """Return what the rows of a query, or those that a change returns, stand for."""
        with self.errors():
            return list(map(mapper, self._connection.execute(statement, parameters)))

    def first(
        self, mapper: RowMapper[T], statement: Executable, parameters: Values = _NOTHING
    ) -> T | None:
        """Return what the first row stands for; None without any."""
        with self.errors():
            row = self._connection.execute(statement, parameters).first()
            return None if row is None else mapper(row)

    def value(self, statement: Executable, parameters: Values = _NOTHING) -> Any:
        """Return the first value of the first row; None without any."""
        with self.errors():
            return self._connection.execute(statement, parameters).scalar()

    def stream(self, statement: Executable, parameters: Values = _NOTHING) -> Iterator[Row]:
        """Yield the rows of a query that may have very many."""
        with self.errors():
            options = {"yield_per": _STREAMED}
            result = self._connection.execute(statement, parameters, execution_options=options)
            try:
                yield from result
            finally:
                result.close()

    def run(self, statement: Executable, parameters: Values = _NOTHING) -> int:
        """Change rows and return how many."""
        with self.errors():
            return self._connection.execute(statement, parameters).rowcount

    def run_many(self, statement: Executable, rows: Sequence[Values]) -> None:
        """Run a statement for every row, all with the same names.

        On SQLite the driver itself takes the compiled statement and the rows: for a row or two that
        takes a seventh of the time, for a page a third.
        """
        if not rows:
            return
        with self.errors():
            if self.dialect == "sqlite":
                compiled = _compiled(statement, tuple(rows[0]))
                driver: Any = self._connection.connection.driver_connection
                driver.executemany(compiled.sql, map(compiled.bound, rows))
            else:
                self._connection.execute(statement, list(rows))


def upsert(table: sa.Table, key: Sequence[str] = (), names: Collection[str] = ()) -> Executable:
    """Return an insert that changes the row of the same key where there is one.

    ``key``: its columns, else the table's primary key; ``names``: the columns that are changed,
    else all others.
    """
    # Both databases take the same ON CONFLICT, and PostgreSQL's insert compiles for SQLite too.
    insert = postgresql.insert(table)
    key = key or [column.name for column in table.primary_key]
    changed = names or [column.name for column in table.c if column.name not in key]
    return insert.on_conflict_do_update(
        index_elements=key, set_={name: insert.excluded[name] for name in changed}
    )


def batches(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut a long list into what one statement takes."""
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]


def sqlite_text(statement: Executable) -> str:
    """Return a statement as sqlite3 takes it, with named parameters."""
    return _compiled(statement, ()).sql


_DIALECT = sqlite.dialect(paramstyle="named")


class _Compiled(NamedTuple):
    """A statement as sqlite3 takes it.

    ``constants``: its own parameters; ``binders``: what makes a value of some others.
    """

    sql: str
    constants: Values
    binders: Mapping[str, Callable[[Any], Any]]

    def bound(self, row: Values) -> Values:
        """Return a row's values as SQLite keeps them."""
        values = {**self.constants, **row}
        for name, bind in self.binders.items():
            values[name] = bind(values[name])
        return values


@lru_cache(maxsize=256)
def _compiled(statement: Executable, names: tuple[str, ...]) -> _Compiled:
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
