"""Feeds: of a query, of a trial, of a subscription by its secret address."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.app import App
from monitor.app.feeds import ENTRIES, MOST_ENTRIES, events_feed, subscription_feed, trial_feed
from monitor.errors import MonitorError, NotFoundError, UsageError
from monitor.model.feeds import Feed, updated_at
from monitor.model.nct import normalize_nct_id
from monitor.render.feeds import ATOM, JSON, atom, json_feed
from monitor.web.conditional import conditional
from monitor.web.parameters import (
    EVENT_PARAMETERS,
    FILTER_PARAMETERS,
    ParameterError,
    Parameters,
)
from monitor.web.problems import ProblemError
from monitor.web.store_calls import StoreCalls

Work = Callable[[App], Feed]
RouteHandler = Callable[[Request], Awaitable[Response]]

_FORMATS = {"atom": (ATOM, atom), "json": (JSON, json_feed)}
_LIMIT = "limit"
_OF_EVENTS = (*FILTER_PARAMETERS, *EVENT_PARAMETERS, _LIMIT)
_OF_TRIAL = ("since", "until", "kind", "min_severity", "backfilled", _LIMIT)
_LONGEST_ID = 18  # digits: what a database's whole numbers hold
_HEADERS = {
    # A reader keeps it, and asks each time whether it is still the same.
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'",
    # The address of a subscription's feed is its password: links must not hand it on.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def routes(calls: StoreCalls) -> list[Route]:
    """Return where the feeds of events and trials are, each as Atom and as JSON Feed."""

    async def of_events(request: Request) -> Response:
        given = Parameters(request.query_params, _OF_EVENTS)
        choice, limit, pairs = given.events(), _limit(given), _query_pairs(request)
        return await _feed(calls, request, lambda app: events_feed(app, choice, pairs, limit=limit))

    async def of_trial(request: Request) -> Response:
        given = Parameters(request.query_params, _OF_TRIAL)
        nct_id = _nct_id(request)
        choice, limit, pairs = given.events(), _limit(given), _query_pairs(request)
        return await _feed(
            calls, request, lambda app: trial_feed(app, nct_id, choice, pairs, limit=limit)
        )

    return [*_routes("/events", of_events), *_routes("/trials/{nct_id}", of_trial)]


def secret_routes(calls: StoreCalls) -> list[Route]:
    """Return the routes of subscriptions' feeds, open to anyone who knows the address."""

    async def of_subscription(request: Request) -> Response:
        limit = _limit(Parameters(request.query_params, (_LIMIT,)))
        number, token = str(request.path_params["id"]), str(request.path_params["token"])
        # Beyond this PostgreSQL answers with an error, not with "not found".
        if len(number) > _LONGEST_ID:
            raise HTTPException(404)
        return await _feed(
            calls, request, lambda app: subscription_feed(app, int(number), token, limit=limit)
        )

    return _routes("/subscriptions/{id:int}/{token}", of_subscription)


def _routes(place: str, answer: RouteHandler) -> list[Route]:
    return [
        Route(f"{place}/feed.{name}", _with_problems(answer), methods=["GET"]) for name in _FORMATS
    ]


def _with_problems(answer: RouteHandler) -> RouteHandler:
    """Return the same, which raises what the request is answered then."""

    async def respond(request: Request) -> Response:
        try:
            return await answer(request)
        except UsageError as exc:
            name = exc.name if isinstance(exc, ParameterError) else None
            raise ProblemError(HTTPStatus.BAD_REQUEST, str(exc), parameter=name) from exc
        except NotFoundError:
            raise HTTPException(404) from None
        except MonitorError:
            raise HTTPException(503) from None  # readers learn nothing about the store

    return respond


async def _feed(calls: StoreCalls, request: Request, work: Work) -> Response:
    media_type, written = _FORMATS[request.url.path.rpartition(".")[2]]
    self_url = _self_url(calls.settings.delivery.public_url, request)

    def build(app: App) -> tuple[bytes, Feed]:
        feed = work(app)
        return written(feed, self_url), feed

    body, feed = await calls.run(build)
    return conditional(
        request,
        body,
        media_type=media_type,
        headers=_HEADERS,
        modified_at=updated_at(feed.entries) if feed.entries else None,
    )


def _self_url(public_url: str, request: Request) -> str | None:
    """Return the feed's own address; None where it is not known from outside."""
    if not public_url:
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{public_url.rstrip('/')}{request.url.path}{query}"


def _limit(given: Parameters) -> int:
    return given.number(_LIMIT, default=ENTRIES, most=MOST_ENTRIES)


def _query_pairs(request: Request) -> list[tuple[str, str]]:
    """Return what is asked for, without what does not change it."""
    items = request.query_params.multi_items()
    return [(name, text) for name, text in items if name != _LIMIT and text.strip()]


def _nct_id(request: Request) -> str:
    try:
        return normalize_nct_id(str(request.path_params["nct_id"]))
    except (UsageError, ValueError):
        raise HTTPException(404) from None
