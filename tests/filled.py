"""Stores that many tests begin with: written once in a process of the tests, then copied."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from monitor.store.address import StoreAddress
from tests.databases import referenced_first, tables_with_rows


@pytest.fixture(scope="session")
def filled_stores(tmp_path_factory: pytest.TempPathFactory) -> "FilledStores":
    """Return what fills an empty store of either database as another one was filled before."""
    return FilledStores(tmp_path_factory.mktemp("filled"))


class FilledStores:
    """Keeps what functions wrote into stores; copies have the same rows and ids."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}
        self._tables: dict[str, _Tables] = {}

    def fill(self, url: str, name: str, write: Callable[[str], object]) -> None:
        """Let a store hold what ``write`` puts into an empty one, given its URL.

        ``name``: what it holds. A SQLite file need not be there yet.
        """
        path = StoreAddress.parse(url).path
        if path is None:
            self._fill_database(url, name, write)
        elif name in self._files:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._files[name], path)
        else:
            write(url)
            self._files[name] = Path(shutil.copy(path, self._folder / f"{len(self._files)}.db"))

    def _fill_database(self, url: str, name: str, write: Callable[[str], object]) -> None:
        if name not in self._tables:
            write(url)
            with psycopg.connect(url) as connection:
                self._tables[name] = _Tables.of(connection)
            return
        with psycopg.connect(url) as connection:
            self._tables[name].write(connection)


@dataclass(frozen=True, slots=True)
class _Tables:
    """The rows of a database's tables, as COPY tells them, and where its sequences are."""

    rows: dict[str, bytes]
    sequences: list[tuple[str, int]]

    @classmethod
    def of(cls, connection: "psycopg.Connection[tuple[Any, ...]]") -> "_Tables":
        """Read them."""
        rows = {}
        for name in referenced_first(tables_with_rows(connection)):
            with connection.cursor().copy(_copy("COPY {} TO STDOUT", name)) as copy:
                rows[name] = b"".join(bytes(part) for part in copy)
        found = connection.execute(
            "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences "
            "WHERE last_value IS NOT NULL"
        )
        return cls(rows, found.fetchall())

    def write(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        """Let a new store's tables hold them."""
        for name in reversed(self.rows):
            connection.execute(_copy("DELETE FROM {}", name))
        for name, reported in self.rows.items():
            with connection.cursor().copy(_copy("COPY {} FROM STDIN", name)) as copy:
                copy.write(reported)
        for name, value in self.sequences:
            connection.execute("SELECT setval(%s::regclass, %s)", (name, value))


def _copy(command: Any, table: str) -> sql.Composed:
    return sql.SQL(command).format(sql.Identifier(table))
