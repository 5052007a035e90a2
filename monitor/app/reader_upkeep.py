"""What becomes of readers by itself: pauses end, what nobody confirmed is forgotten."""

import time
from datetime import timedelta

from monitor.app.logs import get_logger
from monitor.app.wiring import App
from monitor.deliver.reader_links import CONFIRM_WITHIN
from monitor.model.subscriptions import SubscriptionStatus

_EVERY_S = 15.0
_KEPT = CONFIRM_WITHIN + timedelta(days=1)
"""How long a request counts against the limits, and a late click hears what became of it."""


class ReaderUpkeep:
    """Ends pauses, forgets requests, and sees to a key for links; for one thread at a time."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._again_at = 0.0

    def prepare(self) -> None:
        """Do what is due, a few times a minute; the store is only read before there is any."""
        if not self._app.settings.delivery.public_url or time.monotonic() < self._again_at:
            return
        self._again_at = time.monotonic() + _EVERY_S
        now = self._app.now()
        with self._app.reader() as reader:
            needs_key = not reader.signing.keys()
            is_old = reader.readers.has_old_requests(now - _KEPT)
            is_over = any(end <= now for end in reader.readers.pause_ends().values())
        if not (needs_key or is_old or is_over):
            return
        with self._app.store() as store, store.transaction() as tx:
            tx.signing.current(now)
            resumed = tx.readers.take_ended_pauses(now)
            for subscriber, name in resumed:
                tx.subscribers.set_status(subscriber, name, SubscriptionStatus.ACTIVE)
            known = {one.name for one in tx.subscribers.subscribers()} if is_old else set()
            for name in tx.readers.forget_requests(now - _KEPT):
                if name not in known:
                    tx.subscribers.forget(name)  # the message that asked them
        if resumed:
            get_logger().info("pauses ended", subscriptions=len(resumed))
