"""Put items into the outbox: who gets which events of a version, by which channel, when.

``timelines`` calls it for each new version. Everything is written in the transaction that stores
the version, so a change is never stored without its messages, nor a message without its change.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import attrgetter

from monitor.ingest.mergers import Mergers, is_of_merger
from monitor.match.change_set import ChangeSet
from monitor.match.matcher import Matcher
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.messages import OutboxItem
from monitor.model.readers import SUBSCRIBERS, targets_to
from monitor.model.subscriptions import MatchDecision, Subscription
from monitor.model.when import AtOnce, Hourly, LocalTime, next_cutoff
from monitor.store.writer import Transaction

# Each round moves to the next cut-off: a hundred of them are over only by a wrong clock.
_TRIES = 100
# Of a channel that the configuration does not have.
_NO_TARGET = ("",)
_PLACE = attrgetter("version_id", "subscriber", "channel", "target")


@dataclass(slots=True, kw_only=True)
class Notifier:
    """Keeps the subscriptions of a store ready; threads may share it.

    ``targets``: by the name of each channel whom it serves. A channel that a subscription names
    and the configuration does not is written to all the same: its messages become dead letters
    that the operator is notified of, which silence would not. ``on_damaged`` is called with a
    sentence for each stored subscription that cannot be read, and the others are served; without it
    that is a StoreError.
    ``synonyms``: of the words of filters.
    """

    targets: Mapping[str, Sequence[str]]
    now: Callable[[], datetime]
    on_damaged: Callable[[str], None] | None = None
    synonyms: Synonyms = NO_SYNONYMS
    _addresses: Mapping[str, str] = field(default_factory=dict, init=False)
    _version: int | None = field(default=None, init=False)
    _matcher: Matcher | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def make_outbox_builder(
        self, tx: Transaction, *, announces_new_trials: bool = True, silent: Collection[str] = ()
    ) -> "OutboxBuilder":
        """Return the builder of the outbox items of one transaction.

        ``announces_new_trials`` False: the first version of a trial sends no alert. ``silent``: NCT
        IDs of trials that send none; it may grow while the transaction goes on.
        """
        return OutboxBuilder(
            tx=tx,
            matcher=self._matcher_of(tx),
            targets=self.targets,
            addresses=self._addresses,
            at=self.now(),
            announces_new_trials=announces_new_trials,
            silent=silent,
        )

    def _matcher_of(self, tx: Transaction) -> Matcher:
        """Return the matcher of the subscriptions as of this transaction."""
        # Asked in the transaction, so that a subscription that is made now is either seen by this
        # pass or made after what it stores; in memory, because reading very many of them takes
        # long.
        version = tx.subscribers.version()
        with self._lock:
            if self._matcher is None or version != self._version:
                silences = tx.subscribers.silences(at=self.now())
                self._matcher = Matcher(self._read_subscriptions(tx), silences, self.synonyms)
                if SUBSCRIBERS in self.targets.values():
                    self._addresses = tx.readers.addresses()
                self._version = version
            return self._matcher

    def _read_subscriptions(self, tx: Transaction) -> list[Subscription]:
        if self.on_damaged is None:
            return tx.subscribers.subscriptions(effective=True)
        damaged: list[str] = []
        found = tx.subscribers.subscriptions(effective=True, damaged=damaged)
        for sentence in damaged:
            self.on_damaged(sentence)
        return found


@dataclass(slots=True, kw_only=True)
class OutboxBuilder:
    """Builds the outbox items of one transaction, whose time is ``at`` (aware UTC).

    ``addresses``: the confirmed ones of readers, by subscriber.
    ``silent``: NCT IDs of trials that send no alert.
    """

    tx: Transaction
    matcher: Matcher
    targets: Mapping[str, Sequence[str]]
    at: datetime
    addresses: Mapping[str, str] = field(default_factory=dict)
    announces_new_trials: bool = True
    silent: Collection[str] = ()
    _items: list[OutboxItem] = field(default_factory=list)
    _subscriptions: dict[int, Subscription] = field(default_factory=dict)
    _cutoffs: dict[Hourly | LocalTime, datetime] = field(default_factory=dict)
    _mergers: Mergers = field(default_factory=Mergers)

    def announce(self, version_id: int, change_set: ChangeSet, *, previous_id: int | None) -> None:
        """Add the items of a stored version, and store its events as they are announced.

        ``previous_id``: the version that it was compared with; None for a trial's first.
        """
        # What a source begins with (see `SourcePage.announces_new_trials`).
        if not self.announces_new_trials and _is_new_trial(change_set.events):
            return
        if change_set.nct_id in self.silent:
            return
        # A query for each trial, which hardly any filter needs.
        if self.matcher.asks_for_sources:
            change_set = replace(change_set, sources=_sources(self.tx, change_set))
        of_merger = is_of_merger(change_set.events)
        items: list[OutboxItem] = []
        nct_id = change_set.nct_id
        for subscription, positions, verdict in self.matcher.match(change_set):
            if of_merger:
                self._mergers.note(
                    subscription,
                    verdict,
                    change_set=change_set,
                    version_id=version_id,
                    positions=positions,
                )
            self._subscriptions[subscription.id] = subscription
            due_at, digest = self._due(subscription, change_set.events, positions)
            why = reason_text(subscription, verdict)
            for channel in subscription.channels:
                for target in targets_to(
                    self.targets.get(channel, _NO_TARGET), subscription.subscriber, self.addresses
                ):
                    # Positional, in the order of its fields: by name it takes three times as long.
                    item = OutboxItem(
                        version_id, nct_id, subscription.id, subscription.subscriber,
                        channel, target, positions, why, due_at, digest,
                    )  # fmt: skip
                    items.append(item)
        if items:
            # Only where there is a recipient: most versions of a large store match no subscription,
            # and need no copy.
            self.tx.announce(version_id, change_set.events, previous_id=previous_id)
        self._items += _group_items(items)

    def write(self) -> int:
        """Write all items to the outbox; return how many there were."""
        items, self._items = self._mergers.drop_repeats(self._items), []
        if not items:
            return 0
        count = len(items)
        for _ in range(_TRIES):
            late = self.tx.outbox.enqueue(items, at=self.at)
            if not late:
                return count
            items = _group_items([self._move_to_next_digest(item) for item in late])
        raise RuntimeError("the next cut-off is always over: the clock and the outbox disagree")

    def _due(
        self, subscription: Subscription, events: Sequence[ChangeEvent], positions: Iterable[int]
    ) -> tuple[datetime, bool]:
        """Return when these of a version's events are to be sent, and whether in a digest.

        With ``critical_at_once`` a version with a critical event goes at once, with all that it
        brings, whatever the digest and the quiet hours.
        """
        when, quiet = subscription.when, subscription.quiet
        # Whatever the quiet hours: that is what the option is for.
        if subscription.critical_at_once and any(
            events[at].severity is Severity.CRITICAL for at in positions
        ):
            return self.at, False
        if isinstance(when, AtOnce):
            return (quiet and quiet.end_after(self.at)) or self.at, False
        cutoff = self._cutoffs.get(when)
        if cutoff is None:
            cutoff = self._cutoffs[when] = next_cutoff(when, self.at)
        return cutoff, True

    def _move_to_next_digest(self, item: OutboxItem) -> OutboxItem:
        """Return an item of a digest that was already claimed, as one of the next digest."""
        when = self._subscriptions[item.subscription_id].when
        if isinstance(when, AtOnce):
            raise TypeError("only a digest can be claimed already")
        return item._replace(due_at=next_cutoff(when, item.due_at))


def reason_text(subscription: Subscription, verdict: MatchDecision) -> str:
    """Return why the person gets this, as the message will say it."""
    words = f" ({verdict.words})" if verdict.words else ""
    return f"your subscription “{subscription.name}”: {verdict.reason}{words}"


def _group_items(items: list[OutboxItem]) -> list[OutboxItem]:
    """Give all items of one version for one person and address the same time, so one message.

    At once where one of their subscriptions sends at once, else in the digest that comes first.
    """
    places = list(map(_PLACE, items))
    if len(set(places)) == len(items):  # mostly
        return items
    first: dict[tuple[int, str, str, str], tuple[bool, datetime]] = {}
    for place, item in zip(places, items, strict=True):
        own = item.digest, item.due_at
        # A pair sorts as wanted: at once (False) before a digest (True), then the earlier one.
        first[place] = min(first.get(place, own), own)
    return [
        item
        if first[place] == (item.digest, item.due_at)
        else item._replace(digest=first[place][0], due_at=first[place][1])
        for place, item in zip(places, items, strict=True)
    ]


def _sources(tx: Transaction, change_set: ChangeSet) -> tuple[str, ...]:
    """Return the sources that follow a trial, by any of its IDs, and that brought the change."""
    following = (source for nct_id in change_set.nct_ids for source in tx.sources.following(nct_id))
    return tuple(dict.fromkeys((*change_set.sources, *following)))


def _is_new_trial(events: Iterable[ChangeEvent]) -> bool:
    return any(event.kind is ChangeKind.TRIAL_REGISTERED for event in events)
