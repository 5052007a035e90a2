"""The applications: /healthz, /readyz and /metrics for the operator, and pages for readers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.web.pages import layout
from monitor.web.problems import API, ProblemError, problem_response
from monitor.web.same_origin import SameOrigin
from monitor.web.site import Site

_PATHS = ("/healthz", "/readyz", "/metrics")
_FRESH = {"Cache-Control": "no-store"}
_REASONS = {
    405: "this address takes no such request",
    413: "the request is too long",
    503: "the page cannot be made now; try again later",
}
_BROKEN = "the page cannot be made; the operator is notified"
_NO_PAGE = "there is no such page"
_SAME_ORIGIN = Middleware(SameOrigin)
# What fits into one packet is not worth compressing.
_GZIP = Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthResult:
    """What is reported about the monitor; ``good`` decides between the statuses 200 and 503."""

    good: bool
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """Counts in a text format of Prometheus."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSource:
    """Whom to ask for each page; they are asked in the server's event loop and never raise."""

    health: Callable[[], Awaitable[HealthResult]]
    readiness: Callable[[], Awaitable[HealthResult]]
    metrics: Callable[[], Awaitable[Exposed]]


def application(answers: HealthSource, site: Site = ()) -> Starlette:
    """Return the ASGI application that gives these answers, and those of the site, if any."""

    async def healthz(_: Request) -> Response:
        return _health_response(await answers.health())

    async def readyz(_: Request) -> Response:
        return _health_response(await answers.readiness())

    async def metrics(_: Request) -> Response:
        found = await answers.metrics()
        return Response(found.body, headers={"Content-Type": found.content_type, **_FRESH})

    checks = zip(_PATHS, (healthz, readyz, metrics), strict=True)
    return _starlette(
        [*(Route(path, check, methods=["GET"]) for path, check in checks), *site],
        unknown=f"there are {', '.join(_PATHS)}, to GET",
    )


def site_application(site: Site) -> Starlette:
    """Return the ASGI application that has the site for readers, and nothing else."""
    return _starlette(site, unknown=_NO_PAGE)


def _starlette(found: Site, *, unknown: str) -> Starlette:
    """Return the application of these routes; ``unknown``: what programs hear of other paths."""

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        path, for_people = request.url.path, layout.is_for_people(request)
        if path.startswith(API) or (isinstance(error, ProblemError) and not for_people):
            return problem_response(error)
        # Starlette fills in the status's phrase ("Not Found") where nothing was said; ours says
        # more.
        own = error.detail if error.detail != HTTPStatus(error.status_code).phrase else None
        reason = own or _REASONS.get(error.status_code, _NO_PAGE if for_people else unknown)
        return layout.error(request, error.status_code, reason, headers=error.headers or {})

    async def broken(request: Request, _: Exception) -> Response:  # the guard reports the error
        if request.url.path.startswith(API):
            return problem_response(ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN))
        return layout.error(request, 500, _BROKEN, headers={})

    handlers = {HTTPException: refused, Exception: broken}
    return Starlette(routes=found, middleware=[_GZIP, _SAME_ORIGIN], exception_handlers=handlers)


def _health_response(result: HealthResult) -> Response:
    status = "ok" if result.good else "unavailable"
    return _json({"status": status, **result.facts}, 200 if result.good else 503)


def _json(value: Mapping[str, Any], status: int) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    return Response(body, status, headers=_FRESH, media_type="application/json")
