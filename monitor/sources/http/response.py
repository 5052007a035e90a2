"""Responses of a server, and what their status means: a result, a failure, or one to try again.

``session`` makes it of what a transport brings, ``client`` decides by it whether to ask again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urljoin

from monitor.model.retry_after import retry_after_s
from monitor.sources.http.address import Target
from monitor.sources.http.errors import (
    BusyError,
    HostClosedError,
    HtmlAnswerError,
    HttpStatusError,
)

# Some failures come as a page with status 200, not always under the type of one.
_PAGE_STARTS: Final = (b"<!doctype html", b"<html")
_EXCERPT_CHARS = 160


class Headers(Mapping[str, str]):
    """Header fields by name, in any case; a repeated field is joined with ", "."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields: dict[str, str] = {}
        for name, value in fields:
            key = name.lower()
            before = self._fields.get(key)
            self._fields[key] = value if before is None else f"{before}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({self._fields!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseStream:
    """A response whose headers are here; ``raw`` yields the body as it comes, still compressed."""

    status: int
    headers: Headers
    http_version: str
    raw: Iterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """A complete response.

    ``body`` is decompressed; of a status other than success, 301, 304, 400 and 404 only its
    beginning. ``url`` is the requested one. ``elapsed_s`` runs from connecting to the last byte.
    ``http_version`` is "HTTP/1.1" or "HTTP/2".
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    url: str
    elapsed_s: float
    transport: str
    http_version: str

    @property
    def content_type(self) -> str:
        """The media type alone, in lower case ("text/plain"); "" when none is stated."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        """Whether this is a page for people, by its type or by how it begins."""
        if self.content_type in ("text/html", "application/xhtml+xml"):
            return True
        return self.body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_STARTS)

    @property
    def location(self) -> str | None:
        """The absolute URL that a redirect names."""
        place = self.headers.get("location")
        return None if place is None else urljoin(self.url, place)

    @property
    def text(self) -> str:
        """The body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8", errors="replace")

    @property
    def excerpt(self) -> str:
        """The beginning of a text/plain body, on one line; "" for any other body."""
        if self.content_type != "text/plain" or self.is_html:
            return ""
        head = self.body[: 4 * _EXCERPT_CHARS].decode("utf-8", errors="replace")
        # Control characters of a stranger's response must not reach a terminal or a log line.
        shown = "".join(char if char.isprintable() else " " for char in head)
        return " ".join(shown.split())[:_EXCERPT_CHARS]


def is_for_caller(status: int) -> bool:
    """Return whether the status is an answer: success, a redirect or 304, 400, 404."""
    return 200 <= status < 400 or status in (400, 404)


def is_refused_by_edge(response: HttpResponse) -> bool:
    """Return whether a 403 comes from the servers in front of the registry.

    The registry's own errors are text/plain; theirs are pages, or nothing that says what it is.
    """
    own = response.content_type in ("text/plain", "application/json") and not response.is_html
    return response.status == 403 and not own


def check_status(
    response: HttpResponse, target: Target, *, refused: tuple[str, ...], now: datetime
) -> HttpResponse:
    """Return a response that the caller can use; raise for the others.

    HtmlAnswerError for a page with a status of success, BusyError for 408, 429 and 5xx,
    HttpStatusError for other statuses. ``refused`` are the transports that got a 403 from the
    edge. ``now`` is aware.
    """
    if is_for_caller(response.status):
        if response.status < 300 and response.is_html:
            raise HtmlAnswerError(
                f"{target.host} answered {target.path} with an HTML page and status"
                f" {response.status} instead of data"
            )
        return response
    excerpt = response.excerpt
    if response.status == 403:
        raise HttpStatusError(_forbidden(target, refused, excerpt), status=403, excerpt=excerpt)
    message = f"{target.host} answered {response.status} to {target.path}{_quote(excerpt)}"
    if response.status in (408, 429) or response.status >= 500:
        pause_s = retry_after_s(
            response.headers.get("retry-after"), now=now, date=response.headers.get("date")
        )
        raise BusyError(message, status=response.status, excerpt=excerpt, retry_after_s=pause_s)
    raise HttpStatusError(message, status=response.status, excerpt=excerpt)


def host_closed_error(fault: BusyError, *, now: datetime) -> HostClosedError:
    """Return the error for a pause that is too long to wait for, with its end."""
    try:
        until = now + timedelta(seconds=fault.retry_after_s or 0.0)
        when = f"before {until:%Y-%m-%d %H:%M:%S} UTC"
    except OverflowError:
        when = "for years"
    return HostClosedError(
        f"{fault} and asks for no request {when}", status=fault.status, excerpt=fault.excerpt
    )


def _forbidden(target: Target, refused: tuple[str, ...], excerpt: str) -> str:
    if not refused:
        return f"{target.host} answered 403 to {target.path}{_quote(excerpt)}"
    return (
        f"refused by the edge (403): {target.host} does not let this user agent in"
        f" ({' and '.join(refused)}) at {target.path}; this says nothing about the record"
    )


def _quote(excerpt: str) -> str:
    return f": {excerpt}" if excerpt else ""
