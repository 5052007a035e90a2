"""Looking things up in a store, without loading SQLAlchemy where SQLite will do.

``monitor history`` is a whole process in 300 ms; SQLAlchemy alone would take most of that.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import orjson

from monitor.errors import StoreError
from monitor.model.history import (
    QuarantineRow,
    StoredEvent,
    StoredVersion,
    TrialHistory,
    TrialRow,
)
from monitor.model.record import TrialRecord
from monitor.store import queries
from monitor.store.address import Address
from monitor.store.codec import DamagedError, unpack
from monitor.store.faults import translate
from monitor.store.leases import LeaseReader
from monitor.store.moments import utc_text
from monitor.store.readonly import open_read_only
from monitor.store.revisions import SchemaStatus, read_status, require_current
from monitor.store.rows import Row, event_row, quarantine_row, trial_row, version_row
from monitor.store.snapshots import Snapshots
from monitor.store.sources_reader import SourcesReader

if TYPE_CHECKING:
    from monitor.store.clock_skew import SkewReader
    from monitor.store.outbox_reader import OutboxReader
    from monitor.store.people_reader import PeopleReader


class Rows(Protocol):
    """A read-only connection that runs the texts of ``queries`` in one read transaction."""

    dialect: str

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Return the rows of a query."""

    def stream(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
        """Yield the rows of a query that may have very many."""

    def close(self) -> None:
        """Give the connection back."""


def open_reader(url: str, *, busy_timeout_s: float = 10.0) -> "Reader":
    """Open a store for looking things up; it is neither made nor changed.

    StoreError, in one line, when it is missing, has another schema than the program's or is
    not a monitor store.
    """
    address = Address.parse(url)
    with _errors(address):
        rows = connect(address, busy_timeout_s)
        try:
            require_current(_status(rows), address)
        except BaseException:
            rows.close()
            raise
    return Reader(rows, address)


def schema_status(url: str, *, busy_timeout_s: float = 10.0) -> SchemaStatus:
    """Return a store's schema standing; a SQLite file that is not there yet is ``empty``.

    Needs no leave to write. StoreError when the store cannot be opened.
    """
    address = Address.parse(url)
    if address.path is not None and not address.path.exists():
        return SchemaStatus(standing="empty", revision=None)
    with _errors(address), closing(connect(address, busy_timeout_s)) as rows:
        return _status(rows)


def _status(rows: Rows) -> SchemaStatus:
    return read_status(lambda sql: map(tuple, rows.fetch(sql, {})), rows.dialect)


def connect(address: Address, busy_timeout_s: float) -> Rows:
    """Open a store for reading, whatever its schema; StoreError when it is not there."""
    if address.path is None:
        # SQLAlchemy: only who has a PostgreSQL store waits for it.
        from monitor.store.postgres import PostgresRows  # noqa: PLC0415 - above

        return PostgresRows(address, busy_timeout_s=busy_timeout_s)
    if not address.path.exists():
        makes = "`monitor run` or `monitor ingest` makes one"
        raise StoreError(f"there is no store at {address.shown} yet; {makes}")
    if address.path.is_dir():
        raise StoreError(f"the store {address.shown} cannot be opened: it is a folder")
    return SqliteRows(address.path, busy_timeout_s=busy_timeout_s)


@contextmanager
def _errors(address: Address) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        raise translate(exc, address) from exc
    except DamagedError as exc:
        raise StoreError(f"the store {address.shown} is damaged: {exc}") from exc


class SqliteRows:
    """A SQLite file opened with the standard library."""

    dialect = "sqlite"

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        self.connection = open_read_only(path, busy_timeout_s)
        self.connection.execute("BEGIN")

    def fetch(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Return the rows of a query."""
        return self.connection.execute(sql, parameters).fetchall()

    def stream(self, sql: str, parameters: Mapping[str, Any]) -> Iterator[Row]:
        """Yield the rows of a query that may have very many."""
        return self.connection.execute(sql, parameters)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


class Reader:
    """A store as of the moment it was first asked; one thread at a time."""

    def __init__(self, rows: Rows, address: Address) -> None:
        self._rows = rows
        self._address = address
        # None of its parts refers back to it: what it holds goes with it, without waiting for the
        # garbage collector.
        self._all = partial(_all, rows, address)
        self._snapshots = Snapshots(self._all)
        self.sources = SourcesReader(self._all, rows.dialect, errors=partial(_errors, address))
        self.leases = LeaseReader(self._all, rows.dialect, errors=partial(_errors, address))

    @property
    def skew(self) -> "SkewReader":
        """Return what finds times that no clock can have been right about."""
        from monitor.store.clock_skew import SkewReader  # noqa: PLC0415 - as below

        return SkewReader(self._all, self._rows.dialect, errors=lambda: _errors(self._address))

    @property
    def people(self) -> "PeopleReader":
        """Return what looks up subscribers and their subscriptions."""
        # Here and below: who looks at a trial's history does not wait for what reads these.
        from monitor.store.people_reader import PeopleReader  # noqa: PLC0415 - above

        return PeopleReader(self._all, errors=partial(_errors, self._address))

    @property
    def outbox(self) -> "OutboxReader":
        """Return what looks up messages on their way."""
        from monitor.store.outbox_reader import OutboxReader  # noqa: PLC0415 - likewise

        return OutboxReader(self._all, errors=partial(_errors, self._address))

    def trial(self, nct_id: str) -> TrialRow | None:
        """Return what is known of a trial now; None when it is not stored."""
        row = self._first(queries.TRIAL, {"nct_id": nct_id})
        return None if row is None else trial_row(row)

    def trial_of_alias(self, nct_id: str) -> TrialRow | None:
        """Return the trial that had this NCT ID before; None when none is known to."""
        row = self._first(queries.TRIAL_OF_ALIAS, {"alias": nct_id})
        return None if row is None else trial_row(row)

    def versions(self, nct_id: str) -> list[StoredVersion]:
        """Return a trial's versions in order: the first is version 1."""
        with _errors(self._address):
            parameters = {"nct_id": nct_id}
            rows = self._rows.fetch(queries.VERSIONS_OF_TRIAL, parameters)
            return [version_row(row) for row in rows]

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

        Counted are the versions dated ``since`` or later whose events were derived by these rules;
        with ``others`` those by any others. Trials without any are left out.
        """
        sql = queries.BY_OLDER_RULES if others else queries.BY_PRESENT_RULES
        given = {"rules": rules, "since": since.isoformat(), "after": after, "limit": limit}
        return [(nct_id, int(count)) for nct_id, count in self._all(sql, given)]

    def events(
        self, nct_id: str, *, version_ids: Collection[int] | None = None
    ) -> dict[int, list[StoredEvent]]:
        """Return the events of a trial's versions, or of some of them, by version id."""
        found: dict[int, list[StoredEvent]] = {}
        for row in self._event_rows(nct_id, version_ids):
            with _errors(self._address):
                event = event_row(row)
            found.setdefault(event.version_id, []).append(event)
        return found

    def _event_rows(self, nct_id: str, version_ids: Collection[int] | None) -> Iterable[Row]:
        if version_ids is None:
            yield from self._all(queries.EVENTS_OF_TRIAL, {"nct_id": nct_id})
            return
        for version_id in version_ids:
            parameters = {"nct_id": nct_id, "version_id": version_id}
            yield from self._all(queries.EVENTS_OF_VERSION, parameters)

    def snapshot(self, snapshot_id: int) -> bytes:
        """Return a snapshot's canonical bytes, checked; StoreError names trial and version."""
        return self._snapshots.read(snapshot_id)

    def record(self, version: StoredVersion) -> TrialRecord:
        """Return the record as it stood in a version."""
        content = self.snapshot(version.snapshot_id)
        return TrialRecord(
            nct_id=version.nct_id,
            document=orjson.loads(content),
            coverage=version.coverage,
            registry_version=version.registry_version,
        )

    def newest_record(self, trial: TrialRow) -> TrialRecord:
        """Return a trial's record as its newest version has it."""
        with _errors(self._address):
            [row] = self._rows.fetch(queries.VERSION, {"version_id": trial.latest_version_id})
            version = version_row(row)
        return self.record(version)

    def trials(self, *, changed_since: date | None = None) -> list[TrialRow]:
        """Return all trials, by NCT ID.

        ``changed_since``: those of which a version that holds from that date or later has an event
        above noise.
        """
        sql, parameters = queries.TRIALS, {}
        if changed_since is not None:
            sql = queries.TRIALS_CHANGED_SINCE
            parameters = {"changed_since": changed_since.isoformat()}
        with _errors(self._address):
            return [trial_row(row) for row in self._rows.stream(sql, parameters)]

    def read_since(self, since: datetime) -> list[str]:
        """Return the NCT IDs of the trials with a version that was read then or later (aware)."""
        at = utc_text(since) if self._rows.dialect == "sqlite" else since
        return [nct_id for (nct_id,) in self._all(queries.TRIALS_READ_SINCE, {"since": at})]

    def quarantine(self) -> list[QuarantineRow]:
        """Return what could not be read, oldest first, without the content."""
        return [quarantine_row(row) for row in self._all(queries.QUARANTINE, {})]

    def quarantined(self, quarantine_id: int) -> QuarantineRow | None:
        """Return one entry with its content; None when there is none."""
        row = self._first(queries.QUARANTINED, {"quarantine_id": quarantine_id})
        if row is None:
            return None
        with _errors(self._address):
            return quarantine_row(row, unpack(bytes(row[8])))

    def counts(self) -> dict[str, int]:
        """Return how much there is: rows by kind, ``snapshot_bytes`` and ``store_bytes``."""
        names = ("trials", "versions", "events", "quarantine", "snapshot_bytes")
        row = self._first(queries.COUNTS, {}) or ()
        sizes = {"sqlite": queries.SQLITE_BYTES, "postgresql": queries.POSTGRES_BYTES}
        size = self._first(sizes[self._rows.dialect], {}) or (0,)
        return {**dict(zip(names, row, strict=True)), "store_bytes": size[0]}

    def write_problem(self) -> str | None:
        """Return why nothing can be written to the store now; None when it seems it can be."""
        from monitor.store.writability import write_problem  # noqa: PLC0415 - likewise

        return write_problem(self._address, self._all)

    def close(self) -> None:
        """Close the connection."""
        self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first(self, sql: str, parameters: Mapping[str, Any]) -> Row | None:
        rows = self._all(sql, parameters)
        return rows[0] if rows else None


def _all(rows: Rows, address: Address, sql: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
    """Return the rows of a text of ``queries``."""
    with _errors(address):
        return rows.fetch(sql, parameters)
