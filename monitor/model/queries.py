"""Queries across trials, and their results a page at a time.

``app.queries`` takes them from commands, pages and programs; ``store.queries`` answers them. What
of one trial's own history is shown is ``history_filter``.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

from monitor.model.changes import ChangeKind, Severity
from monitor.model.history import StoredEvent, TrialRow
from monitor.model.nct import is_nct_id
from monitor.model.subscriptions import Filter

# As many digits as the numbers of databases surely hold.
_NUMBER = re.compile(r"[0-9]{1,18}")

TrialSort = Literal["nct_id", "last_changed", "last_version_date"]


class EventKey(NamedTuple):
    """The position of an event among all: by when it was learned (aware), newest first."""

    learned_at: datetime
    version_id: int
    position: int

    def __str__(self) -> str:
        """Return a text that ``parse`` reads."""
        at = self.learned_at.astimezone(UTC).isoformat()
        return f"{at}/{self.version_id}/{self.position}"

    @classmethod
    def parse(cls, text: str) -> "EventKey":
        """Read the text of a key; ValueError when it is none."""
        at, *numbers = text.split("/")
        learned_at = datetime.fromisoformat(at)
        if learned_at.tzinfo is None or not all(map(_NUMBER.fullmatch, numbers)):
            raise ValueError("a time without a zone, or what is no number")
        version_id, position = map(int, numbers)
        try:
            return cls(learned_at.astimezone(UTC), version_id, position)
        except OverflowError as exc:  # a time of the first or the last day of all
            raise ValueError(str(exc)) from exc


class TrialKey(NamedTuple):
    """The position of a trial in a list: by the value that it is sorted by, then by its NCT ID."""

    value: date | None
    nct_id: str

    def __str__(self) -> str:
        """Return a text that ``parse`` reads."""
        return f"{self.value.isoformat() if self.value else ''}/{self.nct_id}"

    @classmethod
    def parse(cls, text: str) -> "TrialKey":
        """Read the text of a key; ValueError when it is none."""
        value, nct_id = text.split("/")
        if not is_nct_id(nct_id):
            raise ValueError(f"{text[:80]!r} is no place in a list of trials")
        return cls(date.fromisoformat(value) if value else None, nct_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events: those that meet all of this, newest first.

    ``filter``: on the trial as it is now. ``kinds`` None: all; an event is of its own kind and
    of those in its fact ``also``. ``since``/``until``: learned then or later, and before (aware).
    ``nct_ids``: only of these trials. ``include_backfilled``: history, too. ``after``: behind it.
    """

    filter: Filter | None = None
    kinds: Collection[ChangeKind] | None = None
    min_severity: Severity = Severity.LOW
    since: datetime | None = None
    until: datetime | None = None
    nct_ids: tuple[str, ...] | None = None
    include_backfilled: bool = False
    after: EventKey | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """An event with its version (``identity``: see ``model.addresses``) and its trial."""

    stored: StoredEvent
    learned_at: datetime
    identity: bytes
    version_date: date
    title: str | None
    lead_sponsor: str | None
    overall_status: str | None

    @property
    def key(self) -> EventKey:
        """Return its position among all events."""
        return EventKey(self.learned_at, self.stored.version_id, self.stored.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventResults:
    """Events, and behind which key there may be more (None: there are none).

    ``is_complete`` False: the time was over; ``next`` is how far the search came.
    """

    events: tuple[EventRow, ...]
    next: EventKey | None
    is_complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChoice:
    """Trials by the status that they have now: any of ``wanted`` (None: any), none of ``excluded``.

    Unlike the record's own it is ``GONE`` or ``MERGED`` where the registry shows none any more.
    """

    wanted: frozenset[str] | None
    excluded: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialQuery:
    """Which trials, in which order: dates newest first, trials without one behind all others."""

    filter: Filter | None = None
    status: StatusChoice | None = None
    sort: TrialSort = "nct_id"
    after: TrialKey | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResults:
    """Trials, and behind which key there may be more; as ``EventResults``."""

    trials: tuple[TrialRow, ...]
    next: TrialKey | None
    is_complete: bool
