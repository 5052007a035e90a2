"""Lists by the filters that are used everywhere: what changed lately, which trials there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.queries import select_events, select_trials
from monitor.errors import UsageError
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.history import TrialRow
from monitor.model.nct import normalize_nct_id
from monitor.model.public_ids import public_version_id
from monitor.model.queries import (
    EventQuery,
    EventResults,
    EventRow,
    TrialQuery,
    TrialResults,
)
from monitor.render.code_words import status_words
from monitor.render.values import unescape, value_text
from monitor.store.reader import Reader
from monitor.web.pages.answering import MovedError
from monitor.web.pages.events import ListedEvents, list_events, most_severe
from monitor.web.pages.forms import EVENT_FORM, TRIAL_FORM, query_pairs
from monitor.web.pages.layout import feeds_of, page
from monitor.web.pages.trial_parts import status_look
from monitor.web.parameters import (
    EVENT_PARAMETERS,
    FILTER_PARAMETERS,
    Parameters,
    require_findable,
)
from monitor.web.words import event_key, trial_key, trial_sort

EVENT_LIST = (*EVENT_PARAMETERS, *FILTER_PARAMETERS, "cursor")
TRIAL_LIST = (*FILTER_PARAMETERS, "sort", "cursor")
_EVENTS = 50
_TRIALS = 30
_SHOWN = 12
_LEAST = Severity.MEDIUM
"""From which severity on changes are shown where nobody says."""


@dataclass(frozen=True, slots=True)
class DatedEvents:
    """The changes of a version of a trial in a list."""

    address: str
    day: date
    events: ListedEvents


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTrial:
    """A trial in a list, with its changes there: the newest first."""

    nct_id: str
    title: str
    sponsor: str
    status: str
    look: str
    versions: tuple[DatedEvents, ...] = ()
    conditions: str = ""
    last_changed: date | None = None
    last_version_date: date | None = None

    @property
    def rank(self) -> int:
        """How severe its most severe change is."""
        return most_severe([one.events for one in self.versions])


@dataclass(frozen=True, slots=True)
class Day:
    """The trials whose newest change was read on a day: the first, and those folded away."""

    day: date
    trials: tuple[ListedTrial, ...]
    more: tuple[ListedTrial, ...]


def lately(app: App, request: Request) -> Response:
    """Return the page of what changed, the newest first; ``cursor``: from where it goes on."""
    parameters = Parameters(request.query_params, EVENT_LIST)
    given = query_pairs(request, "cursor")
    with app.reader() as reader:
        query = event_query(app, reader, parameters)
        # Somebody who selects kinds or a severity gets what they selected; others no minor changes.
        is_open = parameters.value("min_severity", str) is None and query.kinds is None
        if is_open:
            query = replace(query, min_severity=_LEAST)
            given = [*given, ("min_severity", str(_LEAST))]
        found = select_events(reader, replace(query, limit=_EVENTS), synonyms=app.synonyms())
    words = urlencode(given)
    older = _further(given, found)
    return page(
        request, "lately.html", section="", title="What changed lately",
        subscribe=words if app.settings.web.subscribe else None,
        days=_days(found.events), count=len(found.events),
        trials=len({one.stored.nct_id for one in found.events}),
        form=EVENT_FORM.fill(given), query=words, older=older, is_first=query.after is None,
        is_complete=found.is_complete,
        feeds=feeds_of("events", words),
    )  # fmt: skip


def event_query(app: App, reader: Reader, parameters: Parameters) -> EventQuery:
    """Return the question of an address; UsageError where it can find nothing."""
    choice = parameters.events()
    require_findable(app, reader, choice.filter)
    query = choice.query(app, reader)
    return replace(query, after=parameters.value("cursor", event_key))


def trial_query(app: App, reader: Reader, parameters: Parameters) -> TrialQuery:
    """Return the question of an address; as ``event_query``."""
    wanted = parameters.filter()
    require_findable(app, reader, wanted)
    sort = parameters.value("sort", trial_sort) or "last_changed"
    return TrialQuery(filter=wanted, sort=sort, after=parameters.value("cursor", trial_key))


def trials(app: App, request: Request) -> Response:
    """Return the page of trials; an NCT ID among the words leads to its trial."""
    parameters = Parameters(request.query_params, TRIAL_LIST)
    # An NCT ID typed into the search box means its trial.
    for text in parameters.texts("text"):
        if nct_id := _nct_id(text):
            raise MovedError(f"trials/{nct_id}")
    given = query_pairs(request, "cursor")
    with app.reader() as reader:
        query = trial_query(app, reader, parameters)
        found = select_trials(reader, replace(query, limit=_TRIALS), synonyms=app.synonyms())
    older = _further(given, found)
    # A feed is always sorted by time, so the order of the list is no part of its address.
    same_trials = urlencode([one for one in given if one[0] != "sort"])
    return page(
        request, "trials.html", section="trials", title="Trials",
        rows=[_listed_trial(row) for row in found.trials], form=TRIAL_FORM.fill(given),
        query=urlencode(given), older=older, is_first=query.after is None,
        is_complete=found.is_complete,
        subscribe=urlencode(given) if app.settings.web.subscribe else None,
        same_trials=same_trials, feeds=feeds_of("events", same_trials),
    )  # fmt: skip


def _further(given: Sequence[tuple[str, str]], found: EventResults | TrialResults) -> str | None:
    """Return the parameters of the page behind one; None where nothing more can come.

    Where the time was over before anything was looked at, it is the same page again.
    """
    if found.next is not None:
        return urlencode([*given, ("cursor", str(found.next))])
    return None if found.is_complete else urlencode(given)


def _nct_id(text: str) -> str | None:
    try:
        return normalize_nct_id(text)
    except (UsageError, ValueError):
        return None


def _listed_trial(row: TrialRow) -> ListedTrial:
    return ListedTrial(
        nct_id=row.nct_id,
        title=_title(row.title),
        sponsor=unescape(row.lead_sponsor or "no sponsor stated"),
        status=status_words(row.overall_status),
        look=status_look(row.overall_status),
        conditions=", ".join(value_text(one) for one in row.conditions[:6]),
        last_changed=row.last_changed,
        last_version_date=row.last_version_date,
    )


def _title(title: str | None) -> str:
    return unescape(title) if title else "(no title stated)"


def _days(events: Sequence[EventRow]) -> list[Day]:
    """Return the trials by the day on which their newest change was read, most severe first.

    A trial that changes again and again stands once, with the dates of all its changes.
    """
    by_trial: dict[str, list[EventRow]] = {}
    for one in events:
        by_trial.setdefault(one.stored.nct_id, []).append(one)
    by_day: dict[date, list[ListedTrial]] = {}
    for found in by_trial.values():
        day = found[0].learned_at.astimezone(UTC).date()
        by_day.setdefault(day, []).append(_changed_trial(found))
    days = []
    for day, changed in sorted(by_day.items(), reverse=True):
        ranked = sorted(changed, key=lambda one: -one.rank)
        # As everywhere, one trial too many is shown and not folded away.
        shown = _SHOWN if len(ranked) > _SHOWN + 1 else len(ranked)
        days.append(Day(day, tuple(ranked[:shown]), tuple(ranked[shown:])))
    return days


def _changed_trial(found: Sequence[EventRow]) -> ListedTrial:
    newest = found[0]
    return ListedTrial(
        nct_id=newest.stored.nct_id,
        title=_title(newest.title),
        sponsor=unescape(newest.lead_sponsor or "no sponsor stated"),
        status=status_words(newest.overall_status),
        look=status_look(newest.overall_status),
        versions=tuple(_versions(found)),
    )


def _versions(found: Sequence[EventRow]) -> Iterator[DatedEvents]:
    by_version: dict[int, list[ChangeEvent]] = {}
    first: dict[int, EventRow] = {}
    for one in found:
        by_version.setdefault(one.stored.version_id, []).append(one.stored.event)
        first.setdefault(one.stored.version_id, one)
    for version_id, events in by_version.items():
        one = first[version_id]
        yield DatedEvents(public_version_id(one.identity), one.version_date, list_events(events))
