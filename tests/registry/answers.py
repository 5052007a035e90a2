"""How answers are written: bodies, media types, entity tags, compression."""

import gzip
import re
import zlib
from collections.abc import Iterable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tests.registry.errors import Refused
from tests.registry.world import API_VERSION, Load

JSON, TEXT, HTML = "application/json", "text/plain; charset=UTF-8", "text/html; charset=utf-8"
_WORTH_COMPRESSING = 200
NOT_FOUND_PAGE = b"<html>\n<head><title>404 Not Found</title></head>\n<body></body>\n</html>\n"


def as_json(value: object) -> bytes:
    """Return a value as JSON in one line."""
    return orjson.dumps(value)


def page(studies: Iterable[bytes], total: int | None, token: str | None) -> bytes:
    """Return a page of studies as the registry lays it out: every study on a line of its own."""
    count = b"" if total is None else b'"totalCount":%d,' % total
    following = b"" if token is None else b',"nextPageToken":"%s"' % token.encode()
    return b'{%s"studies":[\n%s\n]%s}' % (count, b",\n".join(studies), following)


def refusal(refused: Refused) -> Response:
    """Return the plain-text answer to a request that is refused."""
    return Response(refused.text, refused.status, {"content-type": TEXT})


def entity_tag(load: Load) -> str:
    """Return the tag of a data load, without quotes; all answers of a load bear the same."""
    return f"{zlib.crc32(load.timestamp.encode()):07x}/{API_VERSION}"


def tagged(request: Request, body: bytes, load: Load, *, media: str = JSON) -> Response:
    """Return an answer of API v2 in the encoding that the request takes, or 304.

    The tag is that of the data set: a client that shows it gets 304 whatever it asks for.
    """
    compressed = takes_gzip(request)
    tag = f'"{entity_tag(load)}{"-gzip" if compressed else ""}"'
    headers = {"etag": tag, "vary": "Accept-Encoding"}
    known = request.headers.get("if-none-match", "")
    if entity_tag(load) in re.findall(r'"([^"]*?)(?:-gzip)?"', known):
        return Response(status_code=304, headers=headers)
    return encoded(request, body, headers | {"content-type": media})


def encoded(request: Request, body: bytes, headers: dict[str, str]) -> Response:
    """Return a 200 answer, compressed when the request takes gzip and it is worth it."""
    if takes_gzip(request) and len(body) >= _WORTH_COMPRESSING:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers = headers | {"content-encoding": "gzip"}
    return Response(body, headers=headers)


def takes_gzip(request: Request) -> bool:
    """Return whether the request accepts gzip."""
    accepted = request.headers.get("accept-encoding", "")
    return any(re.match(r"gzip\b(?!\s*;\s*q=0(?:\.0*)?\s*$)", one.strip()) for one in
               accepted.split(","))  # fmt: skip
