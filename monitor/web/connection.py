"""One connection of a client, bounded in time: nobody can hold it open by doing nothing."""

import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

_UNANSWERED = ("IDLE", "SEND_RESPONSE")  # h11's names of the states that allow a response


class ClientConnection(H11Protocol):
    """uvicorn's connection, which knows since when it waits for its client.

    A client keeps a server waiting by sending its headers or its body slowly, or by reading the
    response slowly. ``check`` finds that out a few times a second instead of at every byte, so
    that no byte prolongs anything.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._since = time.monotonic()
        self._phase: tuple[object, ...] = ()

    @property
    def waiting_since(self) -> float | None:
        """The monotonic time since when it waits for its client; None while we work for it."""
        cycle = self.cycle
        is_ours = cycle is not None and not (cycle.response_complete or cycle.more_body)
        if not is_ours or self.unread_bytes > 0:
            return self._since
        return None

    @property
    def unread_bytes(self) -> int:
        """How much of its responses the client has not taken yet."""
        return self.transport.get_write_buffer_size()

    def check(self, now: float, *, header_timeout_s: float, request_timeout_s: float) -> None:
        """Close the connection when its client has taken too long.

        ``header_timeout_s`` runs from the opening, or the end of the last response, to the end of
        the next headers; ``request_timeout_s`` from there until the client has the response.
        """
        cycle = self.cycle
        is_busy = cycle is not None and (not cycle.response_complete or self.unread_bytes > 0)
        phase = (cycle, is_busy)
        if phase != self._phase:
            self._phase, self._since = phase, now
        if now - self._since > (request_timeout_s if is_busy else header_timeout_s):
            self.abort()

    def on_response_complete(self) -> None:
        """Close when the client sent more requests before it had the response to this one.

        Who sends a great many could keep its place for as long as it takes to answer them all.
        """
        received, _ = self.conn.trailing_data
        if received:
            self.transport.close()
        super().on_response_complete()

    def abort(self) -> None:
        """Close it now; what was not sent is dropped."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP; close without a word when a response was begun already.

        So it is when the headers of a request were answered and its body turns out malformed.
        """
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # nothing can be sent after the refusal
        if repr(self.conn.our_state) in _UNANSWERED:
            super().send_400_response(msg)
        else:
            self.transport.close()
