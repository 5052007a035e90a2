"""The checkpoint of a source: what it stores between pages, and where a pass begins.

All of it is one JSON object in ``source_states``, written in the transaction of each page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from monitor.data_types import DataType
from monitor.errors import StoreError
from monitor.settings import CtgovSourceSettings
from monitor.sources.ctgov.query import digest_of, search_digest


class Stage(StrEnum):
    """The parts of a pass, in their order.

    The search comes first: until the watched IDs are read, the records seen are the search's own
    and can be counted against what the registry says there are.
    """

    SEARCH = "search"
    COUNT = "count"
    WATCHED = "watched"
    UNREAD = "unread"
    FOLLOWERS = "followers"
    LEAVING = "leaving"
    SUSPECTS = "suspects"

    def is_behind(self, other: "Stage") -> bool:
        """Return whether it comes after another one."""
        order = list(Stage)
        return order.index(self) > order.index(other)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The last finished pass.

    ``timestamp`` of the data that it read; ``following``: the hash of what was followed, and its
    parts: ``search``, a hash, None where an older program kept none, and the watched ``nct_ids``.
    ``cursor``: the latest date of an update that was ever seen (YYYY-MM-DD); ``reread``: the
    timestamp of the last pass that read all followed records.
    """

    # As the registry writes it, "2026-08-14T09:00:05", and never parsed into a time: it has no
    # zone.
    timestamp: str
    following: str
    cursor: str | None
    reread: str
    search: str | None = None
    nct_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PassProgress:
    """A pass under way: all that has to outlive a crash.

    ``page`` counts the stored pages. Of the search: ``token`` of the next page, good for
    parameters whose hash is ``params``; ``total`` and ``unnamed`` of this walk through it. Of the
    batches: ``after``, the last ID that was in one, and ``absent``, those that it did not bring
    and that are to be fetched one by one; ``aside``: those of them that failed on their own.
    ``newest`` is the latest update seen in this pass.
    """

    number: int
    timestamp: str
    following: str
    reread: bool
    # From here on all has defaults: a state of an older program, without the field, is read so, and
    # no migration is needed.
    leg: Stage = Stage.SEARCH
    page: int = 0
    token: str | None = None
    params: str = ""
    total: int | None = None
    unnamed: int = 0
    after: str = ""
    absent: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    newest: str | None = None

    @property
    def data_date(self) -> date:
        """The date of the data load."""
        return _date_of(self.timestamp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Everything that a source stores. ``number``: of the last pass that was begun."""

    number: int = 0
    finished: Finished | None = None
    current: PassProgress | None = None

    def as_state(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        state: dict[str, Any] = msgspec.to_builtins(self)
        return state


_CHECKPOINT = DataType[Checkpoint](Checkpoint)


def read_checkpoint(state: Mapping[str, Any] | None, *, source: str) -> Checkpoint:
    """Return what the state says; StoreError when it is not one of this source's."""
    try:
        return Checkpoint() if state is None else _CHECKPOINT.convert(state)
    except msgspec.ValidationError as exc:
        # Beginning anew instead would make every record's next sighting its first, so that its
        # changes would send no alerts.
        raise StoreError(f"the state that is kept of source {source!r} is unknown: {exc}") from exc


def begin(
    checkpoint: Checkpoint, following: CtgovSourceSettings, timestamp: str
) -> PassProgress | None:
    """Return the pass to continue, or a new one; None when there is nothing new to read."""
    current, finished = checkpoint.current, checkpoint.finished
    wanted = (timestamp, digest_of(following))
    # A pass that was cut short goes on only over the same data and the same configuration: its
    # token, its counts and its IDs mean nothing over others.
    if current is not None and (current.timestamp, current.following) == wanted:
        return current
    if current is None and finished and (finished.timestamp, finished.following) == wanted:
        return None
    return PassProgress(
        number=checkpoint.number + 1,
        timestamp=timestamp,
        following=digest_of(following),
        reread=_is_reread_due(finished, following, timestamp),
    )


def finish(
    progress: PassProgress, following: CtgovSourceSettings, before: Finished | None
) -> Finished:
    """Return what is kept of a pass that has read everything."""
    # The cursor never goes back: a day on which nothing was updated brings no date at all.
    cursors = [one for one in (progress.newest, before and before.cursor) if one]
    latest = max(cursors, default=None)
    return Finished(
        timestamp=progress.timestamp,
        following=progress.following,
        search=search_digest(following),
        nct_ids=following.nct_ids,
        # Never beyond the data's own date, or one mistyped update of next year would make every
        # later question empty.
        cursor=min(latest, progress.data_date.isoformat()) if latest else None,
        reread=progress.timestamp if progress.reread or before is None else before.reread,
    )


def since(finished: Finished | None) -> str | None:
    """Return the date from which updates are requested: a day before the cursor."""
    if finished is None or finished.cursor is None:
        return None
    # Dates are whole days, and which of a day's updates a load holds already is not stated. The day
    # that is read twice costs a page of known bytes, which are not parsed.
    return (date.fromisoformat(finished.cursor) - timedelta(days=1)).isoformat()


def _is_reread_due(
    finished: Finished | None, following: CtgovSourceSettings, timestamp: str
) -> bool:
    """Return whether a pass reads all followed records.

    Counted in dates of the data, not on our clock: a silent edit can only come with a load, and
    a pass that begins a minute earlier than a week ago must not wait for another day.
    """
    if finished is None or finished.following != digest_of(following):
        return True
    today = _date_of(timestamp)
    if today < _date_of(finished.timestamp):
        return True  # an older load is served again: dates of updates have moved back
    return today - _date_of(finished.reread) >= following.reread_every


def _date_of(timestamp: str) -> date:
    return date.fromisoformat(timestamp[:10])
