"""What clients may take of the process that serves them."""

import resource

from monitor.settings import WebSettings

HEADER_BYTES = 16_384
"""The longest line and headers of a request."""

BODY_BYTES = 65_536
"""The longest body of a request: a click to unsubscribe takes 26 bytes."""

UNREAD_BYTES = 33_554_432
"""How much of all responses may wait to be read by slow clients."""

_SHARE = 4


def connections_at_most(web: WebSettings) -> int:
    """Return the connections, but never more than a quarter of the descriptors of the process.

    The rest is for the store, the registry and the channels.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return web.connections
    return max(1, min(web.connections, soft // _SHARE))
