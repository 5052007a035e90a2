"""Requests that nobody would make: of any address, with any headers and parameters."""

import http.client
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote, quote_from_bytes, urlencode

from starlette.routing import Route

from monitor.web.parameters import EVENT_PARAMETERS, FILTER_PARAMETERS
from monitor.web.site import Site
from tests.web.api.drawn import LIKELY

_METHODS = (
    *("GET",) * 12,
    *("POST",) * 4,
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "FROBNICATE",
)
_NAMES = (*FILTER_PARAMETERS, *EVENT_PARAMETERS, "limit", "cursor", "sort", "from", "to", "at",
          "version", "page", "older")  # fmt: skip
_HEADERS = ("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "Forwarded",
            "Host", "If-Modified-Since", "If-None-Match", "Origin", "Range", "Referer",
            "Sec-Fetch-Site", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto")  # fmt: skip
_VALUES = ("text/html", "*", "W/\"x\", *", "gzip;q=0", "Bearer x", "Basic eDp5", "bytes=0-",
           "Mon, 02 Mar 2026 12:00:00 GMT", "null", "https://elsewhere.example", "127.0.0.1",
           "for=\"[::1]\"", "cross-site", "\xff\xfe", "a" * 4_000)  # fmt: skip
_FORM = "application/x-www-form-urlencoded"
_FIELDS: Mapping[str, Sequence[str]] = {
    "do": ("change", "pause", "resume", "stop", "silence", "end_silence", "erase", "leave",
           "accept", "retry message", "drop message", "retry entry", "drop entry"),
    "about": ("1", "2", "registry"),
    "subscription": ("1", "2"),
    "silence": ("1", "2"),
    "address": ("reader-two@example.org", "reader-three@example.net"),
    "every": ("at once", "daily", "weekly friday"),
    "at": ("07:30",),
    "zone": ("Europe/Madrid",),
    "min_severity": ("high", "noise"),
    "until": ("2030-01-01", "9999-12-31"),
    "token": ("tm_x",),
    **LIKELY,
}  # fmt: skip
_ODD = (
    "", "0", "-1", "1" * 40, "٣", "NaN", "true", "..", "../../etc/passwd", "%00", "\x00", "\x1b[2J",
    "\u202e", "é", "'", '"', "';--", "<script>", "{{7*7}}", "${x}", "\ud800", "a" * 300, "*", "AND",
    "2026-13-45", "9999-12-31", "0001-01-01T00:00+14:00", "1e400d", "999999999999d",
)  # fmt: skip


def paths_of(site: Site) -> list[str]:
    """Return the addresses of a site, with names in braces for what differs."""
    return [route.path for route in site if isinstance(route, Route)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomRequest:
    """What is sent; ``body``: of a form, or of anything."""

    method: str
    path: str
    headers: Sequence[tuple[str, bytes]]
    body: bytes


def ask_at_random(
    address: tuple[str, int],
    paths: Sequence[str],
    *,
    count: int,
    seed: int,
    known: Mapping[str, Sequence[str]] = MappingProxyType({}),
    cookie: str = "",
) -> tuple[Counter[int], list[str]]:
    """Ask so often; return how many answers had each status, and the requests that failed.

    Those are a line each: answered with a status of 500 or more, or (0) not answered. ``known``:
    values of names in paths that are right, such as tokens; ``cookie``: sent with half of all.
    """
    chance = random.Random(seed)  # noqa: S311 - of a test
    drawn = _Drawn(chance, {**LIKELY, **known}, cookie, f"http://{address[0]}:{address[1]}")
    statuses: Counter[int] = Counter()
    failed: list[str] = []
    for request in (drawn.request(paths) for _ in range(count)):
        status = _status(address, request)
        statuses[status] += 1
        if status == 0 or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            failed.append(f"{status} {request}")
    return statuses, failed


def _status(address: tuple[str, int], request: RandomRequest) -> int:
    with closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
        has_host = any(name == "Host" for name, _ in request.headers)
        connection.putrequest(request.method, request.path, skip_host=has_host)
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body:
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)
        with suppress(http.client.HTTPException, OSError):
            response = connection.getresponse()
            response.read()
            return response.status
    return 0


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Draws requests; ``likely``: good values by name."""

    chance: random.Random
    likely: Mapping[str, Sequence[str]]
    cookie: str
    origin: str

    def request(self, paths: Sequence[str]) -> RandomRequest:
        chance = self.chance
        path = "/".join(self._part(part) for part in chance.choice(paths).split("/")) or "/"
        path += chance.choice(("",) * 40 + ("/", "//", "/%2e%2e/", "%", "%zz", ";x", "\\"))
        requested = urlencode(self._pairs(_NAMES, self.likely), errors="surrogatepass")
        headers = {
            name: chance.choice(_VALUES).encode("latin-1")
            for name in chance.sample(_HEADERS, chance.choice((0, 0, 1, 2, 3)))
        }
        if self.cookie and chance.random() < 0.5:
            headers["Cookie"] = self.cookie.encode("latin-1")
        method = chance.choice(_METHODS)
        body = self._body(headers) if method == "POST" else b""
        return RandomRequest(
            method=method,
            path=f"{path}?{requested}" if requested else path,
            headers=[*headers.items()],
            body=body,
        )  # fmt: skip

    def _body(self, headers: dict[str, bytes]) -> bytes:
        """Return a form, mostly of this site, or anything at all."""
        chance = self.chance
        if chance.random() < 0.8:
            headers["Origin"] = self.origin.encode()
        if chance.random() < 0.1:
            headers["Content-Type"] = chance.choice((_FORM, "application/json", "x")).encode()
            return chance.randbytes(chance.randrange(300))
        headers["Content-Type"] = _FORM.encode()
        fields = [(one, chance.choice(some)) for one, some in _FIELDS.items() if one not in LIKELY]
        fields = [(one, chance.choice((value, value, value, *_ODD[:2]))) for one, value in fields]
        fields = chance.sample(fields, chance.randrange(len(fields) // 2, len(fields)))
        if chance.random() < 0.3:
            fields += self._pairs((*_FIELDS,), _FIELDS)
        return urlencode(fields, errors="surrogatepass").encode()

    def _pairs(
        self, names: Sequence[str], likely: Mapping[str, Sequence[str]]
    ) -> list[tuple[str, str]]:
        chosen = self.chance.choices(names, k=self.chance.randrange(4))
        return [(one, self.chance.choice((*likely.get(one, ()), *_ODD))) for one in chosen]

    def _part(self, part: str) -> str:
        """Return a part of a path: as it is, or for a name in braces a likely or an odd one."""
        chance = self.chance
        odd = quote(chance.choice(_ODD), safe="", errors="surrogatepass")
        if not part.startswith("{"):
            return chance.choice((*(part,) * 30, odd))
        likely = self.likely.get(part.strip("{}").partition(":")[0], ("1",))
        noise = quote_from_bytes(chance.randbytes(chance.randrange(1, 20)), safe="")
        return chance.choice((*map(quote, likely), *map(quote, likely), odd, noise))
