"""Hosts and ports as the configuration writes them, and e-mail addresses."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from monitor.model.sanitize import sanitize

_HOST_AND_PORT = re.compile(r"(?:\[([^\[\]]*)\]|([A-Za-z0-9](?:[A-Za-z0-9.-]*))):([0-9]{1,5})")
_LARGEST_PORT = 65_535
# What HTML calls a valid address: no quotes, no comments, ASCII.
_ADDRESS = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*)"
)


def parse_listen_address(text: str) -> tuple[str, int] | None:
    """Return host and port, the brackets of an IPv6 host taken off; None for no text.

    Port 0: any free one. ValueError when the text is no such place.
    """
    if not text.strip():
        return None
    found = _HOST_AND_PORT.fullmatch(text.strip())
    if found is None or int(found[3]) > _LARGEST_PORT:
        raise ValueError(text)
    if found[1] is not None:
        return str(IPv6Address(found[1])), int(found[3])
    return found[2], int(found[3])


def parse_mail_server(text: str) -> tuple[str, int | None]:
    """Return host and port of ``HOST`` or ``HOST:PORT``, brackets taken off; None: no port.

    ValueError when the text is no such place.
    """
    text = text.strip()
    host, colon, port = text.rpartition(":")
    if not colon or host.endswith(":") or (":" in host and not host.startswith("[")):
        host, port = text, ""  # no port: a bare host, or bare IPv6
    number = int(port) if port.isascii() and port.isdigit() else 0
    if port and not 0 < number <= _LARGEST_PORT:
        raise ValueError(text)
    if not host or not host.isascii() or not host.isprintable() or set(host) & set(" /@"):
        raise ValueError(text)
    return host.strip("[]"), number or None


def is_loopback(host: str) -> bool:
    """Return whether a host as the configuration names it is this machine itself."""
    if host.lower().rstrip(".") == "localhost":
        return True
    parsed = literal(host)
    return parsed is not None and parsed.is_loopback


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host is written as; None when it is a name."""
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An e-mail address and the name in front of it, which may be empty."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What is behind the ``@``: the right side of Message-IDs."""
        return self.address.rpartition("@")[2]


def read_address(text: str) -> Mailbox | None:
    """Return the one address that the text is, with or without a name; None when it is none.

    It takes ASCII only: what is behind the ``@`` can be written as xn--….
    """
    # Line ends and invisible characters: in a header they would begin another one.
    if sanitize(text) != text:
        return None
    name, bracket, rest = text.strip().rpartition("<")
    if bracket and not rest.endswith(">"):
        return None
    address = rest.removesuffix(">") if bracket else rest
    if _ADDRESS.fullmatch(address) is None:
        return None
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    return Mailbox(name=name, address=address)
