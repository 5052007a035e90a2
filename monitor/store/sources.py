"""Sources that are followed: how they are doing, what they keep, and which records they show.

Written with each page of a pass by ``monitor.ingest.page_storage``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.tracking import Presence, Sighting, SourceRow, StoreCounts, TrackedRecord
from monitor.store import counting
from monitor.store.codec import CorruptError
from monitor.store.db import Db, batches, excluded, insert_new, upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import followed, followed_by_command, source_states, sources
from monitor.store.storable_text import make_storable

_SOURCE = RowMapper(SourceRow, sources.c)
_FOLLOWED = RowMapper(TrackedRecord, followed.c, presence=Presence)

# --- what is asked --------------------------------------------------------------------------

_ALL = sa.select(*sources.c).order_by(sources.c.name)
_OF_NAME = sa.select(*sources.c).where(sources.c.name == bindparam("name"))
_FOLLOWING = (
    sa.select(sources.c.name)
    .where(
        sa.exists().where(
            followed.c.source == sources.c.name,
            followed.c.nct_id == bindparam("nct_id"),
            followed.c.presence != Presence.UNKNOWN.value,
        )
    )
    .order_by(sources.c.name)
)
_STATES = (
    sa.select(source_states.c.subject, source_states.c.state)
    .where(source_states.c.source == bindparam("source"))
    .order_by(source_states.c.subject)
)
_STATE = _STATES.where(source_states.c.subject == bindparam("subject"))
_RECORDS = (
    sa.select(*followed.c)
    .where(followed.c.source == bindparam("source"))
    .order_by(followed.c.nct_id)
)
_RECORD = _RECORDS.where(followed.c.nct_id == bindparam("nct_id"))
_BY_COMMAND = sa.select(followed_by_command.c.nct_id).order_by(followed_by_command.c.nct_id)
# Only SHOWN ones: an ID that was requested and not found does not count in a search.
_SEEN_IN = (
    sa.select(sa.func.count())
    .select_from(followed)
    .where(
        followed.c.source == bindparam("source"),
        followed.c.presence == Presence.SHOWN.value,
        followed.c.pass_number == bindparam("pass_number"),
    )
)
_KNOWN_SEEN_IN = _SEEN_IN.where(followed.c.since < bindparam("before"))
_COUNTS = (
    sa.select(followed.c.source, followed.c.presence, sa.func.count())
    .group_by(followed.c.source, followed.c.presence)
    .order_by(followed.c.source)
)

# --- what is written ------------------------------------------------------------------------

_PUT = upsert(sources)
_PUT_STATE = upsert(source_states)
_DROP_STATE = sa.delete(source_states).where(
    source_states.c.source == bindparam("source"), source_states.c.subject == bindparam("subject")
)

_SEEN = excluded(followed)
# A record is "unknown" before any sighting of it, never instead of one.
_IS_NO_SIGHT = _SEEN.presence == Presence.UNKNOWN.value
_FOLLOW = upsert(
    followed,
    values={
        "presence": sa.case((_IS_NO_SIGHT, followed.c.presence), else_=_SEEN.presence),
        "merged_into": sa.case((_IS_NO_SIGHT, followed.c.merged_into), else_=_SEEN.merged_into),
        "pass_number": sa.case(
            (_SEEN.pass_number > followed.c.pass_number, _SEEN.pass_number),
            else_=followed.c.pass_number,
        ),
    },
)
# Where all are shown as before, which is nearly always, this says the same in a tenth of the time.
_SEE_AGAIN = (
    sa.update(followed)
    .where(
        followed.c.source == bindparam("of"),
        followed.c.nct_id.in_(bindparam("nct_ids", expanding=True)),
        followed.c.presence == Presence.SHOWN.value,
        followed.c.merged_into.is_(None),
        followed.c.pass_number <= bindparam("number"),
    )
    .values(pass_number=bindparam("number"))
)
_UNFOLLOW = sa.delete(followed).where(
    followed.c.source == bindparam("source"), followed.c.nct_id == bindparam("nct_id")
)
_PUT_BY_COMMAND = insert_new(followed_by_command)
_REMOVE_BY_COMMAND = sa.delete(followed_by_command).where(
    followed_by_command.c.nct_id == bindparam("nct_id")
)


class SourcesReader:
    """Sources, their states and whom they follow; reached by ``Reader.sources``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def all(self) -> list[SourceRow]:
        """Return how every source is doing, by name."""
        return self._db.read(_SOURCE, _ALL)

    def following(self, nct_id: str) -> list[str]:
        """Return the names of the sources that show a record, or did so, in order."""
        return [name for (name,) in self._db.fetch(_FOLLOWING, {"nct_id": nct_id})]

    def get(self, name: str) -> SourceRow | None:
        """Return how a source is doing; None when the store does not have it."""
        return self._db.first(_SOURCE, _OF_NAME, {"name": name})

    def state(self, source: str, subject: str = "") -> Mapping[str, Any] | None:
        """Return what a source keeps of a subject ("": of itself); None before it kept any."""
        rows = self._db.fetch(_STATE, {"source": source, "subject": subject})
        with self._db.errors():
            return _state(rows[0][1]) if rows else None

    def states(self, source: str) -> dict[str, Mapping[str, Any]]:
        """Return everything that a source keeps, by subject."""
        rows = self._db.fetch(_STATES, {"source": source})
        with self._db.errors():
            return {subject: _state(text) for subject, text in rows}

    def tracked_records(
        self,
        source: str,
        *,
        after: str = "",
        limit: int = 1_000,
        unseen_in: int | None = None,
        presence: Presence | None = None,
    ) -> list[TrackedRecord]:
        """Return followed records by ascending NCT ID, those behind ``after``, at most ``limit``.

        ``unseen_in``: only those whose last pass is before that number; ``presence``: only
        those shown so.
        """
        asked = _RECORDS.where(followed.c.nct_id > after).limit(limit)
        if unseen_in is not None:
            asked = asked.where(followed.c.pass_number < unseen_in)
        if presence is not None:
            asked = asked.where(followed.c.presence == presence.value)
        return self._db.read(_FOLLOWED, asked, {"source": source})

    def followed_record(self, source: str, nct_id: str) -> TrackedRecord | None:
        """Return how a source shows one record; None when it does not follow it."""
        return self._db.first(_FOLLOWED, _RECORD, {"source": source, "nct_id": nct_id})

    def followed_by_command(self) -> list[str]:
        """Return the NCT IDs that are followed by command, ascending."""
        return [nct_id for (nct_id,) in self._db.fetch(_BY_COMMAND)]

    def seen_in(
        self, source: str, pass_number: int, *, followed_before: datetime | None = None
    ) -> int:
        """Return how many followed records were last noted in that pass as SHOWN.

        ``followed_before``: only those that were followed before that time (aware).
        """
        about: dict[str, Any] = {"source": source, "pass_number": pass_number}
        if followed_before is None:
            return int(self._db.value(_SEEN_IN, about))
        return int(self._db.value(_KNOWN_SEEN_IN, {**about, "before": followed_before}))

    def followed_counts(self) -> dict[str, dict[Presence, int]]:
        """Return how many records each source follows, by how it shows them; zeros left out."""
        found: dict[str, dict[str, int]] = {}
        for source, presence, number in self._db.fetch(_COUNTS):
            found.setdefault(source, {})[presence] = number
        return {
            source: {way: counts[way] for way in Presence if way in counts}
            for source, counts in found.items()
        }

    def versions_by(self, rules: str) -> int:
        """Return how many versions have events that were derived by these rules; looked up, too."""
        return counting.versions_by(self._db, rules)

    def counts(self) -> StoreCounts:
        """Return how much the store holds.

        The size is that of the SQLite file without its log, or of the monitor's own tables
        with their indexes on PostgreSQL. Versions and events are not counted but looked up:
        the writer keeps their numbers.
        """
        return counting.store_counts(self._db)


