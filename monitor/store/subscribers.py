"""Subscribers, their subscriptions, and silences: rows, queries and writes.

From the configuration, from commands and from the page; ``monitor.match`` decides by them.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.kind_names import kind_or_group
from monitor.model.subscriptions import (
    Silence,
    Subscriber,
    Subscription,
    SubscriptionKey,
    SubscriptionOrigin,
    SubscriptionStatus,
)
from monitor.store import erasure, properties
from monitor.store.codec import CorruptError
from monitor.store.db import Db, batches, excluded, insert_new, upsert
from monitor.store.personal_data import personal_data
from monitor.store.row_mapping import RowMapper, SqlRow, optional
from monitor.store.schema import properties as properties_
from monitor.store.schema import silences, subscribers, subscriptions
from monitor.store.storable_text import make_storable
from monitor.store.subscription_json import SUBSCRIPTION, definition_text
from monitor.store.timestamps import moment

_WELCOMED = "welcomed_subscription"
"""The newest subscription that was looked at; a store that none was looked at in has no row."""

_SUBSCRIBER = RowMapper(
    Subscriber,
    subscribers.c,
    damaged="the subscriber {0!r} cannot be read",
    origin=SubscriptionOrigin,
    status=SubscriptionStatus,
)
_SILENCE = RowMapper(
    Silence,
    (
        *(column for column in silences.c if column.name != "ends_at"),
        silences.c.ends_at.label("until"),
    ),
    damaged="silence {0} cannot be read",
    kind=optional(kind_or_group),
    until=moment,
)

# --- what is asked --------------------------------------------------------------------------

_SUBSCRIBERS = sa.select(*subscribers.c).order_by(subscribers.c.name)
_OF_SUBSCRIBER = sa.select(*subscribers.c).where(subscribers.c.name == bindparam("name"))
_SUBSCRIPTIONS = (
    sa.select(*SUBSCRIPTION.columns)
    .join(subscribers, subscribers.c.name == subscriptions.c.subscriber)
    .order_by(subscriptions.c.id)
)
# Who is paused or retired pauses or retires all that is theirs.
# Computed when read, not written into each subscription: resuming a person restores what
# was paused one by one.
_EFFECTIVE = sa.case(
    (
        sa.or_(
            subscribers.c.status == SubscriptionStatus.ACTIVE.value,
            subscriptions.c.status == SubscriptionStatus.RETIRED.value,
        ),
        subscriptions.c.status,
    ),
    else_=subscribers.c.status,
).label("status")
_LIVE_OF_ID = _SUBSCRIPTIONS.where(
    subscriptions.c.id == bindparam("subscription_id"),
    _EFFECTIVE.in_([SubscriptionStatus.ACTIVE.value, SubscriptionStatus.PAUSED.value]),
)
_SUBSCRIPTION = sa.select(*SUBSCRIPTION.columns).where(
    subscriptions.c.subscriber == bindparam("subscriber"), subscriptions.c.name == bindparam("name")
)
_SUBSCRIPTIONS_OF = sa.select(*SUBSCRIPTION.columns).where(
    subscriptions.c.subscriber.in_(bindparam("subscribers", expanding=True))
)
_LIVE_OF = sa.select(subscribers.c.name).where(
    subscribers.c.name.in_(bindparam("subscribers", expanding=True)),
    subscribers.c.status != SubscriptionStatus.RETIRED.value,
)
_SILENCES = sa.select(*_SILENCE.columns).order_by(silences.c.id)
_NEWEST_SUBSCRIPTION = sa.select(sa.func.coalesce(sa.func.max(subscriptions.c.id), 0))
_LIVE_SUBSCRIBERS = sa.select(subscribers.c.name).where(
    subscribers.c.origin == bindparam("origin"),
    subscribers.c.status != SubscriptionStatus.RETIRED.value,
)
_LIVE_SUBSCRIPTIONS = sa.select(
    subscriptions.c.subscriber, subscriptions.c.name, subscriptions.c.origin
).where(subscriptions.c.status != SubscriptionStatus.RETIRED.value)

# --- what is written ------------------------------------------------------------------------

# A person is whose who named them first; who comes back is whose who brought them back.
_PUT_SUBSCRIBER = upsert(
    subscribers,
    names=("origin", "status"),
    where=subscribers.c.status == SubscriptionStatus.RETIRED.value,
)
# What a person paused stays paused, however often the configuration names it.
_GIVEN = excluded(subscriptions)
_PUT_SUBSCRIPTION = upsert(
    subscriptions,
    ("subscriber", "name"),
    ("definition", "origin"),
    values={
        "status": sa.case(
            (
                sa.and_(
                    subscriptions.c.status == SubscriptionStatus.PAUSED.value,
                    _GIVEN.status == SubscriptionStatus.ACTIVE.value,
                ),
                SubscriptionStatus.PAUSED.value,
            ),
            else_=_GIVEN.status,
        )
    },
)
_SET_SUBSCRIBER = (
    sa.update(subscribers)
    .where(subscribers.c.name == bindparam("of"), subscribers.c.status != bindparam("becomes"))
    .values(status=bindparam("becomes"))
)
_SET_SUBSCRIPTION = (
    sa.update(subscriptions)
    .where(
        subscriptions.c.subscriber == bindparam("of"),
        subscriptions.c.name == bindparam("called"),
        subscriptions.c.status != bindparam("becomes"),
    )
    .values(status=bindparam("becomes"))
)
_PUT_SILENCE = sa.insert(silences).returning(silences.c.id)
_REMOVE_SILENCE = sa.delete(silences).where(silences.c.id == bindparam("silence_id"))
_BEGIN_WELCOMED = insert_new(properties_).values(name=_WELCOMED, value="0")


class SubscriberReader:
    """Subscribers, their subscriptions, and silences; reached by ``Reader.people``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def version(self) -> int:
        """Return a number that every change of subscribers, subscriptions or silences raises.

        Who keeps what it read asks this first, and reads again when the number is another.
        """
        return self._number(properties.CHANGES_OF_SUBSCRIPTIONS, properties.VALUE)

    def has_new_subscriptions(self) -> bool:
        """Return whether there are subscriptions that ``take_new_subscriptions`` has not taken."""
        newest = int(self._db.value(_NEWEST_SUBSCRIPTION))
        return newest > self._number(_WELCOMED, properties.VALUE)

    def _number(self, name: str, statement: sa.Select[tuple[str]]) -> int:
        """Return a number that is kept by name; 0 where none is."""
        value = self._db.value(statement, {"name": name})
        with self._db.errors():
            try:
                return int(value or 0)
            except ValueError as exc:
                raise CorruptError("its number of changes to subscriptions cannot be read") from exc

    def subscribers(self) -> list[Subscriber]:
        """Return everybody, by name."""
        return self._db.read(_SUBSCRIBER, _SUBSCRIBERS)

    def subscription(self, subscriber: str, name: str) -> Subscription | None:
        """Return one subscription; None when there is none."""
        return self._db.first(SUBSCRIPTION, _SUBSCRIPTION, {"subscriber": subscriber, "name": name})

    def live_subscription(self, subscription_id: int) -> Subscription | None:
        """Return the subscription of an id; None when there is none, or it or its person left."""
        return self._db.first(SUBSCRIPTION, _LIVE_OF_ID, {"subscription_id": subscription_id})

    def subscriptions(
        self,
        *,
        subscriber: str | None = None,
        status: SubscriptionStatus | None = None,
        effective: bool = False,
        damaged: list[str] | None = None,
    ) -> list[Subscription]:
        """Return subscriptions by ascending id: all, a subscriber's, those of one status.

        ``effective``: a subscription of a subscriber who is paused or retired is paused or retired
        as they are. One whose definition cannot be read is a StoreError that names it; with
        ``damaged`` it is left out and a sentence about it is added there.
        """
        rows = self._subscription_rows(subscriber, status, effective=effective)
        found: list[Subscription] = []
        with self._db.errors():
            for row in rows:
                try:
                    found.append(SUBSCRIPTION(row))
                except CorruptError as exc:
                    if damaged is None:
                        raise
                    damaged.append(str(exc))
        return found

    def _subscription_rows(
        self,
        subscriber: str | None,
        status: SubscriptionStatus | None = None,
        *,
        effective: bool = False,
    ) -> Sequence[SqlRow]:
        asked = _SUBSCRIPTIONS
        status_column: Any = subscriptions.c.status
        if effective:
            status_column = _EFFECTIVE
            asked = asked.with_only_columns(
                *(
                    status_column if column.key == "status" else column
                    for column in SUBSCRIPTION.columns
                )
            )
        # With a condition only for each given value, so that an index can be used.
        if subscriber is not None:
            asked = asked.where(subscriptions.c.subscriber == subscriber)
        if status is not None:
            asked = asked.where(status_column == status.value)
        return self._db.fetch(asked)

    def silences(self, *, at: datetime | None = None) -> list[Silence]:
        """Return the silences that hold at a moment, or all, by ascending id."""
        found = self._db.read(_SILENCE, _SILENCES)
        return [silence for silence in found if at is None or silence.until > at]

    def export(self, subscriber: str) -> dict[str, Any] | None:
        """Return all that is stored about a person, as JSON; None for nobody of that name.

        Keys: subscriber, address, subscriptions, silences, tokens, messages (each with items and
        attempts).
        """
        person = self._db.first(_SUBSCRIBER, _OF_SUBSCRIBER, {"name": subscriber})
        if person is None:
            return None
        silences = [one for one in self.silences() if one.subscriber == subscriber]
        return personal_data(self._db, person, self._subscription_rows(subscriber), silences)


