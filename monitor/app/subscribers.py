"""Subscribers and subscriptions of the configuration, brought into the store."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.app.wiring import App
from monitor.config.subscriptions import build_subscription
from monitor.errors import ConfigError, StoreError
from monitor.model.subscriptions import (
    Subscription,
    SubscriptionKey,
    SubscriptionOrigin,
    SubscriptionStatus,
)

if TYPE_CHECKING:
    from monitor.settings import Settings
    from monitor.store.subscribers import SubscriberReader
    from monitor.store.writer import StoreWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """What a sync did: how many subscriptions the file has, and which were retired."""

    subscriptions: int
    retired_subscriptions: tuple[SubscriptionKey, ...]
    retired_subscribers: tuple[str, ...]


def sync_subscribers(settings: "Settings", store: "StoreWriter", now: datetime) -> SyncResult:
    """Store the file's subscribers and subscriptions; retire those gone from it, not commands' own.

    One transaction. What is stored so already is not written again. ConfigError, and nothing
    stored, when a subscription of the file has the name of one that a command made.
    """
    wanted = wanted_subscriptions(settings, now)
    people = [person.name for person in settings.subscribers]
    with store.transaction() as transaction:
        stored = _by_name(transaction.subscribers)
        _require_no_clash(wanted, stored)
        for name in people:
            transaction.subscribers.put_subscriber(name, SubscriptionOrigin.CONFIG, at=now)
        transaction.subscribers.put_subscriptions(list(wanted.values()))
        subscriptions, persons = transaction.subscribers.retire_missing(
            origin=SubscriptionOrigin.CONFIG, keep=list(wanted), subscribers=people
        )
    return SyncResult(
        subscriptions=len(wanted),
        retired_subscriptions=tuple(subscriptions),
        retired_subscribers=tuple(persons),
    )


def sync_from_config(app: App) -> None:
    """Bring the store in line with the file, where it is not; see ``sync_subscribers``.

    A store that is in line is only read, and one that nobody needs yet is not made.
    """
    settings, now = app.settings, app.now()
    wanted = wanted_subscriptions(settings, now)
    try:
        with app.reader() as reader:
            if _is_in_sync(reader.subscribers, wanted, [one.name for one in settings.subscribers]):
                return
    except StoreError:  # no tables yet, or what opening it for writing tells better
        if not (wanted or settings.subscribers):
            return
    with app.store() as store:
        sync_subscribers(settings, store, now)


def wanted_subscriptions(
    settings: "Settings", now: datetime
) -> dict[SubscriptionKey, Subscription]:
    """Return the subscriptions of the file as of now, by subscriber and name; ids are 0."""
    if not settings.subscriptions:
        return {}
    people = {person.name: person for person in settings.subscribers}
    found = (
        build_subscription(
            given, people.get(given.subscriber), origin=SubscriptionOrigin.CONFIG, now=now
        )
        for given in settings.subscriptions
    )
    return {(one.subscriber, one.name): one for one in found}


def _is_in_sync(
    people: "SubscriberReader",
    wanted: Mapping[SubscriptionKey, Subscription],
    subscribers: Collection[str],
) -> bool:
    """Return whether synchronizing would change nothing."""
    try:
        stored = _by_name(people)
    except StoreError:  # one that cannot be read may be one that the file replaces
        return False
    live = {
        one.name: one
        for one in people.subscribers()
        if one.status is not SubscriptionStatus.RETIRED
    }
    named = {subscriber for subscriber, _ in wanted} | set(subscribers)
    if not named <= live.keys():
        return False
    # Somebody who left the file stays while they have subscriptions made by command.
    busy = {subscriber for subscriber, _ in stored}
    if any(
        p.origin is SubscriptionOrigin.CONFIG and p.name not in named | busy for p in live.values()
    ):
        return False
    of_file = {
        names: one for names, one in stored.items() if one.origin is SubscriptionOrigin.CONFIG
    }
    return of_file.keys() == wanted.keys() and all(
        _same(of_file[names], one) for names, one in wanted.items()
    )


def _by_name(people: "SubscriberReader") -> dict[SubscriptionKey, Subscription]:
    """Return the subscriptions that are not retired."""
    return {
        (one.subscriber, one.name): one
        for one in people.subscriptions()
        if one.status is not SubscriptionStatus.RETIRED
    }


def _same(stored: Subscription, wanted: Subscription) -> bool:
    # The file says nothing about a pause by command, nor when a subscription was made.
    return wanted == replace(
        stored, id=wanted.id, status=wanted.status, created_at=wanted.created_at
    )


def _require_no_clash(
    wanted: Iterable[SubscriptionKey], stored: Mapping[SubscriptionKey, Subscription]
) -> None:
    for subscriber, name in wanted:
        known = stored.get((subscriber, name))
        if known is not None and known.origin is SubscriptionOrigin.COMMAND:
            raise ConfigError(
                f'[[subscription]] "{name}" of {subscriber}: a subscription of that name was made '
                f'by command; give this one another name, or `monitor subscription remove "{name}" '
                f'--subscriber "{subscriber}"`'
            )
