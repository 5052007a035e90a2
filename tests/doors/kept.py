"""Stores of every revision of the schema, kept as JSON: all their rows, and what they have to show.

A kept store can be laid into either database; its revision's migration makes the tables.
"""

import json
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine
from tests.store.test_upgrades import migrate_new

FOLDER = Path(__file__).parent / "stores"
_DEEP = 4
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' "
    "AND name != 'alembic_version' AND name NOT LIKE 'trial_search%' ORDER BY name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStore:
    """A store as its program left it.

    ``shown``: its history by NCT ID, as that program showed it. ``due``: what is still to be
    sent, and must be after an upgrade; see ``changes_of`` for both. ``attempted``: ids of
    messages that a receiver may have seen already. ``tables``: table → its columns and rows.
    """

    revision: str
    shown: dict[str, list[list[Any]]]
    due: list[list[Any]]
    attempted: list[str]
    tables: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, revision: str) -> "KeptStore":
        """Read the file of a revision."""
        return cls(**json.loads(file_of(revision).read_text("utf-8")))

    def write(self) -> None:
        """Write the file: a row of a table in each line."""
        file_of(self.revision).write_text(f"{_pretty(asdict(self))}\n", "utf-8")


def file_of(revision: str) -> Path:
    """Return where the store of a revision is kept."""
    return FOLDER / f"{revision}.json"


def _pretty(value: Any, depth: int = 0) -> str:
    """Write JSON: a line for each row of a table, and for whatever else stands so deep."""
    inside = list(value.values()) if isinstance(value, dict) else value
    is_plain = not isinstance(value, dict | list) or not any(
        isinstance(one, dict | list) for one in inside
    )
    if depth == _DEEP or is_plain:
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        inner = [f"{json.dumps(key)}: {_pretty(one, depth + 1)}" for key, one in value.items()]
    else:
        inner = [_pretty(one, depth + 1) for one in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    indent = " " * depth
    lines = f",\n{indent} ".join(inner)
    return f"{opening}\n{indent} {lines}\n{indent}{closing}"


def rows_of(file: Path) -> dict[str, dict[str, Any]]:
    """Return all tables of a SQLite store; its folder gets a name that any machine could have."""
    with closing(sqlite3.connect(file)) as connection:
        tables = {}
        for (table,) in connection.execute(_TABLES).fetchall():
            found = connection.execute(f'SELECT * FROM "{table}"')  # noqa: S608
            columns = [column[0] for column in found.description]
            tables[table] = {
                "columns": columns,
                "rows": [[_kept(value, str(file.parent)) for value in row] for row in found],
            }
    return tables


def _kept(value: Any, folder: str) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    return value.replace(folder, "/srv/monitor") if isinstance(value, str) else value


def lay(store: KeptStore, url: str) -> None:
    """Make a store of the kept one's revision and fill it with its rows."""
    migrate_new(url, store.revision)
    engine = make_engine(StoreAddress.parse(url), busy_timeout_s=5)
    try:
        with engine.connect() as connection:
            _no_foreign_keys(connection)
            tables = sa.MetaData()
            tables.reflect(connection, only=sorted(store.tables))
            for name, content in store.tables.items():
                _fill(connection, tables.tables[name], content)
            connection.commit()
    finally:
        engine.dispose()


def _no_foreign_keys(connection: sa.Connection) -> None:
    """Let rows come in any order."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET session_replication_role = replica")
        return
    raw = connection.connection.dbapi_connection
    assert raw is not None
    raw.cursor().execute("PRAGMA foreign_keys=OFF")


def _fill(connection: sa.Connection, table: sa.Table, content: dict[str, Any]) -> None:
    """Put the rows in the place of what the migration put there."""
    connection.execute(table.delete())
    columns = [table.columns[name] for name in content["columns"]]
    marks = ", ".join("?" if connection.dialect.name == "sqlite" else "%s" for _ in columns)
    names = ", ".join(f'"{column.name}"' for column in columns)
    for row in content["rows"]:
        values = tuple(
            _laid(value, column, connection.dialect.name)
            for value, column in zip(row, columns, strict=True)
        )
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', values)  # noqa: S608
    if connection.dialect.name == "postgresql" and content["rows"] and "id" in content["columns"]:
        connection.exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) "  # noqa: S608
            f'FROM "{table.name}"'
        )


def _laid(value: Any, column: sa.Column[Any], dialect: str) -> Any:
    """Return a kept value as the database's driver takes it; SQLite's are kept as they are."""
    if isinstance(value, dict):
        return bytes.fromhex(value["hex"])
    if dialect == "sqlite" or value is None:
        return value
    if isinstance(column.type, sa.DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, sa.Date):
        return date.fromisoformat(value)
    return bool(value) if isinstance(column.type, sa.Boolean) else value
