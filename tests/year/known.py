"""The stored history against the known list: what is missed, invented or doubled."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeAlias

from monitor.model.history import StoredEvent
from monitor.store.reader import Reader
from tests.registry.synthetic import Expected

ReportedChange: TypeAlias = tuple[str, date, str]
"""An NCT ID, the data date on which it was seen, and the kind of a change event."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """How a stored history differs from the known list; every event counts by itself.

    ``doubled``: told more often than it happened. ``backfilled``: told as if it were no news.
    ``empty``: versions that say nothing.
    """

    missed: tuple[ReportedChange, ...] = ()
    invented: tuple[ReportedChange, ...] = ()
    doubled: tuple[ReportedChange, ...] = ()
    backfilled: tuple[ReportedChange, ...] = ()
    empty: tuple[tuple[str, date], ...] = ()

    def __bool__(self) -> bool:
        return any((self.missed, self.invented, self.doubled, self.backfilled, self.empty))

    def lines(self) -> list[str]:
        """Say it for people, a line each, by trial and date."""
        found = [
            (nct_id, day, f"{name} {kind}")
            for name in ("missed", "invented", "doubled", "backfilled")
            for nct_id, day, kind in getattr(self, name)
        ]
        found += [(nct_id, day, "a version without events") for nct_id, day in self.empty]
        return [f"{nct_id} {day}: {what}" for nct_id, day, what in sorted(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a store tells of some trials, with the number of versions that it tells it in."""

    reported: Counter[ReportedChange]
    backfilled: Counter[ReportedChange]
    empty: tuple[tuple[str, date], ...]
    versions: int

    @property
    def events(self) -> int:
        """The number of events."""
        return self.reported.total()

    def as_reported(self, reported: Counter[ReportedChange]) -> "History":
        """Return it with the events under other dates."""
        return replace(self, reported=reported)


def stored_history(reader: Reader, nct_ids: Iterable[str]) -> History:
    """Read the whole history of the trials."""
    reported: Counter[ReportedChange] = Counter()
    backfilled: Counter[ReportedChange] = Counter()
    empty: list[tuple[str, date]] = []
    versions = 0
    for nct_id in nct_ids:
        events = reader.events(nct_id)
        for version in reader.versions(nct_id):
            versions += 1
            day = version.data_date or date.min
            own = events.get(version.id, [])
            found = [(nct_id, day, _kind(one)) for one in own]
            reported.update(found)
            late = [at for at, one in zip(found, own, strict=True) if one.backfilled]
            backfilled.update(late)
            if not own:
                empty.append((nct_id, day))
    return History(reported=reported, backfilled=backfilled, empty=tuple(empty), versions=versions)


def _kind(stored: StoredEvent) -> str:
    return merging(str(stored.event.kind), stored.event.facts.get("merged_into"))


def merging(kind: str, target: object) -> str:
    """Return the kind of an event, of a merger with the record that it names."""
    return f"{kind} into {target}" if kind == "record_merged" and target else kind


def known_history(expected: Iterable[Expected]) -> Counter[ReportedChange]:
    """Return the known list in the terms of a history."""
    return Counter(
        (one.nct_id, one.day, merging(kind, one.target)) for one in expected for kind in one.kinds
    )


def compare(
    known: Counter[ReportedChange], stored: History, past: Counter[ReportedChange] | None = None
) -> Differences:
    """Return how they differ; nothing differs when each is told exactly as often as known.

    ``past``: what of it was no news any more when it became known.
    """
    extra = stored.reported - known
    return Differences(
        missed=tuple(sorted((known - stored.reported).elements())),
        invented=tuple(sorted(one for one in extra.elements() if one not in known)),
        doubled=tuple(sorted(one for one in extra.elements() if one in known)),
        backfilled=tuple(sorted((stored.backfilled - (past or Counter())).elements())),
        empty=stored.empty,
    )


def by_read_days(
    reported: Mapping[ReportedChange, int], days: Sequence[date], read: Collection[date]
) -> Counter[ReportedChange]:
    """Return the same with each date replaced by the first day from it on that was read whole.

    On a day that ended while it was being read, part of its changes were seen and the rest on
    the next one.
    """
    first: dict[date, date] = {}
    following = days[-1]
    for day in reversed(days):
        following = day if day in read else following
        first[day] = following
    found: Counter[ReportedChange] = Counter()
    for (nct_id, day, kind), times in reported.items():
        found[nct_id, first.get(day, day), kind] += times
    return found
