"""Damage in a store's file is looked for, for a limited time."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import StoreError
from monitor.store.integrity import is_sound
from monitor.store.writer import open_store
from tests.store.examples import add_series, document
from tests.store.test_failures import path_of


def test_a_good_file_is_sound(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        add_series(store, [document()])
        assert is_sound(sqlite_url, within_s=30) is True


def test_postgresql_looks_after_its_own_pages(postgres_url: str) -> None:
    assert is_sound(postgres_url, within_s=30) is None


def test_what_takes_too_long_is_given_up(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "big.db")) as connection:
        connection.execute("CREATE TABLE rows (number INTEGER PRIMARY KEY, text TEXT)")
        numbers = ((number, "x" * 20) for number in range(50_000))
        connection.executemany("INSERT INTO rows VALUES (?, ?)", numbers)
        connection.commit()
    url = f"sqlite:///{tmp_path}/big.db"
    assert is_sound(url, within_s=30) is True
    assert is_sound(url, within_s=0) is None


def test_a_file_that_nobody_else_may_read_now_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "own.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE rows (number INTEGER)")
        connection.execute("BEGIN EXCLUSIVE")
        assert is_sound(f"sqlite:///{tmp_path}/own.db", within_s=0.1) is None


def test_a_damaged_page_is_found(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
    with closing(sqlite3.connect(path_of(sqlite_url))) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'versions'"
        ).fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path_of(sqlite_url).open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    with pytest.raises(StoreError, match="is damaged"):
        is_sound(sqlite_url, within_s=30)
