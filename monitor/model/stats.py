"""Count what happens to trials: starts, stops, restarts, results, delays and the like."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from monitor.model.changes import ChangeEvent
from monitor.model.changes import ChangeKind as K
from monitor.model.queries import EventRow

STOPS = frozenset({K.TRIAL_TERMINATED, K.TRIAL_WITHDRAWN, K.TRIAL_SUSPENDED})
_DATES = frozenset({K.PRIMARY_COMPLETION_MOVED})

MEASURES: Mapping[str, frozenset[K]] = MappingProxyType({
    "registered": frozenset({K.TRIAL_REGISTERED}),
    "starts": frozenset({K.RECRUITMENT_OPENED}),
    "stops": STOPS,
    "restarts": frozenset({K.TRIAL_RESTARTED, K.STATUS_REVERSED}),
    "completions": frozenset({K.TRIAL_COMPLETED}),
    "results": frozenset({K.RESULTS_POSTED}),
    "enrollment": frozenset({K.ENROLLMENT_TARGET_CHANGED}),
    "delays": _DATES,
    "outcomes": frozenset({
        K.PRIMARY_OUTCOME_ADDED, K.PRIMARY_OUTCOME_DROPPED, K.PRIMARY_OUTCOME_DEMOTED,
        K.PRIMARY_OUTCOME_PROMOTED, K.PRIMARY_OUTCOME_EDITED,
    }),
})  # fmt: skip
"""What is counted, by the kinds of events that count; of dates only those that moved on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many events of a group count under a measure, and of how many trials.

    ``group``: as it was grouped by; ``measure``: of MEASURES, ``stops: REASON``, or a kind.
    """

    group: str | None
    measure: str
    events: int
    trials: int


def count_events(
    events: Iterable[tuple[EventRow, tuple[str | None, ...]]], *, by_kind: bool = False
) -> list[Count]:
    """Return the counts of events, each of which comes with the groups that it belongs to.

    Sorted by group, then in the order of MEASURES. ``by_kind``: kinds are counted instead.
    """
    counted: dict[tuple[str | None, str], int] = defaultdict(int)
    trials: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for one, groups in events:
        event = one.stored.event
        for measure in event.kinds if by_kind else _measures(event):
            for group in groups:
                counted[group, str(measure)] += 1
                trials[group, str(measure)].add(one.stored.nct_id)
    # Measures in the order of the table, not of the alphabet: starts come before stops.
    order = {name: place for place, name in enumerate(MEASURES)}
    found = [
        Count(group=group, measure=measure, events=count, trials=len(trials[group, measure]))
        for (group, measure), count in counted.items()
    ]
    return sorted(found, key=lambda one: _place(one, order))


def _measures(event: ChangeEvent) -> Iterator[str]:
    kinds = set(event.kinds)
    for name, counting in MEASURES.items():
        if kinds.isdisjoint(counting) or (name == "delays" and not _is_delay(event)):
            continue
        yield name
        if name == "stops":
            # Each stop counts twice: as one, and under its reason.
            yield f"stops: {event.facts.get('reason_class') or 'no reason'}".replace("_", " ")


def _is_delay(event: ChangeEvent) -> bool:
    primary = event.facts.get("primary_completion")
    # An event of both dates has the days of the one that moved farther, perhaps the other.
    moved = primary if isinstance(primary, Mapping) else event.facts
    days = moved.get("days")
    return isinstance(days, int) and days > 0


def _place(one: Count, order: Mapping[str, int]) -> tuple[str, int, str]:
    name = one.measure.partition(":")[0]
    return one.group or "", order.get(name, len(order)), one.measure
