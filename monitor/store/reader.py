"""Looking things up in a store: what everything that only reads goes through.

One transaction, which never writes and locks no one out; ``writer`` is its counterpart.
"""

from collections.abc import Collection, Sequence
from contextlib import closing
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Self

import orjson
import sqlalchemy as sa

from monitor.model.facts import VersionFacts
from monitor.model.history import (
    QuarantineRow,
    StoredEvent,
    StoredVersion,
    TrialHistory,
    TrialRow,
)
from monitor.model.queries import EventQuery, EventResults, TrialQuery, TrialResults
from monitor.model.record import TrialRecord
from monitor.model.search import Search
from monitor.store import events, quarantine, trials, versions
from monitor.store.address import StoreAddress
from monitor.store.db import Db
from monitor.store.engine import ReaderPool, connect_to_read
from monitor.store.revisions import SchemaStatus, read_status, require_current
from monitor.store.snapshots import Snapshots

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from monitor.store.clock_skew import SkewReader
    from monitor.store.incidents import IncidentReader
    from monitor.store.leases import LeaseReader
    from monitor.store.membership import Decide, Members
    from monitor.store.messages import OutboxReader
    from monitor.store.readers import ReadersReader
    from monitor.store.signing import SigningReader
    from monitor.store.sources import SourcesReader
    from monitor.store.subscribers import SubscriberReader
    from monitor.store.tokens import TokenReader


def open_reader(
    url: str, *, busy_timeout_s: float = 10.0, pool: ReaderPool | None = None
) -> "Reader":
    """Open a store for looking things up; it is neither made nor changed.

    StoreError, in one line, when it is missing, has another schema than the program's or is
    not a monitor store. ``pool``: as of ``connect_to_read``.
    """
    address = StoreAddress.parse(url)
    connection = connect_to_read(address, busy_timeout_s=busy_timeout_s, pool=pool)
    try:
        # Before any question: a query over a column that an older store does not have would say
        # less.
        require_current(status_of(Db(connection, address)), address)
    except BaseException:
        connection.close()
        raise
    return Reader(connection, address)


def schema_status(url: str, *, busy_timeout_s: float = 10.0) -> SchemaStatus:
    """Return a store's schema status; a SQLite file that is not there yet is ``empty``.

    Needs no leave to write. StoreError when the store cannot be opened.
    """
    address = StoreAddress.parse(url)
    if address.path is not None and not address.path.exists():
        return SchemaStatus(status="empty", revision=None)
    with closing(connect_to_read(address, busy_timeout_s=busy_timeout_s)) as connection:
        return status_of(Db(connection, address))


def status_of(db: Db) -> SchemaStatus:
    """Return the status of the schema behind an open connection."""
    return read_status(lambda sql: map(tuple, db.fetch(sa.text(sql))), db.dialect)


