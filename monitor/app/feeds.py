"""Feeds: the newest changes of a query, of a trial, of a subscription."""

import hmac
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from heapq import merge
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from monitor.app.event_choice import EventChoice
from monitor.app.lookups import find_trial, present_id
from monitor.app.queries import DEADLINE_S, pages, select_events
from monitor.app.wiring import App
from monitor.errors import NotFoundError, StoreError
from monitor.match.decision import reject_by_changes, reject_by_silence
from monitor.match.silences import Silences
from monitor.model.alerts import Alert
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.feeds import Feed
from monitor.model.history import StoredVersion
from monitor.model.public_ids import feed_urn
from monitor.model.queries import EventQuery, EventResults, EventRow
from monitor.model.subscriptions import Subscription, SubscriptionStatus

if TYPE_CHECKING:
    from monitor.store.reader import Reader

QueryPairs = Sequence[tuple[str, str]]
"""The parameters of a feed of events, as they were written."""
EventPredicate = Callable[[ChangeEvent, StoredVersion, Sequence[str]], bool]
"""Whether a feed has an event of a version of the trial with these NCT IDs."""

MOST_ENTRIES = 100
ENTRIES = 50

# Far below the parameters that a statement may have (SQLite: 32,766).
_IDS_AT_ONCE = 5_000


def events_feed(app: App, choice: EventChoice, pairs: QueryPairs, *, limit: int) -> Feed:
    """Return the newest changes that a question selects; UsageError when it can find nothing."""
    # The order of the parameters must not make another feed.
    written = sorted(pairs)
    wanted = "; ".join(f"{name} {value}" for name, value in written)
    with app.reader() as reader:
        entries = _Entries(app, reader).newest([choice.query(app, reader)], limit)
    return Feed(
        urn=feed_urn(f"events?{urlencode(written)}"),
        title=f"Changes in trials: {wanted}" if wanted else "Changes in trials",
        entries=entries,
        public_url=_public_url(app),
        page=f"/?{urlencode(written)}" if written else "/",
    )


def trial_feed(
    app: App, nct_id: str, choice: EventChoice, pairs: QueryPairs, *, limit: int
) -> Feed:
    """Return the newest changes of a trial; NotFoundError when it is not stored."""
    with app.reader() as reader:
        trial, _ = find_trial(app, reader, nct_id)
        query = replace(choice, nct_ids=(trial.nct_id,)).query(app, reader)
        entries = _Entries(app, reader).newest([query], limit)
    return Feed(
        urn=feed_urn(f"trial {trial.nct_id}?{urlencode(sorted(pairs))}"),
        title=f"{trial.nct_id}: {trial.title or 'no title stated'}",
        entries=entries,
        public_url=_public_url(app),
        page=f"/trials/{trial.nct_id}",
    )


def subscription_feed(app: App, subscription_id: int, token: str, *, limit: int) -> Feed:
    """Return the newest changes that a subscription asks for, since it was made.

    They are selected by the trials as they stand now and by the subscription as it is now; what
    silences kept back is left out. One that is paused has its feed: pausing ends messages.
    NotFoundError when there is no such subscription or the token is another's.
    """
    with app.reader() as reader:
        one = reader.subscribers.live_subscription(subscription_id)
        if one is None or not _is_same(reader.outbox.feed_token(one), token):
            raise NotFoundError("there is no such feed")
        silences = Silences(reader.subscribers.silences())

        def is_wanted(event: ChangeEvent, version: StoredVersion, nct_ids: Sequence[str]) -> bool:
            over = silences.for_event(nct_ids, event.kinds)
            return not (
                reject_by_changes(one.changes, event)
                or reject_by_silence(one, over, version.retrieved_at)
            )

        entries = _Entries(app, reader).newest(list(_queries(reader, one)), limit, is_wanted)
    return Feed(
        urn=feed_urn(f"subscription {token}"),
        title=f"Changes in trials: {one.name}",
        entries=entries,
        public_url=_public_url(app),
    )


