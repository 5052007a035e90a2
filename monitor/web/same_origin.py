"""Forms are taken from this site's own pages alone.

A page of another site can make a reader's browser send a form here, with the reader's cookie. The
browser says so: in ``Sec-Fetch-Site`` on HTTPS, else in ``Origin``. A token in ``Authorization:
Bearer`` is sent by no form, and mail programs unsubscribe by a POST of their own (RFC 8058), whose
address is the permission. The API is read-only: it refuses such requests itself.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from monitor.web.pages import layout
from monitor.web.problems import API

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_ONE_CLICK = "/unsubscribe/"
_OWN = frozenset({"same-origin", "none"})


class SameOrigin:
    """Calls the application, but refuses with 403 what may come from another site's page."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        is_change = (
            scope["type"] == "http" and scope["method"] not in _READING and _is_accepted(scope)
        )
        if not is_change or _may_change(Request(scope)):
            await self._application(scope, receive, send)
            return
        refused = layout.error(
            Request(scope),
            403,
            "this form was not sent from a page of this site; open the page here and send it again",
            headers={"Connection": "close"},
        )
        await refused(scope, receive, send)


def _is_accepted(scope: Scope) -> bool:
    """Return whether an address takes such a request; any other gets its usual error."""
    return any(one.matches(scope)[0] is Match.FULL for one in scope["app"].routes)


def _may_change(request: Request) -> bool:
    headers = request.headers
    if request.url.path.startswith((_ONE_CLICK, API)):
        return True
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in _OWN:
        return False
    # A browser sends at least one of the two with a POST; a request with neither is refused.
    if origin is None or origin == "null":
        return site is not None
    # No page of another site can set these headers on a form.
    return _host(origin) in {headers.get("host"), headers.get("x-forwarded-host")}


def _host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
