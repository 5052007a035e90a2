"""Looking up who wants to hear of what; a part of ``Reader`` and of ``Transaction``."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from monitor.model.groups import kind_or_group
from monitor.model.subscriptions import Origin, Silence, Standing, Subscriber, Subscription
from monitor.store import outbox_queries, people_queries
from monitor.store.codec import DamagedError
from monitor.store.definitions import subscription_row
from monitor.store.mapping import Row
from monitor.store.moments import moment
from monitor.store.outbox_reader import attempt_row, item_row, message_row

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Ask = Callable[[str, Mapping[str, Any]], Sequence[Row]]
Errors = Callable[[], AbstractContextManager[None]]


class PeopleReader:
    """Subscribers, their subscriptions, and silences; reached by ``Reader.people``."""

    def __init__(self, ask: Ask, *, errors: Errors) -> None:
        self._ask = ask
        self._errors = errors

    def version(self) -> int:
        """Return a number that every change of subscribers, subscriptions or silences raises.

        Who keeps what it read asks this first, and reads again when the number is another.
        """
        [(value,)] = self._ask(people_queries.PROPERTY, {"name": "subscriptions_version"})
        with self._errors():
            return _number(value)

    def has_new_subscriptions(self) -> bool:
        """Tell whether there are subscriptions that ``take_new_subscriptions`` has not taken."""
        rows = self._ask(people_queries.WELCOMED.format(lock=""), {})
        [(newest,)] = self._ask(people_queries.NEWEST_SUBSCRIPTION, {})
        with self._errors():
            return int(newest) > (_number(rows[0][0]) if rows else 0)

    def subscribers(self) -> list[Subscriber]:
        """Return everybody, by name."""
        rows = self._ask(people_queries.SUBSCRIBERS, {})
        with self._errors():
            return [subscriber_row(row) for row in rows]

    def subscription(self, subscriber: str, name: str) -> Subscription | None:
        """Return one subscription; None when there is none."""
        rows = self._ask(people_queries.SUBSCRIPTION, {"subscriber": subscriber, "name": name})
        with self._errors():
            return subscription_row(rows[0]) if rows else None

    def subscriptions(
        self,
        *,
        subscriber: str | None = None,
        standing: Standing | None = None,
        effective: bool = False,
        damaged: list[str] | None = None,
    ) -> list[Subscription]:
        """Return subscriptions by ascending id: all, a subscriber's, those of one standing.

        ``effective``: a subscription of somebody who is paused or retired is paused or retired
        as they are. One whose definition cannot be read is a StoreError that names it; with
        ``damaged`` it is left out and a sentence about it is added there.
        """
        rows = self._subscription_rows(subscriber, standing, effective=effective)
        found: list[Subscription] = []
        with self._errors():
            for row in rows:
                try:
                    found.append(subscription_row(row))
                except DamagedError as exc:
                    if damaged is None:
                        raise
                    damaged.append(str(exc))
        return found

    def _subscription_rows(
        self, subscriber: str | None, standing: Standing | None = None, *, effective: bool = False
    ) -> Sequence[Row]:
        sql = people_queries.subscriptions(
            effective=effective,
            of_one=subscriber is not None,
            of_standing=standing is not None,
        )
        parameters = {
            "subscriber": subscriber,
            "standing": None if standing is None else standing.value,
        }
        return self._ask(
            sql, {name: value for name, value in parameters.items() if value is not None}
        )

    def silences(self, *, at: datetime | None = None) -> list[Silence]:
        """Return the silences that hold at a moment, or all, by ascending id."""
        rows = self._ask(people_queries.SILENCES, {})
        with self._errors():
            found = [silence_row(row) for row in rows]
        return [silence for silence in found if at is None or silence.until > at]

    def export(self, subscriber: str) -> dict[str, Any] | None:
        """Return all that is stored about a person, as JSON; None for nobody of that name.

        Keys: subscriber, subscriptions, silences, messages (each with items and attempts).
        """
        people = self._ask(people_queries.SUBSCRIBER, {"name": subscriber})
        if not people:
            return None
        about = {"subscriber": subscriber}
        subscriptions = self._subscription_rows(subscriber)
        with self._errors():
            return {
                "subscriber": _values(subscriber_row(people[0])),
                "subscriptions": [_subscription_value(row) for row in subscriptions],
                "silences": [
                    _values(silence)
                    for silence in self.silences()
                    if silence.subscriber == subscriber
                ],
                "messages": self._messages(about),
            }

    def _messages(self, about: Mapping[str, Any]) -> list[dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        for row in self._ask(outbox_queries.MESSAGES_OF_SUBSCRIBER, about):
            message = message_row(row)
            found[message.id] = {**_values(message), "items": [], "attempts": []}
        for row in self._ask(outbox_queries.ITEMS_OF_SUBSCRIBER, about):
            found[row[0]]["items"].append(_values(item_row(row)))
        for row in self._ask(outbox_queries.ATTEMPTS_OF_SUBSCRIBER, about):
            attempt = attempt_row(row)
            found[attempt.message_id]["attempts"].append(_values(attempt))
        return list(found.values())


def subscriber_row(row: Row) -> Subscriber:
    """Read a row of ``subscribers``."""
    try:
        return Subscriber(
            name=row[0], origin=Origin(row[1]), standing=Standing(row[2]), created_at=moment(row[3])
        )
    except (TypeError, ValueError) as exc:
        raise DamagedError(f"the subscriber {row[0]!r} cannot be read ({exc})") from exc


def silence_row(row: Row) -> Silence:
    """Read a row of ``silences``."""
    try:
        return Silence(
            id=row[0],
            subscriber=row[1],
            nct_id=row[2],
            kind=None if row[3] is None else kind_or_group(row[3]),
            until=moment(row[4]),
            reason=row[5],
            created_at=moment(row[6]),
        )
    except (TypeError, ValueError) as exc:
        raise DamagedError(f"silence {row[0]} cannot be read ({exc})") from exc


def _number(value: str) -> int:
    try:
        return int(value)
    except ValueError as exc:
        raise DamagedError("its number of changes to subscriptions cannot be read") from exc


def _subscription_value(row: Row) -> dict[str, Any]:
    # Not by way of the definition's meaning: a damaged one belongs to the person all the same.
    return {
        "name": row[2],
        "definition": _loaded(row[3]),
        "origin": row[4],
        "standing": row[5],
        "created_at": moment(row[6]).isoformat(),
    }


def _loaded(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _values(row: "DataclassInstance") -> dict[str, Any]:
    return {field.name: _json(getattr(row, field.name)) for field in fields(row)}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
