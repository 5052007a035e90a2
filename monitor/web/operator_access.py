"""Who is the operator: who shows an operator's token, or whom a trusted proxy names.

A token comes as ``Authorization: Bearer``, or once by a form: then a signed cookie stands for it,
for some hours, as long as the token is valid. The address in ``Host`` must be this machine's: a
page of another site that has its own name lead here gets nothing.
"""

from datetime import timedelta
from ipaddress import ip_address

from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.app.signing import verify_token
from monitor.app.tokens import check_token
from monitor.errors import NotFoundError
from monitor.model.signed_tokens import SignedToken, sign
from monitor.model.tokens import AccessToken
from monitor.web.clients import is_trusted

COOKIE = "monitor_operator"
_FOR = timedelta(hours=8)


def operator_of(app: App, request: Request) -> str | None:
    """Return the name of the operator who asks; None for anybody else."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    # A wrong token is refused, whatever cookie came with it.
    if scheme.lower() == "bearer":
        token = operator_token(app, secret.strip())
        return token.name if token else None
    return _named_by_proxy(app, request) or _named_by_cookie(app, request)


def operator_token(app: App, secret: str) -> AccessToken | None:
    """Return the valid token of an operator that has this secret; None for any other text."""
    token = check_token(app, secret)
    return token if token is not None and token.operator else None


def is_known_host(app: App, request: Request) -> bool:
    """Return whether a request was sent to this machine by a name that is its own."""
    if is_trusted(_peer(request), app.settings.web):
        return True  # the proxy knows by which names it is asked
    host = request.headers.get("host", "")
    # Written like localhost:8080, [::1]:8080 or [::1].
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    name = name.strip("[]").lower()
    listening = app.settings.web.address
    own = {"localhost", listening[0]} if listening else {"localhost"}
    # DNS rebinding: another site's name can be made to lead here, an address means this machine.
    return name in own or _is_ip_address(name)


def set_cookie(app: App, request: Request, response: Response, token: AccessToken) -> None:
    """Let a browser be the operator for some hours, as long as the token is valid."""
    signed = SignedToken(
        purpose="operator",
        subject=token.name,
        generation=_generation(token),
        until=app.now() + _FOR,
    )
    with app.store(create=False) as store, store.transaction() as tx:
        key = tx.signing.current(app.now())
    # Behind a proxy TLS ends there; at worst a client marks its own cookie as secure.
    is_https = "https" in {request.url.scheme, request.headers.get("x-forwarded-proto", "")}
    response.set_cookie(
        COOKIE,
        sign(signed, key),
        max_age=int(_FOR.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=is_https,
    )


def _named_by_proxy(app: App, request: Request) -> str | None:
    header = app.settings.web.operator_header
    if not header or not is_trusted(_peer(request), app.settings.web):
        return None
    return request.headers.get(header, "").strip()[:64] or None


def _named_by_cookie(app: App, request: Request) -> str | None:
    text = request.cookies.get(COOKIE)
    if not text:
        return None
    with app.reader() as reader:
        try:
            signed = verify_token(app, reader, text, "operator")
        except NotFoundError:
            return None
        token = reader.tokens.by_name(signed.subject)
    if token is None or not token.operator or not token.is_valid(app.now()):
        return None
    return token.name if _generation(token) == signed.generation else None


def _generation(token: AccessToken) -> int:
    """Return what tells a token from another of the same name."""
    return int(token.created_at.timestamp() * 1_000_000)


def _peer(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
