"""Rows held back so that they are written many at a time.

A row's id is known before the row is written: on SQLite the transaction is the only writer
and counts on from the highest id, PostgreSQL gives out blocks of its sequences.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from monitor.store.moments import utc_text
from monitor.store.queries import VERSIONS_BY
from monitor.store.statements import (
    BATCH,
    INSERT_ANNOUNCEMENT,
    INSERT_EVENTS,
    INSERT_SNAPSHOT,
    INSERT_VERSION,
    NEXT_IDS,
    batches,
)

Values = dict[str, Any]

_BLOCK = 100
_HIGHEST_IDS = """
SELECT coalesce((SELECT max(id) FROM snapshots), 0), coalesce((SELECT max(id) FROM versions), 0)"""
_HELD_BYTES = 8 * 1024 * 1024


class Pending:
    """What a transaction has yet to write; bounded in rows and bytes."""

    def __init__(self, connection: Connection, put_trial: sa.Insert, put_alias: sa.Insert) -> None:
        self._connection = connection
        self._sqlite: sqlite3.Connection | None = None
        if connection.dialect.name == "sqlite":
            self._sqlite = connection.connection.driver_connection
        self._put_trial = put_trial
        self._put_alias = put_alias
        self._snapshots: dict[int, Values] = {}
        self._versions: dict[int, Values] = {}
        self._events: dict[int, list[Values]] = {}
        self._trials: dict[str, Values] = {}
        self._aliases: dict[tuple[str, str], Values] = {}
        self._announcements: list[Values] = []
        self._eventless: set[int] = set()
        self._nct_ids: set[str] = set()
        self._ids: dict[str, Iterator[int]] = {}
        self._bytes = 0
        self.written: Counter[str] = Counter()
        """How many rows more there are than before, by the names that ``row_counts`` has."""

    def snapshot(self, values: Values) -> int:
        """Hold a snapshot's row and return its id."""
        snapshot_id = self._next_id("snapshots")
        self._snapshots[snapshot_id] = {"id": snapshot_id, **values}
        self._bytes += len(values["content"])
        self._stay_small()
        return snapshot_id

    def version(self, values: Values) -> int:
        """Hold a version's row and return its id."""
        version_id = self._next_id("versions")
        self._versions[version_id] = {"id": version_id, **values}
        self._eventless.add(version_id)
        self._nct_ids.add(values["nct_id"])
        self._stay_small()
        return version_id

    def may_have_events(self, version_id: int) -> bool:
        """Whether events of this version may be written already; they must go before new ones."""
        return version_id not in self._eventless and version_id not in self._events

    def events(self, version_id: int, rows: list[Values]) -> None:
        """Hold a version's events, in place of held ones."""
        self._eventless.discard(version_id)
        self._events[version_id] = rows
        self._bytes += sum(len(row["body"]) for row in rows)
        self._stay_small()

    def trial(self, values: Values) -> None:
        """Hold a trial's row, in place of a held one."""
        self._trials[values["nct_id"]] = values
        self._nct_ids.add(values["nct_id"])
        self._stay_small()

    def alias(self, alias: str, nct_id: str) -> None:
        """Hold an NCT ID that a trial had before."""
        self._aliases[alias, nct_id] = {"alias": alias, "nct_id": nct_id}

    def announcement(self, values: Values) -> None:
        """Hold what is announced of a version."""
        self._announcements.append(values)
        self._bytes += len(values["body"])
        self._stay_small()

    def settle_trials(self, nct_ids: Collection[str]) -> None:
        """Write everything if some of it is about one of these trials."""
        if not self._nct_ids.isdisjoint(nct_ids):
            self.flush()

    def settle_snapshot(self, snapshot_id: int) -> None:
        """Write everything if this snapshot is yet to be written."""
        if snapshot_id in self._snapshots:
            self.flush()

    def flush(self) -> None:
        """Write everything, what is referred to first."""
        held = (
            (INSERT_SNAPSHOT, list(self._snapshots.values())),
            (INSERT_VERSION, list(self._versions.values())),
            (self._put_trial, list(self._trials.values())),
            (self._put_alias, [self._aliases[pair] for pair in sorted(self._aliases)]),
            (INSERT_EVENTS, [row for rows in self._events.values() for row in rows]),
            (INSERT_ANNOUNCEMENT, self._announcements),
        )
        for statement, rows in held:
            for batch in batches(rows):
                self._put(statement, batch)
        self.written["versions"] += len(self._versions)
        rules = (values["rules"] for values in self._versions.values())
        self.written.update(VERSIONS_BY.format(name) for name in rules if name is not None)
        self.written["events"] += sum(map(len, self._events.values()))
        for rows_by_id in (self._snapshots, self._versions, self._trials, self._events):
            rows_by_id.clear()
        self._aliases.clear()
        self._announcements.clear()
        self._nct_ids.clear()
        self._bytes = 0

    def _put(self, statement: sa.Insert, rows: Sequence[Values]) -> None:
        """Write rows in bulk; SQLite itself takes a row or two seven times sooner."""
        if self._sqlite is None:
            self._connection.execute(statement, rows)
        else:
            sql = _spelled(statement, tuple(rows[0]))
            self._sqlite.executemany(sql, map(_plain, rows))

    def _next_id(self, table: str) -> int:
        """Return the id of a new row, asking the database when the first is wanted."""
        if not self._ids:
            self._ids = self._count_on()
        return next(self._ids[table])

    def _count_on(self) -> dict[str, Iterator[int]]:
        if self._sqlite is None:
            return {table: _blocks(self._connection, table) for table in ("snapshots", "versions")}
        [highest] = self._sqlite.execute(_HIGHEST_IDS)
        return {"snapshots": count(highest[0] + 1), "versions": count(highest[1] + 1)}

    def _stay_small(self) -> None:
        rows = max(
            len(self._versions), len(self._trials), len(self._events), len(self._announcements)
        )
        if rows >= BATCH or self._bytes > _HELD_BYTES:
            self.flush()


@lru_cache(maxsize=64)
def _spelled(statement: sa.Insert, columns: tuple[str, ...]) -> str:
    """Return an insert of these columns as sqlite3 takes it."""
    dialect = sqlite.dialect(paramstyle="named")
    return str(statement.compile(dialect=dialect, column_keys=list(columns)))


def _plain(values: Values) -> Values:
    """Return values as SQLite keeps them: times and dates as text."""
    return {
        name: _as_text(value) if isinstance(value, date) else value
        for name, value in values.items()
    }


def _as_text(moment: date) -> str:
    """Write a time, which has a zone, or a day; ValueError for a time without a zone."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        raise ValueError("a time without a time zone cannot be stored")
    return utc_text(moment)


def _blocks(connection: Connection, table: str) -> Iterator[int]:
    """Yield ids for new rows of a table, asking PostgreSQL when the first of a block is wanted."""
    while True:
        block = {"table_name": table, "how_many": _BLOCK}
        yield from connection.execute(NEXT_IDS, block).scalars().all()
