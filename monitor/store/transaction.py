"""One transaction: what it asks of the store and what it writes.

All writing goes through it, by ingest, deliveries and commands alike; ``writer`` opens it, and each
subject's statements are in the file of that subject (``versions``, ``outbox``, ``leases`` …).
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Executable

from monitor.model.changes import ChangeEvent
from monitor.model.facts import VersionFacts
from monitor.model.history import (
    LoadedAgain,
    NewestSighting,
    NewVersion,
    QuarantineEntry,
    QuarantineRow,
    StoredEvent,
    StoredVersion,
    Touch,
    TrialHistory,
    TrialRow,
)
from monitor.model.search import SearchDocument
from monitor.store import counting, events, quarantine, trials, versions
from monitor.store.address import StoreAddress
from monitor.store.bodies import announced_value
from monitor.store.clock_skew import SkewWriter
from monitor.store.codec import CODEC, thread_codec
from monitor.store.db import Db, batches
from monitor.store.facts import facts_values
from monitor.store.incidents import IncidentWriter
from monitor.store.indexing import IndexWriter
from monitor.store.leases import LeaseWriter
from monitor.store.outbox import OutboxWriter
from monitor.store.readers import ReadersWriter
from monitor.store.row_mapping import SqlRow
from monitor.store.signing import SigningWriter
from monitor.store.snapshots import KEYFRAME, SnapshotPlace, Snapshots
from monitor.store.sources import SourcesWriter
from monitor.store.subscribers import SubscriberWriter
from monitor.store.tokens import TokenWriter
from monitor.store.write_buffer import WriteBuffer

_LOCK_SPACE = 0x4E4354  # advisory locks of PostgreSQL: ours, by the trial's number
# In one statement for any number of trials; the list is sorted, and so are the locks taken.
_KEY = sa.func.unnest(bindparam("keys", type_=sa.ARRAY(sa.Integer))).column_valued("key")
_LOCK_TRIALS = sa.select(sa.func.pg_advisory_xact_lock(_LOCK_SPACE, _KEY))


class Transaction:
    """What an ingest pass asks and writes; made by ``Store.transaction``.

    Rows are held back and written in bulk, at the end or before a question that they could
    bear on, so every question sees what was written before it.
    """

    def __init__(self, connection: Connection, address: StoreAddress) -> None:
        self._db = db = Db(connection, address)
        self._codec = thread_codec()
        # None of its parts refers back to it: what it holds goes with it, megabytes of snapshots
        # among that, without waiting for the garbage collector.
        self._pending = WriteBuffer(db)
        self._snapshots = Snapshots(db, settle=self._pending.settle_snapshot)
        self.sources = SourcesWriter(db)
        self.leases = LeaseWriter(db)
        self.skew = SkewWriter(db)
        self.subscribers = SubscriberWriter(db)
        self.outbox = OutboxWriter(db, settle=self._pending.flush)
        self.incidents = IncidentWriter(db)
        self.tokens = TokenWriter(db)
        self.signing = SigningWriter(db)
        self.readers = ReadersWriter(db)
        self.indexing = IndexWriter(db)

    # --- questions -------------------------------------------------------------------------

    def lock_trials(self, nct_ids: Collection[str]) -> None:
        """Keep other writers off these trials until the transaction ends.

        On SQLite the transaction already has. On PostgreSQL a writer of the same trials waits
        here, so ask before reading them; the order is the same for everybody. Ask for all at
        once: two transactions that ask bit by bit can wait for each other, and one then fails.
        """
        if self._db.dialect == "sqlite":
            return
        # crc32 is unsigned, the lock's key a signed int: two trials that share one share a lock.
        keys = sorted({crc32(nct_id.encode()) - 2**31 for nct_id in nct_ids})
        self._db.fetch(_LOCK_TRIALS, {"keys": keys})

    def known_raw(self, hashes: Collection[bytes]) -> dict[bytes, int]:
        """Return the version id of each raw slice that a version was first or last seen as.

        Where several versions were seen as the same slice, the one stored last.
        """
        # A slice that this transaction has just stored is known too.
        self._pending.flush()
        found: dict[bytes, int] = {}
        for batch in batches(sorted(set(hashes))):
            for digest, version_id in self._db.fetch(versions.KNOWN_RAW, {"hashes": batch}):
                found[bytes(digest)] = version_id
        return found

    def latest(self, nct_ids: Collection[str]) -> dict[str, StoredVersion]:
        """Return the last version of each of these trials that has one."""
        rows = self._about(versions.LATEST, nct_ids)
        return {version.nct_id: version for version in map(versions.VERSION, rows)}

    def newest_sightings(self, nct_ids: Collection[str]) -> dict[str, NewestSighting]:
        """Return what the last version of each of these trials was seen as; see ``latest``."""
        return dict(map(versions.SIGHT, self._about(versions.NEWEST_SIGHTS, nct_ids)))

    def histories(self, nct_ids: Collection[str]) -> dict[str, TrialHistory]:
        """Return the whole ordered history of each of these trials that has one."""
        return versions.histories(self._about(versions.HISTORIES, nct_ids))

    def fetch_snapshots(self, snapshot_ids: Collection[int]) -> None:
        """Ask for these snapshots at once; reading them then asks no more.

        They are held, compressed, until the next call.
        """
        self._snapshots.fetch(snapshot_ids)

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

    def _compress(
        self, content: bytes, base_snapshot_id: int | None
    ) -> tuple[SnapshotPlace, bytes]:
        place = KEYFRAME
        if base_snapshot_id is not None:
            place = self._snapshots.place_after(base_snapshot_id)
        if place.base_id is None:
            return KEYFRAME, self._codec.keyframe(content)
        delta = self._codec.delta(content, self._snapshots.read(place.base_id))
        # A keyframe takes a sixteenth of the record at the very least: most need not be made
        # to know that the delta is less than half of it.
        # See docs/decisions/2026-11-22-snapshot-bytes.md.
        if len(delta) <= len(content) // 32:
            return place, delta
        keyframe = self._codec.keyframe(content)
        return (place, delta) if len(delta) <= len(keyframe) // 2 else (KEYFRAME, keyframe)

    def insert_version(self, version: NewVersion) -> int:
        """Store a version and return its id; its trial must be put in the same transaction."""
        return self._pending.version(versions.version_values(version, self._codec))

    def update_version(self, version_id: int, **columns: Any) -> None:
        """Change columns of a version, named as the fields of ``NewVersion``."""
        statement = versions.update_of(columns, self._codec)
        self._pending.flush()
        self._db.run(statement, {"version": version_id})
        # Events have the time of their version in their own row, for the index that orders them.
        if "retrieved_at" in columns:
            moved = {"version": version_id, "moved_to": columns["retrieved_at"]}
            self._db.run(events.MOVE, moved)

    def touch(self, touches: Sequence[Touch]) -> None:
        """Extend the observation intervals of stored versions; see ``Touch``."""
        if not touches:
            return
        self._pending.flush()
        for statement, rows in versions.moves(touches):
            self._db.run_many(statement, rows)
        self._db.run_many(
            events.MOVE,
            [
                {"version": one.version_id, "moved_to": one.first_key.retrieved_at}
                for one in touches
                if one.first_key is not None
            ],
        )
        in_order = sorted(touches, key=lambda touch: touch.seen_at)
        self.see({touch.version_id: touch.seen_at for touch in in_order})

    def load_again(self, loads: Sequence[LoadedAgain]) -> None:
        """Move the last sights of stored versions to later data loads; see ``LoadedAgain``."""
        if not loads:
            return
        self._pending.flush()
        self._db.run_many(versions.LOAD_AGAIN, versions.loads_again(loads))
        self.see({load.version_id: load.seen_at for load in loads})

    def see(self, sights: Mapping[int, datetime]) -> None:
        """Note when trials were seen to be as stored, by a version's id; never moves back."""
        if not sights:
            return
        self._pending.flush()
        for seen_at, version_ids in versions.group_by_time(sights):
            for batch in batches(version_ids):
                self._db.run(versions.SEE_TRIALS, {"seen_at": seen_at, "version_ids": batch})

    def replace_events(
        self, version_id: int, nct_id: str, changes: Sequence[ChangeEvent], *, backfilled: bool
    ) -> None:
        """Make these, in this order, the events of a version."""
        rows = events.event_values(version_id, nct_id, changes, backfilled, self._codec)
        if self._pending.may_have_events(version_id):
            gone = self._db.run(events.DELETE, {"version": version_id})
            self._pending.written["events"] -= gone
        self._pending.events(version_id, rows)

    def events(self, nct_id: str) -> dict[int, list[StoredEvent]]:
        """Return the events of a trial's versions by version id."""
        self._pending.flush()
        found: dict[int, list[StoredEvent]] = {}
        for event in self._db.read(events.EVENT, events.OF_TRIAL, {"nct_id": nct_id}):
            found.setdefault(event.version_id, []).append(event)
        return found

    def set_last_changed(self, nct_id: str, day: date | None) -> None:
        """Note since when the latest version of a trial holds that has an event above noise."""
        self._pending.settle_trials([nct_id])
        self._db.run(trials.SET_LAST_CHANGED, {"trial": nct_id, "changed": day})

    def mark_rules(self, derived: Mapping[int, str | None], rules: str) -> None:
        """Note by which rules the events of stored versions are derived now.

        ``derived``: by the ids of the versions, the rules that they were derived by before (None:
        unknown).
        """
        marked = {one: before for one, before in derived.items() if before != rules}
        self._pending.flush()
        for batch in batches(sorted(marked)):
            self._db.run(versions.MARK_RULES, {"present": rules, "version_ids": batch})
        counted = self._pending.written
        counted[counting.by_rules(rules)] += len(marked)
        for before in marked.values():
            if before is not None:
                counted[counting.by_rules(before)] -= 1

    def announce(
        self, version_id: int, changes: Sequence[ChangeEvent], *, previous_id: int | None
    ) -> None:
        """Keep for good what is announced of a version; see ``Announcement``."""
        body = self._codec.body(announced_value(changes))
        values = {"version_id": version_id, "previous_id": previous_id, "body": body}
        self._pending.announcement(values)

    def put_trial(
        self,
        trial: TrialRow,
        document: SearchDocument | None = None,
        *,
        replaces: SearchDocument | None = None,
    ) -> None:
        """Store what is known of a trial now, in place of what was.

        ``document``: what the search is to know it by from now on, None: what it does already;
        ``replaces``: what it does already, None: nothing.
        """
        self._pending.trial(trials.trial_values(trial, document))
        if document is not None:
            self._pending.document(trial.nct_id, document, replaces)

    def put_facts(self, version_id: int, facts: VersionFacts) -> None:
        """Store the facts of a version, in place of what was."""
        self._pending.facts(version_id, facts_values(version_id, facts))

    def put_alias(self, alias: str, nct_id: str) -> None:
        """Store that ``nct_id`` is the trial that had the NCT ID ``alias`` before."""
        self._pending.alias(alias, nct_id)

    def finish(self) -> None:
        """Write what is held back, and last, as other writers wait for it, how much it was."""
        self._pending.flush()
        counting.add_to(self._db, self._pending.written)

    # --- quarantine ------------------------------------------------------------------------

    def quarantine(self, entry: QuarantineEntry) -> None:
        """Keep unreadable input; the same bytes from the same place only count as seen again."""
        self._db.run(quarantine.PUT, quarantine.entry_values(entry))

    def quarantine_entries(self, quarantine_id: int | None = None) -> list[QuarantineRow]:
        """Return one entry with its content (or []), or all without, oldest first."""
        if quarantine_id is None:
            return self._db.read(quarantine.ENTRY, quarantine.ALL)
        about = {"quarantine_id": quarantine_id}
        return self._db.read(quarantine.WHOLE_ENTRY, quarantine.OF_ID, about)

    def remove_quarantined(self, quarantine_id: int) -> bool:
        """Drop an entry; False when there is none."""
        return self._db.run(quarantine.DELETE, {"entry": quarantine_id}) > 0

    def close_quarantined(self, origins: Collection[str], *, before: datetime) -> int:
        """Drop the entries of these places that were last seen before a time; return how many."""
        # Mostly it is empty: one look instead of a delete for each page of a poll.
        if not self._db.fetch(quarantine.ANY):
            return 0
        return sum(
            self._db.run(quarantine.CLOSE, {"origins": batch, "before": before})
            for batch in batches(sorted(set(origins)))
        )

    # --- rows ------------------------------------------------------------------------------

    def _about(self, question: Executable, nct_ids: Collection[str]) -> list[SqlRow]:
        self._pending.settle_trials(nct_ids)
        return [
            row
            for batch in batches(sorted(set(nct_ids)))
            for row in self._db.fetch(question, {"nct_ids": batch})
        ]
