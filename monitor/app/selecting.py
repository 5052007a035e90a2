"""Events and trials by filters, as commands, pages and programs ask for them."""

import time
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.match.documents import matches, search_of
from monitor.match.filter_fields import term_under
from monitor.match.filters import KNOWN_VALUES, compile_filter
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.record import TrialRecord
from monitor.model.selections import (
    EventPage,
    EventQuery,
    StatusChoice,
    TrialPage,
    TrialQuery,
)
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.store.membership import Members
    from monitor.store.reader import Reader

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
    """Return a page of trials; as ``select_events``, but of a status that is the trial's now."""
    deadline = time.monotonic() + deadline_s
    resolved = _with_status(reader, query, synonyms)
    members = _members(reader, resolved.filter, synonyms)
    return reader.select_trials(resolved, members, deadline=deadline)


def _with_status(reader: "Reader", query: TrialQuery, synonyms: Synonyms) -> TrialQuery:
    """Return the query with what its filter says of the status as a choice of its own."""
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
    # are in one text.
    compiled = compile_filter(trial_filter, synonyms)

    def decide(record: TrialRecord, sources: Collection[str]) -> bool:
        return matches(compiled, record, sources)

    return reader.members(search_of(compiled), decide)
