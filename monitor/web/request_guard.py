"""What stands around the pages: a request ends in time, and a fault of a page ends there."""

import asyncio
from http import HTTPStatus

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.web.acceptor import OnFault
from monitor.web.problems import API, ProblemError, problem_response


def _late(path: str) -> Response:
    headers = {"Connection": "close", "Cache-Control": "no-store"}
    if path.startswith(API):
        return problem_response(
            ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "it takes too long", headers=headers)
        )
    return PlainTextResponse("try again later\n", 503, headers=headers)


class Guard:
    """Calls the application; whatever it raises is passed to ``on_fault`` and goes no further.

    A request that takes longer than ``timeout_s`` is answered with 503.
    """

    def __init__(self, application: ASGIApp, *, timeout_s: float, on_fault: OnFault) -> None:
        self._application = application
        self._timeout_s = timeout_s
        self._on_fault = on_fault

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._timeout_s):
                await self._application(scope, receive, watched)
        except TimeoutError:
            # A response that was begun cannot become a 503; the limits of the connection end it.
            if not begun:
                await _late(scope["path"])(scope, receive, send)
        except ClientDisconnect:
            return
        except Exception as exc:  # noqa: BLE001 - a mistake in a page is no end of the server
            self._on_fault(f"a page cannot be made: {type(exc).__name__}", exc)
