"""The routes of the API: one for each operation, and the document that describes them all."""

from collections.abc import Callable
from functools import cache, partial
from http import HTTPStatus
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.app import App
from monitor.errors import MonitorError, NotFoundError, UsageError
from monitor.web.access import token_of
from monitor.web.api.openapi import BASE, document
from monitor.web.api.operations import OPERATIONS, ApiRequest, Operation
from monitor.web.conditional import conditional
from monitor.web.parameters import ParameterError, Parameters
from monitor.web.problems import ProblemError
from monitor.web.store_calls import StoreCalls

Result = TypeVar("Result")

_HEADERS = {
    # JSON loads nothing; this keeps a browser from running what it might take for a page.
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    # No cache on the way may give the answer for one token to another.
    "Vary": "Authorization",
}
# A client keeps an answer, and asks each time whether it is still the same.
_PUBLIC = {**_HEADERS, "Cache-Control": "private, no-cache"}
_PRIVATE = {**_HEADERS, "Cache-Control": "no-store"}
_JSON = "application/json"


def api_routes(calls: StoreCalls) -> list[Route]:
    """Return the routes of the API; they answer behind ``Access.protect``."""
    return [
        *(_route(calls, operation) for operation in OPERATIONS),
        Route(f"{BASE}/openapi.json", _openapi, methods=["GET"]),
    ]


def _route(calls: StoreCalls, operation: Operation) -> Route:
    headers = _PRIVATE if operation.is_private else _PUBLIC

    def answer(request: Request, app: App) -> bytes:
        api_request = ApiRequest(
            app=app,
            path=request.path_params,
            parameters=Parameters(request.query_params, operation.parameters),
            token=token_of(request),
        )
        # In the thread, not in the event loop: a page of events can be long.
        return msgspec.json.encode(operation.answer(api_request))

    async def endpoint(request: Request) -> Response:
        body = await _run(calls, partial(answer, request))
        return conditional(request, body, media_type=_JSON, headers=headers)

    return Route(f"{BASE}{operation.path}", endpoint, methods=["GET"], name=operation.name)


async def _run(calls: StoreCalls, work: Callable[[App], Result]) -> Result:
    """Return what the work returns; what it raises becomes a ProblemError."""
    try:
        return await calls.run(work)
    except ParameterError as exc:
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(exc), parameter=exc.name) from None
    except UsageError as exc:
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(exc)) from None
    except NotFoundError as exc:
        raise ProblemError(HTTPStatus.NOT_FOUND, str(exc)) from None
    except MonitorError:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the store cannot be read now; try again later",
            headers={"Retry-After": "10"},
        ) from None  # readers learn nothing about the store


async def _openapi(request: Request) -> Response:
    return conditional(request, _document(), media_type=_JSON, headers=_PUBLIC)


@cache
def _document() -> bytes:
    return msgspec.json.encode(document())
