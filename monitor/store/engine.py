"""Opening the database: drivers, pragmas and transactions that do not lose a write.

``writer`` and ``reader`` open through it; statements are run by ``db``.
"""

import logging
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.pool import NullPool, QueuePool

from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.codec import CorruptError
from monitor.store.errors import translate
from monitor.store.readonly import open_read_only
from monitor.store.revisions import SchemaStatus, read_status

# SQLite's own is 2 MB: with a store of gigabytes the upper pages of its indexes would be read again
# and again.
_CACHE_KIB = 16_384
# Four times SQLite's own: the pages that every transaction writes are copied back more seldom.
_WAL_PAGES = 4_000
_PAUSE_S = 0.02


def _is_no_interruption(record: logging.LogRecord) -> bool:
    """Leave out what is raised on: ^C while a connection closes is no error of the database's."""
    return record.exc_info is None or isinstance(record.exc_info[1], Exception)


for _pool in (NullPool, QueuePool):  # a filter counts for the very logger, not for those below it
    logging.getLogger(f"{_pool.__module__}.{_pool.__qualname__}").addFilter(_is_no_interruption)


class _HintingCompiler(SQLiteCompiler):
    """Writes a query's hints behind the table (``INDEXED BY``), which SQLAlchemy leaves out."""

    def get_from_hint_text(self, table: sa.FromClause, text: str | None) -> str | None:  # noqa: ARG002
        """Return a hint as it was given."""
        return text


def make_engine(address: StoreAddress, *, busy_timeout_s: float) -> Engine:
    """Return an engine whose transactions hold the write lock from their first moment.

    SQLite: foreign keys on, ``BEGIN IMMEDIATE`` (a deferred BEGIN loses read-then-write
    transactions to "database is locked"). PostgreSQL: psycopg 3, READ COMMITTED, a lock is
    waited for as long as on SQLite. Nothing relies on a session that outlasts a transaction:
    behind a pooler in transaction mode (PgBouncer) the next one runs in another session. Opens
    no connection.
    """
    if address.path is None:
        return _postgres_engine(address, busy_timeout_s)
    engine = sa.create_engine(
        URL.create("sqlite", database=str(address.path)),
        # "isolation_level": None, or Python's sqlite3 would begin transactions by itself, deferred
        # ones.
        connect_args={"timeout": busy_timeout_s, "isolation_level": None},
        pool_reset_on_return=None,  # every transaction ends by itself
    )
    engine.dialect.statement_compiler = _HintingCompiler
    sa.event.listen(engine, "connect", _set_pragmas)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


