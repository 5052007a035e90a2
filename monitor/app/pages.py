"""What the pages say that messages lead to, and what is done when somebody unsubscribes."""

import hmac
from collections.abc import Sequence

from monitor.app.logs import get_logger
from monitor.app.people import open_store_of
from monitor.app.wiring import App, stored_trial
from monitor.errors import NotFoundError, UsageError
from monitor.model.messages import OutboxMessage
from monitor.model.nct import normalise_nct_id
from monitor.model.selection import Wanted, entries
from monitor.model.subscriptions import Standing, Subscription
from monitor.render.pages import changes_page, unsubscribed_page, unsubscribing_page
from monitor.store.reader import Reader


def changes(app: App, nct_id: str, version_id: int) -> str | None:
    """Return the page of a version, None when there is none; StoreError as the store says."""
    try:
        nct_id = normalise_nct_id(nct_id)
        with stored_trial(app, nct_id) as (reader, trial, versions):
            events = reader.events(nct_id, version_ids=[version_id])
    except (NotFoundError, UsageError):
        return None
    for entry in entries(versions, events, Wanted(noise=True)):
        if entry.version.id == version_id:
            return changes_page(nct_id, trial.title or nct_id, entry)
    return None


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
        with open_store_of(app) as store, store.transaction() as tx:
            for name in names:
                tx.people.set_standing(message.subscriber, name, Standing.PAUSED)
        get_logger().info("unsubscribed", message=uid, subscriptions=len(names))
    return unsubscribed_page(message.subscriber, names)


def _message(reader: Reader, uid: str, token: str) -> OutboxMessage | None:
    """Return the message whose reader alone can know the token."""
    known = reader.outbox.unsubscribe_token(uid)
    if not hmac.compare_digest(known.encode(), token.encode("utf-8", "replace")):
        return None
    return reader.outbox.message(uid)


def _active(reader: Reader, message: OutboxMessage) -> Sequence[Subscription]:
    """Return the subscriptions behind a message that still send: of an empty digest those of it."""
    of_items = {item.subscription_id for item in reader.outbox.items(message.id)}
    mine = reader.people.subscriptions(
        subscriber=message.subscriber, standing=Standing.ACTIVE, effective=True, damaged=[]
    )
    if of_items:
        return [one for one in mine if one.id in of_items]
    return [one for one in mine if one.send_empty and message.channel in one.channels]
