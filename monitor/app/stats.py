"""Counts of events, by month, kind, sponsor or country."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from monitor.app.exports import chosen_trials
from monitor.app.queries import PAGE, all_events, batches
from monitor.app.wiring import App
from monitor.model.queries import EventQuery, EventRow
from monitor.model.stats import Count, count_events

if TYPE_CHECKING:
    from monitor.store.reader import Reader

By = Literal["month", "kind", "sponsor", "country"]
Groups = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """Counts of what a query selects; ``trials``: how many trials it is about."""

    trials: int
    counts: list[Count]


def event_stats(app: App, reader: "Reader", query: EventQuery, by: By | None) -> Stats:
    """Return the counts of all events that a query selects, whatever its limit.

    A month is that of the version's date; the sponsor and the countries are the trial's of now.
    """
    groups = _groups(reader, by)

    def group_events() -> Iterator[tuple[EventRow, Groups]]:
        for together in batches(all_events(app, reader, query), PAGE):
            yield from zip(together, groups(together), strict=True)

    counts = count_events(group_events(), by_kind=by == "kind")
    about = chosen_trials(app, reader, query.filter, query.nct_ids or ())
    return Stats(trials=sum(1 for _ in about), counts=counts)


def _groups(reader: "Reader", by: By | None) -> Callable[[Sequence[EventRow]], Iterator[Groups]]:
    """Return a function that gives, for a batch of events, the groups of each."""

    def by_country(events: Sequence[EventRow]) -> Iterator[Groups]:
        # One query for the trials of many events, not one for each event.
        facts = reader.newest_facts(sorted({one.stored.nct_id for one in events}))
        for one in events:
            found = facts.get(one.stored.nct_id)
            yield tuple(found.sites_by_country) or (None,) if found else (None,)

    def by_itself(events: Sequence[EventRow]) -> Iterator[Groups]:
        for one in events:
            if by == "month":
                yield (f"{one.version_date:%Y-%m}",)
            else:
                yield (one.lead_sponsor if by == "sponsor" else None,)

    return by_country if by == "country" else by_itself
