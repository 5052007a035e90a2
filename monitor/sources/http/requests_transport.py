"""The second transport: requests, which some edges let in where they refuse the first.

Loaded by ``session`` when it is first used; nothing else knows the library.
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any, cast

import requests
import urllib3
from requests.adapters import HTTPAdapter

from monitor.deadlines.sockets import SocketHandle
from monitor.errors import SourceError
from monitor.settings import HttpSettings
from monitor.sources.http import error_messages
from monitor.sources.http.address import Target
from monitor.sources.http.response import Headers, ResponseStream

_CHUNK_BYTES = 64 << 10
_HTTP_VERSIONS = {10: "HTTP/1.0", 11: "HTTP/1.1", 20: "HTTP/2"}

_ERRORS = (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError)
_UNASKABLE = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    UnicodeError,  # a host name that no resolver takes
)


class RequestsSession:
    """Asks with requests. Proxies come from the environment, as requests does it."""

    library = f"python-requests/{requests.__version__}"

    def __init__(self, settings: HttpSettings) -> None:
        self.socket_handle = SocketHandle()
        self._settings = settings
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Without it requests sends the password of ~/.netrc to a host that is named there.
        self._session.auth = _no_auth
        # The certificates that the other transport trusts, where the system has them in a file.
        self._session.verify = ssl.get_default_verify_paths().cafile or True
        adapter = _Adapter(self.socket_handle)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    @contextmanager
    def open(self, target: Target, headers: Mapping[str, str]) -> Iterator[ResponseStream]:
        """See ``HttpTransport``."""
        try:
            with self._session.get(
                target.url,
                headers=dict(headers),
                allow_redirects=False,
                stream=True,
                timeout=(self._settings.connect_timeout_s, self._settings.read_timeout_s),
            ) as response:
                yield ResponseStream(
                    status=response.status_code,
                    headers=Headers(response.raw.headers.items()),
                    http_version=_HTTP_VERSIONS.get(response.raw.version, "HTTP/1.1"),
                    raw=self._reading(response, target),
                )
        except _ERRORS as exc:
            raise self._translate_error(exc, target) from exc

    def close(self) -> None:
        """See ``HttpTransport``."""
        self._session.close()

    def _reading(self, response: requests.Response, target: Target) -> Iterator[bytes]:
        try:
            # Undecoded: `body` unpacks, with a limit, and notices a gzip that ends early.
            yield from response.raw.stream(_CHUNK_BYTES, decode_content=False)
        except _ERRORS as exc:
            raise self._translate_error(exc, target) from exc

    def _translate_error(self, exc: Exception, target: Target) -> SourceError:
        match exc:
            case requests.ConnectTimeout() | requests.ReadTimeout() if _is_connecting(exc):
                return error_messages.connect_timeout(target, self._settings.connect_timeout_s)
            case requests.ReadTimeout() | urllib3.exceptions.ReadTimeoutError():
                return error_messages.read_timeout(target, self._settings.read_timeout_s)
            # Before ConnectionError and the rest: an URL that no one can ask is not to be tried
            # again.
            case _ if isinstance(exc, _UNASKABLE):
                return error_messages.invalid_request(exc, target)
            case requests.ConnectionError() if not _is_after_connecting(exc):
                return error_messages.connect_error(exc, target)
            case _:
                return error_messages.broken_transfer(exc, target)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from looking for a password in ~/.netrc."""
    return request


def _is_connecting(exc: requests.Timeout) -> bool:
    """Whether the connection does not stand yet; a slow handshake passes for a slow answer."""
    if isinstance(exc, requests.ConnectTimeout):
        return True
    return any("handshake" in str(cause) for cause in error_messages.causes(exc))


def _is_after_connecting(exc: requests.ConnectionError) -> bool:
    """Whether the error came after the connection stood."""
    return bool(exc.args) and isinstance(exc.args[0], urllib3.exceptions.ProtocolError)


class _Adapter(HTTPAdapter):
    """Sets the socket of every new connection in the handle."""

    def __init__(self, socket_handle: SocketHandle) -> None:
        self._socket_handle = socket_handle
        super().__init__(pool_connections=1, pool_maxsize=1)

    def get_connection_with_tls_context(
        self, *args: Any, **kwargs: Any
    ) -> urllib3.HTTPConnectionPool:
        pool = cast(
            "urllib3.HTTPConnectionPool", super().get_connection_with_tls_context(*args, **kwargs)
        )
        if not hasattr(pool.ConnectionCls, "socket_handle"):
            # requests has no hook for a new connection; its class is the one place that sees the
            # socket.
            pool.ConnectionCls = _with_socket_handle(pool.ConnectionCls, self._socket_handle)
        return pool


def _with_socket_handle(connection: type[Any], socket_handle: SocketHandle) -> type[Any]:
    """Return the class of connections whose ``connect`` sets its socket in the handle."""

    def connect(self: Any) -> None:
        connection.connect(self)
        socket_handle.use(self.sock)

    return type(
        connection.__name__, (connection,), {"connect": connect, "socket_handle": socket_handle}
    )
