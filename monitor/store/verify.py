"""Verifying a store whole: every snapshot's hash, every entry's bytes, every reference.

`monitor db verify` (docs/deployment.md, "Damage"); what the daemon looks at is in ``integrity``.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from typing import Any, TypeGuard

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.errors import DamagedSnapshotError, StoreError
from monitor.model.integrity import IntegrityProblem
from monitor.model.record import TrialRecord
from monitor.store import counting, events, quarantine, schema, versions
from monitor.store.address import StoreAddress
from monitor.store.codec import CorruptError
from monitor.store.copying import OnStep, ignore_steps, interruptible
from monitor.store.db import Db
from monitor.store.engine import connect_to_read
from monitor.store.messages import announcement
from monitor.store.reader import status_of
from monitor.store.references import references
from monitor.store.revisions import require_current
from monitor.store.snapshots import Snapshots

MOST_NAMED = 1_000
"""So many problems of a kind are named; of the others, how many there are."""

# The fields that name a former NCT ID, or the one that a record went to.
_NAMING = (b'"nctIdAliases"', b'"mergedInto"')
_SNAPSHOTS = sa.select(schema.snapshots.c.id, schema.snapshots.c.nct_id).order_by(
    schema.snapshots.c.nct_id, schema.snapshots.c.id
)
_VERSIONS = sa.select(*schema.versions.c).order_by(schema.versions.c.nct_id, schema.versions.c.id)
_EVENTS = sa.select(*schema.events.c).order_by(schema.events.c.id)
_ANNOUNCEMENTS = (
    sa.select(*schema.announcements.c, schema.versions.c.nct_id)
    .outerjoin(schema.versions, schema.versions.c.id == schema.announcements.c.version_id)
    .order_by(schema.announcements.c.version_id)
)
_QUARANTINE = sa.select(*schema.quarantine.c).order_by(schema.quarantine.c.id)
_ALIASES = sa.select(schema.nct_id_aliases.c.alias, schema.nct_id_aliases.c.nct_id)
_LATEST = (
    sa.select(schema.trials.c.nct_id)
    .join(schema.versions, schema.trials.c.latest_version_id == schema.versions.c.id)
    .where(schema.versions.c.snapshot_id == bindparam("id"))
)
_ROW_COUNTS = sa.select(schema.row_counts.c.name, schema.row_counts.c.number)
_BY_RULES = (
    sa.select(schema.versions.c.rules, sa.func.count())
    .where(schema.versions.c.rules.is_not(None))
    .group_by(schema.versions.c.rules)
)
_CHECK_FILE = sa.text(f"PRAGMA integrity_check({MOST_NAMED})")
_A_STEP = 200  # rows between two reports
_RESTORE = "put a backup back (`monitor db restore`); look at the disk"
_RESTORE_POSTGRES = "put a dump back (pg_restore); look at the server's disk"


def verify(
    url: str, *, busy_timeout_s: float = 10.0, on_step: OnStep = ignore_steps
) -> Iterator[IntegrityProblem]:
    """Read all of a store, as of one moment, and yield what is wrong with it.

    Others read and write meanwhile; memory does not grow with the store. StoreError when it cannot
    be opened, or is no store of this program's schema.
    """
    address = StoreAddress.parse(url)
    with closing(connect_to_read(address, busy_timeout_s=busy_timeout_s)) as connection:
        db = Db(connection, address)
        with db.errors(), ExitStack() as held:
            require_current(status_of(db), address)
            if db.dialect == "sqlite":
                driver: Any = connection.connection.driver_connection
                held.enter_context(interruptible(driver))
            yield from _Verification(db, on_step).problems()


class _Verification:
    """One reading of a store."""

    def __init__(self, db: Db, on_step: OnStep) -> None:
        self._db = db
        self._on_step = on_step
        self._fix = _RESTORE if db.dialect == "sqlite" else _RESTORE_POSTGRES
        # What snapshots say of other NCT IDs: (former, of now) by snapshot; and damaged trials.
        self._former: dict[int, tuple[tuple[str, str], ...]] = {}
        self._unread: set[str] = set()

    def problems(self) -> Iterator[IntegrityProblem]:
        """Make every check, also behind one that found damage."""
        checks: list[tuple[str, Callable[[], Iterator[IntegrityProblem]]]] = [
            ("snapshots", self._snapshots),
            ("versions", self._versions),
            ("former NCT IDs", self._former_ids),
            ("events", self._events),
            ("announcements", self._announcements),
            ("quarantine", self._quarantine),
            ("references", self._references),
            ("row counts", self._row_counts),
        ]
        if self._db.dialect == "sqlite":
            # First: where pages are damaged, what the other checks say follows from it.
            checks.insert(0, ("file", self._file))
        for name, check in checks:
            self._on_step(name, 0, None)
            yield from self._limit(name, check())

    def _limit(self, name: str, found: Iterator[IntegrityProblem]) -> Iterator[IntegrityProblem]:
        count = 0
        try:
            for problem in found:
                count += 1
                if count <= MOST_NAMED:
                    yield problem
        except StoreError as exc:
            cause = getattr(exc.__cause__, "orig", exc.__cause__)
            if _is_interrupt(cause):
                raise cause from None  # for ``interruptible``
            yield IntegrityProblem(check=name, detail=str(exc), fix=self._fix)
            if self._db.dialect != "sqlite":  # the transaction is over
                raise
        if count > MOST_NAMED:
            detail = f"{count - MOST_NAMED:,} more problems of this kind"
            yield IntegrityProblem(check=name, detail=detail, fix=self._fix)

    # --- the checks ------------------------------------------------------------------------

    def _file(self) -> Iterator[IntegrityProblem]:
        for (detail,) in self._db.fetch(_CHECK_FILE):
            if detail != "ok":
                line = " ".join(str(detail).split())
                yield IntegrityProblem(
                    check="file", detail=f"the file's structure: {line}", fix=self._fix
                )

    def _snapshots(self) -> Iterator[IntegrityProblem]:
        """Unpack each snapshot and compare its hash; a trial's one after the other."""
        snapshots = Snapshots(self._db)
        for snapshot_id, nct_id in self._each(schema.snapshots, _SNAPSHOTS):
            try:
                content = snapshots.read(snapshot_id)
                document = orjson.loads(content)
                if pairs := _former_ids(nct_id, content, document):
                    self._former[snapshot_id] = pairs
            except DamagedSnapshotError as exc:
                yield from self._of_snapshot(snapshot_id, nct_id, str(exc.__cause__ or exc))
            except orjson.JSONDecodeError:
                yield from self._of_snapshot(snapshot_id, nct_id, "it holds no JSON document")

    def _of_snapshot(self, snapshot_id: int, nct_id: str, why: str) -> Iterator[IntegrityProblem]:
        """Name every version that is lost with a snapshot."""
        self._unread.add(nct_id)
        number = None
        # Named as people know them: "version 3 of NCT01234567", not by the row of a snapshot.
        for number, row in enumerate(self._versions_of(nct_id), start=1):
            if snapshot_id in (row.snapshot_id, row.stated_snapshot_id):
                detail = f"snapshot {snapshot_id}, of the version dated {row.version_date}: {why}"
                yield self._problem("snapshots", detail, nct_id, number)
        if number is None:
            yield self._problem("snapshots", f"snapshot {snapshot_id}: {why}", nct_id)

    def _versions(self) -> Iterator[IntegrityProblem]:
        for row in self._each(schema.versions, _VERSIONS):
            try:
                versions.VERSION(row)
            except CorruptError as exc:
                detail = f"the version dated {row.version_date}: {exc}"
                number = self._number(row.nct_id, row.id)
                yield self._problem("versions", detail, row.nct_id, number)

    def _former_ids(self) -> Iterator[IntegrityProblem]:
        """Compare the former NCT IDs that are noted with those that records state."""
        noted = set(map(tuple, self._db.fetch(_ALIASES)))
        stated = {pair for pairs in self._former.values() for pair in pairs}
        for alias, nct_id in sorted(noted - stated):
            if self._unread.isdisjoint((alias, nct_id)):
                detail = f"{alias} is noted as a former NCT ID of {nct_id}; no version says so"
                yield self._problem("former NCT IDs", detail, nct_id)
        for snapshot_id, pairs in sorted(self._former.items()):
            if lost := sorted(set(pairs) - noted):
                for (nct_id,) in self._db.fetch(_LATEST, {"id": snapshot_id}):
                    names = ", ".join(f"{alias} is {now} now" for alias, now in lost)
                    detail = f"its latest version says what is not noted: {names}"
                    yield self._problem("former NCT IDs", detail, nct_id)

    def _events(self) -> Iterator[IntegrityProblem]:
        for row in self._each(schema.events, _EVENTS):
            try:
                events.EVENT(row)
            except CorruptError as exc:
                detail = f"event {row.id} ({row.kind}): {exc}"
                number = self._number(row.nct_id, row.version_id)
                yield self._problem("events", detail, row.nct_id, number)

    def _announcements(self) -> Iterator[IntegrityProblem]:
        for row in self._each(schema.announcements, _ANNOUNCEMENTS):
            try:
                announcement(row)
            except DamagedSnapshotError as exc:
                number = self._number(row.nct_id, row.version_id)
                yield self._problem("announcements", str(exc), row.nct_id, number)

    def _quarantine(self) -> Iterator[IntegrityProblem]:
        fix = f"`monitor quarantine drop ID`, or {self._fix}"
        for row in self._each(schema.quarantine, _QUARANTINE):
            try:
                quarantine.WHOLE_ENTRY(row)
            except CorruptError as exc:
                detail = f"entry {row.id} ({row.origin}): {exc}"
                yield IntegrityProblem(check="quarantine", detail=detail, fix=fix)

    def _references(self) -> Iterator[IntegrityProblem]:
        for reference in references():
            self._on_step(f"references of {reference.table}", 0, None)
            for key, refers_to, nct_id, version_id in self._db.stream(reference.wrong):
                number = None if version_id is None else self._number(nct_id, version_id)
                detail = f"{reference.table} {key}: {reference.problem.format(refers_to)}"
                yield self._problem("references", detail, nct_id, number)

    def _row_counts(self) -> Iterator[IntegrityProblem]:
        counted = {name: self._count(table) for name, table in counting.COUNTED.items()}
        counted |= {counting.by_rules(rules): there for rules, there in self._db.fetch(_BY_RULES)}
        noted = dict(map(tuple, self._db.fetch(_ROW_COUNTS)))
        for name in sorted(counted.keys() | noted.keys()):
            there, kept = counted.get(name, 0), noted.get(name, 0)
            if there != kept:
                detail = f"{kept:,} {name} are noted, {there:,} are there"
                yield IntegrityProblem(check="row counts", detail=detail, fix=self._fix)

    # --- what they share -------------------------------------------------------------------

    def _each(self, table: sa.Table, rows: sa.Select[Any]) -> Iterator[Any]:
        """Yield the rows of a table, and report the progress."""
        total = self._count(table)
        for done, row in enumerate(self._db.stream(rows)):
            if done % _A_STEP == 0:
                self._on_step(table.name, done, total)
            yield row

    def _count(self, table: sa.Table) -> int:
        return int(self._db.value(sa.select(sa.func.count()).select_from(table)))

    def _versions_of(self, nct_id: str) -> Sequence[Any]:
        return self._db.fetch(versions.OF_TRIAL, {"nct_id": nct_id})

    def _number(self, nct_id: Any, version_id: int) -> int | None:
        """Return a version's number in its trial's history; None when it is not there."""
        ids = [row.id for row in self._versions_of(nct_id)]
        return ids.index(version_id) + 1 if version_id in ids else None

    def _problem(
        self, check: str, detail: str, nct_id: Any, version: int | None = None
    ) -> IntegrityProblem:
        known = None if nct_id is None else str(nct_id)
        return IntegrityProblem(
            check=check, detail=detail, fix=self._fix, nct_id=known, version=version
        )


def _is_interrupt(cause: BaseException | None) -> TypeGuard[sqlite3.Error]:
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def _former_ids(nct_id: str, content: bytes, document: Any) -> tuple[tuple[str, str], ...]:
    """Return the former NCT IDs that a snapshot states; few do."""
    if not any(name in content for name in _NAMING):
        return ()
    return TrialRecord(nct_id=nct_id, document=document).former_ids
