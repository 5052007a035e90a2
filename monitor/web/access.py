"""Who may read over HTTP: anybody, or who presents a token; and how often.

A token comes as ``Authorization: Bearer TOKEN``, or, from browsers and feed readers, as the
password of a user of any name (``Basic``). Where reading is open, a token still tells whose
subscriptions may be read, and a wrong one is refused.
"""

import base64
import binascii
import math
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.app.tokens import check_token
from monitor.errors import MonitorError
from monitor.model.tokens import AccessToken
from monitor.web.clients import client_host
from monitor.web.problems import ProblemError
from monitor.web.rates import RequestRates, network_of
from monitor.web.store_calls import StoreCalls

_REALM = 'realm="trial monitor"'
_HOW = "send a token as `Authorization: Bearer TOKEN`; `monitor token add NAME` makes one"


def token_of(request: Request) -> AccessToken | None:
    """Return the token that a request of a protected route came with; None without one."""
    token: AccessToken | None = request.state.token
    return token


def unauthorized(detail: str = _HOW, error: str = "") -> ProblemError:
    """Return the error of a request without a valid token; ``error``: a code of RFC 6750."""
    bearer = f'Bearer {_REALM}, error="{error}"' if error else f"Bearer {_REALM}"
    return ProblemError(
        HTTPStatus.UNAUTHORIZED,
        detail,
        # Browsers ask for a password only where Basic is offered.
        headers={"WWW-Authenticate": f'{bearer}, Basic {_REALM}, charset="UTF-8"'},
    )


class Access:
    """Lets requests to routes through; ``host``: of the listener that they come by."""

    def __init__(
        self, calls: StoreCalls, *, host: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._calls = calls
        self._host = host
        self._rates = RequestRates(clock)

    def protect(self, routes: Iterable[Route]) -> list[Route]:
        """Return the routes, which answer from now on whom ``admit`` lets in."""
        protected = list(routes)
        # Around single routes: middleware would be around the open ones, too.
        for route in protected:
            route.app = _Protected(route.app, self)
        return protected

    async def admit(self, request: Request) -> AccessToken | None:
        """Return the token of a request, None where there is none and none is needed.

        ProblemError: 401 without a valid token, 429 when its client asks too often, 503 when the
        store cannot tell.
        """
        web = self._calls.settings.web
        secret = _secret_of(request)
        token = None if secret is None else await self._check(secret)
        # A wrong token counts for the address that sent it, so guessing is limited as well.
        client = f"token {token.name}" if token else network_of(client_host(request, web))
        pause_s = self._rates.take(client, web.requests_per_minute)
        if pause_s > 0:
            raise ProblemError(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"more than {web.requests_per_minute} requests a minute; wait",
                headers={"Retry-After": str(math.ceil(pause_s))},
            )
        if secret is not None and token is None:
            raise unauthorized("the token is unknown, revoked or expired", "invalid_token")
        if token is None and web.requires_token(self._host):
            raise unauthorized()
        return token

    async def _check(self, secret: str) -> AccessToken | None:
        try:
            return await self._calls.run(lambda app: check_token(app, secret))
        except MonitorError:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE, "the store cannot be read now; try again later"
            ) from None  # readers learn nothing about the store


class _Protected:
    """An application that answers whom the access lets in."""

    def __init__(self, application: ASGIApp, access: Access) -> None:
        self._application = application
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        request.state.token = await self._access.admit(request)
        await self._application(scope, receive, send)


def _secret_of(request: Request) -> str | None:
    """Return what a request shows as its token; "" for a header that holds none."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    # Credentials of another kind count as a wrong token, not as none: the request is refused
    # rather than taken for an anonymous one.
    return _password(value) if scheme.lower() == "basic" else ""


def _password(credentials: str) -> str:
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    # A password dialog asks for a user name as well, which does not matter.
    return decoded.partition(":")[2]
