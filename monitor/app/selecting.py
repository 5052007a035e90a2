"""Events and trials by filters, as commands, pages and programs ask for them."""

import time
from collections.abc import Collection
from typing import TYPE_CHECKING

from monitor.match.documents import matches, search_of
from monitor.match.filters import compile_filter
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.record import TrialRecord
from monitor.model.selections import EventPage, EventQuery, TrialPage, TrialQuery
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.store.membership import Members
    from monitor.store.reader import Reader

DEADLINE_S = 1.0


def select_events(
    reader: "Reader",
    query: EventQuery,
    *,
    synonyms: Synonyms = NO_SYNONYMS,
    deadline_s: float = DEADLINE_S,
) -> EventPage:
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
) -> TrialPage:
    """Return a page of trials; as ``select_events``."""
    deadline = time.monotonic() + deadline_s
    members = _members(reader, query.filter, synonyms)
    return reader.select_trials(query, members, deadline=deadline)


def _members(reader: "Reader", wish: Filter | None, synonyms: Synonyms) -> "Members | None":
    if wish is None:
        return None
    compiled = compile_filter(wish, synonyms)

    def decide(record: TrialRecord, sources: Collection[str]) -> bool:
        return matches(compiled, record, sources)

    return reader.members(search_of(compiled), decide)
