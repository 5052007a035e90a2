"""Connecting to one of the addresses of a host."""

import socket
import time
from collections.abc import Sequence


def connect(addresses: Sequence[str], port: int, *, within_s: float) -> socket.socket:
    """Return a socket connected to the first address that answers; OSError when none does.

    ``within_s`` bounds all of them together, and afterwards each silence.
    """
    end = time.monotonic() + within_s
    last: OSError = OSError("the name has no address")
    for number, address in enumerate(addresses):
        # An address that nobody answers at leaves time for the next.
        left_s = (end - time.monotonic()) / (len(addresses) - number)
        if left_s <= 0:
            raise TimeoutError
        try:
            sock = socket.create_connection((address, port), left_s)
        except OSError as exc:
            last = exc
            continue
        # create_connection leaves its own timeout, the share of one address, on the socket.
        sock.settimeout(within_s)
        return sock
    raise last
