"""The operations of the API: each with its path, parameters, result, and what returns it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, TypeVar

from monitor.api import Comparison, NotFoundError, Record, Store, Trial, VersionChanges
from monitor.api.conversion import event_of, trial_of
from monitor.app import App
from monitor.app.event_choice import EventChoice
from monitor.app.queries import select_events, select_trials
from monitor.data_types import DataType
from monitor.errors import UsageError
from monitor.model.nct import normalize_nct_id
from monitor.model.queries import EventKey, TrialKey, TrialQuery
from monitor.model.subscriptions import SubscriptionStatus
from monitor.model.tokens import AccessToken
from monitor.render.subscribers import subscription_to_json
from monitor.web.access import unauthorized
from monitor.web.api.types import (
    EventPage,
    FactsList,
    Subscription,
    SubscriptionList,
    TrialPage,
    VersionList,
)
from monitor.web.parameters import (
    EVENT_PARAMETERS,
    FILTER_PARAMETERS,
    ParameterError,
    Parameters,
    require_findable,
)
from monitor.web.problems import ProblemError
from monitor.web.words import event_key, trial_key, trial_sort, version_time, version_word

PAGE = 50
LONGEST_PAGE = 200

Value = TypeVar("Value")

_PAGED = ("limit", "cursor")
# The path names the trial.
_OF_TRIAL = tuple(name for name in EVENT_PARAMETERS if name != "nct_id")
_SUBSCRIPTION: DataType[Subscription] = DataType(Subscription)
_WHOSE = (
    "subscriptions are read with a token of their subscriber"
    " (`monitor token add NAME --subscriber NAME`) or of an operator"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request: the parts of its path, its parameters, and the token that it came with."""

    app: App
    path: Mapping[str, str]
    parameters: Parameters
    token: AccessToken | None

    @property
    def nct_id(self) -> str:
        """The NCT ID of the path; ParameterError when it is none."""
        return self.part("nct_id", normalize_nct_id)

    def part(self, name: str, read: Callable[[str], Value]) -> Value:
        """Return a part of the path as ``read`` takes it; ParameterError when it does not."""
        try:
            return read(self.path[name])
        except (UsageError, ValueError) as exc:
            raise ParameterError(name, str(exc)) from exc

    def required(self, name: str, read: Callable[[str], Value]) -> Value:
        """Return the value of a parameter; ParameterError when it is not given."""
        value = self.parameters.value(name, read)
        if value is None:
            raise ParameterError(name, "it is required")
        return value

    @property
    def limit(self) -> int:
        """How long a page may be."""
        return self.parameters.number("limit", default=PAGE, most=LONGEST_PAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A GET of the API; ``path``: below its version.

    ``answer`` returns a ``result``; it may raise a MonitorError or a ProblemError.
    ``is_private``: the result depends on who asks.
    """

    path: str
    summary: str
    result: type
    answer: Callable[[ApiRequest], Any]
    parameters: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    is_private: bool = False

    @property
    def name(self) -> str:
        """The ``operationId``, by which generated clients call it."""
        # Clients call it by this name: renaming the function breaks them
        # (docs/decisions/2026-11-30-frozen-doors.md).
        return self.answer.__name__


def trials(request: ApiRequest) -> TrialPage:
    """Return a page of trials."""
    query = TrialQuery(
        filter=request.parameters.filter(),
        sort=request.parameters.value("sort", trial_sort) or "nct_id",
        after=request.parameters.value("cursor", trial_key),
        limit=request.limit,
    )
    # One reader for both: the filter is checked and applied in one state of the store.
    with request.app.reader() as reader:
        require_findable(request.app, reader, query.filter)
        page = select_trials(reader, query, synonyms=request.app.synonyms())
    return TrialPage(
        trials=tuple(map(trial_of, page.trials)),
        next=_cursor(page.next),
        complete=page.is_complete,
    )


def events(request: ApiRequest) -> EventPage:
    """Return a page of events."""
    return _events(request, request.parameters.events())


def trial_events(request: ApiRequest) -> EventPage:
    """Return a page of a trial's events."""
    choice = request.parameters.events()
    # Through the trial: the ID in the path may be one that it had before.
    return _events(request, replace(choice, nct_ids=(trial(request).nct_id,)))


def _events(request: ApiRequest, choice: EventChoice) -> EventPage:
    after, limit = request.parameters.value("cursor", event_key), request.limit
    with request.app.reader() as reader:
        require_findable(request.app, reader, choice.filter)
        query = replace(choice.query(request.app, reader), after=after, limit=limit)
        page = select_events(reader, query, synonyms=request.app.synonyms())
    return EventPage(
        events=tuple(map(event_of, page.events)),
        next=_cursor(page.next),
        complete=page.is_complete,
    )


def trial(request: ApiRequest) -> Trial:
    """Return a trial."""
    with Store(request.app) as store:
        return _trial(store, request.nct_id)


def versions(request: ApiRequest) -> VersionList:
    """Return the versions of a trial."""
    with Store(request.app) as store:
        found = _trial(store, request.nct_id)
        return VersionList(versions=tuple(store.versions(found.nct_id)))


def version(request: ApiRequest) -> VersionChanges:
    """Return a version with what it changed."""
    wanted = request.part("version", version_word)
    with Store(request.app) as store:
        return store.version(_trial(store, request.nct_id).nct_id, wanted)


def record(request: ApiRequest) -> Record:
    """Return the record of a trial in a version."""
    by_name, at = (
        request.parameters.value("version", version_word),
        request.parameters.value("at", version_time),
    )
    if by_name is not None and at is not None:
        raise ParameterError("at", "it goes without version")
    with Store(request.app) as store:
        return store.record(_trial(store, request.nct_id).nct_id, by_name or at)


def compare(request: ApiRequest) -> Comparison:
    """Return what differs between two versions of a trial."""
    old, new = request.required("from", version_word), request.required("to", version_word)
    with Store(request.app) as store:
        return store.compare(_trial(store, request.nct_id).nct_id, old, new)


def facts(request: ApiRequest) -> FactsList:
    """Return what each version of a trial states."""
    with Store(request.app) as store:
        found = _trial(store, request.nct_id)
        return FactsList(facts=tuple(store.facts(found.nct_id)))


def subscriptions(request: ApiRequest) -> SubscriptionList:
    """Return the subscriptions of the token's owner; all to an operator."""
    token = request.token
    if token is None:
        raise unauthorized(_WHOSE)
    # A token without an owner may read the public records only.
    if not (token.operator or token.subscriber):
        raise ProblemError(HTTPStatus.FORBIDDEN, _WHOSE)
    whose = None if token.operator else token.subscriber
    with request.app.reader() as reader:
        found = reader.subscribers.subscriptions(subscriber=whose, effective=True, damaged=[])
    live = [one for one in found if one.status is not SubscriptionStatus.RETIRED]
    shapes = map(_SUBSCRIPTION.convert, map(subscription_to_json, live))
    return SubscriptionList(subscriptions=tuple(shapes))


OPERATIONS = (
    Operation(
        path="/trials", summary="Trials by a filter, as they stand now", result=TrialPage,
        answer=trials, parameters=(*FILTER_PARAMETERS, "sort", *_PAGED),
    ),
    Operation(
        path="/trials/{nct_id}", summary="A trial as it stands now", result=Trial, answer=trial,
    ),
    Operation(
        path="/trials/{nct_id}/versions", summary="All versions of a trial", result=VersionList,
        answer=versions,
    ),
    Operation(
        path="/trials/{nct_id}/versions/{version}", summary="A version, and what it changed",
        result=VersionChanges, answer=version,
    ),
    Operation(
        path="/trials/{nct_id}/record", summary="The record: the last, or one of the past",
        result=Record, answer=record, parameters=("version", "at"),
    ),
    Operation(
        path="/trials/{nct_id}/compare", summary="What differs between two versions",
        result=Comparison, answer=compare, parameters=("from", "to"), required=("from", "to"),
    ),
    Operation(
        path="/trials/{nct_id}/events", summary="The events of a trial", result=EventPage,
        answer=trial_events, parameters=(*_OF_TRIAL, *_PAGED),
    ),
    Operation(
        path="/trials/{nct_id}/facts", summary="What each version states", result=FactsList,
        answer=facts,
    ),
    Operation(
        path="/events", summary="Events of the trials that a filter selects", result=EventPage,
        answer=events, parameters=(*FILTER_PARAMETERS, *EVENT_PARAMETERS, *_PAGED),
    ),
    Operation(
        path="/subscriptions", summary="The subscriptions that the token may read",
        result=SubscriptionList, answer=subscriptions, is_private=True,
    ),
)  # fmt: skip


def _trial(store: Store, nct_id: str) -> Trial:
    """Return a trial, also by an ID that it had; the error names no store to the outside."""
    try:
        return store.trial(nct_id)
    except NotFoundError:
        raise NotFoundError(f"there is no trial {nct_id} here") from None


def _cursor(key: EventKey | TrialKey | None) -> str | None:
    return None if key is None else str(key)
