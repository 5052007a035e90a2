"""Baselines: what the least code that writes the same rows costs, in the same run."""

import hashlib
import sqlite3
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import orjson
import zstandard

from tests.bench.timing import Call

_BATCH = 200
"""Records in a transaction, as in an ingest pass."""


def keeping(path: Path, contents: Sequence[bytes]) -> Call:
    """Return a call that parses, hashes, compresses and inserts records into a new SQLite file."""

    def keep() -> None:
        compressor = zstandard.ZstdCompressor()
        columns = "(id INTEGER PRIMARY KEY, nct_id TEXT, sha256 BLOB, content BLOB)"
        connection = _new(path, [f"CREATE TABLE records {columns}"])
        for start in range(0, len(contents), _BATCH):
            connection.execute("BEGIN IMMEDIATE")
            for content in contents[start : start + _BATCH]:
                nct_id = orjson.loads(content)["protocolSection"]["identificationModule"]["nctId"]
                kept = compressor.compress(content)
                connection.execute(
                    "INSERT INTO records (nct_id, sha256, content) VALUES (?, ?, ?)",
                    (nct_id, hashlib.sha256(content).digest(), kept),
                )
            connection.execute("COMMIT")
        connection.close()

    return keep


def copying(path: Path, source: Path, tables: Sequence[str], *, transactions: int) -> Call:
    """Return a call that inserts the rows of a store's tables into a new SQLite file, one by one.

    The new tables have the store's columns, constraints and indexes.
    """
    store = sqlite3.connect(source)
    schema = list(chain.from_iterable(_schema(store, table) for table in tables))
    rows = {table: store.execute(f"SELECT * FROM {table}").fetchall() for table in tables}  # noqa: S608 - names of ours
    store.close()

    def copy() -> None:
        connection = _new(path, schema)
        for number in range(transactions):
            connection.execute("BEGIN IMMEDIATE")
            for table, found in rows.items():
                insert = f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})"  # noqa: S608 - as above
                for row in found[number::transactions]:
                    connection.execute(insert, row)
            connection.execute("COMMIT")
        connection.close()

    return copy


def _schema(store: sqlite3.Connection, table: str) -> list[str]:
    """Return the statements that made a table and its indexes, the table's first."""
    found = store.execute(
        "SELECT sql FROM sqlite_schema WHERE tbl_name = ? AND sql IS NOT NULL"
        " ORDER BY type DESC, name",
        (table,),
    )
    return [statement for (statement,) in found]


def _new(path: Path, schema: Sequence[str]) -> sqlite3.Connection:
    """Open a new file with these tables, in the journal mode of a store."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    for statement in schema:
        connection.execute(statement)
    return connection
