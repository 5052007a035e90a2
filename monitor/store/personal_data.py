"""All that is stored about a person, as JSON, for a request for one's own data.

What ``SubscriberReader.export`` returns (docs/subscribing.md, "Personal data").
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson

from monitor.model.subscriptions import Silence, Subscriber
from monitor.store import messages
from monitor.store.db import Db
from monitor.store.readers import ReadersReader
from monitor.store.row_mapping import SqlRow
from monitor.store.timestamps import moment
from monitor.store.tokens import TokenReader

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def personal_data(
    db: Db, person: Subscriber, subscriptions: Sequence[SqlRow], silences: Sequence[Silence]
) -> dict[str, Any]:
    """Return it; ``subscriptions``: rows of all of theirs, ``silences``: all of theirs."""
    address = ReadersReader(db).address_of(person.name)
    return {
        "subscriber": _values(person),
        "address": address and _values(address),
        "subscriptions": [_subscription_value(row) for row in subscriptions],
        "silences": [_values(silence) for silence in silences],
        "tokens": [
            _values(token) for token in TokenReader(db).all() if token.subscriber == person.name
        ],
        "messages": _messages(db, person.name),
    }


def _messages(db: Db, subscriber: str) -> list[dict[str, Any]]:
    about = {"subscriber": subscriber}
    found: dict[int, dict[str, Any]] = {}
    with db.errors():
        for message in db.read(messages.MESSAGE, messages.OF_SUBSCRIBER, about):
            found[message.id] = {**_values(message), "items": [], "attempts": []}
        for row in db.fetch(messages.ITEMS_OF_SUBSCRIBER, about):
            item = messages.ITEM(row)._asdict()
            found[row[0]]["items"].append({name: _json(value) for name, value in item.items()})
        for attempt in db.read(messages.ATTEMPT, messages.ATTEMPTS_OF_SUBSCRIBER, about):
            found[attempt.message_id]["attempts"].append(_values(attempt))
    return list(found.values())


def _subscription_value(row: Any) -> dict[str, Any]:
    # Not by way of the definition's meaning: a damaged one belongs to the person all the same.
    return {
        "name": row.name,
        "definition": _load_json(row.definition),
        "origin": row.origin,
        "status": row.status,
        "created_at": moment(row.created_at).isoformat(),
    }


def _load_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _values(row: "DataclassInstance") -> dict[str, Any]:
    return {field.name: _json(getattr(row, field.name)) for field in fields(row)}


def _json(value: Any) -> Any:
    if isinstance(value, date):  # or a datetime
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
