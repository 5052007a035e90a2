"""Events and trials by filters, a page at a time, newest first.

Rows are read from an index in the order of the query, in chunks that grow, and compared with the
trials that a filter selects (``membership``); where those are few, only their rows are read. A page
ends with its last row, at the end, or at the deadline, and has the key to continue from.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import ColumnElement

from monitor.model.changes import ALSO_TOLD_BY, ChangeKind, Severity
from monitor.model.history import TrialRow
from monitor.model.queries import (
    EventKey,
    EventQuery,
    EventResults,
    EventRow,
    StatusChoice,
    TrialKey,
    TrialQuery,
    TrialResults,
    TrialSort,
)
from monitor.store.db import Db, DeadlineError
from monitor.store.events import EVENT
from monitor.store.membership import LOADED_AT_MOST, RARE, SOON_READ, Members
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import events, trials, versions
from monitor.store.timestamps import moment
from monitor.store.trials import TRIAL

# Most pages are full after the first; a rare filter must not ask a hundred times.
_CHUNKS = (100, 1_000, 4_000)
"""Rows of one chunk after the other; the last size repeats."""
_SLICE = 50
_MOST_BRANCHES = 12
"""Kinds that are looked for one by one."""

ChunkRow = TypeVar("ChunkRow")


class _EventPosition(NamedTuple):
    """An event as the indexes have it."""

    key: EventKey
    nct_id: str


_PLACE = (
    events.c.learned_at, events.c.version_id, events.c.position, events.c.nct_id,
)  # fmt: skip
_BY_TRIAL = "ix_events_nct_id"
_ORDER = (events.c.learned_at, events.c.version_id, events.c.position)
_WHOLE = (
    sa.select(
        *EVENT.columns,
        versions.c.identity,
        versions.c.version_date,
        events.c.learned_at,
        trials.c.title,
        trials.c.lead_sponsor,
        trials.c.overall_status,
    )
    .join(versions, versions.c.id == events.c.version_id)
    .join(trials, trials.c.nct_id == events.c.nct_id)
    # Of pairs SQLite would look for each in all events.
    .where(
        events.c.version_id.in_(bindparam("version_ids", expanding=True)),
        events.c.position.in_(bindparam("positions", expanding=True)),
    )
)
_OF_VERSION: RowMapper[dict[str, Any]] = RowMapper(
    dict, list(_WHOLE.selected_columns)[len(EVENT.columns) :]
)


class _Chunks(Protocol[ChunkRow]):
    """Rows in their order; ``is_exhausted``: there are no more behind the last chunk."""

    is_exhausted: bool

    def next(self, after: Any) -> list[ChunkRow]:
        """Return the next chunk behind a key."""


class _Collected(NamedTuple):
    """Results, behind which key there may be more, and whether the time was enough."""

    results: tuple[Any, ...]
    next: Any
    is_complete: bool


def _collect(
    db: Db,
    chunks: _Chunks[ChunkRow],
    take: Callable[[Sequence[ChunkRow]], list[Any]],
    key: Callable[[Any], Any],
    *,
    after: Any,
    limit: int,
    deadline: float,
) -> _Collected:
    """Return up to ``limit`` of what ``take`` makes of rows; ``key`` is of both."""
    found: list[Any] = []
    reached = after
    try:
        while not chunks.is_exhausted:
            with db.deadline(deadline):
                chunk = chunks.next(reached)
            for start in range(0, len(chunk), _SLICE):
                rows = chunk[start : start + _SLICE]
                with db.deadline(deadline):
                    found += take(rows)
                reached = key(rows[-1])
                # One more than the limit shows that there is a next page.
                if len(found) > limit:
                    return _Collected(tuple(found[:limit]), key(found[limit - 1]), True)
    # What was found is given, with the place reached: the reader may go on from there.
    except DeadlineError:
        return _Collected(tuple(found), reached, False)
    return _Collected(tuple(found), None, True)


def _load(members: Members, *, is_first: bool) -> None:
    """Load a filter's trials before a chunk, where that takes less time than looking some up.

    Of more trials than are soon read, those of the first chunk are looked up one by one, and where
    many of them match, the next ones too: a page is full long before all could be read.
    """
    if is_first and members.is_quick_to_look_up:
        members.load_all(SOON_READ)
    elif not members.are_common:
        members.load_all(LOADED_AT_MOST)


def _chunk_size(number: int, members: Members | None, limit: int) -> int:
    if members is None:
        return limit + 1
    return _CHUNKS[min(number, len(_CHUNKS) - 1)]


# --- events ---------------------------------------------------------------------------------


def select_events(
    db: Db, query: EventQuery, members: Members | None, *, deadline: float
) -> EventResults:
    """Return the events of a query; ``members``: the trials of its filter.

    ``deadline``: by the monotonic clock.
    """
    kinds = None if query.kinds is None else frozenset(query.kinds)

    def take(places: Sequence[_EventPosition]) -> list[EventRow]:
        kept = _of_members(places, members)
        return [
            one
            for one in _read_events(db, kept)
            if kinds is None or not kinds.isdisjoint(one.stored.event.kinds)
        ]

    found = _collect(
        db, _EventChunks(db, query, members), take, lambda one: one.key,
        after=query.after, limit=query.limit, deadline=deadline,
    )  # fmt: skip
    return EventResults(events=found.results, next=found.next, is_complete=found.is_complete)


class _EventChunks:
    """Chunks of events in their order: of all trials, or of those that a filter may mean."""

    def __init__(self, db: Db, query: EventQuery, members: Members | None) -> None:
        self._db = db
        self._query = query
        self._members = members
        self._nct_ids = query.nct_ids
        self._number = 0
        self.is_exhausted = False

    def next(self, after: EventKey | None) -> list[_EventPosition]:
        """Return the next chunk behind a key."""
        members = self._members
        if members is not None:
            _load(members, is_first=self._number == 0)
            if self._nct_ids is None:
                self._nct_ids = members.loaded_if_few(RARE)
        if self._nct_ids == ():
            self.is_exhausted = True
            return []
        size = _chunk_size(self._number, members, self._query.limit)
        self._number += 1
        rows = self._db.fetch(_places(self._query, self._nct_ids, after, size))
        self.is_exhausted = len(rows) < size
        if members is not None and members.is_loaded:
            kept = members.candidates(row[3] for row in rows)
            # The last one stays, so that the next chunk goes on behind it.
            rows = [row for row in rows[:-1] if row[3] in kept] + list(rows[-1:])
        return [_EventPosition(EventKey(moment(row[0]), row[1], row[2]), row[3]) for row in rows]


def _places(
    query: EventQuery, nct_ids: Sequence[str] | None, after: EventKey | None, size: int
) -> sa.Select[Any]:
    """Return the query for so many events behind a key, from the index that has them in order."""
    conditions = _conditions(query, after)
    kinds = None if query.kinds is None else sorted(_kinds_of_events(query.kinds))
    by_kind: list[str | None] = [None]
    if nct_ids is not None:
        name = _BY_TRIAL
        conditions.append(events.c.nct_id.in_(nct_ids))
    elif kinds is not None and len(kinds) <= _MOST_BRANCHES:
        name, by_kind, kinds = "ix_events_kind", list(kinds), None
    else:
        name = "ix_events_learned_at"
    if kinds is not None:
        conditions.append(events.c.kind.in_(kinds))
    marks = (False, True) if query.include_backfilled else (False,)
    branches = [
        _branch(name, [*conditions, *_of_kind(kind), events.c.backfilled == sa.literal(mark)], size)
        for kind in by_kind
        for mark in marks
    ]
    if len(branches) == 1:
        return branches[0]
    # A branch for each kind: one query over many kinds would read all their events and sort them.
    together = sa.union_all(*(sa.select(one.subquery()) for one in branches)).subquery()
    order = [together.c[column.name].desc() for column in _ORDER]
    return sa.select(together).order_by(*order).limit(size)


def _conditions(query: EventQuery, after: EventKey | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if query.min_severity is not Severity.NOISE:
        weighty = [one.value for one in Severity if one.rank >= query.min_severity.rank]
        found.append(events.c.severity.in_(weighty))
    if query.since is not None:
        found.append(events.c.learned_at >= query.since)
    if query.until is not None:
        found.append(events.c.learned_at < query.until)
    if after is not None:
        found.append(_is_behind(_ORDER, after))
    return found


def _of_kind(kind: str | None) -> list[ColumnElement[bool]]:
    return [] if kind is None else [events.c.kind == kind]


def _branch(index: str, conditions: Iterable[ColumnElement[bool]], size: int) -> sa.Select[Any]:
    # Without statistics of the tables SQLite would take any index that has the order.
    found = sa.select(*_PLACE).with_hint(events, f"INDEXED BY {index}", "sqlite").where(*conditions)
    columns: Sequence[ColumnElement[Any]] = _ORDER
    if index == _BY_TRIAL:
        # OFFSET keeps PostgreSQL from what it does for LIMIT: to go through all events, the newest
        # first, until enough are of these few trials.
        rows = found.offset(0).subquery()
        found = sa.select(*rows.c)
        columns = [rows.c[column.name] for column in _ORDER]
    return found.order_by(*(column.desc() for column in columns)).limit(size)


def _kinds_of_events(kinds: Collection[ChangeKind]) -> set[str]:
    """Return the kinds of all events that cover any of these."""
    own = {kind.value for kind in kinds}
    return own | {one.value for kind in kinds for one in ALSO_TOLD_BY.get(kind, ())}


def _of_members(places: Sequence[_EventPosition], members: Members | None) -> list[_EventPosition]:
    if members is None:
        return list(places)
    matching = members.matching([place.nct_id for place in places])
    return [place for place in places if place.nct_id in matching]


def _read_events(db: Db, places: Sequence[_EventPosition]) -> list[EventRow]:
    """Read events, in their order."""
    if not places:
        return []
    keys = [(place.key.version_id, place.key.position) for place in places]
    found = {}
    versions_of, positions = ({key[place] for key in keys} for place in (0, 1))
    asked = {"version_ids": sorted(versions_of), "positions": sorted(positions)}
    with db.errors():
        for row in db.fetch(_WHOLE, asked):
            stored = EVENT(row)
            about = _OF_VERSION(row[len(EVENT.columns) :])
            found[stored.version_id, stored.position] = EventRow(stored=stored, **about)
    return [found[key] for key in keys if key in found]


# --- trials ---------------------------------------------------------------------------------

_OF_IDS = sa.select(*TRIAL.columns).where(trials.c.nct_id.in_(bindparam("nct_ids", expanding=True)))
_KEYS: Mapping[TrialSort, RowMapper[TrialKey]] = {
    "nct_id": RowMapper(lambda nct_id: TrialKey(None, nct_id), [trials.c.nct_id]),
    "last_changed": RowMapper(
        lambda nct_id, last_changed: TrialKey(last_changed, nct_id),
        [trials.c.nct_id, trials.c.last_changed],
    ),
    "last_version_date": RowMapper(
        lambda nct_id, last_version_date: TrialKey(last_version_date, nct_id),
        [trials.c.nct_id, trials.c.last_version_date],
    ),
}


def select_trials(
    db: Db, query: TrialQuery, members: Members | None, *, deadline: float
) -> TrialResults:
    """Return the trials of a query; as ``select_events``."""

    def take(keys: Sequence[TrialKey]) -> list[TrialRow]:
        if members is not None:
            matching = members.matching([key.nct_id for key in keys])
            keys = [key for key in keys if key.nct_id in matching]
        return _read_trials(db, keys)

    def key(one: TrialKey | TrialRow) -> TrialKey:
        if isinstance(one, TrialKey):
            return one
        value = None if query.sort == "nct_id" else getattr(one, query.sort)
        return TrialKey(value, one.nct_id)

    found = _collect(
        db, _TrialChunks(db, query, members), take, key,
        after=query.after, limit=query.limit, deadline=deadline,
    )  # fmt: skip
    return TrialResults(trials=found.results, next=found.next, is_complete=found.is_complete)


def _read_trials(db: Db, keys: Sequence[TrialKey]) -> list[TrialRow]:
    """Read trials, in the order of their keys."""
    if not keys:
        return []
    rows = db.read(TRIAL, _OF_IDS, {"nct_ids": [key.nct_id for key in keys]})
    found = {row.nct_id: row for row in rows}
    return [found[key.nct_id] for key in keys if key.nct_id in found]


class _TrialChunks:
    """Chunks of trials in their order: those with a date, then those without."""

    def __init__(self, db: Db, query: TrialQuery, members: Members | None) -> None:
        self._db = db
        self._query = query
        self._members = members
        self._few: tuple[str, ...] | None = None
        self._number = 0
        self._is_dated = query.sort != "nct_id"
        if query.after is not None and query.after.value is None:
            self._is_dated = False
        self.is_exhausted = False

    def next(self, after: TrialKey | None) -> list[TrialKey]:
        """Return the next chunk behind a key."""
        members = self._members
        if members is not None:
            # Events come several a trial; of so many trials a look-up each takes SQLite too long.
            _load(members, is_first=self._number == 0 and self._db.dialect != "sqlite")
            if self._few is None:
                self._few = members.loaded_if_few(RARE)
        size = _chunk_size(self._number, members, self._query.limit)
        self._number += 1
        rows = self._db.fetch(self._statement(after, size))
        # The dated ones are through: NULLs sort first in one database and last in the other, so
        # those without a date are a second walk.
        if len(rows) < size:
            self.is_exhausted, self._is_dated = not self._is_dated, False
        if members is not None and members.is_loaded:
            kept = members.candidates(row[0] for row in rows)
            # The last one stays, so that the next chunk goes on behind it.
            rows = [row for row in rows[:-1] if row[0] in kept] + list(rows[-1:])
        with self._db.errors():
            return [_KEYS[self._query.sort](row) for row in rows]

    def _statement(self, after: TrialKey | None, size: int) -> sa.Select[Any]:
        sort = self._query.sort
        # Most rows of a broad filter are looked at and left: their columns are read for the others.
        found = sa.select(*_KEYS[sort].columns).where(*self._conditions(after))
        columns: Any = trials.c
        if self._few is not None:
            rows = found.where(trials.c.nct_id.in_(self._few)).offset(0).subquery()  # as `_branch`
            found, columns = sa.select(*rows.c), rows.c
        if sort == "nct_id":
            return found.order_by(columns.nct_id).limit(size)
        return found.order_by(columns[sort].desc(), columns.nct_id.desc()).limit(size)

    def _conditions(self, after: TrialKey | None) -> list[ColumnElement[bool]]:
        sort = self._query.sort
        found = [] if self._query.status is None else _of_status(self._query.status)
        if sort == "nct_id":
            return found if after is None else [*found, trials.c.nct_id > after.nct_id]
        if self._is_dated:
            found.append(trials.c[sort].is_not(None))
            order = (trials.c[sort], trials.c.nct_id)
            return found if after is None else [*found, _is_behind(order, after)]
        found.append(trials.c[sort].is_(None))
        if after is None or after.value is not None:
            return found
        return [*found, trials.c.nct_id < after.nct_id]


def _of_status(choice: StatusChoice) -> list[ColumnElement[bool]]:
    own = trials.c.overall_status
    found: list[ColumnElement[bool]] = []
    if choice.wanted is not None:
        found.append(own.in_(sorted(choice.wanted)))
    if choice.excluded:
        found.append(sa.or_(own.is_(None), own.not_in(sorted(choice.excluded))))
    return found


def _is_behind(order: Sequence[ColumnElement[Any]], key: Sequence[Any]) -> ColumnElement[bool]:
    values = (sa.literal(value, column.type) for value, column in zip(key, order, strict=True))
    # A row comparison, which an index answers; a page number would skip and repeat rows as new ones
    # come in before it.
    return sa.tuple_(*order) < sa.tuple_(*values)
