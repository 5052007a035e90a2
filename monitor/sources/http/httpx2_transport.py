"""The first transport: httpx2, with HTTP/2 where the server has it.

Loaded by ``session`` when it is first used; nothing else knows the library.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING

import httpx2
from h2.exceptions import H2Error

from monitor.deadlines.sockets import SocketHandle
from monitor.errors import SourceError
from monitor.settings import HttpSettings
from monitor.sources.http import error_messages
from monitor.sources.http.address import Target
from monitor.sources.http.response import Headers, ResponseStream

if TYPE_CHECKING:
    import ssl

# httpx2 lets errors of its HTTP/2 library through when a server breaks the protocol.
# A host name that no resolver takes is a UnicodeError.
_ERRORS = (httpx2.HTTPError, httpx2.InvalidURL, H2Error, UnicodeError)


class Httpx2Session:
    """Asks with httpx2. Proxies and certificates come from the environment, as httpx2 does it."""

    library = f"python-httpx2/{httpx2.__version__}"

    def __init__(self, settings: HttpSettings) -> None:
        self.socket_handle = SocketHandle()
        self._settings = settings
        self._client = httpx2.Client(
            verify=_trust(),
            http2=settings.http2,
            # Where a redirect leads is for the caller to judge: an alias's is an answer, any other
            # is not.
            follow_redirects=False,
            # One connection, so that the line is always that of the request under way.
            limits=httpx2.Limits(max_connections=1, keepalive_expiry=30.0),
            timeout=httpx2.Timeout(
                settings.read_timeout_s,
                connect=settings.connect_timeout_s,
                write=settings.connect_timeout_s,
            ),
            # No domain may set one: load balancers pin a client by cookie to one server, whose data
            # may be of another load.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    @contextmanager
    def open(self, target: Target, headers: Mapping[str, str]) -> Iterator[ResponseStream]:
        """See ``HttpTransport``."""
        try:
            with self._client.stream(
                "GET", target.url, headers=headers, extensions={"trace": self._trace}
            ) as response:
                yield ResponseStream(
                    status=response.status_code,
                    headers=Headers(response.headers.multi_items()),
                    http_version=response.http_version,
                    raw=self._reading(response.iter_raw(), target),
                )
        except _ERRORS as exc:
            raise self._translate_error(exc, target) from exc

    def close(self) -> None:
        """See ``HttpTransport``."""
        self._client.close()

    def _reading(self, raw: Iterator[bytes], target: Target) -> Iterator[bytes]:
        try:
            yield from raw
        except _ERRORS as exc:
            raise self._translate_error(exc, target) from exc

    def _trace(self, event: str, info: Mapping[str, object]) -> None:
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            stream = info.get("return_value")
            # The socket under the library, kept so that another thread can shut it down: no timeout
            # of the library ends a server that sends a byte every few seconds.
            self.socket_handle.use(stream.get_extra_info("socket"))  # type: ignore[attr-defined]  # of httpcore2

    def _translate_error(self, exc: Exception, target: Target) -> SourceError:
        # From the narrow to the wide: ConnectTimeout is a TimeoutException too.
        match exc:
            case httpx2.ConnectTimeout():
                return error_messages.connect_timeout(target, self._settings.connect_timeout_s)
            case httpx2.TimeoutException():
                return error_messages.read_timeout(target, self._settings.read_timeout_s)
            case httpx2.ConnectError() | httpx2.ProxyError():
                return error_messages.connect_error(exc, target)
            case (
                httpx2.LocalProtocolError()
                | httpx2.UnsupportedProtocol()
                | httpx2.InvalidURL()
                | UnicodeError()
            ):
                return error_messages.invalid_request(exc, target)
            case _:
                return error_messages.broken_transfer(exc, target)


def _trust() -> "ssl.SSLContext":
    return _load_certificates(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@cache
def _load_certificates(*where: str | None) -> "ssl.SSLContext":
    """Return the certificates to trust; reading them takes 90 ms, so once for each place."""
    del where  # httpx2 looks there itself
    return httpx2.create_ssl_context()
