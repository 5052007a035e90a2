"""Rows held back so that they are written many at a time.

A row's id is known before the row is written: on SQLite the transaction is the only writer
and counts on from the highest id, PostgreSQL gives out blocks of its sequences.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import count

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import Executable

from monitor.model.search import SearchDocument
from monitor.store import counting, events, facts, search, snapshots, trials, versions
from monitor.store.db import BATCH, Db, RowValues, batches
from monitor.store.schema import metadata

_BLOCK = 100
# As much as a batch of ingest brings; more would only wait in memory.
_HELD_BYTES = 8 * 1024 * 1024
_HIGHEST_ID = {
    name: sa.select(sa.func.coalesce(sa.func.max(metadata.tables[name].c.id), 0))
    for name in ("snapshots", "versions")
}
_NEXT_IDS = sa.select(
    sa.func.nextval(sa.func.pg_get_serial_sequence(bindparam("table_name", type_=sa.Text), "id"))
).select_from(sa.func.generate_series(1, _BLOCK))


class WriteBuffer:
    """What a transaction has yet to write; bounded in rows and bytes."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._snapshots: dict[int, RowValues] = {}
        self._versions: dict[int, RowValues] = {}
        self._events: dict[int, list[RowValues]] = {}
        self._trials: dict[str, RowValues] = {}
        self._aliases: dict[tuple[str, str], RowValues] = {}
        self._announcements: list[RowValues] = []
        self._facts: dict[int, RowValues] = {}
        self._documents: dict[str, search.IndexChange] = {}
        self._eventless: set[int] = set()
        self._nct_ids: set[str] = set()
        self._ids: dict[str, Iterator[int]] = {}
        self._bytes = 0
        self.written: Counter[str] = Counter()
        """How many rows more there are than before, by the names that ``row_counts`` has."""

    def snapshot(self, values: RowValues) -> int:
        """Hold a snapshot's row and return its id."""
        snapshot_id = self._next_id("snapshots")
        self._snapshots[snapshot_id] = {"id": snapshot_id, **values}
        self._bytes += len(values["content"])
        self._stay_small()
        return snapshot_id

    def version(self, values: RowValues) -> int:
        """Hold a version's row and return its id."""
        version_id = self._next_id("versions")
        self._versions[version_id] = {"id": version_id, **values}
        self._eventless.add(version_id)
        self._nct_ids.add(values["nct_id"])
        self._stay_small()
        return version_id

    def may_have_events(self, version_id: int) -> bool:
        """Return whether events of a version may be written already, to be deleted first."""
        return version_id not in self._eventless and version_id not in self._events

    def events(self, version_id: int, rows: list[RowValues]) -> None:
        """Hold a version's events, in place of held ones."""
        self._eventless.discard(version_id)
        self._events[version_id] = rows
        self._bytes += sum(len(row["body"]) for row in rows)
        self._stay_small()

    def trial(self, values: RowValues) -> None:
        """Hold a trial's row, in place of a held one."""
        self._trials[values["nct_id"]] = values
        self._nct_ids.add(values["nct_id"])
        self._stay_small()

    def facts(self, version_id: int, values: RowValues) -> None:
        """Hold a version's facts, in place of held ones."""
        self._facts[version_id] = values

    def document(
        self, nct_id: str, document: SearchDocument, replaces: SearchDocument | None
    ) -> None:
        """Hold what the search is to know a trial by; a trial's is held once."""
        if nct_id in self._documents:
            self.flush()
        self._documents[nct_id] = (nct_id, document, replaces)
        self._bytes += sum(map(len, document.texts))

    def alias(self, alias: str, nct_id: str) -> None:
        """Hold an NCT ID that a trial had before."""
        self._aliases[alias, nct_id] = {"alias": alias, "nct_id": nct_id}

    def announcement(self, values: RowValues) -> None:
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
        held: tuple[tuple[Executable, Sequence[RowValues]], ...] = (
            (snapshots.INSERT, list(self._snapshots.values())),
            # Versions before trials, which refer to each other: the keys are checked at the commit.
            (versions.INSERT, list(self._versions.values())),
            (trials.PUT, list(self._trials.values())),
            (trials.PUT_ALIAS, [self._aliases[pair] for pair in sorted(self._aliases)]),
            (events.INSERT, [row for rows in self._events.values() for row in rows]),
            (events.INSERT_ANNOUNCEMENT, self._announcements),
            (facts.PUT, list(self._facts.values())),
            search.changes(self._db.dialect, self._documents.values()),
        )
        for statement, rows in held:
            for batch in batches(rows):
                self._db.run_many(statement, batch)
        self.written["versions"] += len(self._versions)
        rules = (values["rules"] for values in self._versions.values())
        self.written.update(counting.by_rules(name) for name in rules if name is not None)
        self.written["events"] += sum(map(len, self._events.values()))
        held_by_id = (
            self._snapshots, self._versions, self._trials, self._events, self._facts,
            self._aliases, self._documents,
        )  # fmt: skip
        for rows_by_id in held_by_id:
            rows_by_id.clear()
        self._announcements.clear()
        self._nct_ids.clear()
        self._bytes = 0

    def _next_id(self, table: str) -> int:
        """Return the id of a new row, asking the database when the first is wanted."""
        if table not in self._ids:
            self._ids[table] = self._new_ids(table)
        return next(self._ids[table])

    def _new_ids(self, table: str) -> Iterator[int]:
        if self._db.dialect == "sqlite":
            # Sure only under BEGIN IMMEDIATE: no other writer can insert before this transaction
            # ends.
            return count(self._db.value(_HIGHEST_ID[table]) + 1)
        return _blocks(self._db, table)

    def _stay_small(self) -> None:
        rows = max(
            len(self._versions), len(self._trials), len(self._events), len(self._announcements)
        )
        if rows >= BATCH or self._bytes > _HELD_BYTES:
            self.flush()


def _blocks(db: Db, table: str) -> Iterator[int]:
    """Yield ids for new rows of a table, asking PostgreSQL when the first of a block is wanted."""
    while True:
        for (new_id,) in db.fetch(_NEXT_IDS, {"table_name": table}):
            yield new_id
