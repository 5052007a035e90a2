"""Filter one trial's history: numbered versions, with those events that a reader wants to see.

`monitor history`, the demo and the tools for language models use it; queries across trials are in
``queries``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.model.bitemporal import valid_from
from monitor.model.changes import GROUPS, ChangeEvent, ChangeKind, Severity
from monitor.model.history import StoredEvent, StoredVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which versions and events of a history are shown.

    ``since``/``until``: dates from which versions hold, both inclusive. ``kinds`` empty: all.
    ``noise``: events of severity noise too. A kind that is always noise is also included where it
    is named.
    """

    since: date | None = None
    until: date | None = None
    kinds: frozenset[ChangeKind] = frozenset()
    min_severity: Severity = Severity.NOISE
    noise: bool = False

    @property
    def filters_events(self) -> bool:
        """True when it includes some events above noise and leaves out others."""
        return bool(self.kinds) or self.min_severity.rank > Severity.LOW.rank

    def includes_day(self, day: date) -> bool:
        """Return whether a version that is valid from this day is in the range."""
        return (self.since is None or day >= self.since) and (
            self.until is None or day <= self.until
        )

    def hides(self, event: ChangeEvent) -> bool:
        """Return whether the event is left out because it is noise, and its kind is not named."""
        # Who names `site_renamed` wants noise of that kind; other kinds are noise only at times.
        named = event.kind in self.kinds and event.kind in GROUPS["noise"]
        return event.severity is Severity.NOISE and not (self.noise or named)

    def includes_event(self, event: ChangeEvent) -> bool:
        """Return whether the event is included."""
        if self.hides(event):
            return False
        # All kinds it stands for: `completion_moved` finds the event of both dates.
        if self.kinds and self.kinds.isdisjoint(event.kinds):
            return False
        return event.severity.rank >= self.min_severity.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A version with its position: ``number`` counts from 1, ``previous`` is the version before.

    ``events``: those that are included; ``hidden_noise``: how many events were left out for no
    other reason than that they are noise.
    """

    number: int
    version: StoredVersion
    previous: StoredVersion | None
    events: tuple[ChangeEvent, ...] = ()
    hidden_noise: int = 0


def filter_history(
    versions: Sequence[StoredVersion],
    events: Mapping[int, Collection[StoredEvent]],
    wanted: HistoryFilter,
) -> list[HistoryEntry]:
    """Return the versions in the wanted range, oldest first, with their wanted events.

    ``versions`` is the whole ordered history; ``events`` go by version id.
    """
    found: list[HistoryEntry] = []
    previous: StoredVersion | None = None
    days = valid_from(versions)
    for number, (version, day) in enumerate(zip(versions, days, strict=True), start=1):
        if wanted.includes_day(day):
            all_events = [stored.event for stored in events.get(version.id, ())]
            found.append(
                HistoryEntry(
                    number=number,
                    version=version,
                    previous=previous,
                    events=tuple(filter(wanted.includes_event, all_events)),
                    hidden_noise=_hidden_noise(all_events, wanted),
                )
            )
        previous = version
    return found


def _hidden_noise(events: Sequence[ChangeEvent], wanted: HistoryFilter) -> int:
    return sum(
        wanted.hides(event)
        and wanted.min_severity is Severity.NOISE
        and (not wanted.kinds or not wanted.kinds.isdisjoint(event.kinds))
        for event in events
    )
