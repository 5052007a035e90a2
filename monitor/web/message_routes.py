"""The pages for readers of messages; a POST to the address to unsubscribe is RFC 8058's."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from monitor.errors import MonitorError
from monitor.web.limits import BODY_BYTES

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """Whom to ask for each page, as HTML; None where there is no such page.

    ``changes``: by NCT ID and the version's identity, or its number in the store. The others: by
    the message's id and its token, of which ``message`` has another than those to unsubscribe.
    They may raise a MonitorError.
    """

    changes: Callable[[str, str], Awaitable[str | None]]
    message: Callable[[str, str], Awaitable[str | None]]
    unsubscribing: Callable[[str, str], Awaitable[str | None]]
    unsubscribe: Callable[[str, str], Awaitable[str | None]]


def routes(pages: Pages) -> list[Route]:
    """Return where they are."""

    async def changes(request: Request) -> Response:
        about = request.path_params
        return await _told(pages.changes(str(about["nct_id"]), str(about["version"])))

    async def message(request: Request) -> Response:
        about = request.path_params
        return await _told(pages.message(str(about["uid"]), str(about["token"])))

    async def unsubscribe(request: Request) -> Response:
        about = request.path_params
        if request.method == "POST":
            await _take_body(request)
            asked = pages.unsubscribe
        else:
            asked = pages.unsubscribing
        return await _told(asked(str(about["uid"]), str(about["token"])))

    return [
        Route("/trials/{nct_id}/changes/{version}", changes, methods=["GET"]),
        Route("/messages/{uid}/{token}", message, methods=["GET"]),
        Route("/unsubscribe/{uid}/{token}", unsubscribe, methods=["GET", "POST"]),
    ]


async def _take_body(request: Request) -> None:
    """Wait for the whole request, whatever it says; HTTPException 413 when it is too long."""
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > BODY_BYTES:
            raise HTTPException(413, headers={"Connection": "close"})


async def _told(asked: Awaitable[str | None]) -> Response:
    try:
        page = await asked
    except MonitorError:
        raise HTTPException(503) from None  # nobody outside is told of the store
    if page is None:
        raise HTTPException(404)
    return HTMLResponse(page, headers=_HEADERS)
