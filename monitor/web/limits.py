"""What clients may take of the process that serves them."""

import resource
from dataclasses import dataclass

HEADER_BYTES = 16_384
"""The longest line and headers of a request."""

BODY_BYTES = 65_536
"""The longest body of a request: a click to unsubscribe takes 26 bytes."""

UNREAD_BYTES = 33_554_432
"""How much of all responses may wait to be read by slow clients."""

_SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the clients of one listener get.

    ``connections``: at a time. ``header_timeout_s``: for the headers of a request, from the opening
    of the connection or the response before. ``request_timeout_s``: from there to the end of
    the response.
    """

    connections: int = 64
    header_timeout_s: float = 10.0
    request_timeout_s: float = 30.0

    @property
    def connections_at_most(self) -> int:
        """The connections, but never more than a quarter of the descriptors of the process.

        The rest is for the store, the registry and the channels.
        """
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY:
            return self.connections
        return max(1, min(self.connections, soft // _SHARE))
