"""Answers across trials, page after page, of any length."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from monitor.app.selecting import select_events, select_trials
from monitor.app.wiring import App
from monitor.model.selections import EventQuery, SelectedEvent, TrialQuery

if TYPE_CHECKING:
    from monitor.model.history import TrialRow
    from monitor.store.reader import Reader

PAGE = 1_000


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


def all_events(app: App, reader: "Reader", query: EventQuery) -> Iterator[SelectedEvent]:
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
