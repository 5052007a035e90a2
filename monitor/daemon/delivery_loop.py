"""Delivering side by side with everything else: each channel in a thread of its own."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial

from monitor.app.deliveries import Deliveries
from monitor.app.logs import get_logger
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.errors import MonitorError
from monitor.threads import in_thread

# Retries, digests and the ends of quiet hours become due by the clock: they are found by looking.
_EVERY_S = 2.0
# docs/delivery.md, "Groups"
_MORE_WITHIN_S = 5.0
NOTIFYING = "notify the operator"


class DeliveryLoop:
    """Looks every few seconds, and when woken, and starts a delivery by each channel that is due.

    A channel by which one is still under way is left to it; no channel waits for another.
    ``awaits_more``: whether more may be coming soon that would go in one message by a channel; for
    a few seconds it is waited for.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        *,
        work: ThreadTasks,
        stop: threading.Event,
        awaits_more: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self.deliveries = deliveries
        self._awaits_more = awaits_more
        self._held: dict[str, float] = {}
        self._tasks = work
        self._stop = stop
        self._woken = asyncio.Event()
        self._trouble: str | None = None

    def wake(self) -> None:
        """Look for messages now: there may be new ones. To be called in the event loop."""
        self._woken.set()

    async def serve(self) -> None:
        """Deliver until cancelled; what is under way then goes on until ``stop`` is set."""
        self._loop = asyncio.get_running_loop()
        while True:
            # Before looking: what wakes us meanwhile leads to another look.
            self._woken.clear()
            for channel in await self._due():
                if self._is_held(channel):
                    continue
                deliver = partial(self.deliveries.deliver, channel, stop=self._stop)
                self._start(f"deliver by {channel}", deliver)
            self._start(NOTIFYING, self._notify)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _EVERY_S)

    def _is_held(self, channel: str) -> bool:
        if not self._awaits_more(channel):
            self._held.pop(channel, None)
            return False
        now = time.monotonic()
        return now - self._held.setdefault(channel, now) < _MORE_WITHIN_S

    async def _due(self) -> list[str]:
        looking = in_thread("look for messages", partial(_look, self.deliveries))
        # `wait` leaves the thread's future alone when this task is cancelled; awaiting it would
        # not.
        await asyncio.wait({looking})
        error = looking.exception()
        if error is None:
            self._trouble = None
            return looking.result()
        if not isinstance(error, MonitorError):
            raise error
        if str(error) != self._trouble:  # once, not every few seconds
            self._trouble = str(error)
            get_logger().error("deliveries not looked for", reason=self._trouble)
        return []

    def _notify(self) -> None:
        """Store notices, in a thread; look at once where there are any to deliver."""
        if self.deliveries.notify():
            # From a thread: asyncio's own objects are not thread-safe.
            self._loop.call_soon_threadsafe(self.wake)

    def _start(self, name: str, work: Callable[[], object]) -> None:
        ended = self._tasks.start(name, work)
        if ended is not None:
            ended.add_done_callback(partial(_log_end, name))


def _look(deliveries: Deliveries) -> list[str]:
    deliveries.prepare()
    return deliveries.due()


def _log_end(name: str, ended: "asyncio.Future[object]") -> None:
    error = None if ended.cancelled() else ended.exception()
    if isinstance(error, MonitorError):
        get_logger().error("delivery ended", work=name, reason=str(error))
    elif error is not None:
        # Its kind alone: the words of a channel's error may hold a secret.
        get_logger().error("delivery broken", work=name, reason=type(error).__name__)
