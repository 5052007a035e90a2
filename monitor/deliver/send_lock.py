"""The lock around sending: while services are quick, one message of a process is in flight.

What is in flight when a process is killed may be sent again by the next one. So every channel
worker takes this lock for each message, and the next message of whatever channel waits until the
one before it has been recorded. It is no plain mutex: no channel waits long for a slow service.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# A send that ends wakes the waiting threads; this bounds what a missed wake-up costs.
_RECHECK_S = 1.0


class InFlightSend:
    """A message between its sending and the recording of its outcome."""

    def __init__(self, changed: threading.Condition, started_at: float) -> None:
        self._changed = changed
        self.started_at = started_at
        self.is_recording = False

    def mark_answered(self) -> None:
        """Mark that the service has answered and the outcome is being recorded."""
        with self._changed:
            self.is_recording = True
            self._changed.notify_all()


class SendLock:
    """A fair lock, shared by the channel workers of a process: first come, first served.

    Nothing starts while an outcome is being recorded: all messages are recorded in one store, so
    the outcome of another could not be recorded then either. Nothing starts before a message in
    flight has been answered or has taken ``patience_s``.
    """

    def __init__(
        self, *, patience_s: float = 0.05, clock: Callable[[], float] = time.monotonic
    ) -> None:
        # 50 ms let a quick service answer; a slow one is not waited for, at the price that a kill
        # may then repeat one message by each channel (docs/delivery.md, "What is promised").
        self._patience_s = patience_s
        self._clock = clock
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._in_flight: list[InFlightSend] = []

    @contextmanager
    def acquire(self) -> Iterator[InFlightSend]:
        """Wait for the lock and hold it for the block; yield the message as it is in flight."""
        sending = self._begin()
        try:
            yield sending
        finally:
            with self._changed:
                self._in_flight.remove(sending)
                self._changed.notify_all()

    def _begin(self) -> InFlightSend:
        # A ticket, because a Condition does not promise in which order it wakes those who wait.
        ticket = object()
        with self._changed:
            self._queue.append(ticket)
            while (pause_s := self._pause_s(ticket)) > 0:
                self._changed.wait(pause_s)
            self._queue.popleft()
            sending = InFlightSend(self._changed, self._clock())
            self._in_flight.append(sending)
            self._changed.notify_all()
            return sending

    def _pause_s(self, ticket: object) -> float:
        """Return how long to wait before checking again; 0: the ticket's owner may send."""
        if self._queue[0] is not ticket or any(one.is_recording for one in self._in_flight):
            return _RECHECK_S
        now = self._clock()
        left = (one.started_at + self._patience_s - now for one in self._in_flight)
        return max(left, default=0.0)
