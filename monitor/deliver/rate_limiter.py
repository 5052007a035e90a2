"""The rate of a channel: messages at even distances, never in bursts."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class RateLimiter:
    """Lets messages of one channel pass; lives as long as the process, for one thread at a time.

    ``clock``: monotonic seconds. ``wait``: sleeps so many seconds, and returns True as soon as
    the stop is set.
    """

    clock: Callable[[], float] = time.monotonic
    wait: Callable[[threading.Event, float], bool] = threading.Event.wait
    _free_at: float = field(default=0.0, init=False)

    def acquire(self, per_minute: int, stop: threading.Event) -> bool:
        """Wait until the next message may go (``per_minute`` 0: now); False when told to stop."""
        if stop.is_set():
            return False
        if not per_minute:
            return True
        pause_s = self._free_at - self.clock()
        if pause_s > 0 and self.wait(stop, pause_s):
            return False
        # Counted from when this message was due, so the rate does not depend on how long sending
        # takes; and not from before now, so that idle time is never saved up for a burst.
        self._free_at = max(self._free_at, self.clock()) + 60 / per_minute
        return True
