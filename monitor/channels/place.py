"""Where a POST goes, read from a URL whose path may be a secret."""

import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from monitor.channels.addresses import is_public
from monitor.channels.checking import wrong
from monitor.settings.hosts import literal

_PORTS = {"https": 443, "http": 80}
_KEY_CHARS = 8
# What can stand in a request line as it is.
_TARGET = re.compile(r"[!-~]*")
# A name as the name service knows it, once IDNA has made ASCII of it.
_HOST_NAME = re.compile(r"[0-9A-Za-z._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Host, port and the target of the request line. ``shown`` names it without the target."""

    tls: bool
    host: str
    port: int
    target: str = field(repr=False)

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == _PORTS["https" if self.tls else "http"]
        return host if usual else f"{host}:{self.port}"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What of the target may be a key to the service: all of it, and its long pieces."""
        whole = self.target.strip("/")
        pieces = [piece for piece in re.split("[/?&=]", whole) if len(piece) >= _KEY_CHARS]
        return (whole, *pieces) if len(whole) >= _KEY_CHARS else ()

    @property
    def shown(self) -> str:
        """The place as errors may show it."""
        return f"http{'s' if self.tls else ''}://{self.authority}"


def place_of(name: str, url: str, *, allow_private: bool) -> Place:
    """Return where the channel's URL leads; ConfigError, without the URL, where it cannot work."""
    try:
        return parsed(url, allow_private=allow_private)
    except ValueError as exc:
        raise wrong(name, "url", str(exc)) from None


def parsed(url: str, *, allow_private: bool) -> Place:
    """Return where a URL leads; ValueError, without the URL, says why it cannot work."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii").rstrip(".")
    except (ValueError, UnicodeError):
        raise ValueError("it is malformed") from None
    fault = _fault(parts, host, allow_private=allow_private)
    if fault is not None:
        raise ValueError(fault)
    query = f"?{parts.query}" if parts.query else ""
    target = f"{parts.path or '/'}{query}"
    if _TARGET.fullmatch(target) is None:
        raise ValueError("characters outside ASCII, and blanks, must be percent-encoded")
    tls = parts.scheme == "https"
    return Place(tls=tls, host=host, port=port or _PORTS[parts.scheme], target=target)


def _fault(parts: SplitResult, host: str, *, allow_private: bool) -> str | None:
    if parts.scheme not in _PORTS or not host:
        return "it begins with https:// and a host"
    if _HOST_NAME.fullmatch(host) is None and literal(host) is None:
        return "its host has letters, digits, dots and dashes, nothing else"
    if parts.username is not None or parts.password is not None:
        return "a user name or a password in it is not sent"
    if allow_private:
        return None
    if parts.scheme == "http":
        return "it begins with https://; http:// is for addresses of one's own (allow_private)"
    if (literal(host)) is not None and not is_public(host):
        return "an address of a private or special range needs allow_private = true"
    return None
