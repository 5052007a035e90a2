"""What a transaction writes of followed sources: their state and whom they show."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.engine import Connection

from monitor.model.following import Presence, Sight, SourceRow
from monitor.store import queries
from monitor.store.rows import Row, source_row, state_of
from monitor.store.schema import UtcTime
from monitor.store.statements import batches, question, spelled_out, storable


def _with_times(sql: str, *times: str) -> TextClause:
    return text(sql).bindparams(*(bindparam(name, type_=UtcTime) for name in times))


PUT_SOURCE = _with_times(
    """
    INSERT INTO sources (name, type, last_attempt_at, last_success_at, next_due_at, failures,
        failing_since, last_reason, reported, data_timestamp, cursor)
    VALUES (:name, :type, :last_attempt_at, :last_success_at, :next_due_at, :failures,
        :failing_since, :last_reason, :reported, :data_timestamp, :cursor)
    ON CONFLICT (name) DO UPDATE SET type = excluded.type,
        last_attempt_at = excluded.last_attempt_at, last_success_at = excluded.last_success_at,
        next_due_at = excluded.next_due_at, failures = excluded.failures,
        failing_since = excluded.failing_since, last_reason = excluded.last_reason,
        reported = excluded.reported, data_timestamp = excluded.data_timestamp,
        cursor = excluded.cursor""",
    "last_attempt_at",
    "last_success_at",
    "next_due_at",
    "failing_since",
)

PUT_STATE = _with_times(
    """
    INSERT INTO source_states (source, subject, state, updated_at)
    VALUES (:source, :subject, :state, :at)
    ON CONFLICT (source, subject) DO UPDATE SET
        state = excluded.state, updated_at = excluded.updated_at""",
    "at",
)

# "Unknown" is what is said of a record before any sight of it, never instead of one.
FOLLOW = _with_times(
    """
    INSERT INTO followed (source, nct_id, presence, merged_into, pass_number, since)
    VALUES (:source, :nct_id, :presence, :merged_into, :pass_number, :at)
    ON CONFLICT (source, nct_id) DO UPDATE SET
        presence = CASE WHEN excluded.presence = 'unknown'
            THEN followed.presence ELSE excluded.presence END,
        merged_into = CASE WHEN excluded.presence = 'unknown'
            THEN followed.merged_into ELSE excluded.merged_into END,
        pass_number = CASE WHEN excluded.pass_number > followed.pass_number
            THEN excluded.pass_number ELSE followed.pass_number END""",
    "at",
)

# Where all are shown as before, which is nearly always, this says the same in a tenth of the time.
SEEN_AGAIN = """
    UPDATE followed SET pass_number = :pass_number
    WHERE source = :source AND nct_id IN :nct_ids AND presence = 'shown'
        AND merged_into IS NULL AND pass_number <= :pass_number"""

PUT_BY_COMMAND = _with_times(
    """
    INSERT INTO followed_by_command (nct_id, since) VALUES (:nct_id, :at)
    ON CONFLICT (nct_id) DO NOTHING""",
    "at",
)

REMOVE_BY_COMMAND = text("DELETE FROM followed_by_command WHERE nct_id = :nct_id")

DROP_STATE = text("DELETE FROM source_states WHERE source = :source AND subject = :subject")

UNFOLLOW = text("DELETE FROM followed WHERE source = :source AND nct_id = :nct_id")


class SourcesWriter:
    """Writes about followed sources; reached by ``Transaction.sources``, written at once.

    Times are aware, else ValueError.
    """

    def __init__(
        self,
        connection: Connection,
        ask: Callable[[str, Mapping[str, Any]], Sequence[Row]],
    ) -> None:
        self._connection = connection
        self._ask = ask

    def following(self, nct_id: str) -> list[str]:
        """Return the names of the sources that show a record, or did so, in order."""
        return [row[0] for row in self._ask(queries.FOLLOWING, {"nct_id": nct_id})]

    def get(self, name: str) -> SourceRow | None:
        """Return how a source is doing; None when the store has not heard of it."""
        rows = self._ask(queries.SOURCE_ROW, {"name": name})
        return source_row(rows[0]) if rows else None

    def put(self, row: SourceRow) -> None:
        """Store how a source is doing, in place of what was known of it."""
        values = {field.name: storable(getattr(row, field.name)) for field in fields(row)}
        self._connection.execute(PUT_SOURCE, values)

    def state(self, source: str, subject: str = "") -> Mapping[str, Any] | None:
        """Return what a source keeps of a subject ("": of itself); None before it kept any."""
        rows = self._ask(queries.STATE, {"source": source, "subject": subject})
        return state_of(rows[0][0]) if rows else None

    def put_state(
        self, source: str, subject: str, state: Mapping[str, Any], *, at: datetime
    ) -> None:
        """Store what a source keeps of a subject ("": of itself), in place of what it kept.

        TypeError for a state that is no object of JSON.
        """
        values = {
            "source": source,
            "subject": subject,
            "state": orjson.dumps(dict(state)).decode(),
            "at": at,
        }
        self._connection.execute(PUT_STATE, values)

    def drop_states(self, source: str, subjects: Collection[str]) -> None:
        """Forget what a source keeps of these subjects."""
        if subjects:
            rows = [{"source": source, "subject": subject} for subject in sorted(subjects)]
            self._many(DROP_STATE, rows)

    def follow(
        self, source: str, sights: Sequence[Sight], *, pass_number: int, at: datetime
    ) -> None:
        """Note how a source shows these records as of a pass; new ones are followed from ``at``.

        Of two sights of one record the later in the list counts. A record's pass number never
        goes down, and a sight that is UNKNOWN only raises it: what was seen before stays.
        """
        if not sights:
            return
        # Bound once, not by ``_many`` for every row.
        bound = UtcTime().process_bind_param(at, self._connection.dialect)
        if all(sight.presence is Presence.SHOWN for sight in sights):
            nct_ids = sorted({sight.nct_id for sight in sights})
            if self._see_again(source, nct_ids, pass_number) == len(nct_ids):
                return
        rows = [
            {
                "source": source,
                "nct_id": sight.nct_id,
                "presence": sight.presence.value,
                "merged_into": sight.merged_into if sight.presence is Presence.MERGED else None,
                "pass_number": pass_number,
                "at": bound,
            }
            for sight in sights
        ]
        self._many(FOLLOW, rows)

    def _see_again(self, source: str, nct_ids: Sequence[str], pass_number: int) -> int:
        """Note records that are shown as they were; return how many of them were."""
        found = 0
        for batch in batches(nct_ids):
            values = {"source": source, "nct_ids": batch, "pass_number": pass_number}
            if self._connection.dialect.name == "sqlite":
                sqlite: Any = self._connection.connection.driver_connection
                found += sqlite.execute(*spelled_out(SEEN_AGAIN, values)).rowcount
            else:
                found += self._connection.execute(question(SEEN_AGAIN), values).rowcount
        return found

    def unfollow(self, source: str, nct_ids: Collection[str]) -> None:
        """Follow these records no longer in a source; what is stored of the trials stays."""
        if nct_ids:
            rows = [{"source": source, "nct_id": nct_id} for nct_id in nct_ids]
            self._many(UNFOLLOW, rows)

    def followed_by_command(self) -> list[str]:
        """Return the NCT IDs that are followed by command, ascending."""
        return [nct_id for (nct_id,) in self._ask(queries.FOLLOWED_BY_COMMAND, {})]

    def follow_by_command(self, nct_ids: Collection[str], *, at: datetime) -> None:
        """Note that these records are to be followed; one that is noted already stays as it is."""
        for nct_id in sorted(nct_ids):
            self._connection.execute(PUT_BY_COMMAND, {"nct_id": nct_id, "at": at})

    def unfollow_by_command(self, nct_ids: Collection[str]) -> None:
        """Drop the wish that these records be followed; one that is not noted is no error."""
        for nct_id in sorted(nct_ids):
            self._connection.execute(REMOVE_BY_COMMAND, {"nct_id": nct_id})

    def _many(self, statement: TextClause, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement for every row; SQLite itself takes values as it stores them."""
        if self._connection.dialect.name == "sqlite":
            sqlite: Any = self._connection.connection.driver_connection
            sqlite.executemany(statement.text, rows)
        else:
            self._connection.execute(statement, rows)
