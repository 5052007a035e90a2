"""The addresses that the name service gives for a host."""

import socket
from collections.abc import Callable, Sequence

Resolve = Callable[[str, int], Sequence[str]]
"""Host name and port → the addresses that the name service gives; OSError without any."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's name service; each address once, in its order."""
    # Without the type, each address would be listed once for each kind of socket. The order is
    # that of RFC 6724: what is reached best comes first.
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
