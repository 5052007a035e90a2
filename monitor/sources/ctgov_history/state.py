"""The stored state of one record's backfill, and how it is read and written.

Kept in ``source_states`` under the record's NCT ID, with each page that ``record`` yields.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from monitor.sources.base import State

# Example: ((0, 17), (19, 340)). A record of 900 versions is so a few bytes of state a page instead
# of a list of 900 numbers, written 900 times.
Range = tuple[int, int]

_MOST = 1_000_000  # no record has so many versions; NCT01275677, with over 900, has the most known


class BackfillOutcome(StrEnum):
    """What became of a record's backfill."""

    UNDER_WAY = "under way"
    DONE = "done"
    """Everything that was requested is fetched."""
    LACKING = "lacking"
    """The same, but for versions that the index lists and the registry does not hand out."""
    UNKNOWN = "unknown"
    """The registry knows no record of this ID."""
    MERGED = "merged"
    """The registry answers with another record, of which this ID is an alias."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """The state of one record's backfill.

    ``count``: versions that the registry listed when last asked. ``fetched``, ``lacking``:
    ascending, disjoint ranges of version numbers, both ends included. ``since``: when DONE,
    that only versions dated on or after it were requested. ``merged_into``: an NCT ID.
    ``message``: the registry's own words, with UNKNOWN (stored as "said"). ``failed_at``: when the
    record alone could not be fetched, unless something of it came since.
    """

    count: int = 0
    fetched: tuple[Range, ...] = ()
    lacking: tuple[Range, ...] = ()
    since: date | None = None
    outcome: BackfillOutcome = BackfillOutcome.UNDER_WAY
    merged_into: str | None = None
    message: str | None = None
    failed_at: datetime | None = None

    def as_state(self) -> State:
        """Return it as JSON."""
        state: dict[str, Any] = {
            "count": self.count,
            "fetched": [list(one) for one in self.fetched],
            "done": self.outcome is BackfillOutcome.DONE,
            "outcome": str(self.outcome),
        }
        if self.lacking:
            state["lacking"] = [list(one) for one in self.lacking]
        if self.since is not None:
            state["since"] = self.since.isoformat()
        if self.merged_into is not None:
            state["mergedInto"] = self.merged_into
        if self.message is not None:
            state["said"] = self.message
        if self.failed_at is not None:
            state["failedAt"] = self.failed_at.isoformat()
        return state


def read_backfill(state: State | None) -> Backfill:
    """Read a state; one that cannot be read counts as none, and all is fetched again."""
    if state is None:
        return Backfill()
    try:
        since, failed_at = state.get("since"), state.get("failedAt")
        return Backfill(
            count=int(state["count"]),
            fetched=_read_ranges(state["fetched"]),
            lacking=_read_ranges(state.get("lacking", ())),
            since=None if since is None else date.fromisoformat(since),
            outcome=BackfillOutcome(state["outcome"]),
            merged_into=state.get("mergedInto"),
            message=state.get("said"),
            failed_at=None if failed_at is None else datetime.fromisoformat(failed_at),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return Backfill()


def is_done(state: Mapping[str, Any] | None, since: date | None = None) -> bool:
    """Return whether, by a record's state, its versions since then were all fetched once.

    Versions that came since do not count: a source that follows the record reads them.
    """
    known = read_backfill(state)
    if known.outcome is not BackfillOutcome.DONE:
        return False
    return known.since is None or (since is not None and since >= known.since)


def ranges(numbers: Iterable[int]) -> tuple[Range, ...]:
    """Return the numbers as ascending, disjoint ranges that do not touch."""
    found: list[Range] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return tuple(found)


def numbers(found: Iterable[Range]) -> set[int]:
    """Return the numbers in the ranges."""
    return {number for low, high in found for number in range(low, high + 1)}


def _read_ranges(found: Collection[Sequence[int]]) -> tuple[Range, ...]:
    read = tuple((low, high) for low, high in found)
    for low, high in read:
        # `isinstance` would let True pass for 1, and a huge range would be expanded into a set.
        if not (type(low) is type(high) is int and 0 <= low <= high < _MOST):
            raise ValueError(f"{low!r} to {high!r} is no range of version numbers")
    return read
