"""Digests that are sent even when nothing is in them: made before their time comes."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from monitor.app.wiring import App
from monitor.model.messages import Recipient
from monitor.model.readers import targets_to
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.model.when import AtOnce, next_cutoff


class Digests:
    """Makes the next digest of those who ask for empty ones; for one thread at a time.

    A digest whose whole time passed while no program ran is not made up for.
    """

    def __init__(self, app: App, *, targets: Mapping[str, Sequence[str]]) -> None:
        self._app = app
        self._targets = targets
        self._version: int | None = None
        self._asking: list[Subscription] = []
        self._addresses: Mapping[str, str] = {}
        self._made: dict[Recipient, datetime] = {}

    def open(self) -> None:
        """Make what is not made yet; the store is only read before there is any."""
        now = self._app.now()
        with self._app.reader() as reader:
            version = reader.subscribers.version()
            # It counts changes of people and subscriptions: most looks find none.
            if version != self._version:
                found = reader.subscribers.subscriptions(effective=True, damaged=[])
                self._asking = [one for one in found if _asks_for_empty(one)]
                self._addresses = reader.readers.addresses()
                self._version = version
        wanted = {
            place: cutoff
            for place, cutoff in self._next(now).items()
            if self._made.get(place) != cutoff
        }
        if not wanted:
            return
        with self._app.store() as store, store.transaction() as tx:
            for (subscriber, channel, target), cutoff in sorted(wanted.items()):
                tx.outbox.open_digest(
                    subscriber=subscriber, channel=channel, target=target, cutoff=cutoff, at=now
                )
        # After the commit: what fails is tried again at the next look.
        self._made |= wanted

    def _next(self, now: datetime) -> dict[Recipient, datetime]:
        found: dict[Recipient, datetime] = {}
        for one in self._asking:
            if isinstance(one.when, AtOnce):
                continue
            cutoff = next_cutoff(one.when, now)
            for channel in one.channels:
                targets = self._targets.get(channel, ())
                for target in targets_to(targets, one.subscriber, self._addresses):
                    place = (one.subscriber, channel, target)
                    # Subscriptions with one address share a digest: the first cut-off is the next
                    # one.
                    found[place] = min(cutoff, found.get(place, cutoff))
        return found


def _asks_for_empty(subscription: Subscription) -> bool:
    return subscription.send_empty and subscription.status is SubscriptionStatus.ACTIVE
