"""Subscriptions, and items on their way, to store; made up."""

from datetime import timedelta
from typing import Any

from monitor.model.messages import OutboxItem
from monitor.model.subscriptions import Subscription, SubscriptionOrigin, Trials
from monitor.store.writer import StoreWriter, Transaction
from tests.store.examples import NCT_ID, SEEN, add_version, document

CUTOFF = SEEN + timedelta(hours=18)


def subscription(subscriber: str = "ana", name: str = "lupus", **other: Any) -> Subscription:
    """Return a subscription of the configuration about one trial."""
    columns: dict[str, Any] = {
        "id": 0,
        "subscriber": subscriber,
        "name": name,
        "trials": Trials(nct_ids=frozenset({NCT_ID})),
        "channels": ("mail",),
        "origin": SubscriptionOrigin.CONFIG,
        "created_at": SEEN,
    }
    return Subscription(**{**columns, **other})


def item(version_id: int, subscription_id: int = 1, **other: Any) -> OutboxItem:
    """Return an item for ana that goes at once by mail."""
    columns: dict[str, Any] = {
        "version_id": version_id,
        "nct_id": NCT_ID,
        "subscription_id": subscription_id,
        "subscriber": "ana",
        "channel": "mail",
        "target": "ana@example.org",
        "positions": (0, 2),
        "reason": "it names this trial",
        "due_at": SEEN,
        "digest": False,
    }
    return OutboxItem(**{**columns, **other})


def digest_item(version_id: int, subscription_id: int = 1, **other: Any) -> OutboxItem:
    """Return an item for ana's digest."""
    return item(version_id, subscription_id, **{"due_at": CUTOFF, "digest": True, **other})


def add_people(transaction: Transaction, *names: str) -> None:
    """Store people of the configuration."""
    for name in names or ("ana",):
        transaction.subscribers.put_subscriber(name, SubscriptionOrigin.CONFIG, at=SEEN)


def add_versions(store: StoreWriter, number: int, *people: str) -> list[int]:
    """Store people (ana), and a trial with that many versions; return the versions' ids."""
    with store.transaction() as transaction:
        add_people(transaction, *people)
        return [
            add_version(transaction, document(status=f"STATUS {day}"), day=day)[0]
            for day in range(1, number + 1)
        ]