class Reader:
    """A store as of the moment it was first asked; one thread at a time."""

    def __init__(self, connection: "Connection", address: StoreAddress) -> None:
        self._connection = connection
        self._address = address
        # None of its parts refers back to it: what it holds goes with it, without waiting for the
        # garbage collector.
        self._db = db = Db(connection, address)
        self._snapshots = Snapshots(db)

    @property
    def sources(self) -> "SourcesReader":
        """Return what looks up sources and whom they follow."""
        # Here and below: who looks at a trial's history does not wait for what reads these.
        from monitor.store.sources import SourcesReader  # noqa: PLC0415 - above

        return SourcesReader(self._db)

    @property
    def leases(self) -> "LeaseReader":
        """Return what looks up who holds which lease."""
        from monitor.store.leases import LeaseReader  # noqa: PLC0415 - likewise

        return LeaseReader(self._db)

    @property
    def skew(self) -> "SkewReader":
        """Return what finds times that no clock can have been right about."""
        from monitor.store.clock_skew import SkewReader  # noqa: PLC0415 - likewise

        return SkewReader(self._db)

    @property
    def subscribers(self) -> "SubscriberReader":
        """Return what looks up subscribers and their subscriptions."""
        from monitor.store.subscribers import SubscriberReader  # noqa: PLC0415 - likewise

        return SubscriberReader(self._db)

    @property
    def outbox(self) -> "OutboxReader":
        """Return what looks up messages on their way."""
        from monitor.store.messages import OutboxReader  # noqa: PLC0415 - likewise

        return OutboxReader(self._db)

    @property
    def incidents(self) -> "IncidentReader":
        """Return what looks up what is wrong with the monitor itself."""
        from monitor.store.incidents import IncidentReader  # noqa: PLC0415 - likewise

        return IncidentReader(self._db)

    @property
    def readers(self) -> "ReadersReader":
        """Return what looks up who subscribed by themselves."""
        from monitor.store.readers import ReadersReader  # noqa: PLC0415 - likewise

        return ReadersReader(self._db)

    @property
    def signing(self) -> "SigningReader":
        """Return what looks up the keys that links are signed with."""
        from monitor.store.signing import SigningReader  # noqa: PLC0415 - likewise

        return SigningReader(self._db)

    @property
    def tokens(self) -> "TokenReader":
        """Return what looks up who may read over HTTP."""
        from monitor.store.tokens import TokenReader  # noqa: PLC0415 - likewise

        return TokenReader(self._db)

    def facts(self, nct_id: str) -> list[tuple[StoredVersion, VersionFacts]]:
        """Return a trial's versions in order, each with its facts."""
        return self.facts_of([nct_id])

    def facts_of(self, nct_ids: Sequence[str]) -> list[tuple[StoredVersion, VersionFacts]]:
        """Return the versions of trials by NCT ID and in order, each with its facts."""
        from monitor.store.facts import FACTS, OF_TRIALS  # noqa: PLC0415 - likewise
        from monitor.store.indexing import require_filled  # noqa: PLC0415 - likewise

        require_filled(self._db)
        width = len(versions.VERSION.columns)
        with self._db.errors():
            rows = self._db.fetch(OF_TRIALS, {"nct_ids": nct_ids})
            return [(versions.VERSION(row), FACTS(row[width:])) for row in rows]

    def indexed_sums(self) -> dict[str, int] | None:
        """Return sums of the words that the search has of each trial (``store.search``).

        None while trials are yet to be given words.
        """
        from monitor.store.indexing import is_filled  # noqa: PLC0415 - likewise
        from monitor.store.search import indexed_sums  # noqa: PLC0415 - likewise

        return indexed_sums(self._db) if is_filled(self._db) else None

    def newest_facts(self, nct_ids: Sequence[str]) -> dict[str, VersionFacts]:
        """Return what the newest versions of trials state, by NCT ID."""
        from monitor.store.facts import FACTS, NEWEST  # noqa: PLC0415 - likewise

        with self._db.errors():
            rows = self._db.fetch(NEWEST, {"nct_ids": nct_ids})
            return {str(row[0]): FACTS(row[1:]) for row in rows}

    def select_events(
        self, query: EventQuery, members: "Members | None", *, deadline: float
    ) -> EventResults:
        """Return a page of events; ``members`` as ``members`` makes them of the query's filter."""
        from monitor.store.indexing import require_filled  # noqa: PLC0415 - likewise
        from monitor.store.queries import select_events  # noqa: PLC0415 - likewise

        require_filled(self._db)
        return select_events(self._db, query, members, deadline=deadline)

    def select_trials(
        self, query: TrialQuery, members: "Members | None", *, deadline: float
    ) -> TrialResults:
        """Return a page of trials; as ``select_events``."""
        from monitor.store.indexing import require_filled  # noqa: PLC0415 - likewise
        from monitor.store.queries import select_trials  # noqa: PLC0415 - likewise

        require_filled(self._db)
        return select_trials(self._db, query, members, deadline=deadline)

    def members(self, search: Search | None, decide: "Decide") -> "Members":
        """Return the search of a filter: the query of the index, and the test of a record."""
        from monitor.store.membership import Members  # noqa: PLC0415 - likewise

        return Members(self._db, self._snapshots, search, decide)

    def trial(self, nct_id: str) -> TrialRow | None:
        """Return what is known of a trial now; None when it is not stored."""
        return self._db.first(trials.TRIAL, trials.OF_ID, {"nct_id": nct_id})

    def trial_of_alias(self, nct_id: str) -> TrialRow | None:
        """Return the trial that had this NCT ID before; None when none is known to."""
        return self._db.first(trials.TRIAL, trials.OF_ALIAS, {"alias": nct_id})

    def versions(self, nct_id: str) -> list[StoredVersion]:
        """Return a trial's versions in order: the first is version 1."""
        return self._db.read(versions.VERSION, versions.OF_TRIAL, {"nct_id": nct_id})

    def history(self, nct_id: str) -> TrialHistory | None:
        """Return the whole ordered history of a trial; None when it has none."""
        trial, versions = self.trial(nct_id), self.versions(nct_id)
        if trial is None or not versions:
            return None
        return TrialHistory(
            versions, trial.first_start_date, trial.last_changed, trial.last_seen_at
        )

    def by_rules(
        self,
        rules: str,
        *,
        others: bool = False,
        since: date = date.min,
        after: str = "",
        limit: int = 1_000,
    ) -> list[tuple[str, int]]:
        """Return the NCT IDs behind ``after``, ascending, and their numbers of versions by rules.

        It counts the versions dated ``since`` or later whose events these rules derived;
        with ``others`` those by any others. Trials without any are left out.
        """
        given = {"rules": rules, "since": since, "after": after, "limit": limit}
        rows = self._db.fetch(versions.BY_RULES[others], given)
        return [(nct_id, int(count)) for nct_id, count in rows]

    def events(
        self, nct_id: str, *, version_ids: Collection[int] | None = None
    ) -> dict[int, list[StoredEvent]]:
        """Return the events of a trial's versions, or of some of them, by version id."""
        found: dict[int, list[StoredEvent]] = {}
        for event in self._events(nct_id, version_ids):
            found.setdefault(event.version_id, []).append(event)
        return found

    def _events(self, nct_id: str, version_ids: Collection[int] | None) -> list[StoredEvent]:
        about: dict[str, Any] = {"nct_id": nct_id}
        if version_ids is None:
            return self._db.read(events.EVENT, events.OF_TRIAL, about)
        return [
            event
            for version_id in version_ids
            for event in self._db.read(
                events.EVENT, events.OF_VERSION, {**about, "version_id": version_id}
            )
        ]

    def snapshot(self, snapshot_id: int) -> bytes:
        """Return a snapshot's canonical bytes, checked; StoreError names trial and version."""
        return self._snapshots.read(snapshot_id)

    def record(self, version: StoredVersion) -> TrialRecord:
        """Return the record of a version."""
        content = self.snapshot(version.snapshot_id)
        return TrialRecord(
            nct_id=version.nct_id,
            document=orjson.loads(content),
            coverage=version.coverage,
            registry_version=version.registry_version,
        )

    def newest_record(self, trial: TrialRow) -> TrialRecord:
        """Return a trial's record as its newest version has it."""
        about = {"version_id": trial.latest_version_id}
        # By the id in its row: no sorting of the trial's versions.
        [version] = self._db.read(versions.VERSION, versions.OF_ID, about)
        return self.record(version)

    def trials(self, *, changed_since: date | None = None) -> list[TrialRow]:
        """Return all trials, by NCT ID.

        ``changed_since``: those of which a version that holds from that date or later has an event
        above noise.
        """
        if changed_since is None:
            return self._db.read(trials.TRIAL, trials.ALL)
        about = {"changed_since": changed_since}
        return self._db.read(trials.TRIAL, trials.CHANGED_SINCE, about)

    def statuses(self) -> set[str]:
        """Return the overall statuses that trials have now."""
        return {status for (status,) in self._db.fetch(trials.STATUSES)}

    def read_since(self, since: datetime) -> list[str]:
        """Return the NCT IDs of the trials with a version that was read then or later (aware)."""
        return [nct_id for (nct_id,) in self._db.fetch(versions.READ_SINCE, {"since": since})]

    def quarantine(self) -> list[QuarantineRow]:
        """Return what could not be read, oldest first, without the content."""
        return self._db.read(quarantine.ENTRY, quarantine.ALL)

    def quarantine_entry(self, quarantine_id: int) -> QuarantineRow | None:
        """Return one entry with its content; None when there is none."""
        about = {"quarantine_id": quarantine_id}
        return self._db.first(quarantine.WHOLE_ENTRY, quarantine.OF_ID, about)

    def counts(self) -> dict[str, int]:
        """Return how much there is: rows by kind, ``snapshot_bytes`` and ``store_bytes``."""
        from monitor.store import counting  # noqa: PLC0415 - likewise

        return counting.all_counts(self._db)

    def write_problem(self) -> str | None:
        """Return why nothing can be written to the store now; None when it seems it can be."""
        from monitor.store.writability import write_problem  # noqa: PLC0415 - likewise

        return write_problem(self._address, self._db)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