class SourcesWriter(SourcesReader):
    """Writes about followed sources; reached by ``Transaction.sources``, written at once.

    Times are aware, else ValueError.
    """

    def store_row(self, row: SourceRow) -> None:
        """Store how a source is doing, in place of what was known of it."""
        values = {field.name: make_storable(getattr(row, field.name)) for field in fields(row)}
        self._db.run(_PUT, values)

    def put_state(
        self, source: str, subject: str, state: Mapping[str, Any], *, at: datetime
    ) -> None:
        """Store what a source keeps of a subject ("": of itself), in place of what it kept.

        TypeError for a state that is no object of JSON.
        """
        text = orjson.dumps(dict(state)).decode()
        values = {"source": source, "subject": subject, "state": text, "updated_at": at}
        self._db.run(_PUT_STATE, values)

    def drop_states(self, source: str, subjects: Collection[str]) -> None:
        """Forget what a source keeps of these subjects."""
        rows = [{"source": source, "subject": subject} for subject in sorted(subjects)]
        self._db.run_many(_DROP_STATE, rows)

    def follow(
        self, source: str, sightings: Sequence[Sighting], *, pass_number: int, at: datetime
    ) -> None:
        """Note how a source shows these records as of a pass; new ones are followed from ``at``.

        Of two sightings of one record the later in the list counts. A record's pass number never
        goes down, and a sighting that is UNKNOWN only raises it: what was seen before stays.
        """
        # Tried first; if a single one is new or was gone, all go by the slower way, which changes
        # nothing twice.
        if all(sighting.presence is Presence.SHOWN for sighting in sightings):
            nct_ids = sorted({sighting.nct_id for sighting in sightings})
            if self._see_again(source, nct_ids, pass_number) == len(nct_ids):
                return
        rows = [
            {
                "source": source,
                "nct_id": sighting.nct_id,
                "presence": sighting.presence.value,
                "merged_into": sighting.merged_into
                if sighting.presence is Presence.MERGED
                else None,
                "pass_number": pass_number,
                "since": at,
            }
            for sighting in sightings
        ]
        self._db.run_many(_FOLLOW, rows)

    def _see_again(self, source: str, nct_ids: Sequence[str], pass_number: int) -> int:
        """Note records that are shown as they were; return how many of them were."""
        about = {"of": source, "number": pass_number}
        return sum(
            self._db.run(_SEE_AGAIN, {**about, "nct_ids": batch}) for batch in batches(nct_ids)
        )

    def unfollow(self, source: str, nct_ids: Collection[str]) -> None:
        """Remove records from those that a source follows; what is stored of the trials stays."""
        rows = [{"source": source, "nct_id": nct_id} for nct_id in nct_ids]
        self._db.run_many(_UNFOLLOW, rows)

    def follow_by_command(self, nct_ids: Collection[str], *, at: datetime) -> None:
        """Note that these records are to be followed; one that is noted already stays as it is."""
        rows = [{"nct_id": nct_id, "since": at} for nct_id in sorted(nct_ids)]
        self._db.run_many(_PUT_BY_COMMAND, rows)

    def unfollow_by_command(self, nct_ids: Collection[str]) -> None:
        """Stop following these records; one that is not followed is no error."""
        rows = [{"nct_id": nct_id} for nct_id in sorted(nct_ids)]
        self._db.run_many(_REMOVE_BY_COMMAND, rows)


def _state(text: str) -> Mapping[str, Any]:
    """Read the state of a row of ``source_states``."""
    try:
        state = orjson.loads(text)
    except (TypeError, ValueError) as exc:
        raise CorruptError(f"a row cannot be read ({exc})") from exc
    if not isinstance(state, dict):
        raise CorruptError("a row cannot be read (a state is no JSON object)")
    return state
