"""Followed sources and the records that they track: state, progress, sightings."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

# Characters: a reason may quote a server, whose words may be of any length.
_SHOWN_REASON = 500
# In front of a stored reason: a hold counts as a failure of another kind, without a column.
_HELD = "held: "


class Presence(StrEnum):
    """How a source shows a record that is followed in it."""

    SHOWN = "shown"
    GONE = "gone"
    MERGED = "merged"
    UNKNOWN = "unknown"
    """Asked for by the user; the source has never had it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """How one response shows one followed record.

    ``merged_into``: the NCT ID of the record that it was merged into; only with MERGED.
    """

    nct_id: str
    presence: Presence = Presence.SHOWN
    merged_into: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedRecord:
    """A record that a source follows.

    ``pass_number``: of the last pass that saw it, or requested it, whether it came or not.
    ``since``: when the source began to follow it (aware UTC).
    """

    source: str
    nct_id: str
    presence: Presence
    merged_into: str | None
    pass_number: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """The status of a source.

    ``failures``: in a row, 0 after a success; ``last_reason``: why the last one failed, None
    after a success. ``failing_since``: the first of them. ``reported``: the operator was notified.
    ``data_timestamp``: the registry's stamp of the data that the last finished pass read.
    ``cursor``: how far it has read, for people. Times are aware UTC.
    """

    name: str
    type: str
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    next_due_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_reason: str | None = None
    reported: bool = False
    data_timestamp: str | None = None
    cursor: str | None = None

    def after_success(self, now: datetime) -> "SourceRow":
        """Return the row after a pass that went well."""
        return replace(
            self,
            last_attempt_at=now,
            last_success_at=now,
            failures=0,
            failing_since=None,
            last_reason=None,
            reported=False,
        )

    def after_failure(self, reason: str, now: datetime, *, alarm_at: int) -> "SourceRow":
        """Return the row after one more failure; ``reported`` once it is worth a message.

        What was held before failed for another reason: it does not count towards that.
        """
        # Example: held on Monday, unreachable on Tuesday: the first failure in a row, not the
        # second.
        failures = 1 if self._is_held else self.failures + 1
        return replace(
            self,
            last_attempt_at=now,
            failures=failures,
            failing_since=self.failing_since or now,
            last_reason=reason[:_SHOWN_REASON],
            reported=self.reported or failures >= alarm_at,
        )

    def after_hold(self, reason: str, now: datetime) -> "SourceRow":
        """Return the row after a pass of which something is held.

        It is never ``reported``: a hold is an incident of its own.
        """
        return replace(
            self,
            last_attempt_at=now,
            failures=self.failures + 1,
            failing_since=self.failing_since if self._is_held else now,
            last_reason=f"{_HELD}{reason}"[:_SHOWN_REASON],
            reported=False,
        )

    @property
    def _is_held(self) -> bool:
        return (self.last_reason or "").startswith(_HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadRecords:
    """How many followed records of a source cannot be read, and the ``first`` three of them."""

    count: int = 0
    first: tuple[str, ...] = ()

    @classmethod
    def of(cls, nct_ids: Collection[str]) -> "UnreadRecords":
        """Return the summary of these records."""
        return cls(count=len(nct_ids), first=tuple(sorted(nct_ids)[:3]))

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> "UnreadRecords":
        """Read a stored summary; None: there were never any."""
        stored = state or {}
        return cls(count=stored.get("count", 0), first=tuple(stored.get("first", ())))

    @staticmethod
    def state_key(source: str) -> str:
        """Return the name that a source's are stored under; no source has it."""
        # No name of a source has a slash.
        return f"{source}/unread"

    def as_state(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {"count": self.count, "first": list(self.first)}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreCounts:
    """How much a store holds; ``size_bytes`` None where the store does not tell."""

    trials: int
    versions: int
    events: int
    quarantined: int
    size_bytes: int | None
