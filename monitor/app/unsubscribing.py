"""Unsubscribing by the link of a message, and taking that back."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.app.logs import get_logger
from monitor.app.signing import verify_token
from monitor.app.wiring import App
from monitor.deliver.unsubscribe_links import is_of_subscriptions, linked_subscriptions
from monitor.errors import NotFoundError
from monitor.model.signed_tokens import SignedToken, sign
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.store.reader import Reader

_UNDO = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscription:
    """The subscriptions of a link that still send, or were just paused or resumed.

    ``undo``: what to send to resume what was just paused; "" where nothing was.
    """

    subscriptions: tuple[Subscription, ...]
    undo: str = ""


def find_linked(app: App, of: str, token: str) -> Unsubscription:
    """Return what a link would pause; NotFoundError when it is none of ours."""
    with app.reader() as reader:
        return Unsubscription(subscriptions=tuple(_active(reader, of, token)))


def unsubscribe(app: App, of: str, token: str) -> Unsubscription:
    """Pause the subscriptions of a link; NotFoundError when it is none of ours."""
    found = find_linked(app, of, token).subscriptions
    if not found:
        return Unsubscription(subscriptions=())
    with app.store() as store, store.transaction() as tx:
        for one in found:
            # Paused, not removed: one click takes it back.
            tx.subscribers.set_status(one.subscriber, one.name, SubscriptionStatus.PAUSED)
        undo = SignedToken(
            purpose="resume",
            subject=" ".join(str(one.id) for one in found),
            until=app.now() + _UNDO,
        )
        key = tx.signing.current(app.now())
    get_logger().info("unsubscribed", subscriptions=len(found))
    return Unsubscription(subscriptions=found, undo=sign(undo, key))


def resume(app: App, undo: str) -> Unsubscription:
    """Resume what was paused by a link shortly before; TokenError when that is too long ago."""
    with app.reader() as reader:
        token = verify_token(app, reader, undo, "resume")
    ids = set(map(int, token.subject.split()))
    with app.store() as store, store.transaction() as tx:
        # Only what is still paused: one may have been removed since.
        paused = tx.subscribers.subscriptions(status=SubscriptionStatus.PAUSED, damaged=[])
        found = tuple(one for one in paused if one.id in ids)
        for one in found:
            tx.subscribers.set_status(one.subscriber, one.name, SubscriptionStatus.ACTIVE)
    get_logger().info("resumed", subscriptions=len(found))
    return Unsubscription(subscriptions=found)


def _active(reader: Reader, of: str, token: str) -> Sequence[Subscription]:
    """Return the subscriptions behind a link that still send."""
    signed = reader.outbox.unsubscribe_token(of)
    # In constant time: how long a comparison takes must not tell how much of a token is right.
    if not hmac.compare_digest(signed.encode(), token.encode("utf-8", "replace")):
        raise NotFoundError("this link is not valid; copy the whole of it")
    if is_of_subscriptions(of):
        found = linked_subscriptions(reader, of)
        return [one for one in found if one.status is SubscriptionStatus.ACTIVE]
    return _of_message(reader, of)


def _of_message(reader: Reader, uid: str) -> Sequence[Subscription]:
    """Return those behind a message: of an empty digest those that ask for it."""
    message = reader.outbox.message(uid)
    if message is None:
        raise NotFoundError("that message is not known any more; a newer one has a newer link")
    of_items = {item.subscription_id for item in reader.outbox.items(message.id)}
    mine = reader.subscribers.subscriptions(
        subscriber=message.subscriber,
        status=SubscriptionStatus.ACTIVE,
        effective=True,
        damaged=[],
    )
    # A welcome message has no items; it names its subscriptions.
    of_items |= set(message.welcomes)
    if of_items:
        return [one for one in mine if one.id in of_items]
    return [one for one in mine if one.send_empty and message.channel in one.channels]