class SubscriberWriter(SubscriberReader):
    """Writes subscribers, subscriptions and silences; reached by ``Transaction.subscribers``.

    What changes anything raises ``version``; what is stored already changes nothing. Times are
    aware, else ValueError.
    """

    def put_subscriber(self, name: str, origin: SubscriptionOrigin, *, at: datetime) -> None:
        """Store a subscriber, who is active unless paused before.

        Who is known keeps their origin and date; who was retired comes back with this origin.
        """
        self._put_subscribers({make_storable(name): (origin, at)})

    def put_subscription(self, subscription: Subscription) -> int:
        """Store a subscription and return its id; see ``put_subscriptions``."""
        return self.put_subscriptions([subscription])[0]

    def put_subscriptions(self, subscriptions: Sequence[Subscription]) -> list[int]:
        """Store subscriptions in place of those with their names; return their ids, in order.

        The ``id`` of what is given does not count: one of the same subscriber and name keeps its
        id and its date of creation, and stays paused if it is. A subscriber who is not known is
        stored too. ValueError for two of one name.
        """
        texts = {
            (make_storable(one.subscriber), make_storable(one.name)): (one, definition_text(one))
            for one in subscriptions
        }
        if len(texts) < len(subscriptions):
            raise ValueError("two subscriptions of one subscriber have the same name")
        people: dict[str, tuple[SubscriptionOrigin, datetime]] = {}
        for (subscriber, _), (one, _) in texts.items():
            people.setdefault(subscriber, (one.origin, one.created_at))
        self._put_subscribers(people)
        stored = self._stored_rows(people)
        rows = [
            {
                "subscriber": names[0],
                "name": names[1],
                "definition": text,
                "origin": one.origin.value,
                "status": one.status.value,
                "created_at": one.created_at,
            }
            for names, (one, text) in texts.items()
            # Every start brings the whole configuration: what is as stored must not raise the
            # number that makes every process read all subscriptions anew.
            if not _same(stored.get(names), one, text)
        ]
        if rows:
            self._db.run_many(_PUT_SUBSCRIPTION, rows)
            self._raise_changes()
            stored = self._stored_rows(people)
        return [stored[names].id for names in texts]

    def _stored_rows(self, people: Collection[str]) -> dict[SubscriptionKey, Any]:
        """Return the rows of these people's subscriptions by their names."""
        found: list[Any] = []
        for batch in batches(sorted(people)):
            found.extend(self._db.fetch(_SUBSCRIPTIONS_OF, {"subscribers": batch}))
        return {(row.subscriber, row.name): row for row in found}

    def _put_subscribers(self, people: Mapping[str, tuple[SubscriptionOrigin, datetime]]) -> None:
        live = {
            name
            for batch in batches(sorted(people))
            for (name,) in self._db.fetch(_LIVE_OF, {"subscribers": batch})
        }
        rows = [
            {
                "name": name,
                "origin": origin.value,
                "status": SubscriptionStatus.ACTIVE.value,
                "created_at": at,
            }
            for name, (origin, at) in sorted(people.items())
            if name not in live
        ]
        if rows:
            self._db.run_many(_PUT_SUBSCRIBER, rows)
            self._raise_changes()

    def take_new_subscriptions(self) -> list[Subscription]:
        """Return the active subscriptions that were not taken yet, and take them; by id.

        One under another name is not new: the same person had one that asks for the same. What
        cannot be read is left out. Others who take wait for the end of the transaction.
        """
        self._db.run(_BEGIN_WELCOMED)
        taken = self._number(_WELCOMED, properties.LOCKED_VALUE)
        found = self.subscriptions(effective=True, damaged=[])
        newest = int(self._db.value(_NEWEST_SUBSCRIPTION))
        if newest != taken:
            self._db.run(properties.PUT, {"name": _WELCOMED, "value": str(newest)})
        new = [one for one in found if one.id > taken and one.status is SubscriptionStatus.ACTIVE]
        people = {one.subscriber for one in new}
        # By what it asks for: renaming a subscription in the configuration retires one and makes
        # another.
        known = {
            (one.subscriber, definition_text(one))
            for one in found
            if one.id <= taken and one.subscriber in people
        }
        return [one for one in new if (one.subscriber, definition_text(one)) not in known]

    def set_status(self, subscriber: str, name: str | None, status: SubscriptionStatus) -> bool:
        """Pause, resume or retire a subscription, or a subscriber (``name`` None).

        False when there is none, or when it is so already.
        """
        about = {"of": subscriber, "becomes": status.value}
        if name is None:
            return self._note_change(self._db.run(_SET_SUBSCRIBER, about))
        return self._note_change(self._db.run(_SET_SUBSCRIPTION, {**about, "called": name}))

    def retire_missing(
        self,
        *,
        origin: SubscriptionOrigin,
        keep: Collection[SubscriptionKey],
        subscribers: Collection[str] = (),
    ) -> tuple[list[SubscriptionKey], list[str]]:
        """Retire the subscriptions of an origin that are not in ``keep``, and their people.

        Of the people those of this origin who are neither in ``subscribers`` nor have a
        subscription left. Returns the names of the subscriptions and of the people, in order.
        """
        kept = {(make_storable(subscriber), make_storable(name)) for subscriber, name in keep}
        live = self._db.fetch(_LIVE_SUBSCRIPTIONS)
        # Retired, not deleted: messages that were sent refer to it, and its pause is kept.
        gone = sorted((s, n) for s, n, of in live if of == origin.value and (s, n) not in kept)
        for subscriber, name in gone:
            self.set_status(subscriber, name, SubscriptionStatus.RETIRED)
        staying = {s for s, n, _ in live if (s, n) not in set(gone)}
        staying.update(map(make_storable, subscribers), (subscriber for subscriber, _ in kept))
        rows = self._db.fetch(_LIVE_SUBSCRIBERS, {"origin": origin.value})
        people = sorted(row[0] for row in rows if row[0] not in staying)
        for subscriber in people:
            self.set_status(subscriber, None, SubscriptionStatus.RETIRED)
        return gone, people

    def put_silence(self, silence: Silence) -> int:
        """Store a silence, whose ``id`` does not count, and return its id.

        ValueError when it is about no trial and no kind, or about a kind that there is not;
        StoreError for an unknown subscriber.
        """
        if silence.nct_id is None and silence.kind is None:
            raise ValueError("a silence is about a trial, a kind of change, or both")
        values = {
            "subscriber": silence.subscriber,
            "nct_id": silence.nct_id,
            "kind": None if silence.kind is None else kind_or_group(silence.kind),
            "ends_at": silence.until,
            "reason": make_storable(silence.reason),
            "created_at": silence.created_at,
        }
        silence_id = int(self._db.value(_PUT_SILENCE, values))
        self._raise_changes()
        return silence_id

    def remove_silence(self, silence_id: int) -> bool:
        """Remove a silence; False when there is none."""
        return self._note_change(self._db.run(_REMOVE_SILENCE, {"silence_id": silence_id}))

    def forget(self, subscriber: str) -> dict[str, int]:
        """Erase everything about a person; return how many rows of each kind that were.

        Kinds: attempts, items, messages, silences, tokens, pauses, requests, addresses,
        subscriptions, subscribers; all 0 for nobody of that name. Messages that are being sent
        arrive, but are not recorded. What the channels keep as their last error, and incidents as
        their detail, goes too where it names the person or a target of theirs. The database's
        files hold remains of it until
        ``compacting.compact``.
        """
        gone = erasure.forget(self._db, subscriber)
        self._note_change(gone["subscribers"])
        # The next subscription is new, also where it gets a number that was one's before.
        # SQLite gives the highest id again once its row is gone.
        taken = self._number(_WELCOMED, properties.LOCKED_VALUE)
        newest = int(self._db.value(_NEWEST_SUBSCRIPTION))
        if taken > newest:
            self._db.run(properties.PUT, {"name": _WELCOMED, "value": str(newest)})
        return gone

    def _note_change(self, rows: int) -> bool:
        if rows:
            self._raise_changes()
        return rows > 0

    def _raise_changes(self) -> None:
        self._db.run(properties.SUBSCRIPTIONS_CHANGED)


def _same(stored: Any, one: Subscription, text: str) -> bool:
    """Return whether storing a subscription would change nothing of the row of that name."""
    if stored is None:
        return False
    kept = stored.status == one.status.value or (
        stored.status == SubscriptionStatus.PAUSED.value and one.status is SubscriptionStatus.ACTIVE
    )
    return stored.definition == text and stored.origin == one.origin.value and kept
