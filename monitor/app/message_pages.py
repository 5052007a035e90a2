"""What messages lead to: all that one tells, and what is done when somebody unsubscribes."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.app.logs import get_logger
from monitor.app.wiring import App
from monitor.deliver.notifications import NotificationBuilder
from monitor.model.alerts import Alert
from monitor.model.messages import OutboxMessage
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who got a message, and the subscriptions that it was sent for and that still send."""

    subscriber: str
    subscriptions: tuple[str, ...]


def told_in(app: App, uid: str, token: str) -> list[Alert] | None:
    """Return all that a message tells; None when the address is none of ours."""
    with app.reader() as reader:
        if not _is_same(reader.outbox.page_token(uid), token):
            return None
        found = reader.outbox.message(uid)
        if found is None:
            return None
        letters = NotificationBuilder(
            reader=reader, thresholds=app.settings.thresholds, now=app.now()
        )
        return list(letters.alerts(found))


def recipients(app: App, uid: str, token: str) -> Recipients | None:
    """Return whom a message was sent to; None when the address is none of ours."""
    with app.reader() as reader:
        message = _message(reader, uid, token)
        if message is None:
            return None
        names = tuple(one.name for one in _active(reader, message))
    return Recipients(message.subscriber, names)


def unsubscribe(app: App, uid: str, token: str) -> Recipients | None:
    """Pause the subscriptions that a message was sent for; return which these are."""
    found = recipients(app, uid, token)
    if found is not None and found.subscriptions:
        with app.store() as store, store.transaction() as tx:
            for name in found.subscriptions:
                tx.people.set_status(found.subscriber, name, SubscriptionStatus.PAUSED)
        get_logger().info("unsubscribed", message=uid, subscriptions=len(found.subscriptions))
    return found


def _message(reader: Reader, uid: str, token: str) -> OutboxMessage | None:
    """Return the message whose reader alone can know the token."""
    if not _is_same(reader.outbox.unsubscribe_token(uid), token):
        return None
    return reader.outbox.message(uid)


def _is_same(known: str, token: str) -> bool:
    return hmac.compare_digest(known.encode(), token.encode("utf-8", "replace"))


def _active(reader: Reader, message: OutboxMessage) -> Sequence[Subscription]:
    """Return the subscriptions behind a message that still send: of an empty digest those of it."""
    of_items = {item.subscription_id for item in reader.outbox.items(message.id)}
    mine = reader.people.subscriptions(
        subscriber=message.subscriber,
        status=SubscriptionStatus.ACTIVE,
        effective=True,
        damaged=[],
    )
    of_items |= set(message.welcomes)
    if of_items:
        return [one for one in mine if one.id in of_items]
    return [one for one in mine if one.send_empty and message.channel in one.channels]
