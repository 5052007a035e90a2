"""Requests that nobody would make: of any address, with any headers and parameters."""

import http.client
import random
from collections import Counter
from contextlib import closing, suppress
from http import HTTPStatus
from urllib.parse import quote, quote_from_bytes, urlencode

from starlette.routing import Route

from monitor.web.parameters import EVENT_PARAMETERS, FILTER_PARAMETERS
from monitor.web.site import Site
from tests.web.api.drawn import LIKELY

_METHODS = (*("GET",) * 12, "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FROBNICATE")
_NAMES = (*FILTER_PARAMETERS, *EVENT_PARAMETERS, "limit", "cursor", "sort", "from", "to", "at",
          "version", "page", "older")  # fmt: skip
_HEADERS = ("Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "Forwarded",
            "Host", "If-Modified-Since", "If-None-Match", "Origin", "Range", "Referer",
            "Sec-Fetch-Site", "User-Agent", "X-Forwarded-For", "X-Forwarded-Proto")  # fmt: skip
_VALUES = ("text/html", "*", "W/\"x\", *", "gzip;q=0", "Bearer x", "Basic eDp5", "bytes=0-",
           "Mon, 02 Mar 2026 12:00:00 GMT", "null", "https://elsewhere.example", "127.0.0.1",
           "for=\"[::1]\"", "cross-site", "\xff\xfe", "a" * 4_000)  # fmt: skip
_ODD = (
    "", "0", "-1", "1" * 40, "٣", "NaN", "true", "..", "../../etc/passwd", "%00", "\x00", "\x1b[2J",
    "\u202e", "é", "'", '"', "';--", "<script>", "{{7*7}}", "${x}", "\ud800", "a" * 300, "*", "AND",
    "2026-13-45", "9999-12-31", "0001-01-01T00:00+14:00", "1e400d", "999999999999d",
)  # fmt: skip


def paths_of(site: Site) -> list[str]:
    """Return the addresses of a site, with names in braces for what differs."""
    return [route.path for route in site if isinstance(route, Route)]


def ask_at_random(
    address: tuple[str, int], paths: list[str], *, count: int, seed: int
) -> tuple[Counter[int], list[str]]:
    """Ask so often; return how many answers had each status, and the requests that failed.

    Those are a line each: answered with a status of 500 or more, or (0) not answered.
    """
    chance = random.Random(seed)  # noqa: S311 - of a test
    statuses: Counter[int] = Counter()
    failed: list[str] = []
    for method, path, headers in (_request(chance, paths) for _ in range(count)):
        status = _status(address, method, path, headers)
        statuses[status] += 1
        if status == 0 or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            failed.append(f"{status} {method} {path} {headers}")
    return statuses, failed


def _status(
    address: tuple[str, int], method: str, path: str, headers: list[tuple[str, bytes]]
) -> int:
    with closing(http.client.HTTPConnection(*address, timeout=30)) as connection:
        connection.putrequest(method, path, skip_host=any(one == "Host" for one, _ in headers))
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        with suppress(http.client.HTTPException, OSError):
            response = connection.getresponse()
            response.read()
            return response.status
    return 0


def _request(chance: random.Random, paths: list[str]) -> tuple[str, str, list[tuple[str, bytes]]]:
    path = "/".join(_part(chance, part) for part in chance.choice(paths).split("/")) or "/"
    path += chance.choice(("",) * 40 + ("/", "//", "/%2e%2e/", "%", "%zz", ";x", "\\"))
    names = chance.choices(_NAMES, k=chance.randrange(4))
    query = [(name, chance.choice((*LIKELY.get(name, ()), *_ODD))) for name in names]
    asked = urlencode(query, errors="surrogatepass")
    headers = [
        (name, chance.choice(_VALUES).encode("latin-1"))
        for name in chance.sample(_HEADERS, chance.randrange(4))
    ]
    return chance.choice(_METHODS), f"{path}?{asked}" if asked else path, headers


def _part(chance: random.Random, part: str) -> str:
    """Return a part of a path: as it is, or for a name in braces a likely or an odd one."""
    odd = quote(chance.choice(_ODD), safe="", errors="surrogatepass")
    if not part.startswith("{"):
        return chance.choice((*(part,) * 30, odd))
    likely = LIKELY.get(part.strip("{}").partition(":")[0], ("1",))
    noise = quote_from_bytes(chance.randbytes(chance.randrange(1, 20)), safe="")
    return chance.choice((*map(quote, likely), *map(quote, likely), odd, noise))
