"""Welcome messages: what a new subscription covers, sent once to its subscriber."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.app.wiring import App
from monitor.model.messages import Recipient
from monitor.model.readers import targets_to
from monitor.model.subscriptions import Subscription
from monitor.store.reader import Reader
from monitor.store.writer import Transaction

_FIRST_READING = timedelta(seconds=45)
"""How long a new subscription waits for sources that were never read to say what it covers."""
_NEW = timedelta(days=1)
"""What is older was made before there were such messages, or while nobody delivered."""
_TOGETHER = 40
"""A mail of as many is below the 102 KB at which Gmail cuts it off."""


class Welcomes:
    """Puts a message into the outbox for new subscriptions; for one thread at a time.

    Those of one person that are new together share a message, one to each address. Each is
    announced once, however it is changed, renamed, paused or restarted afterwards.
    """

    def __init__(self, app: App, *, targets: Mapping[str, Sequence[str]]) -> None:
        self._app = app
        self._targets = targets
        self._version: int | None = None

    def open(self) -> None:
        """Make what is not made yet; the store is only read before there is any."""
        now = self._app.now()
        with self._app.reader() as reader:
            version = reader.subscribers.version()
            # The version counts changes of subscriptions: the delivery loop asks every few
            # seconds, and mostly nothing was changed.
            if version == self._version:
                return
            is_new = reader.subscribers.has_new_subscriptions()
            if is_new and self._awaits_sources(reader, now):
                return
        if is_new:
            with self._app.store() as store, store.transaction() as tx:
                self._welcome(tx, now)
        self._version = version

    def _welcome(self, tx: Transaction, now: datetime) -> None:
        new = [
            one for one in tx.subscribers.take_new_subscriptions() if now - one.created_at < _NEW
        ]
        # Taken all the same: switching this on later must not welcome old subscriptions.
        if not self._app.settings.delivery.welcome:
            return
        found = self._by_address(new, tx.readers.addresses())
        for (_, channel, target), mine in sorted(found.items()):
            for at in range(0, len(mine), _TOGETHER):
                together = mine[at : at + _TOGETHER]
                due_at = _due(together, now)
                tx.outbox.open_welcome(
                    together, channel=channel, target=target, due_at=due_at, at=now
                )

    def _by_address(
        self, new: Iterable[Subscription], addresses: Mapping[str, str]
    ) -> dict[Recipient, list[Subscription]]:
        found: dict[Recipient, list[Subscription]] = {}
        for one in new:
            for channel in one.channels:
                targets = self._targets.get(channel, ("",))
                for target in targets_to(targets, one.subscriber, addresses):
                    found.setdefault((one.subscriber, channel, target), []).append(one)
        return found

    def _awaits_sources(self, reader: Reader, now: datetime) -> bool:
        """Return whether sources that were never read are about to say what there is to cover."""
        rows = {row.name: row for row in reader.sources.all()}
        unread = [
            source
            for source in self._app.settings.sources
            if source.enabled
            and (
                (row := rows.get(source.name)) is None or not (row.last_success_at or row.failures)
            )
        ]
        if not unread:
            return False
        made = max(one.created_at for one in reader.subscribers.subscriptions(damaged=[]))
        # A clock that was set back must not make it wait.
        return made <= now < made + _FIRST_READING


def _due(subscriptions: Iterable[Subscription], now: datetime) -> datetime:
    """Return when it may come: now, unless all of them have quiet hours, then when these end."""
    ends = [one.quiet.end_after(now) if one.quiet else None for one in subscriptions]
    quiet = [end for end in ends if end is not None]
    return min(quiet) if quiet and len(quiet) == len(ends) else now
