"""Rows held back so that they are written many at a time.

A row's id is known before the row is written: on SQLite the transaction is the only writer
and counts on from the highest id, PostgreSQL gives out blocks of its sequences.
"""

from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Executable

from monitor.store.schema import snapshots, versions
from monitor.store.statements import (
    BATCH,
    INSERT_EVENTS,
    INSERT_SNAPSHOT,
    INSERT_VERSION,
    NEXT_IDS,
    batches,
)

Values = dict[str, Any]

_BLOCK = 100
_HELD_BYTES = 8 * 1024 * 1024


class Pending:
    """What a transaction has yet to write; bounded in rows and bytes."""

    def __init__(self, connection: Connection, put_trial: Executable) -> None:
        self._connection = connection
        self._put_trial = put_trial
        self._snapshots: dict[int, Values] = {}
        self._versions: dict[int, Values] = {}
        self._events: dict[int, list[Values]] = {}
        self._trials: dict[str, Values] = {}
        self._eventless: set[int] = set()
        self._nct_ids: set[str] = set()
        self._snapshot_ids = _ids(connection, snapshots)
        self._version_ids = _ids(connection, versions)
        self._bytes = 0

    def snapshot(self, values: Values) -> int:
        """Hold a snapshot's row and return its id."""
        snapshot_id = next(self._snapshot_ids)
        self._snapshots[snapshot_id] = {"id": snapshot_id, **values}
        self._bytes += len(values["content"])
        self._stay_small()
        return snapshot_id

    def version(self, values: Values) -> int:
        """Hold a version's row and return its id."""
        version_id = next(self._version_ids)
        self._versions[version_id] = {"id": version_id, **values}
        self._eventless.add(version_id)
        self._nct_ids.add(values["nct_id"])
        self._stay_small()
        return version_id

    def events(self, version_id: int, rows: list[Values]) -> bool:
        """Hold a version's events; True when written ones may be in their place."""
        new = version_id in self._eventless or version_id in self._events
        self._eventless.discard(version_id)
        self._events[version_id] = rows
        self._bytes += sum(len(row["body"]) for row in rows)
        self._stay_small()
        return not new

    def trial(self, values: Values) -> None:
        """Hold a trial's row, in place of a held one."""
        self._trials[values["nct_id"]] = values
        self._nct_ids.add(values["nct_id"])
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
            (INSERT_EVENTS, [row for rows in self._events.values() for row in rows]),
        )
        for statement, rows in held:
            for batch in batches(rows):
                self._connection.execute(statement, batch)
        for rows_by_id in (self._snapshots, self._versions, self._trials, self._events):
            rows_by_id.clear()
        self._nct_ids.clear()
        self._bytes = 0

    def _stay_small(self) -> None:
        rows = max(len(self._versions), len(self._trials), len(self._events))
        if rows >= BATCH or self._bytes > _HELD_BYTES:
            self.flush()


def _ids(connection: Connection, table: sa.Table) -> Iterator[int]:
    """Yield ids for new rows of a table, asking the database when the first is wanted."""
    if connection.dialect.name == "sqlite":
        sqlite: Any = connection.connection.driver_connection
        [(highest,)] = sqlite.execute(f"SELECT max(id) FROM {table.name}")  # noqa: S608
        yield from count((highest or 0) + 1)
    while True:
        block = {"table_name": table.name, "how_many": _BLOCK}
        yield from connection.execute(NEXT_IDS, block).scalars().all()
