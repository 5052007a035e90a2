"""Faults as they look on the wire: refusals, pages of HTML, broken and endless transfers."""

import asyncio
import gzip
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.registry import answers
from tests.registry.faults import Fault

_MEBIBYTE = 2**20
_FORBIDDEN = (
    b"<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n"
    b"<center><h1>403 Forbidden</h1></center>\r\n<p>Forbidden</p>\r\n</body></html>\r\n"
)
_HTML = (
    b'<!doctype html>\n<html lang="en">\n<head><title>ClinicalTrials.gov</title></head>\n'
    b"<body><h1>The service is being updated</h1></body>\n</html>\n"
)
ANOTHER_SHAPE = b'{"result":{"status":"ok","items":[{"id":1}]}}'
Options = Mapping[str, Any]


class CutOff(Exception):  # noqa: N818 - how a transfer ends, not an error of the replica
    """The answer ends here: the connection is to be closed."""


def _waiting(status: int, seconds: object) -> Response:
    headers = {"content-type": answers.TEXT}
    if seconds is not None:
        headers["retry-after"] = str(seconds)
    return Response(b"", status, headers)


def _text(status: int, text: str) -> Response:
    return Response(text, status, {"content-type": answers.TEXT})


def _html(status: int, page: bytes) -> Response:
    return Response(page, status, {"content-type": answers.HTML})


# Answers given in the place of the right one.
INSTEAD: dict[Fault, Callable[[Options], Response]] = {
    Fault.RATE_LIMITED: lambda options: _waiting(429, options.get("retry_after", 1)),
    Fault.RATE_LIMITED_BARE: lambda _: _waiting(429, None),
    Fault.SERVER_ERROR: lambda _: _text(500, "Internal server error"),
    Fault.BAD_GATEWAY: lambda _: _html(502, b"<html><body>502 Bad Gateway</body></html>\n"),
    Fault.UNAVAILABLE: lambda options: _waiting(503, options.get("retry_after")),
    Fault.FORBIDDEN_HTML: lambda _: _html(403, _FORBIDDEN),
    Fault.HTML_OK: lambda _: _html(200, _HTML),
    Fault.EDGE_NOT_FOUND: lambda options: (
        _text(404, options["words"]) if "words" in options else _html(404, answers.NOT_FOUND_PAGE)
    ),
    Fault.OTHER_SHAPE: lambda options: Response(
        options.get("body", ANOTHER_SHAPE), headers={"content-type": answers.JSON}
    ),
    Fault.ALIAS_REDIRECT: lambda options: Response(
        status_code=301, headers={"location": f"/api/v2/studies/{options['to']}"}
    ),
}


async def until_gone(receive: Receive, stopping: asyncio.Event) -> None:
    """Wait until the client has gone or the server stops."""
    stop = asyncio.ensure_future(stopping.wait())
    try:
        while True:
            message = asyncio.ensure_future(receive())
            done, _ = await asyncio.wait({message, stop}, return_when=asyncio.FIRST_COMPLETED)
            if stop in done or message.result()["type"] == "http.disconnect":
                message.cancel()
                return
    finally:
        stop.cancel()


async def captured(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
    """Return the start and the whole body of the right answer."""
    started: list[Message] = []
    parts: list[bytes] = []

    async def keep(message: Message) -> None:
        if message["type"] == "http.response.start":
            started.append(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, keep)
    return started[0], b"".join(parts)


async def drip(
    start: Message,
    body: bytes,
    receive: Receive,
    send: Send,
    stopping: asyncio.Event,
    seconds: float,
) -> None:
    """Send half of the body, then a byte now and then, until the client leaves: CutOff."""
    gone = asyncio.ensure_future(until_gone(receive, stopping))
    try:
        await send(_with_headers(start, content_length=None))
        part = body[: _part(body, 0.5)]
        while not gone.done():
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.wait({gone}, timeout=seconds)
            part = b" "
    finally:
        gone.cancel()
    raise CutOff


def _with_headers(start: Message, **changed: str | None) -> Message:
    """Return a start with headers replaced, or left out (None); names with underscores."""
    names = {name.replace("_", "-").encode(): value for name, value in changed.items()}
    kept = [(name, value) for name, value in start["headers"] if name.lower() not in names]
    new = [(name, value.encode()) for name, value in names.items() if value is not None]
    return {**start, "headers": kept + new}


async def cut(start: Message, body: bytes, send: Send, share: float, *, chunked: bool) -> None:
    """Send a part of the body and end the transfer: CutOff."""
    await send(_with_headers(start, content_length=None) if chunked else start)
    await send({"type": "http.response.body", "body": body[: _part(body, share)],
                "more_body": True})  # fmt: skip
    raise CutOff


async def rewritten(start: Message, body: bytes, send: Send, fault: Fault, share: float) -> None:
    """Send a whole answer whose body is not what it should be."""
    if fault is Fault.INVALID_JSON:
        start, body = _with_headers(start, content_encoding=None), _plain(start, body)
        body = body[: _part(body, share)]
    elif fault is Fault.WRONG_GZIP:
        start, body = _with_headers(start, content_encoding="gzip"), _plain(start, body)
    else:
        start = _with_headers(start, content_encoding="gzip")
        whole = gzip.compress(_plain(start, body), mtime=0)
        body = whole[: _part(whole, share)]
    await send(_with_headers(start, content_length=str(len(body))))
    await send({"type": "http.response.body", "body": body})


def _plain(start: Message, body: bytes) -> bytes:
    del start
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def _part(body: bytes, share: float) -> int:
    return min(max(1, int(len(body) * share)), max(0, len(body) - 1))


async def endless(
    receive: Receive, send: Send, stopping: asyncio.Event, size: int, *, compressed: bool
) -> None:
    """Send a JSON answer of ``size`` bytes (before compression), block by block."""
    headers = [(b"content-type", answers.JSON.encode())]
    if compressed:
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    squeeze = zlib.compressobj(6, zlib.DEFLATED, 31) if compressed else None
    gone = asyncio.ensure_future(until_gone(receive, stopping))
    sent, block = 0, b'{"studies":[\n'
    try:
        while sent < size and not gone.done():
            sent += len(block)
            part = squeeze.compress(block) if squeeze else block
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)  # lets the client's leaving be noticed
            block = b" " * min(_MEBIBYTE, size - sent)
        end = squeeze.flush() if squeeze else b""
        await send({"type": "http.response.body", "body": b"]}" if not squeeze else end})
    finally:
        gone.cancel()
