"""Trying the web listeners: whether their addresses can be had, and who could reach them."""

import errno
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from monitor.app.heartbeat import own_key, reach
from monitor.app.tokens import tokens
from monitor.app.wiring import App
from monitor.errors import DeliveryError, StoreError
from monitor.model.checks import CheckStatus, Finding

IsAnswered = Callable[[tuple[str, int]], bool]
"""Tells whether a monitor that runs answers there."""


def web_findings(app: App, is_answered: IsAnswered) -> Iterator[Finding]:
    """Try both addresses of ``[web]``; an address that a running monitor holds is fine."""
    web = app.settings.web
    public_url = app.settings.delivery.public_url
    fault = None
    if public_url and web.public_address is None and not _is_loopback(web.address):
        fault = (
            "health, metrics and pages for readers are on one address, which others can reach",
            "give readers an address of their own: [web] public_listen (docs/deployment.md)",
        )
    yield from _listener("listen", web.address, is_answered, fault)
    fault = None
    if web.public_address is not None and not public_url:
        fault = (
            "no message leads to the pages there",
            "say how readers reach it: [delivery] public_url",
        )
    if web.public_address is not None:
        # Who runs there has no health there; that it holds the other address is as good.
        held = web.address is not None and is_answered(web.address)
        yield from _listener("public_listen", web.public_address, lambda _: held, fault)
    yield from _access(app)


def _access(app: App) -> Iterator[Finding]:
    """Warn where who reads needs a token, and there is none that is valid."""
    web = app.settings.web
    address = web.public_address or web.address
    if address is None or not web.requires_token(address[0]):
        return
    try:
        is_usable = bool(tokens(app))
    except StoreError:  # the finding of the store says so
        return
    if not is_usable:
        yield Finding(
            about="web access",
            verdict=CheckStatus.WARNING,
            detail=f"who reads by {address[0]} port {address[1]} needs a token, and there is none",
            fix='`monitor token add NAME`, or [web] access = "open"',
        )


def heartbeat_findings(app: App, *, offline: bool) -> Iterator[Finding]:
    """Connect to where the heartbeat goes, where there is one, without calling."""
    about = "heartbeat"
    if not app.settings.daemon.heartbeat_url:
        return
    if offline:
        yield Finding(about=about, verdict=CheckStatus.SKIPPED, detail="not tried (--offline)")
        return
    try:
        detail = reach(app)
    except DeliveryError as exc:
        fix = "fix [daemon] heartbeat_url, or check the service"
        yield Finding(about=about, verdict=CheckStatus.FAILED, detail=own_key(str(exc)), fix=fix)
    else:
        yield Finding(about=about, verdict=CheckStatus.FINE, detail=str(detail))


def _listener(
    key: str,
    address: tuple[str, int] | None,
    is_answered: IsAnswered,
    warning: tuple[str, str] | None,
) -> Iterator[Finding]:
    about = f"web {key}"
    if address is None:
        yield Finding(
            about=about, verdict=CheckStatus.SKIPPED, detail=f'switched off ([web] {key} = "")'
        )
        return
    detail = f"{address[0]} port {address[1]}"
    problem = _problem(address)
    if problem is None:
        detail += " is free" if address[1] else " stands for any free one"
    elif problem.errno == errno.EADDRINUSE and is_answered(address):
        detail += " is held by a monitor that runs"
    else:
        detail += f" cannot be listened on: {problem.strerror or problem}"
        fix = f"name another one: [web] {key}; until then `monitor run` goes on without it"
        yield Finding(about=about, verdict=CheckStatus.WARNING, detail=detail, fix=fix)
        return
    if warning is not None:
        yield Finding(
            about=about,
            verdict=CheckStatus.WARNING,
            detail=f"{detail}; {warning[0]}",
            fix=warning[1],
        )
    else:
        yield Finding(about=about, verdict=CheckStatus.FINE, detail=detail)


def _problem(address: tuple[str, int]) -> OSError | None:
    """Return why nothing can listen there; the address is given back at once."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        socket.create_server(address, family=family).close()
    except OSError as exc:
        return exc
    return None


def _is_loopback(address: tuple[str, int] | None) -> bool:
    """Return whether nobody but this machine can reach it; so it is where nothing listens."""
    if address is None or address[0] == "localhost":
        return True
    try:
        return ip_address(address[0]).is_loopback
    except ValueError:
        return False