class ReaderPool:
    """PostgreSQL connections that are kept between readers, for a process that serves requests.

    A new connection costs PostgreSQL a process whose caches are empty: each query of the first
    reader is planned from nothing. ``size``: how many are kept; more may be in use at once. One
    that the server or a pooler has closed meanwhile is replaced unseen. A SQLite file is opened
    anew for each reader, which takes less than a look at whether it is still the same file.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._engines: dict[tuple[StoreAddress, float], Engine] = {}
        # An engine that is garbage-collected, as in every test, must leave no connection open.
        self._closing = weakref.finalize(self, _dispose_all, self._engines)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._closing()

    def engine(self, address: StoreAddress, busy_timeout_s: float) -> Engine:
        """Return the engine by which readers of this store are connected."""
        if address.path is not None:
            return _reading_engine(address, busy_timeout_s)
        key = (address, busy_timeout_s)
        with self._lock:
            if key not in self._engines:
                self._engines[key] = _postgres_engine(
                    address, busy_timeout_s,
                    pool_size=self._size, max_overflow=-1, pool_use_lifo=True, pool_pre_ping=True,
                )  # fmt: skip
            return self._engines[key]


def _dispose_all(engines: dict[tuple[StoreAddress, float], Engine]) -> None:
    for engine in engines.values():
        engine.dispose()


@lru_cache(maxsize=8)
def _reading_engine(address: StoreAddress, busy_timeout_s: float) -> Engine:
    """Return an engine for reading, which keeps what it compiles and no connection."""
    if address.path is None:
        return _postgres_engine(address, busy_timeout_s, poolclass=NullPool)
    path: Path = address.path
    engine = sa.create_engine(
        "sqlite://",
        creator=lambda: open_read_only(path, busy_timeout_s),
        poolclass=NullPool,
        pool_reset_on_return=None,  # closing ends the transaction
    )
    engine.dialect.statement_compiler = _HintingCompiler
    return engine


def connect_to_read(
    address: StoreAddress, *, busy_timeout_s: float, pool: ReaderPool | None = None
) -> Connection:
    """Open a store for reading: one transaction, which sees it as of its first query.

    Whatever its schema; StoreError when it is not there. The caller closes it. ``pool``: where
    connections are kept for the next reader.
    """
    _require_file(address)
    engine_for = _reading_engine if pool is None else pool.engine
    with store_errors(address):
        try:
            connection = engine_for(address, busy_timeout_s).connect()
        except UnicodeDecodeError as exc:
            raise translate(exc, address) from exc
        if address.path is None:
            # The same view for all questions of a reader; READ COMMITTED would show a commit
            # between two.
            return connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        try:
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN")
        except BaseException:
            connection.close()
            raise
        return connection


def _require_file(address: StoreAddress) -> None:
    if address.path is None:
        return
    if not address.path.exists():
        makes = "`monitor run` or `monitor ingest` makes one"
        raise StoreError(f"there is no store at {address.shown} yet; {makes}")
    if address.path.is_dir():
        raise StoreError(f"the store {address.shown} cannot be opened: it is a folder")


def _postgres_engine(address: StoreAddress, busy_timeout_s: float, **options: Any) -> Engine:
    engine = sa.create_engine(
        _postgres_url(address),
        **options,
        connect_args={
            # Else texts come as bytes from a database of the encoding SQL_ASCII, which
            # PostgreSQL makes where the system has no other locale than C.
            "client_encoding": "utf8",
            # A prepared statement belongs to a session: the next transaction's may lack it, or
            # have another one of that name.
            # https://www.psycopg.org/psycopg3/docs/advanced/prepare.html#using-prepared-statements-with-pgbouncer
            "prepare_threshold": None,
        },
    )
    millis = max(1, round(busy_timeout_s * 1000))
    settings = (
        f"SELECT set_config('lock_timeout', '{millis}', true), set_config('timezone', 'UTC', true)"
    )

    def set_up(connection: Connection) -> None:
        # Not as options of the connection: poolers refuse those.
        connection.exec_driver_sql(settings)

    sa.event.listen(engine, "begin", set_up)
    return engine


def _postgres_url(address: StoreAddress) -> URL:
    try:
        return make_url(address.url)
    except (sa.exc.ArgumentError, ValueError) as exc:
        raise StoreError(f"the store URL of {address.shown} cannot be read") from exc


def _set_pragmas(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint={_WAL_PAGES}")


def _begin_immediate(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection  # itself it begins ten times sooner
    driver.execute("BEGIN IMMEDIATE")


@contextmanager
def store_errors(address: StoreAddress) -> Iterator[None]:
    """Translate the drivers' errors, and SQLAlchemy's wrapping of them, into StoreError."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite3.Error) as exc:
        raise translate(exc, address) from exc
    except CorruptError as exc:
        raise StoreError(f"the store {address.shown} is damaged: {exc}") from exc
    except sa.exc.StatementError as exc:
        # A value that cannot be bound: the caller's mistake, shown as what it is.
        # Behind DBAPIError, which is a StatementError too.
        raise (exc.orig or exc) from exc


def status_of(engine: Engine) -> SchemaStatus:
    """Find out the schema's status without taking the write lock."""
    try:
        # Not `engine.begin()`, which on SQLite would wait for the write lock only to look.
        with closing(engine.raw_connection()) as raw:
            cursor = raw.cursor()

            def fetch(sql: str) -> list[tuple[Any, ...]]:
                cursor.execute(sql)
                return list(cursor.fetchall())

            return read_status(fetch, engine.dialect.name)
    except engine.dialect.loaded_dbapi.Error as exc:
        # SQLAlchemy wraps the errors of its own connections, not those of a raw one.
        raise sa.exc.DBAPIError(None, None, exc) from exc


def use_wal(engine: Engine, *, busy_timeout_s: float) -> None:
    """Put a SQLite file into write-ahead logging, so that readers never wait for a writer.

    SQLite does not wait for its busy timeout when two programs do this to one new file at
    the same time, so this waits.
    """
    deadline = time.monotonic() + busy_timeout_s
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        while True:
            try:
                # Asked first: WAL stays with the file, and setting it anew takes a lock.
                if cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                    return
                cursor.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as exc:
                locked = exc.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
                if not locked or time.monotonic() > deadline:
                    raise
            else:
                return
            time.sleep(_PAUSE_S)
    finally:
        raw.close()
