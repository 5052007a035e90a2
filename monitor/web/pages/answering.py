"""From a request to a page: work on the store in a thread, and what its errors mean outside."""

from collections.abc import Callable, Mapping, Sequence

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from monitor.app import App
from monitor.errors import MonitorError, NotFoundError, UsageError
from monitor.web.limits import BODY_BYTES
from monitor.web.pages.layout import root_of
from monitor.web.parameters import ParameterError
from monitor.web.store_calls import StoreCalls

PageHandler = Callable[[App, Request], Response]
"""Looks up what a page says and returns it; runs in a thread. It may raise a MonitorError.

What a form sent is in ``request.state.form``.
"""

_FRESH: Mapping[str, str] = {"Cache-Control": "no-cache"}
_LATER: Mapping[str, str] = {"Retry-After": "10"}


class MovedError(Exception):
    """What was asked for is at another path of the site, which begins without a slash."""


def page_route(
    calls: StoreCalls, path: str, make: PageHandler, methods: Sequence[str] = ("GET",)
) -> Route:
    """Return the route of a page."""

    async def answer(request: Request) -> Response:
        if request.method == "POST":
            request.state.form = QueryParams(await _body(request))
        try:
            return await calls.run(lambda app: make(app, request))
        except MovedError as exc:
            return RedirectResponse(root_of(request) + str(exc), headers=_FRESH)
        except ParameterError as exc:
            raise HTTPException(400, f"{exc.name}: {exc}") from None
        except UsageError as exc:
            raise HTTPException(400, str(exc)) from None
        except NotFoundError as exc:
            raise HTTPException(404, str(exc)) from None
        except MonitorError:
            raise HTTPException(503, headers=_LATER) from None  # readers learn nothing about it

    return Route(path, answer, methods=list(methods))


async def _body(request: Request) -> bytes:
    """Return the whole body; HTTPException 413 when it is too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES:
            raise HTTPException(413, headers={"Connection": "close"})
    return body
