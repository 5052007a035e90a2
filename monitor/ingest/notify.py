"""From news to the outbox: who gets which events of a version, by which channel, when.

Everything is written in the transaction that stores the version, so a stored change and the
messages that it calls for cannot come apart.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.ingest.mergers import Mergers, may_tell_of_merger
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


@dataclass(slots=True, kw_only=True)
class Notifier:
    """Keeps the subscriptions of a store ready; threads may share it.

    ``targets``: by the name of each channel whom it serves. A channel that a subscription names
    and the configuration does not is written to all the same: its messages become dead letters
    that the operator hears of, which silence would not. ``on_damaged`` is told of each stored
    subscription that cannot be read, and the others are served; without it that is a StoreError.
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

    def announcer(
        self, tx: Transaction, *, first_sights: bool = True, silent: Collection[str] = ()
    ) -> "OutboxBuilder":
        """Return what announces the news of one transaction.

        ``first_sights`` False: that a trial is seen for the first time is no news. ``silent``:
        trials of which nothing is announced; it may grow while the transaction goes on.
        """
        return OutboxBuilder(
            tx=tx,
            matcher=self._matcher_of(tx),
            targets=self.targets,
            addresses=self._addresses,
            at=self.now(),
            first_sights=first_sights,
            silent=silent,
        )

    def _matcher_of(self, tx: Transaction) -> Matcher:
        """Return the matcher of the subscriptions as they stand in this transaction."""
        # Asked in the transaction, so that a subscription that is made now is either seen by this
        # pass or made after what it stores; in memory, because reading very many of them takes
        # long.
        version = tx.people.version()
        with self._lock:
            if self._matcher is None or version != self._version:
                silences = tx.people.silences(at=self.now())
                self._matcher = Matcher(self._wishes(tx), silences, self.synonyms)
                if SUBSCRIBERS in self.targets.values():
                    self._addresses = tx.readers.addresses()
                self._version = version
            return self._matcher

    def _wishes(self, tx: Transaction) -> list[Subscription]:
        if self.on_damaged is None:
            return tx.people.subscriptions(effective=True)
        damaged: list[str] = []
        found = tx.people.subscriptions(effective=True, damaged=damaged)
        for sentence in damaged:
            self.on_damaged(sentence)
        return found


@dataclass(slots=True, kw_only=True)
class OutboxBuilder:
    """Announces the news of one transaction, whose time is ``at`` (aware UTC).

    ``addresses``: the confirmed ones of readers, by subscriber.
    ``silent``: trials of which nothing is announced.
    """

    tx: Transaction
    matcher: Matcher
    targets: Mapping[str, Sequence[str]]
    at: datetime
    addresses: Mapping[str, str] = field(default_factory=dict)
    first_sights: bool = True
    silent: Collection[str] = ()
    _items: list[OutboxItem] = field(default_factory=list)
    _subscriptions: dict[int, Subscription] = field(default_factory=dict)
    _cutoffs: dict[Hourly | LocalTime, datetime] = field(default_factory=dict)
    _mergers: Mergers = field(default_factory=Mergers)

    def announce(self, version_id: int, news: ChangeSet, *, previous_id: int | None) -> None:
        """Note who gets which events of a stored version, and keep those for good.

        ``previous_id``: the version that it was compared with; None for a trial's first.
        """
        # What a source begins with (see `Page.first_sights_are_news`).
        if not self.first_sights and _is_first_sight(news.events):
            return
        if news.nct_id in self.silent:
            return
        # A query for each trial, which hardly any filter needs.
        if self.matcher.asks_for_sources:
            news = replace(news, sources=_sources(self.tx, news))
        of_merger = may_tell_of_merger(news.events)
        items: list[OutboxItem] = []
        for subscription, positions, verdict in self.matcher.wanted(news):
            if of_merger:
                self._mergers.note(
                    subscription, verdict, news=news, version_id=version_id, positions=positions
                )
            self._subscriptions[subscription.id] = subscription
            due_at, digest = self._due(subscription, news.events, positions)
            why = reason(subscription, verdict)
            for channel in subscription.channels:
                for target in targets_to(
                    self.targets.get(channel, _NO_TARGET), subscription.subscriber, self.addresses
                ):
                    items.append(  # noqa: PERF401 - a generator for each pair costs more than the items
                        OutboxItem(
                            version_id=version_id,
                            nct_id=news.nct_id,
                            subscription_id=subscription.id,
                            subscriber=subscription.subscriber,
                            channel=channel,
                            target=target,
                            positions=positions,
                            reason=why,
                            due_at=due_at,
                            digest=digest,
                        )
                    )
        if items:
            # Only where somebody gets it: most versions of a large store interest nobody, and need
            # no copy.
            self.tx.announce(version_id, news.events, previous_id=previous_id)
        self._items += _together(items)

    def write(self) -> int:
        """Put everything noted into the outbox; return how many items there were."""
        items, self._items = self._mergers.told_once(self._items), []
        if not items:
            return 0
        count = len(items)
        for _ in range(_TRIES):
            late = self.tx.outbox.enqueue(items, at=self.at)
            if not late:
                return count
            items = _together([self._moved_on(item) for item in late])
        raise RuntimeError("a digest's end is always over: the clock and the outbox disagree")

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

    def _moved_on(self, item: OutboxItem) -> OutboxItem:
        """Move an item of a digest that has left to the digest after it."""
        when = self._subscriptions[item.subscription_id].when
        if isinstance(when, AtOnce):
            raise TypeError("only a digest can have left")
        return replace(item, due_at=next_cutoff(when, item.due_at))


def reason(subscription: Subscription, verdict: MatchDecision) -> str:
    """Return why the person gets this, as the message will say it."""
    words = f" ({verdict.words})" if verdict.words else ""
    return f"your subscription “{subscription.name}”: {verdict.reason}{words}"


def _together(items: list[OutboxItem]) -> list[OutboxItem]:
    """Let all items of one version for one person and address go in one message.

    However many subscriptions ask for it: at once where one of them does, else in the digest that
    comes first.
    """
    places = [(item.version_id, item.subscriber, item.channel, item.target) for item in items]
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
        else replace(item, digest=first[place][0], due_at=first[place][1])
        for place, item in zip(places, items, strict=True)
    ]


def _sources(tx: Transaction, news: ChangeSet) -> tuple[str, ...]:
    """Return which sources follow a trial, by whichever of its IDs, and which brought the news."""
    following = (source for nct_id in news.nct_ids for source in tx.sources.following(nct_id))
    return tuple(dict.fromkeys((*news.sources, *following)))


def _is_first_sight(events: Iterable[ChangeEvent]) -> bool:
    return any(event.kind is ChangeKind.TRIAL_REGISTERED for event in events)
