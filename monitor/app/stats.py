"""Counts of events, by month, kind, sponsor or country."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from monitor.app.exports import chosen_trials
from monitor.app.queries import all_events
from monitor.app.wiring import App
from monitor.model.selections import EventQuery, SelectedEvent
from monitor.model.stats import Count, count_events

if TYPE_CHECKING:
    from monitor.store.reader import Reader

By = Literal["month", "kind", "sponsor", "country"]
Groups = tuple[str | None, ...]

_REMEMBERED = 100_000


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

    def grouped() -> Iterator[tuple[SelectedEvent, Groups]]:
        for one in all_events(app, reader, query):
            yield one, groups(one)

    counts = count_events(grouped(), by_kind=by == "kind")
    about = chosen_trials(app, reader, query.filter, query.nct_ids or ())
    return Stats(trials=sum(1 for _ in about), counts=counts)


def _groups(reader: "Reader", by: By | None) -> Callable[[SelectedEvent], Groups]:
    if by == "month":
        return lambda one: (f"{one.version_date:%Y-%m}",)
    if by == "sponsor":
        return lambda one: (one.lead_sponsor,)
    if by == "country":

        @lru_cache(maxsize=_REMEMBERED)
        def countries(nct_id: str) -> Groups:
            found = reader.facts(nct_id)
            return tuple(found[-1][1].sites_by_country) or (None,) if found else (None,)

        return lambda one: countries(one.stored.nct_id)
    return lambda _: (None,)
