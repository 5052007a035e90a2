"""Serialize sends: one message of a process at a time is under way where services are quick.

Whatever is under way when a process is killed may be sent again. So a message waits a moment for
the one before it, of whatever channel, to be noted; but no channel waits for a slow one.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Whoever ends wakes the others; this bounds what a wake-up that was missed costs.
_NOTING_LOOK_S = 1.0


class InFlight:
    """A message under way: first it is sent, then what became of it is noted."""

    def __init__(self, changed: threading.Condition, started_at: float) -> None:
        self._changed = changed
        self.started_at = started_at
        self.is_noted = False

    def answered(self) -> None:
        """Say that the service has answered, and that this is being noted now."""
        with self._changed:
            self.is_noted = True
            self._changed.notify_all()


class SendGate:
    """Shared by the channel workers of a process; who waits is served in the order of coming.

    Nothing starts while an answer is being noted: the store is everybody's, so that what is sent
    then could not be noted either. Nothing starts before a message under way has been answered or
    has taken ``patience_s``.
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
        self._flights: list[InFlight] = []

    @contextmanager
    def flight(self) -> Iterator[InFlight]:
        """Wait for a turn, and have it inside the block."""
        flight = self._begin()
        try:
            yield flight
        finally:
            with self._changed:
                self._flights.remove(flight)
                self._changed.notify_all()

    def _begin(self) -> InFlight:
        # A ticket, because a Condition does not promise in which order it wakes those who wait.
        me = object()
        with self._changed:
            self._queue.append(me)
            while (pause_s := self._pause_s(me)) > 0:
                self._changed.wait(pause_s)
            self._queue.popleft()
            flight = InFlight(self._changed, self._clock())
            self._flights.append(flight)
            self._changed.notify_all()
            return flight

    def _pause_s(self, me: object) -> float:
        """Return how long to wait before the next look; 0: it is ``me``'s turn."""
        if self._queue[0] is not me or any(flight.is_noted for flight in self._flights):
            return _NOTING_LOOK_S
        now = self._clock()
        left = (flight.started_at + self._patience_s - now for flight in self._flights)
        return max(left, default=0.0)
