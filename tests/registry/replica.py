"""The replica of the registry: an ASGI application over a world, with faults and a log."""

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.registry import misbehaviour
from tests.registry.answers import HTML, NOT_FOUND_PAGE
from tests.registry.asked import Logged, RequestLog, asked
from tests.registry.faults import Fault, Faults, Planned
from tests.registry.history import HistoryApi
from tests.registry.misbehaviour import INSTEAD, CutOff
from tests.registry.v2 import FAULT, DocumentedApi
from tests.registry.world import World

_SHARE, _GIBIBYTE, _LATE_S, _DRIP_S = 0.5, 2**30, 0.05, 0.1


class Replica:
    """Answers like clinicaltrials.gov over the records of a world.

    ``serial_history``: the history API answers 429 while another request to it is under way.
    ``tokens_die``: page tokens do not outlive the data load. ``ahead``: pages are made before they
    are asked for. ``abort``, set by a server, closes
    a client's connection. ``broken`` holds errors of the replica itself; it should stay empty.
    """

    def __init__(
        self,
        world: World,
        *,
        serial_history: bool = True,
        tokens_die: bool = False,
        ahead: bool = False,
    ) -> None:
        self.world = world
        self.serial_history = serial_history
        self.faults = Faults()
        self.log = RequestLog()
        self.stopping = asyncio.Event()
        self.abort: Callable[[Scope], None] | None = None
        self.broken: list[Exception] = []
        routes = [
            *DocumentedApi(world, tokens_die=tokens_die, ahead=ahead).routes(),
            *HistoryApi(world).routes(),
        ]
        self._app: ASGIApp = Starlette(routes=routes, exception_handlers={404: _unknown_path})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, rightly or as the plan of faults says."""
        if scope["type"] != "http":
            raise RuntimeError(f"the replica does not speak {scope['type']}")
        request = asked(self.log.next_number(), scope)
        line = self.log.begin(request)

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                line.status = message["status"]
            else:
                line.sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._answer(line, scope, receive, noted)
        except CutOff:
            raise
        except Exception as exc:
            self.broken.append(exc)
            raise
        finally:
            self.log.end(line)

    async def _answer(self, line: Logged, scope: Scope, receive: Receive, send: Send) -> None:
        planned = self.faults.take(line.asked)
        if planned is not None:
            line.fault = planned.fault
            await self._misbehave(planned, scope, receive, send)
        elif self.serial_history and line.asked.is_history and line.in_flight_here > 1:
            await INSTEAD[Fault.RATE_LIMITED_BARE]({})(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _misbehave(
        self, planned: Planned, scope: Scope, receive: Receive, send: Send
    ) -> None:
        fault, options = planned.fault, planned.options
        share = options.get("share", _SHARE)
        if fault in INSTEAD:
            await INSTEAD[fault](options)(scope, receive, send)
        elif fault in {Fault.CUT_SHORT, Fault.CUT_CHUNKED}:
            start, body = await misbehaviour.captured(self._app, scope, receive)
            await misbehaviour.cut(start, body, send, share, chunked=fault is Fault.CUT_CHUNKED)
        elif fault in {Fault.INVALID_JSON, Fault.WRONG_GZIP, Fault.CUT_GZIP}:
            start, body = await misbehaviour.captured(self._app, scope, receive)
            await misbehaviour.rewritten(start, body, send, fault, share)
        elif fault in {Fault.HUGE, Fault.HUGE_GZIP}:
            size, compressed = options.get("size", _GIBIBYTE), fault is Fault.HUGE_GZIP
            await misbehaviour.endless(receive, send, self.stopping, size, compressed=compressed)
        elif fault is Fault.DRIP:
            start, body = await misbehaviour.captured(self._app, scope, receive)
            pause_s = options.get("seconds", _DRIP_S)
            await misbehaviour.drip(start, body, receive, send, self.stopping, pause_s)
        elif fault in _SILENCES:
            await self._stall(fault, share, scope, receive, send)
        else:
            await self._before(fault, options.get("seconds", _LATE_S))
            await self._app({**scope, FAULT: planned}, receive, send)

    async def _before(self, fault: Fault, seconds: float) -> None:
        """Do what happens before an otherwise right answer."""
        if fault is Fault.DATA_RELOADED:
            self.world.reload()
        elif fault is Fault.DAY_PASSES:
            self.world.advance()
        elif fault is Fault.SLOW:
            await asyncio.sleep(seconds)

    async def _stall(
        self, fault: Fault, share: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Fall silent until the client leaves or the server stops; or close the connection."""
        start, body = await misbehaviour.captured(self._app, scope, receive)
        if fault is Fault.CLOSED:
            if self.abort is None:
                raise CutOff
            self.abort(scope)
        elif fault is not Fault.STALL_BEFORE_HEADERS:
            await send(start)
            if fault is Fault.STALL_IN_BODY:
                part = body[: int(len(body) * share)]
                await send({"type": "http.response.body", "body": part, "more_body": True})
        await misbehaviour.until_gone(receive, self.stopping)
        if self.abort is not None:
            self.abort(scope)  # a server that stops must not answer after all
        raise CutOff


_SILENCES = frozenset(
    {Fault.STALL_BEFORE_HEADERS, Fault.STALL_AFTER_HEADERS, Fault.STALL_IN_BODY, Fault.CLOSED}
)


async def _unknown_path(request: Request, exc: Exception) -> Response:
    del request, exc
    return Response(NOT_FOUND_PAGE, 404, {"content-type": HTML})
