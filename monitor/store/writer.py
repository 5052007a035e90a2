"""Writing: one transaction holds a version's snapshot, its events and its trial together."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Self
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy import text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import Executable

from monitor.errors import StoreError
from monitor.model.changes import ChangeEvent
from monitor.model.history import (
    NewVersion,
    QuarantineEntry,
    QuarantineRow,
    StoredVersion,
    Touch,
    TrialRow,
)
from monitor.store import queries, statements
from monitor.store.address import Address
from monitor.store.bodies import event_value
from monitor.store.codec import CODEC, DELTAS_PER_KEYFRAME, Codec, unpack
from monitor.store.engine import make_engine, status_of, store_errors
from monitor.store.migrate import make_folder, upgrade_engine
from monitor.store.revisions import require_current
from monitor.store.rows import Row, quarantine_row, trial_row, version_row
from monitor.store.snapshots import Place, Snapshots

_LOCK_SPACE = 0x4E4354  # advisory locks of PostgreSQL: ours, by the trial's number


def open_store(url: str, *, create: bool = True, busy_timeout_s: float = 10.0) -> "Store":
    """Open a store for writing.

    An empty one gets its tables; with ``create`` a missing SQLite file is made, with its
    folder. StoreError when the store has an older schema (it tells how to upgrade it), was
    made by a newer program, is read-only or locked, or is not a monitor store at all.
    ``busy_timeout_s``: how long to wait for another writer.
    """
    address = Address.parse(url)
    if address.path is not None and not address.path.exists():
        if not create:
            raise StoreError(f"there is no store at {address.shown}")
        make_folder(address)
    engine = make_engine(address, busy_timeout_s=busy_timeout_s)
    try:
        with store_errors(address):
            status = status_of(engine)
            if status.standing == "empty" and create:
                upgrade_engine(engine, address, busy_timeout_s=busy_timeout_s)
            else:
                require_current(status, address)
    except StoreError:
        engine.dispose()
        raise
    return Store(engine, address)


class Store:
    """An open store; usable from several threads, each with transactions of its own."""

    def __init__(self, engine: Engine, address: Address) -> None:
        self._engine = engine
        self._address = address
        self._upserts = statements.upserts(engine.dialect.name)

    @contextmanager
    def transaction(self) -> Iterator["Transaction"]:
        """Everything written inside is stored together on leaving, or not at all.

        Any exception rolls back; a database's error becomes a StoreError. On SQLite no other
        program writes meanwhile.
        """
        with store_errors(self._address), self._engine.begin() as connection:
            transaction = Transaction(connection, self._upserts)
            yield transaction
            transaction.flush()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Transaction:
    """What an ingest pass asks and writes; made by ``Store.transaction``.

    Trials and events are written in bulk at the end (or when a question needs them).
    """

    def __init__(self, connection: Connection, upserts: tuple[Executable, Executable]) -> None:
        self._connection = connection
        self._put_trial, self._put_quarantine = upserts
        self._codec = Codec()
        self._snapshots = Snapshots(self._fetch_one)
        self._trials: dict[str, dict[str, Any]] = {}
        self._events: dict[int, list[dict[str, Any]]] = {}
        self._eventless: set[int] = set()

    # --- questions -------------------------------------------------------------------------

    def lock_trials(self, nct_ids: Collection[str]) -> None:
        """Keep other writers off these trials until the transaction ends.

        On SQLite the transaction already has. On PostgreSQL a writer of the same trials waits
        here, so ask before reading them; the order is the same for everybody.
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
        found: dict[bytes, int] = {}
        for batch in statements.batches(sorted(set(hashes))):
            for digest, version_id in self._all(statements.KNOWN_RAW, {"hashes": batch}):
                found[bytes(digest)] = version_id
        return found

    def latest(self, nct_ids: Collection[str]) -> dict[str, StoredVersion]:
        """Return the last version of each of these trials that has one."""
        self._flush_trials()
        found: dict[str, StoredVersion] = {}
        for batch in statements.batches(sorted(set(nct_ids))):
            for row in self._all(statements.LATEST_VERSIONS, {"nct_ids": batch}):
                version = version_row(row)
                found[version.nct_id] = version
        return found

    def versions(self, nct_ids: Collection[str]) -> dict[str, list[StoredVersion]]:
        """Return the whole ordered history of each of these trials that has one."""
        found: dict[str, list[StoredVersion]] = {}
        for batch in statements.batches(sorted(set(nct_ids))):
            for row in self._all(statements.VERSIONS_OF_TRIALS, {"nct_ids": batch}):
                version = version_row(row)
                found.setdefault(version.nct_id, []).append(version)
        return found

    def trials(self, nct_ids: Collection[str]) -> dict[str, TrialRow]:
        """Return what is known of each of these trials that is stored."""
        self._flush_trials()
        found: dict[str, TrialRow] = {}
        for batch in statements.batches(sorted(set(nct_ids))):
            for row in self._all(statements.TRIALS_OF, {"nct_ids": batch}):
                found[row[0]] = trial_row(row)
        return found

    def read_snapshot(self, snapshot_id: int) -> bytes:
        """Return a snapshot's bytes, checked; StoreError names trial and version."""
        return self._snapshots.read(snapshot_id)

    # --- versions --------------------------------------------------------------------------

    def insert_snapshot(self, nct_id: str, content: bytes, *, base_snapshot_id: int | None) -> int:
        """Store a snapshot and return its id.

        ``base_snapshot_id``: the snapshot that it probably resembles most (its predecessor),
        None for the first. It is compressed against that one's keyframe, or becomes a
        keyframe itself when enough snapshots hang on that or it resembles it too little.
        """
        place: Place | None = None
        stored = b""
        if base_snapshot_id is not None:
            base = self._snapshots.place(base_snapshot_id)
            if base.deltas < DELTAS_PER_KEYFRAME:
                stored = self._codec.delta(content, self._snapshots.keyframe(base.keyframe_id))
                place = Place(keyframe_id=base.keyframe_id, deltas=base.deltas + 1)
        if place is None or len(stored) > len(content) // 16:
            whole = self._codec.keyframe(content)
            if place is None or len(stored) > len(whole) // 2:
                place, stored = None, whole
        snapshot_id = self._insert(
            statements.INSERT_SNAPSHOT,
            {
                "nct_id": nct_id,
                "keyframe_id": place.keyframe_id if place else None,
                "deltas": place.deltas if place else 0,
                "codec": CODEC,
                "size": len(content),
                "sha256": sha256(content).digest(),
                "content": stored,
            },
        )
        if place is None:
            self._snapshots.keep(snapshot_id, content)
        return snapshot_id

    def insert_version(self, version: NewVersion) -> int:
        """Store a version and return its id; its trial must be put in the same transaction."""
        values = statements.version_values(version, self._codec)
        version_id = self._insert(statements.INSERT_VERSION, values)
        self._eventless.add(version_id)
        return version_id

    def update_version(self, version_id: int, **columns: Any) -> None:
        """Change columns of a version, named as the fields of ``NewVersion``."""
        statement = statements.update_of_version(columns, self._codec)
        self._connection.execute(statement, {"version": version_id})

    def touch(self, touches: Sequence[Touch]) -> None:
        """Extend the observation intervals of stored versions; see ``Touch``."""
        self._flush_trials()
        for statement, rows in statements.moves(touches):
            self._connection.execute(statement, rows)
        for seen_at, version_ids in statements.seen(touches):
            for batch in statements.batches(version_ids):
                parameters = {"seen_at": seen_at, "version_ids": batch}
                self._connection.execute(statements.SEE_TRIALS, parameters)

    def replace_events(
        self, version_id: int, nct_id: str, events: Sequence[ChangeEvent], *, backfilled: bool
    ) -> None:
        """Make these, in this order, the events of a version."""
        if version_id in self._eventless:
            self._eventless.discard(version_id)
        elif self._events.pop(version_id, None) is None:
            self._connection.execute(statements.DELETE_EVENTS, {"version": version_id})
        self._events[version_id] = [
            {
                "version_id": version_id,
                "nct_id": nct_id,
                "position": position,
                "kind": str(event.kind),
                "severity": str(event.severity),
                "backfilled": backfilled,
                "body": self._codec.body(event_value(event)),
            }
            for position, event in enumerate(events)
        ]
        if len(self._events) >= statements.BATCH:
            self._flush_events()

    def put_trial(self, trial: TrialRow) -> None:
        """Store what is known of a trial now, in place of what was."""
        self._trials[trial.nct_id] = statements.trial_values(trial)
        if len(self._trials) >= statements.BATCH:
            self._flush_trials()

    # --- quarantine ------------------------------------------------------------------------

    def quarantine(self, entry: QuarantineEntry) -> None:
        """Keep unreadable input; the same bytes from the same place only count as seen again."""
        self._connection.execute(self._put_quarantine, statements.quarantine_values(entry))

    def quarantined(self, quarantine_id: int | None = None) -> list[QuarantineRow]:
        """Return one entry with its content (or []), or all without, oldest first."""
        if quarantine_id is None:
            return [quarantine_row(row) for row in self._all(text(queries.QUARANTINE), {})]
        row = self._fetch_one(queries.QUARANTINED, {"quarantine_id": quarantine_id})
        return [] if row is None else [quarantine_row(row, unpack(bytes(row[8])))]

    def remove_quarantined(self, quarantine_id: int) -> bool:
        """Drop an entry; False when there is none."""
        result = self._connection.execute(statements.DELETE_QUARANTINED, {"entry": quarantine_id})
        return result.rowcount > 0

    # --- bulk ------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what is held back; done at the end of the transaction."""
        self._flush_trials()
        self._flush_events()

    def _flush_trials(self) -> None:
        if self._trials:
            self._connection.execute(self._put_trial, list(self._trials.values()))
            self._trials.clear()

    def _flush_events(self) -> None:
        rows = [row for events in self._events.values() for row in events]
        self._events.clear()
        for batch in statements.batches(rows):
            self._connection.execute(statements.INSERT_EVENTS, batch)

    def _insert(self, statement: sa.Insert, values: Mapping[str, Any]) -> int:
        key = self._connection.execute(statement, values).inserted_primary_key
        assert key is not None  # noqa: S101  # every table has one
        return int(key[0])

    def _all(self, statement: Executable, parameters: Mapping[str, Any]) -> Sequence[Row]:
        return self._connection.execute(statement, parameters).all()

    def _fetch_one(self, sql: str, parameters: Mapping[str, Any]) -> Row | None:
        return self._connection.execute(text(sql), parameters).first()
