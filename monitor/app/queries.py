"""Queries across trials: a page of events or trials by a filter, or all pages one after another.

Commands, pages, feeds, exports and programs ask here; ``store.queries`` finds the rows, and
``match`` decides about records that the index leaves open.
"""

import math
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from monitor.app.wiring import App
from monitor.match.documents import matches, search_of
from monitor.match.filter_fields import term_under
from monitor.match.filters import KNOWN_VALUES, compile_filter
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.queries import (
    EventQuery,
    EventResults,
    EventRow,
    StatusChoice,
    TrialQuery,
    TrialResults,
)
from monitor.model.record import TrialRecord
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.model.history import TrialRow
    from monitor.store.membership import Members
    from monitor.store.reader import Reader

PAGE = 1_000
# A page that is not full by then says how far it came, and its cursor goes on from there.
DEADLINE_S = 1.0

STATUSES = (*KNOWN_VALUES["status"], "GONE", "MERGED")
"""What a trial's status may be: the registry's, or that it shows no record any more."""


def select_events(
    reader: "Reader",
    query: EventQuery,
    *,
    synonyms: Synonyms = NO_SYNONYMS,
    deadline_s: float = DEADLINE_S,
) -> EventResults:
    """Return a page of events, newest first; what the deadline cuts off says how far it came.

    The filter is one that ``match.filters.require_usable`` passes; one without a usable word
    matches nothing.
    """
    deadline = time.monotonic() + deadline_s
    members = _members(reader, query.filter, synonyms)
    return reader.select_events(query, members, deadline=deadline)


def select_trials(
    reader: "Reader",
    query: TrialQuery,
    *,
    synonyms: Synonyms = NO_SYNONYMS,
    deadline_s: float = DEADLINE_S,
) -> TrialResults:
    """Return a page of trials; as ``select_events``, but of a status that is the trial's now."""
    deadline = time.monotonic() + deadline_s
    resolved = _with_status(reader, query, synonyms)
    members = _members(reader, resolved.filter, synonyms)
    return reader.select_trials(resolved, members, deadline=deadline)


def _with_status(reader: "Reader", query: TrialQuery, synonyms: Synonyms) -> TrialQuery:
    """Return the query with its filter's status as a choice of its own."""
    # A list asks about the status that a trial has now, GONE and MERGED among them, which no
    # record states.
    resolved = query.filter
    if resolved is None or "status" not in {*resolved.wanted, *resolved.excluded}:
        return query
    wanted, excluded = dict(resolved.wanted), dict(resolved.excluded)
    values = wanted.pop("status", None)
    choice = StatusChoice(
        wanted=None if values is None else _statuses(reader, values, synonyms),
        excluded=_statuses(reader, excluded.pop("status", ()), synonyms),
    )
    rest = Filter(wanted=wanted, excluded=excluded) if wanted or excluded else None
    return replace(query, filter=rest, status=choice)


def _statuses(reader: "Reader", values: Collection[str], synonyms: Synonyms) -> frozenset[str]:
    """Return the statuses that values of a filter mean; the store's own where others are meant."""
    terms = {term_under("status", one) for value in values for one in synonyms.of(value)} - {()}
    named = {term_under("status", one): one for one in STATUSES}
    if not terms <= named.keys():
        named |= {term_under("status", one): one for one in reader.statuses()}
    return frozenset(status for term, status in named.items() if term in terms)


def _members(reader: "Reader", trial_filter: Filter | None, synonyms: Synonyms) -> "Members | None":
    if trial_filter is None:
        return None
    # The index finds what can match; `decide` is for what it cannot tell, as words that must
    # be in one text.
    compiled = compile_filter(trial_filter, synonyms)

    def decide(record: TrialRecord, sources: Collection[str]) -> bool:
        return matches(compiled, record, sources)

    return reader.members(search_of(compiled), decide)


class _KeyedPage(Protocol):
    @property
    def next(self) -> Any:
        """Behind which key there may be more; None: there are none."""


Query = TypeVar("Query", EventQuery, TrialQuery)
Page = TypeVar("Page", bound=_KeyedPage)
Value = TypeVar("Value")


def batches(values: Iterable[Value], size: int) -> Iterator[list[Value]]:
    """Yield values in their order, so many at a time."""
    rest = iter(values)
    while found := list(islice(rest, size)):
        yield found


def pages(query: Query, select: Callable[[Query], Page], *, size: int) -> Iterator[Page]:
    """Yield the pages of a query from its ``after`` on, each of ``size`` results at most."""
    next_query = replace(query, limit=size)
    while True:
        page = select(next_query)
        yield page
        if page.next is None:
            return
        next_query = replace(next_query, after=page.next)


def all_events(app: App, reader: "Reader", query: EventQuery) -> Iterator[EventRow]:
    """Yield all events that a query selects, newest first, whatever its limit and their number."""
    # Exports and programs wait for all of it; pages, and `monitor events`, have a deadline.
    select = partial(select_events, reader, synonyms=app.synonyms(), deadline_s=math.inf)
    for page in pages(query, select, size=PAGE):
        yield from page.events


def all_trials(app: App, reader: "Reader", query: TrialQuery) -> Iterator["TrialRow"]:
    """Yield all trials that a query selects, in its order, whatever its limit and their number."""
    select = partial(select_trials, reader, synonyms=app.synonyms(), deadline_s=math.inf)
    for page in pages(query, select, size=PAGE):
        yield from page.trials


def trials_changed_since(
    app: App, reader: "Reader", query: TrialQuery, since: date | None, limit: int | None
) -> list["TrialRow"]:
    """Return trials that a query selects, ``limit`` of them at most (None: all).

    ``since``: only those with an event above noise in a version that holds from then or later.
    """
    found = (
        row
        for row in all_trials(app, reader, query)
        if since is None or (row.last_changed is not None and row.last_changed >= since)
    )
    return list(islice(found, limit))
