"""Verifying a store whole: every snapshot's hash, every entry's bytes, every reference."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import orjson

from monitor.errors import DamagedSnapshotError, StoreError
from monitor.model.problem import Problem
from monitor.model.record import TrialRecord
from monitor.store import queries, verify_queries
from monitor.store.address import Address
from monitor.store.codec import DamagedError, unpack
from monitor.store.copying import OnStep, ignore_steps, interruptible
from monitor.store.faults import translate
from monitor.store.outbox_reader import announcement_row
from monitor.store.reader import Rows, SqliteRows, connect
from monitor.store.revisions import read_status, require_current
from monitor.store.rows import Row, event_row, version_row
from monitor.store.snapshots import Snapshots

MOST_NAMED = 1_000
"""So many problems of a kind are named; of the others, how many there are."""

# The fields that name a former NCT ID, or the one that a record went to.
_NAMING = (b'"nctIdAliases"', b'"mergedInto"')
_A_STEP = 200  # rows between two reports
_RESTORE = "put a backup back (`monitor db restore`); look at the disk"
_RESTORE_POSTGRES = "put a dump back (pg_restore); look at the server's disk"


def verify(
    url: str, *, busy_timeout_s: float = 10.0, on_step: OnStep = ignore_steps
) -> Iterator[Problem]:
    """Read all of a store, as of one moment, and yield what is wrong with it.

    Others read and write meanwhile; memory does not grow with the store. StoreError when it cannot
    be opened, or is no store of this program's schema.
    """
    address = Address.parse(url)
    try:
        rows = connect(address, busy_timeout_s)
        with closing(rows), ExitStack() as held:
            fetch = rows.fetch
            status = read_status(lambda sql: map(tuple, fetch(sql, {})), rows.dialect)
            require_current(status, address)
            if isinstance(rows, SqliteRows):
                held.enter_context(interruptible(rows.connection))
            yield from _Verification(rows, address, on_step).problems()
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        raise translate(exc, address) from exc


class _Verification:
    """One reading of a store."""

    def __init__(self, rows: Rows, address: Address, on_step: OnStep) -> None:
        self._rows = rows
        self._address = address
        self._on_step = on_step
        self._fix = _RESTORE if rows.dialect == "sqlite" else _RESTORE_POSTGRES
        # What snapshots say of other NCT IDs: (former, of now) by snapshot; and damaged trials.
        self._former: dict[int, tuple[tuple[str, str], ...]] = {}
        self._unread: set[str] = set()

    def problems(self) -> Iterator[Problem]:
        """Make every check, also behind one that found damage."""
        checks: list[tuple[str, Callable[[], Iterator[Problem]]]] = [
            ("snapshots", self._snapshots),
            ("versions", self._versions),
            ("former NCT IDs", self._former_ids),
            ("events", self._events),
            ("announcements", self._announcements),
            ("quarantine", self._quarantine),
            ("references", self._references),
            ("row counts", self._row_counts),
        ]
        if self._rows.dialect == "sqlite":
            checks.insert(0, ("file", self._file))
        for name, check in checks:
            self._on_step(name, 0, None)
            yield from self._bounded(name, check())

    def _bounded(self, name: str, found: Iterator[Problem]) -> Iterator[Problem]:
        count = 0
        try:
            for problem in found:
                count += 1
                if count <= MOST_NAMED:
                    yield problem
        except (sqlite3.DatabaseError, UnicodeDecodeError) as exc:
            if getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise
            yield Problem(check=name, said=str(translate(exc, self._address)), fix=self._fix)
        except StoreError as exc:  # PostgreSQL's, translated
            yield Problem(check=name, said=str(exc), fix=self._fix)
            raise
        if count > MOST_NAMED:
            said = f"{count - MOST_NAMED:,} more problems of this kind"
            yield Problem(check=name, said=said, fix=self._fix)

    # --- the checks ------------------------------------------------------------------------

    def _file(self) -> Iterator[Problem]:
        for (said,) in self._rows.fetch(f"PRAGMA integrity_check({MOST_NAMED})", {}):
            if said != "ok":
                line = " ".join(str(said).split())
                yield Problem(check="file", said=f"the file's structure: {line}", fix=self._fix)

    def _snapshots(self) -> Iterator[Problem]:
        """Unpack each snapshot and compare its hash; a trial's one after the other."""
        snapshots = Snapshots(self._rows.fetch)
        for snapshot_id, nct_id in self._each("snapshots", verify_queries.SNAPSHOTS):
            try:
                content = snapshots.read(snapshot_id)
                document = orjson.loads(content)
                if pairs := _former_ids(nct_id, content, document):
                    self._former[snapshot_id] = pairs
            except DamagedSnapshotError as exc:
                yield from self._of_snapshot(snapshot_id, nct_id, str(exc.__cause__ or exc))
            except orjson.JSONDecodeError:
                yield from self._of_snapshot(snapshot_id, nct_id, "it holds no JSON document")

    def _of_snapshot(self, snapshot_id: int, nct_id: str, why: str) -> Iterator[Problem]:
        """Name every version that is lost with a snapshot."""
        self._unread.add(nct_id)
        number = None
        for number, row in enumerate(self._versions_of(nct_id), start=1):
            if snapshot_id in (row[19], row[20]):
                said = f"snapshot {snapshot_id}, of the version dated {row[4]}: {why}"
                yield self._problem("snapshots", said, nct_id, number)
        if number is None:
            yield self._problem("snapshots", f"snapshot {snapshot_id}: {why}", nct_id)

    def _versions(self) -> Iterator[Problem]:
        for row in self._each("versions", verify_queries.VERSIONS):
            try:
                version_row(row)
            except DamagedError as exc:
                said = f"the version dated {row[4]}: {exc}"
                yield self._problem("versions", said, row[1], self._number(row[1], row[0]))

    def _former_ids(self) -> Iterator[Problem]:
        """Compare the former NCT IDs that are noted with those that records state."""
        noted = set(map(tuple, self._rows.fetch(verify_queries.ALIASES, {})))
        stated = {pair for pairs in self._former.values() for pair in pairs}
        for alias, nct_id in sorted(noted - stated):
            if self._unread.isdisjoint((alias, nct_id)):
                said = f"{alias} is noted as a former NCT ID of {nct_id}; no version says so"
                yield self._problem("former NCT IDs", said, nct_id)
        for snapshot_id, pairs in sorted(self._former.items()):
            if lost := sorted(set(pairs) - noted):
                for (nct_id,) in self._rows.fetch(verify_queries.LATEST, {"id": snapshot_id}):
                    names = ", ".join(f"{alias} is {now} now" for alias, now in lost)
                    said = f"its latest version says what is not noted: {names}"
                    yield self._problem("former NCT IDs", said, nct_id)

    def _events(self) -> Iterator[Problem]:
        for row in self._each("events", verify_queries.EVENTS):
            try:
                event_row(row)
            except DamagedError as exc:
                said = f"event {row[0]} ({row[5]}): {exc}"
                yield self._problem("events", said, row[2], self._number(row[2], row[1]))

    def _announcements(self) -> Iterator[Problem]:
        for row in self._each("announcements", verify_queries.ANNOUNCEMENTS):
            try:
                announcement_row(row)
            except DamagedSnapshotError as exc:
                number = self._number(row[3], row[0])
                yield self._problem("announcements", str(exc), row[3], number)

    def _quarantine(self) -> Iterator[Problem]:
        fix = f"`monitor quarantine drop ID`, or {self._fix}"
        for entry_id, origin, content in self._each("quarantine", verify_queries.QUARANTINE):
            try:
                unpack(bytes(content))
            except (DamagedError, TypeError) as exc:
                said = f"entry {entry_id} ({origin}): {exc}"
                yield Problem(check="quarantine", said=said, fix=fix)

    def _references(self) -> Iterator[Problem]:
        for reference in verify_queries.references():
            self._on_step(f"references of {reference.table}", 0, None)
            for key, refers_to, nct_id, version_id in self._rows.stream(reference.sql, {}):
                number = None if version_id is None else self._number(nct_id, version_id)
                said = f"{reference.table} {key}: {reference.says.format(refers_to)}"
                yield self._problem("references", said, nct_id, number)

    def _row_counts(self) -> Iterator[Problem]:
        counted = {
            name: self._rows.fetch(sql, {})[0][0] for name, sql in verify_queries.COUNTED.items()
        }
        by_rules = self._rows.fetch(verify_queries.COUNTED_BY_RULES, {})
        counted |= {queries.VERSIONS_BY.format(rules): there for rules, there in by_rules}
        noted = dict(map(tuple, self._rows.fetch(verify_queries.ROW_COUNTS, {})))
        for name in sorted(counted.keys() | noted.keys()):
            there, kept = counted.get(name, 0), noted.get(name, 0)
            if there != kept:
                said = f"{kept:,} {name} are noted, {there:,} are there"
                yield Problem(check="row counts", said=said, fix=self._fix)

    # --- what they share -------------------------------------------------------------------

    def _each(self, what: str, sql: str) -> Iterator[Row]:
        """Yield the rows of a table and tell how far it is."""
        total = self._rows.fetch(f"SELECT count(*) FROM {what}", {})[0][0]  # noqa: S608  # ours
        for done, row in enumerate(self._rows.stream(sql, {})):
            if done % _A_STEP == 0:
                self._on_step(what, done, total)
            yield row

    def _versions_of(self, nct_id: str) -> list[Row]:
        return list(self._rows.fetch(queries.VERSIONS_OF_TRIAL, {"nct_id": nct_id}))

    def _number(self, nct_id: Any, version_id: int) -> int | None:
        """Return a version's number in its trial's history; None when it is not there."""
        ids = [row[0] for row in self._versions_of(nct_id)]
        return ids.index(version_id) + 1 if version_id in ids else None

    def _problem(self, check: str, said: str, nct_id: Any, version: int | None = None) -> Problem:
        known = None if nct_id is None else str(nct_id)
        return Problem(check=check, said=said, fix=self._fix, nct_id=known, version=version)


def _former_ids(nct_id: str, content: bytes, document: Any) -> tuple[tuple[str, str], ...]:
    """Return what a snapshot says of former NCT IDs; few say anything."""
    if not any(name in content for name in _NAMING):
        return ()
    return TrialRecord(nct_id=nct_id, document=document).former_ids