def feed_addresses(app: App, reader: "Reader", one: Subscription) -> dict[str, str]:
    """Return where a subscription's feed is, by format; nothing where there are no pages.

    Who knows an address can read the feed. None of one that is removed.
    """
    public_url = _public_url(app)
    if public_url is None or one.status is SubscriptionStatus.RETIRED:
        return {}
    place = f"{public_url}/subscriptions/{one.id}/{reader.outbox.feed_token(one)}/feed"
    return {"atom": f"{place}.atom", "json": f"{place}.json"}


def _public_url(app: App) -> str | None:
    return app.settings.delivery.public_url.rstrip("/") or None


def _is_same(known: str, token: str) -> bool:
    return hmac.compare_digest(known.encode(), token.encode("utf-8", "replace"))


def _queries(reader: "Reader", one: Subscription) -> Iterator[EventQuery]:
    """Yield queries that together select all that a subscription may want."""
    changes, least = one.changes, one.changes.min_severity
    if changes.kinds is not None and least.rank <= Severity.LOW.rank:
        least = Severity.NOISE  # noise whose kind is named is wanted
    whole = EventQuery(kinds=changes.kinds, min_severity=least, since=one.created_at)
    if one.trials.everything:
        yield whole
        return
    for trial_filter in one.trials.filters:
        yield replace(whole, filter=trial_filter)
    named = sorted({now for one in one.trials.nct_ids for now in (one, present_id(reader, one))})
    for start in range(0, len(named), _IDS_AT_ONCE):
        yield replace(whole, nct_ids=tuple(named[start : start + _IDS_AT_ONCE]))


def _all(*_: object) -> bool:
    return True


class _Entries:
    """Makes entries of a feed out of one reading of the store, within a time."""

    def __init__(self, app: App, reader: "Reader") -> None:
        self._reader = reader
        self._select = partial(select_events, reader, synonyms=app.synonyms())
        # One deadline for all queries of a feed: a subscription may need many.
        self._end = time.monotonic() + DEADLINE_S
        self._is_complete = True
        self._versions: dict[str, list[StoredVersion]] = {}

    def newest(
        self, queries: Sequence[EventQuery], limit: int, is_wanted: EventPredicate = _all
    ) -> tuple[Alert, ...]:
        """Return the newest versions with events that any of these queries selects.

        StoreError when the time was over before one was found; what it cuts off is the oldest.
        """
        # Each query is in order, so an event that several select stands next to itself.
        events = merge(
            # More than the limit: several events make one entry, and some are not wanted.
            *(self._events(query, 2 * limit) for query in queries),
            key=attrgetter("key"),
            reverse=True,
        )
        each = (next(same) for _, same in groupby(events, key=attrgetter("key")))
        found: list[Alert] = []
        for _, together in groupby(each, key=lambda one: one.stored.version_id):
            alert = self._alert(list(together), is_wanted)
            if alert is not None:
                found.append(alert)
            if len(found) == limit:
                break
        if not found and not self._is_complete:
            raise StoreError("the search was ended after its time; narrow it")
        return tuple(found)

    def _events(self, query: EventQuery, size: int) -> Iterator[EventRow]:
        def select(pairs: EventQuery) -> EventResults:
            return self._select(pairs, deadline_s=self._end - time.monotonic())

        for page in pages(query, select, size=size):
            yield from page.events
            if not page.is_complete:
                self._is_complete = False
                return

    def _alert(self, events: Sequence[EventRow], is_wanted: EventPredicate) -> Alert | None:
        """Return the alert of events of one version; None when the feed has none of them."""
        stored = events[0].stored
        if stored.nct_id not in self._versions:
            self._versions[stored.nct_id] = self._reader.versions(stored.nct_id)
        versions = self._versions[stored.nct_id]
        version = next(one for one in versions if one.id == stored.version_id)
        record = self._reader.record(version)
        nct_ids = (stored.nct_id, *record.aliases)
        wanted = [
            one.stored.event for one in events if is_wanted(one.stored.event, version, nct_ids)
        ]
        return Alert.of(record, versions, version.id, wanted, ()) if wanted else None
