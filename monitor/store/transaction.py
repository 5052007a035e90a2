"""One transaction of an ingest pass: what it asks of the store and what it writes."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from typing import Any
from zlib import crc32

from sqlalchemy.engine import Connection
from sqlalchemy.sql import Insert

from monitor.model.changes import ChangeEvent
from monitor.model.history import (
    LoadedAgain,
    NewestSight,
    NewVersion,
    QuarantineEntry,
    QuarantineRow,
    StoredEvent,
    StoredVersion,
    Touch,
    TrialHistory,
    TrialRow,
)
from monitor.store import intervals, queries, statements
from monitor.store.bodies import announced_value
from monitor.store.clock_skew import SkewWriter
from monitor.store.codec import CODEC, thread_codec, unpack
from monitor.store.following import SourcesWriter
from monitor.store.leases import LeaseWriter
from monitor.store.outbox import OutboxWriter
from monitor.store.pending import Pending
from monitor.store.people import PeopleWriter
from monitor.store.rows import Row, event_row, histories, newest_sights, quarantine_row, version_row
from monitor.store.running import Runner
from monitor.store.snapshots import KEYFRAME, Place, Snapshots

_LOCK_SPACE = 0x4E4354  # advisory locks of PostgreSQL: ours, by the trial's number


class Transaction:
    """What an ingest pass asks and writes; made by ``Store.transaction``.

    Rows are held back and written in bulk, at the end or before a question that they could
    bear on, so every question sees what was written before it.
    """

    def __init__(self, connection: Connection, upserts: tuple[Insert, Insert, Insert]) -> None:
        put_trial, put_alias, self._put_quarantine = upserts
        self._connection = connection
        self._sqlite: sqlite3.Connection | None = None
        if connection.dialect.name == "sqlite":
            self._sqlite = connection.connection.driver_connection
        self._codec = thread_codec()
        self._pending = Pending(connection, put_trial, put_alias)
        # None of its parts refers back to it: what it holds goes with it, megabytes of snapshots
        # among that, without waiting for the garbage collector.
        self._runner = Runner(connection)
        self._all = self._runner.ask
        self._snapshots = Snapshots(partial(_rows_of_snapshot, self._pending, self._runner))
        self.sources = SourcesWriter(connection, self._runner.ask)
        self.leases = LeaseWriter(self._runner)
        self.skew = SkewWriter(self._runner)
        self.people = PeopleWriter(self._runner)
        self.outbox = OutboxWriter(self._runner, settle=self._pending.flush)

    # --- questions -------------------------------------------------------------------------

    def lock_trials(self, nct_ids: Collection[str]) -> None:
        """Keep other writers off these trials until the transaction ends.

        On SQLite the transaction already has. On PostgreSQL a writer of the same trials waits
        here, so ask before reading them; the order is the same for everybody. Ask for all at
        once: two transactions that ask bit by bit can wait for each other, and one then fails.
        """
        if self._connection.dialect.name != "postgresql":
            return
        # crc32 is unsigned, the lock's key a signed int: two trials that share one share a lock.
        keys = sorted({crc32(nct_id.encode()) - 2**31 for nct_id in nct_ids})
        parameters = {"space": _LOCK_SPACE, "keys": keys}
        self._connection.execute(statements.LOCK_TRIALS, parameters).all()

    def known_raw(self, hashes: Collection[bytes]) -> dict[bytes, int]:
        """Return the version id of each raw slice that a version was first or last seen as.

        Where several versions were seen as the same slice, the one stored last.
        """
        self._pending.flush()
        found: dict[bytes, int] = {}
        for batch in statements.batches(sorted(set(hashes))):
            for digest, version_id in self._all(queries.KNOWN_RAW, {"hashes": batch}):
                found[bytes(digest)] = version_id
        return found

    def latest(self, nct_ids: Collection[str]) -> dict[str, StoredVersion]:
        """Return the last version of each of these trials that has one."""
        rows = self._about(queries.LATEST_VERSIONS, nct_ids)
        return {version.nct_id: version for version in map(version_row, rows)}

    def newest_sights(self, nct_ids: Collection[str]) -> dict[str, NewestSight]:
        """Return what the last version of each of these trials was seen as; see ``latest``."""
        return newest_sights(self._about(queries.NEWEST_SIGHTS, nct_ids))

    def histories(self, nct_ids: Collection[str]) -> dict[str, TrialHistory]:
        """Return the whole ordered history of each of these trials that has one."""
        return histories(self._about(queries.HISTORIES, nct_ids))

    def fetch_snapshots(self, snapshot_ids: Collection[int]) -> None:
        """Ask for these snapshots at once; reading them then asks no more.

        They are held, compressed, until the next call.
        """
        rows: list[Row] = []
        for snapshot_id in snapshot_ids:
            self._pending.settle_snapshot(snapshot_id)
        for batch in statements.batches(sorted(snapshot_ids)):
            rows.extend(self._all(queries.SNAPSHOT_PATHS, {"snapshot_ids": batch}))
        self._snapshots.fetched(rows)

    def read_snapshot(self, snapshot_id: int) -> bytes:
        """Return a snapshot's bytes, checked; StoreError names trial and version."""
        return self._snapshots.read(snapshot_id)

    # --- versions --------------------------------------------------------------------------

    def insert_snapshot(self, nct_id: str, content: bytes, *, base_snapshot_id: int | None) -> int:
        """Store a snapshot and return its id.

        ``base_snapshot_id``: the snapshot that it probably resembles most (its predecessor),
        None for the first. It is compressed against that one or one before it, or becomes a
        keyframe where a series begins anew or that would not save half.
        """
        place, stored = self._compress(content, base_snapshot_id)
        snapshot_id = self._pending.snapshot(
            {
                "nct_id": nct_id,
                "base_id": place.base_id,
                "number": place.number,
                "codec": CODEC,
                "size": len(content),
                "sha256": sha256(content).digest(),
                "content": stored,
            }
        )
        self._snapshots.keep(snapshot_id, content, place)
        return snapshot_id

    def _compress(self, content: bytes, base_snapshot_id: int | None) -> tuple[Place, bytes]:
        place = KEYFRAME
        if base_snapshot_id is not None:
            place = self._snapshots.place_after(base_snapshot_id)
        if place.base_id is None:
            return KEYFRAME, self._codec.keyframe(content)
        delta = self._codec.delta(content, self._snapshots.read(place.base_id))
        # A keyframe takes a sixteenth of the record at the very least: most need not be made
        # to know that the delta is less than half of it.
        if len(delta) <= len(content) // 32:
            return place, delta
        keyframe = self._codec.keyframe(content)
        return (place, delta) if len(delta) <= len(keyframe) // 2 else (KEYFRAME, keyframe)

    def insert_version(self, version: NewVersion) -> int:
        """Store a version and return its id; its trial must be put in the same transaction."""
        return self._pending.version(statements.version_values(version, self._codec))

    def update_version(self, version_id: int, **columns: Any) -> None:
        """Change columns of a version, named as the fields of ``NewVersion``."""
        statement = statements.update_of_version(columns, self._codec)
        self._pending.flush()
        self._connection.execute(statement, {"version": version_id})

    def touch(self, touches: Sequence[Touch]) -> None:
        """Extend the observation intervals of stored versions; see ``Touch``."""
        if not touches:
            return
        self._pending.flush()
        for statement, rows in intervals.moves(touches):
            self._connection.execute(statement, rows)
        in_order = sorted(touches, key=lambda touch: touch.seen_at)
        self.see({touch.version_id: touch.seen_at for touch in in_order})

    def load_again(self, loads: Sequence[LoadedAgain]) -> None:
        """Move the last sights of stored versions to later data loads; see ``LoadedAgain``."""
        if not loads:
            return
        self._pending.flush()
        rows = intervals.loads_again(loads, plain=self._sqlite is not None)
        if self._sqlite is not None:
            self._sqlite.executemany(intervals.LOAD_AGAIN.text, rows)
        else:
            self._connection.execute(intervals.LOAD_AGAIN, rows)
        self.see({load.version_id: load.seen_at for load in loads})

    def see(self, versions: Mapping[int, datetime]) -> None:
        """Note when trials were seen to be as stored, by a version's id; never moves back."""
        if not versions:
            return
        self._pending.flush()
        for seen_at, version_ids in intervals.seen(versions):
            for batch in statements.batches(version_ids):
                parameters = {"seen_at": seen_at, "version_ids": batch}
                self._connection.execute(intervals.SEE_TRIALS, parameters)

    def replace_events(
        self, version_id: int, nct_id: str, events: Sequence[ChangeEvent], *, backfilled: bool
    ) -> None:
        """Make these, in this order, the events of a version."""
        rows = statements.event_values(version_id, nct_id, events, backfilled, self._codec)
        if self._pending.may_have_events(version_id):
            gone = self._connection.execute(statements.DELETE_EVENTS, {"version": version_id})
            self._pending.written["events"] -= gone.rowcount
        self._pending.events(version_id, rows)

    def events(self, nct_id: str) -> dict[int, list[StoredEvent]]:
        """Return the events of a trial's versions by version id."""
        self._pending.flush()
        found: dict[int, list[StoredEvent]] = {}
        for event in map(event_row, self._all(queries.EVENTS_OF_TRIAL, {"nct_id": nct_id})):
            found.setdefault(event.version_id, []).append(event)
        return found

    def set_last_changed(self, nct_id: str, day: date | None) -> None:
        """Note since when the latest version of a trial holds that has an event above noise."""
        self._pending.settle_trials([nct_id])
        values = {"trial": nct_id, "changed": day}
        self._connection.execute(statements.SET_LAST_CHANGED, values)

    def mark_rules(self, versions: Mapping[int, str | None], rules: str) -> None:
        """Note by which rules the events of stored versions are derived now.

        ``versions``: by their ids, the rules that they were derived by before (None: unknown).
        """
        marked = {one: before for one, before in versions.items() if before != rules}
        self._pending.flush()
        for batch in statements.batches(sorted(marked)):
            self._runner.run(statements.MARK_RULES, {"rules": rules, "version_ids": batch})
        counted = self._pending.written
        counted[queries.VERSIONS_BY.format(rules)] += len(marked)
        for before in marked.values():
            if before is not None:
                counted[queries.VERSIONS_BY.format(before)] -= 1

    def announce(
        self, version_id: int, events: Sequence[ChangeEvent], *, previous_id: int | None
    ) -> None:
        """Keep for good what is announced of a version; see ``Announcement``."""
        body = self._codec.body(announced_value(events))
        values = {"version_id": version_id, "previous_id": previous_id, "body": body}
        self._pending.announcement(values)

    def put_trial(self, trial: TrialRow) -> None:
        """Store what is known of a trial now, in place of what was."""
        self._pending.trial(statements.trial_values(trial))

    def put_alias(self, alias: str, nct_id: str) -> None:
        """Store that ``nct_id`` is the trial that had the NCT ID ``alias`` before."""
        self._pending.alias(alias, nct_id)

    def finish(self) -> None:
        """Write what is held back, and last, as other writers wait for it, how much it was."""
        self._pending.flush()
        # One row at a time, in one order for everybody: two writers that lock them in two orders
        # would wait for each other.
        for name, number in sorted(self._pending.written.items()):
            if number:
                self._runner.run(statements.COUNT_ROWS, {"table": name, "more": number})

    # --- quarantine ------------------------------------------------------------------------

    def quarantine(self, entry: QuarantineEntry) -> None:
        """Keep unreadable input; the same bytes from the same place only count as seen again."""
        self._connection.execute(self._put_quarantine, statements.quarantine_values(entry))

    def quarantined(self, quarantine_id: int | None = None) -> list[QuarantineRow]:
        """Return one entry with its content (or []), or all without, oldest first."""
        if quarantine_id is None:
            return [quarantine_row(row) for row in self._all(queries.QUARANTINE, {})]
        row = self._first(queries.QUARANTINED, {"quarantine_id": quarantine_id})
        return [] if row is None else [quarantine_row(row, unpack(bytes(row[8])))]

    def remove_quarantined(self, quarantine_id: int) -> bool:
        """Drop an entry; False when there is none."""
        result = self._connection.execute(statements.DELETE_QUARANTINED, {"entry": quarantine_id})
        return result.rowcount > 0

    def close_quarantined(self, origins: Collection[str], *, before: datetime) -> int:
        """Drop the entries of these places that were last seen before a time; return how many."""
        if self._connection.execute(statements.ANY_QUARANTINED).first() is None:
            return 0
        closed = 0
        for batch in statements.batches(sorted(set(origins))):
            found = {"origins": batch, "before": before}
            closed += self._connection.execute(statements.CLOSE_QUARANTINED, found).rowcount
        return closed

    # --- rows ------------------------------------------------------------------------------

    def _about(self, sql: str, nct_ids: Collection[str]) -> list[Row]:
        self._pending.settle_trials(nct_ids)
        found: list[Row] = []
        for batch in statements.batches(sorted(set(nct_ids))):
            found.extend(self._all(sql, {"nct_ids": batch}))
        return found

    def _first(self, sql: str, parameters: Mapping[str, Any]) -> Row | None:
        return next(iter(self._all(sql, parameters)), None)


def _rows_of_snapshot(
    pending: Pending, runner: Runner, sql: str, parameters: Mapping[str, Any]
) -> Sequence[Row]:
    """Return the rows of a query about a snapshot, which is written first if it has to be."""
    pending.settle_snapshot(parameters["snapshot_id"])
    return runner.ask(sql, parameters)
