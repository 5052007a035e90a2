"""What a transaction writes of subscribers, subscriptions and silences."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime

from monitor.model.groups import kind_or_group
from monitor.model.subscriptions import Origin, Silence, Standing, Subscription
from monitor.store import outbox_queries, people_queries
from monitor.store.db import batches
from monitor.store.definitions import definition_text
from monitor.store.people_reader import PeopleReader
from monitor.store.running import Runner
from monitor.store.texts import storable

_SUBSCRIBER_COLUMNS = {
    "name": "text",
    "origin": "text",
    "standing": "text",
    "created_at": "timestamptz",
}
_SUBSCRIPTION_COLUMNS = {
    "subscriber": "text",
    "name": "text",
    "definition": "text",
    "origin": "text",
    "standing": "text",
    "created_at": "timestamptz",
}
Names = tuple[str, str]
"""A subscriber's and a subscription's."""


class PeopleWriter(PeopleReader):
    """Who wants to hear of what; reached by ``Transaction.people``, written at once.

    What changes anything raises ``version``; what is stored already changes nothing. Times are
    aware, else ValueError.
    """

    def __init__(self, run: Runner) -> None:
        super().__init__(run.ask, errors=nullcontext)
        self._run = run

    def put_subscriber(self, name: str, origin: Origin, *, at: datetime) -> None:
        """Store somebody, who is active unless paused before.

        Who is known keeps their origin and date; who was retired comes back with this origin.
        """
        self._put_subscribers({storable(name): (origin, at)})

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
            (storable(one.subscriber), storable(one.name)): (one, definition_text(one))
            for one in subscriptions
        }
        if len(texts) < len(subscriptions):
            raise ValueError("two subscriptions of one subscriber have the same name")
        people: dict[str, tuple[Origin, datetime]] = {}
        for (subscriber, _), (one, _) in texts.items():
            people.setdefault(subscriber, (one.origin, one.created_at))
        self._put_subscribers(people)
        stored = self._stored(people)
        rows = [
            (*names, text, one.origin.value, one.standing.value, one.created_at)
            for names, (one, text) in texts.items()
            if not _same(stored.get(names), one, text)
        ]
        if rows:
            self._run.put_many(people_queries.PUT_SUBSCRIPTIONS, _SUBSCRIPTION_COLUMNS, rows)
            self._bump()
            stored = self._stored(people)
        return [stored[names][0] for names in texts]

    def _stored(self, people: Collection[str]) -> dict[Names, tuple[int, str, str, str]]:
        return {
            (row[0], row[1]): (row[2], row[3], row[4], row[5])
            for batch in batches(sorted(people))
            for row in self._run.ask(people_queries.SUBSCRIPTIONS_OF, {"subscribers": batch})
        }

    def _put_subscribers(self, people: Mapping[str, tuple[Origin, datetime]]) -> None:
        live = {
            row[0]
            for batch in batches(sorted(people))
            for row in self._run.ask(people_queries.SUBSCRIBERS_OF, {"subscribers": batch})
            if row[2] != Standing.RETIRED.value
        }
        rows = [
            (name, origin.value, Standing.ACTIVE.value, at)
            for name, (origin, at) in sorted(people.items())
            if name not in live
        ]
        if rows:
            self._run.put_many(people_queries.PUT_SUBSCRIBERS, _SUBSCRIBER_COLUMNS, rows)
            self._bump()

    def take_new_subscriptions(self) -> list[Subscription]:
        """Return the active subscriptions that nobody has taken yet, and take them; by id.

        One under another name is not new: the same person had one that asks for the same. What
        cannot be read is left out. Others who take wait for the end of the transaction.
        """
        self._run.run(people_queries.BEGIN_WELCOMED, {})
        [(value,)] = self._run.ask(people_queries.WELCOMED.format(lock=self._lock()), {})
        taken = int(value)
        found = self.subscriptions(effective=True, damaged=[])
        [(newest,)] = self._run.ask(people_queries.NEWEST_SUBSCRIPTION, {})
        if int(newest) != taken:
            self._run.run(people_queries.PUT_WELCOMED, {"value": str(newest)})
        new = [one for one in found if one.id > taken and one.standing is Standing.ACTIVE]
        people = {one.subscriber for one in new}
        known = {
            (one.subscriber, definition_text(one))
            for one in found
            if one.id <= taken and one.subscriber in people
        }
        return [one for one in new if (one.subscriber, definition_text(one)) not in known]

    def set_standing(self, subscriber: str, name: str | None, standing: Standing) -> bool:
        """Pause, resume or retire a subscription, or a subscriber (``name`` None).

        False when there is none, or when it is so already.
        """
        sql = people_queries.SET_SUBSCRIBER if name is None else people_queries.SET_SUBSCRIPTION
        values = {"subscriber": subscriber, "name": name, "standing": standing.value}
        if name is None:
            del values["name"]
        return self._bumped(self._run.run(sql, values))

    def retire_missing(
        self,
        *,
        origin: Origin,
        keep: Collection[Names],
        subscribers: Collection[str] = (),
    ) -> tuple[list[Names], list[str]]:
        """Retire the subscriptions of an origin that are not in ``keep``, and their people.

        Of the people those of this origin who are neither in ``subscribers`` nor have a
        subscription left. Returns the names of the subscriptions and of the people, in order.
        """
        kept = {(storable(subscriber), storable(name)) for subscriber, name in keep}
        live = self._run.ask(people_queries.LIVE_SUBSCRIPTIONS, {})
        gone = sorted((s, n) for s, n, of in live if of == origin.value and (s, n) not in kept)
        for subscriber, name in gone:
            self.set_standing(subscriber, name, Standing.RETIRED)
        staying = {s for s, n, _ in live if (s, n) not in set(gone)}
        staying.update(map(storable, subscribers), (subscriber for subscriber, _ in kept))
        rows = self._run.ask(people_queries.LIVE_SUBSCRIBERS, {"origin": origin.value})
        people = sorted(row[0] for row in rows if row[0] not in staying)
        for subscriber in people:
            self.set_standing(subscriber, None, Standing.RETIRED)
        return gone, people

    def put_silence(self, silence: Silence) -> int:
        """Store a silence, whose ``id`` does not count, and return its id.

        ValueError when it is about no trial and no kind, or about a kind that there is not;
        StoreError for an unknown subscriber.
        """
        if silence.nct_id is None and silence.kind is None:
            raise ValueError("a silence is about a trial, a kind of change, or both")
        rows = self._run.ask(
            people_queries.PUT_SILENCE,
            {
                "subscriber": silence.subscriber,
                "nct_id": silence.nct_id,
                "kind": None if silence.kind is None else kind_or_group(silence.kind),
                "until": silence.until,
                "reason": storable(silence.reason),
                "created_at": silence.created_at,
            },
        )
        self._bump()
        return int(rows[0][0])

    def remove_silence(self, silence_id: int) -> bool:
        """Remove a silence; False when there is none."""
        return self._bumped(self._run.run(people_queries.REMOVE_SILENCE, {"id": silence_id}))

    def forget(self, subscriber: str) -> dict[str, int]:
        """Erase everything about a person; return how many rows of each kind that were.

        Kinds: attempts, items, messages, silences, subscriptions, subscribers; all 0 for
        nobody of that name. Messages that are being sent arrive, but are not recorded. What the
        channels keep as their last error goes too where it names the person or a target of
        theirs. The database's files hold remains of it until ``compacting.compact``.
        """
        about = {"subscriber": subscriber}
        # Whoever enqueues something for them has to end before, or finds nobody.
        self._run.ask(people_queries.LOCKED_SUBSCRIBER.format(lock=self._lock()), about)
        self._run.ask(people_queries.LOCKED_MESSAGES.format(lock=self._lock()), about)
        self._forget_errors(subscriber)
        gone = {kind: self._run.run(sql, about) for kind, sql in people_queries.FORGET.items()}
        self._bumped(gone["subscribers"])
        self._forget_welcomed()
        return gone

    def _forget_welcomed(self) -> None:
        """Let the next subscription be new, also where it gets a number that was one's before."""
        rows = self._run.ask(people_queries.WELCOMED.format(lock=self._lock()), {})
        [(newest,)] = self._run.ask(people_queries.NEWEST_SUBSCRIPTION, {})
        if rows and int(rows[0][0]) > newest:
            self._run.run(people_queries.PUT_WELCOMED, {"value": str(newest)})

    def _forget_errors(self, subscriber: str) -> None:
        rows = self._run.ask(people_queries.TARGETS, {"subscriber": subscriber})
        words = {subscriber, *(target for (target,) in rows if target)}
        words = {word.casefold() for word in words}
        for channel, last_error in self._run.ask(outbox_queries.LAST_ERRORS, {}):
            if any(word in last_error.casefold() for word in words):
                self._run.run(outbox_queries.FORGET_LAST_ERROR, {"channel": channel})

    def _lock(self) -> str:
        return self._run.lock("FOR UPDATE")

    def _bumped(self, changed: int) -> bool:
        if changed:
            self._bump()
        return changed > 0

    def _bump(self) -> None:
        self._run.run(people_queries.BUMP, {})


def _same(stored: tuple[int, str, str, str] | None, one: Subscription, text: str) -> bool:
    """Tell whether storing a subscription would change nothing."""
    if stored is None:
        return False
    _, definition, origin, standing = stored
    kept = standing == one.standing.value or (
        standing == Standing.PAUSED.value and one.standing is Standing.ACTIVE
    )
    return definition == text and origin == one.origin.value and kept
