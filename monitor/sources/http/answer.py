"""What a server answered, and what is told about each request."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

_PAGE_STARTS: Final = (b"<!doctype html", b"<html")
_WORDS_CHARS = 160


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
class Answer:
    """A complete answer.

    ``body`` is decompressed; of a status other than success, 301, 304, 400 and 404 only its
    beginning. ``url`` is the one asked for. ``elapsed_s`` runs from connecting to the last byte.
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
    def words(self) -> str:
        """The first words of a text/plain body, on one line; "" for any other body."""
        if self.content_type != "text/plain" or self.is_html:
            return ""
        head = self.body[: 4 * _WORDS_CHARS].decode("utf-8", errors="replace")
        shown = "".join(char if char.isprintable() else " " for char in head)
        return " ".join(shown.split())[:_WORDS_CHARS]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLog:
    """One request as it went, for metrics and logs.

    ``status`` is None when no complete answer came; ``error`` then names the kind of failure
    ("TimedOutError"). ``attempt`` counts from 1 within one ``get``. ``size`` is the decompressed
    body in bytes. ``waited_s`` was spent on the rate limit before. ``params`` hold no secrets.
    """

    method: str
    host: str
    path: str
    params: tuple[tuple[str, str], ...]
    status: int | None
    error: str | None
    elapsed_s: float
    waited_s: float
    size: int
    attempt: int
    transport: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLog:
    """A request that failed and is made once more, told before the pause.

    ``reason`` is a sentence that names host and path; ``attempt`` counts from 1 within one ``get``.
    """

    reason: str
    attempt: int
    pause_s: float
