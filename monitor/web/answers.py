"""The pages for machines: /healthz, /readyz and /metrics, beside those for readers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.web.reading import Pages, routes

_PATHS = ("/healthz", "/readyz", "/metrics")
_FRESH = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of the monitor; ``good`` decides between the statuses 200 and 503."""

    good: bool
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """Counts in a text format of Prometheus."""

    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Whom to ask for each page; they are asked in the server's event loop and never raise.

    ``pages``: those for readers of messages; None without any.
    """

    health: Callable[[], Awaitable[Told]]
    readiness: Callable[[], Awaitable[Told]]
    metrics: Callable[[], Awaitable[Exposed]]
    pages: Pages | None = None


def application(answers: Answers) -> Starlette:
    """Return the ASGI application that gives these answers."""

    async def healthz(_: Request) -> Response:
        return _told(await answers.health())

    async def readyz(_: Request) -> Response:
        return _told(await answers.readiness())

    async def metrics(_: Request) -> Response:
        found = await answers.metrics()
        return Response(found.body, headers={"Content-Type": found.content_type, **_FRESH})

    pages = zip(_PATHS, (healthz, readyz, metrics), strict=True)
    for_readers = [] if answers.pages is None else routes(answers.pages)
    return Starlette(
        routes=[*(Route(path, page, methods=["GET"]) for path, page in pages), *for_readers],
        exception_handlers={HTTPException: _refused},
    )


def _told(told: Told) -> Response:
    status = "ok" if told.good else "unavailable"
    return _json({"status": status, **told.facts}, 200 if told.good else 503)


async def _refused(_: Request, error: Exception) -> Response:
    code = error.status_code if isinstance(error, HTTPException) else 500
    return _json({"status": "refused", "reason": f"there are {', '.join(_PATHS)}, to GET"}, code)


def _json(value: Mapping[str, Any], status: int) -> Response:
    body = orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    return Response(body, status, headers=_FRESH, media_type="application/json")
