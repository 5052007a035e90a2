"""A reference that is checked at the commit is looked up whenever a row is added."""

import re
import sqlite3
from contextlib import closing

from monitor.store.writer import open_store

_DEFERRED = re.compile(r"FOREIGN KEY\s*\(\"?(\w+)\"?\)[^,]*?INITIALLY DEFERRED")


def test_every_deferred_reference_can_be_looked_up_by_an_index(sqlite_url: str) -> None:
    """Without one, SQLite reads the whole table for each row that is added to the other."""
    open_store(sqlite_url).close()
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        tables = dict(
            connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        )
        deferred = {
            (table, column) for table, sql in tables.items() for column in _DEFERRED.findall(sql)
        }
        indexed = {
            (table, connection.execute(f"PRAGMA index_info({index[1]})").fetchone()[2])
            for table in tables
            for index in connection.execute(f"PRAGMA index_list({table})").fetchall()
        }
    assert {("trials", "latest_version_id"), ("versions", "nct_id")} <= deferred
    assert deferred - indexed == set()
