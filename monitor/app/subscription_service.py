"""What commands do about subscribers, subscriptions and silences."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.app.feeds import feed_addresses
from monitor.app.follows import with_followed
from monitor.app.subscribers import sync_from_config
from monitor.app.unmatched import unmatched_subscriptions
from monitor.app.wiring import App
from monitor.config.subscriptions import build_subscription
from monitor.errors import NotFoundError, UsageError
from monitor.model.subscriptions import (
    Silence,
    Subscriber,
    Subscription,
    SubscriptionOrigin,
    SubscriptionStatus,
)
from monitor.render.values import moment
from monitor.store.subscribers import SubscriberReader

if TYPE_CHECKING:
    from monitor.settings import SubscriptionSettings

_SHOWN = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionService:
    """The people of a store; ``file``: where those of the configuration stand, None without.

    Each method brings the store in line with the file first. NotFoundError for who or what is
    not there, UsageError for what the file alone can change.
    """

    app: App
    file: Path | None

    # --- subscribers -----------------------------------------------------------------------

    def subscribers(self) -> tuple[list[Subscriber], dict[str, int]]:
        """Return everybody, and how many subscriptions that are not retired each has."""
        sync_from_config(self.app)
        with self.app.reader() as reader:
            counts: dict[str, int] = {}
            for one in reader.subscribers.subscriptions():
                if one.status is not SubscriptionStatus.RETIRED:
                    counts[one.subscriber] = counts.get(one.subscriber, 0) + 1
            return reader.subscribers.subscribers(), counts

    def add_subscriber(self, name: str) -> bool:
        """Store a subscriber; False when there is one of this name already."""
        self._sync()
        with self.app.store() as store, store.transaction() as transaction:
            known = _subscribers(transaction.subscribers).get(name)
            if known is not None and known.status is not SubscriptionStatus.RETIRED:
                return False
            transaction.subscribers.put_subscriber(
                name, SubscriptionOrigin.COMMAND, at=self.app.now()
            )
            return True

    def remove_subscriber(self, name: str) -> list[str]:
        """Retire a subscriber with all their subscriptions; return the names of these."""
        self._sync()
        with self.app.store() as store, store.transaction() as transaction:
            person = require_subscriber(transaction.subscribers, name)
            self._require_not_in_file(person, "remove")
            mine = _live(transaction.subscribers, name)
            for one in mine:
                transaction.subscribers.set_status(name, one.name, SubscriptionStatus.RETIRED)
            transaction.subscribers.set_status(name, None, SubscriptionStatus.RETIRED)
            return [one.name for one in mine]

    def export(self, name: str) -> dict[str, Any]:
        """Return all data of a subscriber, as JSON; ``feed``: as ``feed_addresses``."""
        sync_from_config(self.app)
        with self.app.reader() as reader:
            found = reader.subscribers.export(name)
            if found is None:
                raise _unknown_subscriber(reader.subscribers, name)
            mine = reader.subscribers.subscriptions(subscriber=name, damaged=[])
            feeds = {one.name: feed_addresses(self.app, reader, one) for one in mine}
            for one in found["subscriptions"]:
                one["feed"] = feeds.get(one["name"]) or None
            return found

    def forget(self, name: str) -> Mapping[str, int]:
        """Erase all data of a subscriber; return how many rows of each kind that were."""
        self._sync()
        with self.app.store() as store, store.transaction() as transaction:
            person = _subscribers(transaction.subscribers).get(name)
            if person is None:
                raise _unknown_subscriber(transaction.subscribers, name)
            self._require_not_in_file(person, "forget")
            return transaction.subscribers.forget(name)

    # --- subscriptions ---------------------------------------------------------------------

    def subscriptions(
        self, *, subscriber: str | None = None, retired: bool = False
    ) -> list[Subscription]:
        """Return subscriptions, of all or of one; as paused as their subscriber is."""
        sync_from_config(self.app)
        with self.app.reader() as reader:
            if subscriber is not None and subscriber not in _subscribers(reader.subscribers):
                raise _unknown_subscriber(reader.subscribers, subscriber)
            found = reader.subscribers.subscriptions(subscriber=subscriber, effective=True)
        return [one for one in found if retired or one.status is not SubscriptionStatus.RETIRED]

    def subscription(self, word: str, *, subscriber: str | None = None) -> Subscription:
        """Return the subscription that a name or a number means."""
        return pick(self.subscriptions(subscriber=subscriber, retired=True), word)

    def subscribe(self, given: "SubscriptionSettings") -> Subscription:
        """Store a subscription; return it as stored. UsageError when the name is taken."""
        self._sync()
        people = {person.name: person for person in self.app.settings.subscribers}
        subscription = build_subscription(
            given,
            people.get(given.subscriber),
            origin=SubscriptionOrigin.COMMAND,
            now=self.app.now(),
        )
        with self.app.store() as store, store.transaction() as transaction:
            known = transaction.subscribers.subscription(subscription.subscriber, subscription.name)
            if known is not None and known.status is not SubscriptionStatus.RETIRED:
                where = self._origin_text(known.origin)
                raise UsageError(
                    f"{subscription.subscriber} has a subscription {subscription.name!r} "
                    f"already ({where}); give this one another name"
                )
            number = transaction.subscribers.put_subscription(subscription)
        return replace(subscription, id=number)

    def draft(self, given: "SubscriptionSettings") -> Subscription:
        """Return what ``subscribe`` would store, with the id 0; nothing is stored."""
        sync_from_config(self.app)
        people = {person.name: person for person in self.app.settings.subscribers}
        person = people.get(given.subscriber)
        return build_subscription(
            given, person, origin=SubscriptionOrigin.COMMAND, now=self.app.now()
        )

    def edit(
        self,
        word: str,
        change: "Callable[[Subscription], SubscriptionSettings]",
        *,
        subscriber: str | None = None,
    ) -> Subscription:
        """Store what ``change`` makes of a subscription in its place, and return it.

        It keeps its number, name, status and date. UsageError for one of the configuration.
        """
        self._sync()
        with self.app.store() as store, store.transaction() as transaction:
            found = pick(transaction.subscribers.subscriptions(subscriber=subscriber), word)
            if found.status is SubscriptionStatus.RETIRED:
                raise NotFoundError(f"the subscription {word[:_SHOWN]!r} is removed already")
            if found.origin is SubscriptionOrigin.CONFIG:
                raise UsageError(
                    f"{found.name!r} of {found.subscriber} is in {self.file}; change it there"
                )
            if found.origin is SubscriptionOrigin.PAGE:
                raise UsageError(
                    f"{found.name!r} of {found.subscriber} is a reader's own; they change it by the"
                    " link in their mails"
                )
            given = change(found)
            # With its old date: what was stored since then still alerts it.
            subscription = build_subscription(
                given, None, origin=SubscriptionOrigin.COMMAND, now=found.created_at
            )
            changed = replace(subscription, id=found.id, status=found.status)
            transaction.subscribers.put_subscription(changed)
        return changed

    def unmatched(self, subscriptions: Sequence[Subscription]) -> list[str]:
        """Return sentences on what these subscriptions name that matches nothing."""
        app = with_followed(self.app)
        with app.reader() as reader:
            return [str(one) for one in unmatched_subscriptions(app, reader, subscriptions)]

    def set_status(
        self, word: str, status: SubscriptionStatus, *, subscriber: str | None = None
    ) -> tuple[Subscription, bool]:
        """Pause, resume or retire a subscription; return it, and whether that changed anything."""
        self._sync()
        with self.app.store() as store, store.transaction() as transaction:
            found = pick(transaction.subscribers.subscriptions(subscriber=subscriber), word)
            if found.status is SubscriptionStatus.RETIRED:
                raise NotFoundError(f"the subscription {word[:_SHOWN]!r} is removed already")
            if status is SubscriptionStatus.RETIRED and found.origin is SubscriptionOrigin.CONFIG:
                raise UsageError(
                    f"{found.name!r} of {found.subscriber} is in {self.file}; take it out "
                    f"there, or `monitor subscription pause {found.id}`"
                )
            changed = transaction.subscribers.set_status(found.subscriber, found.name, status)
        return replace(found, status=status), changed

    # --- silences --------------------------------------------------------------------------

    def silences(self, *, ended: bool = False) -> list[Silence]:
        """Return the silences that hold now, or all."""
        sync_from_config(self.app)
        with self.app.reader() as reader:
            return reader.subscribers.silences(at=None if ended else self.app.now())

    def silence(
        self,
        *,
        subscriber: str | None,
        nct_ids: Sequence[str] = (),
        kinds: Sequence[str] = (),
        until: datetime,
        reason: str | None,
    ) -> list[Silence]:
        """Store a silence of each kind in each trial and return them.

        ``kinds``: kinds or groups of changes, () for all; ``nct_ids``: () for any trial. UsageError
        when they would never hold.
        """
        now = self.app.now()
        if until <= now:
            raise UsageError(f"{moment(until)} UTC is past; name a time to come")
        self._sync()
        wanted = [
            Silence(
                id=0,
                subscriber=subscriber,
                nct_id=nct_id,
                kind=kind,
                until=until,
                reason=reason,
                created_at=now,
            )
            for nct_id in dict.fromkeys(nct_ids) or [None]
            for kind in dict.fromkeys(kinds) or [None]
        ]
        with self.app.store() as store, store.transaction() as transaction:
            if subscriber is not None:
                require_subscriber(transaction.subscribers, subscriber)
            return [replace(one, id=transaction.subscribers.put_silence(one)) for one in wanted]

    def end_silences(self, numbers: Iterable[int]) -> None:
        """Remove silences: all of them, or none where one is not there."""
        self._sync()
        with self.app.store() as store, store.transaction() as transaction:
            for number in numbers:
                # Raising rolls the transaction back: then nothing is removed.
                if not transaction.subscribers.remove_silence(number):
                    raise NotFoundError(
                        f"there is no silence {number}; `monitor silence list` has them all"
                    )

    # --- the file --------------------------------------------------------------------------

    def _sync(self) -> None:
        sync_from_config(self.app)

    def _origin_text(self, origin: SubscriptionOrigin) -> str:
        return f"in {self.file}" if origin is SubscriptionOrigin.CONFIG else f"made by {origin}"

    def _require_not_in_file(self, person: Subscriber, verb: str) -> None:
        named = {one.name for one in self.app.settings.subscribers}
        if person.name in named:
            raise UsageError(
                f"{person.name} is in {self.file}; take them out there, then {verb} them"
            )


def pick(subscriptions: list[Subscription], word: str) -> Subscription:
    """Return the one that a name or a number means, of those that are not retired first.

    NotFoundError when there is none; UsageError when several people have one of that name.
    """
    named = [one for one in subscriptions if one.name == word]
    named = [one for one in named if one.status is not SubscriptionStatus.RETIRED] or named
    if not named and word.isascii() and word.isdigit():
        named = [one for one in subscriptions if one.id == int(word)]
    if not named:
        raise NotFoundError(
            f"there is no subscription {word[:_SHOWN]!r}; `monitor subscription list` has them all"
        )
    if len(named) > 1:
        whose = ", ".join(f"{one.id} ({one.subscriber})" for one in named[:5])
        raise UsageError(f"several have a subscription {word[:_SHOWN]!r}: name its number: {whose}")
    return named[0]


def _subscribers(people: "SubscriberReader") -> dict[str, Subscriber]:
    return {one.name: one for one in people.subscribers()}


def require_subscriber(people: "SubscriberReader", name: str) -> Subscriber:
    """Return a subscriber who is not retired; NotFoundError names those there are."""
    found = _subscribers(people).get(name)
    if found is None or found.status is SubscriptionStatus.RETIRED:
        raise _unknown_subscriber(people, name)
    return found


def _unknown_subscriber(people: "SubscriberReader", name: str) -> NotFoundError:
    live = [
        one.name for one in people.subscribers() if one.status is not SubscriptionStatus.RETIRED
    ]
    known = f"there are {', '.join(live[:10])}" if live else "there is nobody yet"
    return NotFoundError(f"there is no subscriber {name[:_SHOWN]!r}; {known}")


def _live(people: "SubscriberReader", subscriber: str) -> list[Subscription]:
    return [
        one
        for one in people.subscriptions(subscriber=subscriber)
        if one.status is not SubscriptionStatus.RETIRED
    ]
