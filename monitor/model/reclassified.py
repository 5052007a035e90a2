"""The estimate and the report of deriving stored events anew.

``ingest.reclassify`` makes them, `monitor reclassify` shows them.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from monitor.model.changes import ChangeEvent, Events

MOST_EXAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate of a run: its size, how long it may take, and what it may add to the disk.

    The latter two are extrapolated from the first batch.
    """

    trials: int
    versions: int
    seconds: float
    disk_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A version whose events change: those that go, and those that come."""

    nct_id: str
    version: int
    version_date: date
    before: Events
    after: Events


@dataclass(slots=True, kw_only=True)
class ReclassifyReport:
    """What was derived anew so far.

    ``changed``: how many versions have other events now (would have, where nothing is written).
    ``before``/``after``: how many events of each (kind, severity) those versions had and have.
    ``damaged``: NCT IDs of which a snapshot cannot be read, and why; they are left as they are.
    """

    trials: int = 0
    versions: int = 0
    changed: int = 0
    before: Counter[tuple[str, str]] = field(default_factory=Counter)
    after: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)

    def count_changed(
        self, nct_id: str, number: int, day: date, *, before: Events, after: Events
    ) -> None:
        """Count a version in whose events change; ``number``: its number in the history."""
        self.changed += 1
        self.before.update(_classes(before))
        self.after.update(_classes(after))
        if len(self.examples) < MOST_EXAMPLES:
            removed, added = difference(before, after)
            self.examples.append(
                Example(
                    nct_id=nct_id, version=number, version_date=day, before=removed, after=added
                )
            )


def difference(before: Events, after: Events) -> tuple[Events, Events]:
    """Return the events that go and those that come, as people see them, in their order."""
    old, new = set(map(_key, before)), set(map(_key, after))
    return (
        tuple(one for one in before if _key(one) not in new),
        tuple(one for one in after if _key(one) not in old),
    )


def _classes(events: Iterable[ChangeEvent]) -> Iterator[tuple[str, str]]:
    return ((str(event.kind), str(event.severity)) for event in events)


def _key(event: ChangeEvent) -> tuple[str, str, str]:
    """Return what people see of an event."""
    return str(event.kind), str(event.severity), event.summary
