"""Asking a running monitor how it is, by the standard library alone: it has to be quick."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from monitor.errors import UsageError

# Something else may listen there, and answer anything.
_LONGEST_ANSWER = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReply:
    """What came back: whether all is well, why not, and the facts (() where none came)."""

    well: bool
    reason: str | None
    facts: Mapping[str, Any]


def health_url(address: tuple[str, int]) -> str:
    """Return where a monitor that listens there is to be asked from the same machine."""
    host, port = _reachable(address[0]), address[1]
    return f"http://[{host}]:{port}/healthz" if ":" in host else f"http://{host}:{port}/healthz"


def _reachable(host: str) -> str:
    """Return the host, or loopback where it is a wildcard address."""
    try:
        listening = ip_address(host)
    except ValueError:
        return host
    if not listening.is_unspecified:
        return host
    return "::1" if listening.version == 6 else "127.0.0.1"


def fetch_health(url: str, *, timeout_s: float) -> HealthReply:
    """Ask once; every failure to get a good answer is a reason. UsageError for no http URL."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if parts.scheme != "http" or not host:
        raise UsageError(f"{url!r} is no address to ask; write http://127.0.0.1:8080/healthz")
    path = parts.path if parts.path not in ("", "/") else "/healthz"
    connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("GET", path, headers={"Accept": "application/json"})
        answer = connection.getresponse()
        body = answer.read(_LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as exc:
        reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
        return HealthReply(well=False, reason=f"no response from {url}: {reason}", facts={})
    finally:
        connection.close()
    return _parse_reply(answer.status, body, url)


def _parse_reply(status: int, body: bytes, url: str) -> HealthReply:
    try:
        facts = json.loads(body)
    except ValueError:
        facts = None
    if not isinstance(facts, dict):
        return HealthReply(well=False, reason=f"{url} is not the monitor's ({status})", facts={})
    reason = None if status == 200 else str(facts.get("reason") or f"it answers {status}")
    return HealthReply(well=status == 200, reason=reason, facts=facts)
