"""What the pages say that messages lead to, and what is done when somebody unsubscribes."""

import hmac
from collections.abc import Sequence

from monitor.app.logs import get_logger
from monitor.app.lookups import stored_trial
from monitor.app.wiring import App
from monitor.deliver.announced_events import announced_events
from monitor.deliver.notifications import NotificationBuilder
from monitor.errors import NotFoundError, UsageError
from monitor.model.history import StoredVersion
from monitor.model.messages import OutboxMessage
from monitor.model.nct import normalize_nct_id
from monitor.model.selection import SelectedVersion
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.render.pages import changes_page, message_page, unsubscribed_page, unsubscribing_page
from monitor.store.reader import Reader


def changes(app: App, nct_id: str, name: str) -> str | None:
    """Return the page of a version, None when there is none; StoreError as the store says.

    ``name``: the version's identity as hex digits, or its number in the store, which messages of
    earlier programs lead to. What was announced is shown as it was announced.
    """
    try:
        nct_id = normalize_nct_id(nct_id)
        with stored_trial(app, nct_id) as (reader, trial, versions):
            at = _named(versions, name)
            if at is None:
                return None
            entry = _entry(app, reader, versions, at)
    except (NotFoundError, UsageError):
        return None
    return changes_page(trial.nct_id, trial.title or trial.nct_id, entry)


def _named(versions: Sequence[StoredVersion], name: str) -> int | None:
    names = ((one.identity.hex(), str(one.id)) for one in versions)
    return next((at for at, own in enumerate(names) if name in own), None)


def _entry(app: App, reader: Reader, versions: Sequence[StoredVersion], at: int) -> SelectedVersion:
    """Return a version with all its events."""
    version = versions[at]
    if reader.outbox.announcement(version.id) is not None:
        told = announced_events(reader, versions, version, app.settings.thresholds)
        events, previous = tuple(told.events), told.previous
    else:
        stored = reader.events(version.nct_id, version_ids=[version.id]).get(version.id, ())
        events = tuple(one.event for one in stored)
        previous = versions[at - 1] if at else None
    return SelectedVersion(number=at + 1, version=version, previous=previous, events=events)


def message(app: App, uid: str, token: str) -> str | None:
    """Return the page of all that a message tells; None when the address is none of ours."""
    with app.reader() as reader:
        if not _is_same(reader.outbox.page_token(uid), token):
            return None
        found = reader.outbox.message(uid)
        if found is None:
            return None
        letters = NotificationBuilder(
            reader=reader, thresholds=app.settings.thresholds, now=app.now()
        )
        alerts = letters.alerts(found)
    return message_page(alerts, app.settings.delivery.public_url)


def unsubscribing(app: App, uid: str, token: str) -> str | None:
    """Return the page that asks who got a message; None when the address is none of ours."""
    with app.reader() as reader:
        message = _message(reader, uid, token)
        if message is None:
            return None
        names = [one.name for one in _active(reader, message)]
    return unsubscribing_page(message.subscriber, names)


def unsubscribe(app: App, uid: str, token: str) -> str | None:
    """Pause the subscriptions that a message was sent for; return the page that says so."""
    with app.reader() as reader:
        message = _message(reader, uid, token)
        if message is None:
            return None
        names = [one.name for one in _active(reader, message)]
    if names:
        with app.store() as store, store.transaction() as tx:
            for name in names:
                tx.people.set_status(message.subscriber, name, SubscriptionStatus.PAUSED)
        get_logger().info("unsubscribed", message=uid, subscriptions=len(names))
    return unsubscribed_page(message.subscriber, names)


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
