"""Which addresses of the network a message may be sent to."""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address, ip_network

Resolve = Callable[[str, int], Sequence[str]]
"""Host name and port → the addresses that the name service gives; OSError without any."""

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


def is_public(address: str) -> bool:
    """Tell whether an address is one of the open network, reached directly.

    False for private, loopback, link-local, CGNAT, multicast and reserved ranges, for IPv6 that
    stands for an IPv4 address (mapped, 6to4, NAT64, Teredo), and for what is no address.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
        return False
    if any(parsed in network for network in _TUNNELS):
        return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved)


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's name service; each address once, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
