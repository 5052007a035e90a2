"""Where a POST goes, read from a URL whose path may be a secret."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from monitor.settings.hosts import literal

# Global by the registries' tables, yet doors to an IPv4 address of anybody's choice, or new in
# the tables since the oldest supported Python.
_TUNNELS = tuple(
    map(
        ip_network,
        (
            "::ffff:0:0/96",  # IPv4-mapped
            "::/96",  # IPv4-compatible
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",  # NAT64 of one's own
            "2001::/32",  # Teredo
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
            "fec0::/10",  # site-local
            "100.64.0.0/10",  # carrier-grade NAT
            "192.0.0.0/24",  # protocol assignments
            "192.88.99.0/24",  # 6to4 relays
        ),
    )
)
_PORTS = {"https": 443, "http": 80}
_KEY_CHARS = 8
# What a request line may contain unescaped.
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
        # An answer may quote one piece of the path alone; short ones (`api`, `v1`) are no keys.
        pieces = [piece for piece in re.split("[/?&=]", whole) if len(piece) >= _KEY_CHARS]
        return (whole, *pieces) if len(whole) >= _KEY_CHARS else ()

    @property
    def shown(self) -> str:
        """The place as errors may show it."""
        return f"http{'s' if self.tls else ''}://{self.authority}"


def parse_endpoint(url: str, *, allow_private: bool, key: str = "allow_private") -> Place:
    """Return where a URL leads; ValueError, without the URL, says why it cannot work.

    ``key``: the one that allows addresses of one's own.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
        # The name service knows ASCII alone; this also refuses labels that are empty or too long.
        host = (parts.hostname or "").encode("idna").decode("ascii").rstrip(".")
    except (ValueError, UnicodeError):
        raise ValueError("it is malformed") from None
    fault = _fault(parts, host, None if allow_private else key)
    if fault is not None:
        raise ValueError(fault)
    query = f"?{parts.query}" if parts.query else ""
    target = f"{parts.path or '/'}{query}"
    # A space or a line end would end the request line, and begin a request that an attacker wrote.
    if _TARGET.fullmatch(target) is None:
        raise ValueError("characters outside ASCII, and spaces, must be percent-encoded")
    tls = parts.scheme == "https"
    return Place(tls=tls, host=host, port=port or _PORTS[parts.scheme], target=target)


def _fault(parts: SplitResult, host: str, key: str | None) -> str | None:
    """Say why a URL cannot work; ``key`` would allow addresses of one's own (None: it does)."""
    if parts.scheme not in _PORTS or not host:
        return "it begins with https:// and a host"
    if _HOST_NAME.fullmatch(host) is None and literal(host) is None:
        return "its host has letters, digits, dots and dashes, nothing else"
    if parts.username is not None or parts.password is not None:
        return "a user name or a password in it is not sent"
    if key is None:
        return None
    if parts.scheme == "http":
        return f"it begins with https://; http:// is for addresses of one's own ({key})"
    if (literal(host)) is not None and not is_public(host):
        return f"an address of a private or special range needs {key} = true"
    return None


def is_public(address: str) -> bool:
    """Return whether an address is one of the open network, reached directly.

    False for private, loopback, link-local, CGNAT, multicast and reserved ranges, for IPv6 that
    stands for an IPv4 address (mapped, 6to4, NAT64, Teredo), and for what is no address.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    # fe80::1%eth0 is on a link of this machine.
    if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
        return False
    if any(parsed in network for network in _TUNNELS):
        return False
    # `is_global` alone holds for multicast, too.
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved)
