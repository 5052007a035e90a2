"""How many requests a client may make: a bucket each, refilled evenly."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

# Bounds the memory; a client that is forgotten has a full bucket again.
_CLIENTS = 10_000
_IPV6_HOST_BITS = 64


class RequestRates:
    """Counts the requests of each client; those that asked longest ago are forgotten.

    For one thread. ``clock``: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str, per_minute: int) -> float:
        """Count a request; return 0, or after how many seconds the next one is let through.

        A client that was quiet may make a minute's requests at once. ``per_minute`` 0: any number.
        """
        if not per_minute:
            return 0.0
        now, each_s = self._clock(), 60 / per_minute
        # Taken out and put back: the dict is in the order of asking.
        left, at = self._buckets.pop(client, (float(per_minute), now))
        left = min(float(per_minute), left + (now - at) / each_s)
        is_over = left < 1
        self._buckets[client] = (left if is_over else left - 1, now)
        while len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        return (1 - left) * each_s if is_over else 0.0


def network_of(host: str) -> str:
    """Return whose requests count together: an address, of IPv6 the network of a household."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    # ::ffff:192.0.2.1: an IPv4 client of a listener for both.
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Address(int(address) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS))
