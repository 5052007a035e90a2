"""Erasing all that is stored about a person (docs/subscribing.md, "Personal data").

All of it in the caller's transaction; the bytes themselves go with ``compacting``.
"""

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.store.db import Db
from monitor.store.schema import (
    attempts,
    channel_states,
    confirmed_addresses,
    incidents,
    messages,
    outbox,
    pauses,
    silences,
    subscribers,
    subscription_requests,
    subscriptions,
    tokens,
)

_PERSON = bindparam("person", type_=sa.Text)
_LOCKED_SUBSCRIBER = (
    sa.select(subscribers.c.name).where(subscribers.c.name == _PERSON).with_for_update()
)
# What a person of that name gets; not what the operator does.
_IS_THEIRS = sa.and_(messages.c.subscriber == _PERSON, messages.c.key.not_like("o:%"))
_LOCKED_MESSAGES = (
    sa.select(messages.c.id).where(_IS_THEIRS).order_by(messages.c.id).with_for_update()
)
_TARGETS = sa.select(messages.c.target).distinct().where(messages.c.subscriber == _PERSON)
# Example of such an error: "550 5.1.1 <ana@example.org>: Recipient address rejected".
_LAST_ERRORS = sa.select(channel_states.c.channel, channel_states.c.last_error).where(
    channel_states.c.last_error.is_not(None)
)
_FORGET_LAST_ERROR = (
    sa.update(channel_states)
    .where(channel_states.c.channel == bindparam("of"))
    .values(last_error=None)
)
_DETAILS = sa.select(incidents.c.id, incidents.c.detail).where(incidents.c.detail != "")
_FORGET_DETAIL = sa.update(incidents).where(incidents.c.id == bindparam("number")).values(detail="")
_THEIRS = sa.select(messages.c.id).where(_IS_THEIRS)
_SUBSCRIBED = sa.select(subscriptions.c.id).where(subscriptions.c.subscriber == _PERSON)
# In this order: what refers to a row goes before the row (foreign keys).
_FORGET = {
    "attempts": sa.delete(attempts).where(attempts.c.message_id.in_(_THEIRS)),
    "items": sa.delete(outbox).where(outbox.c.message_id.in_(_THEIRS)),
    "messages": sa.delete(messages).where(_IS_THEIRS),
    "silences": sa.delete(silences).where(silences.c.subscriber == _PERSON),
    "tokens": sa.delete(tokens).where(tokens.c.subscriber == _PERSON),
    "pauses": sa.delete(pauses).where(pauses.c.subscription_id.in_(_SUBSCRIBED)),
    "requests": sa.delete(subscription_requests).where(
        subscription_requests.c.subscriber == _PERSON
    ),
    "addresses": sa.delete(confirmed_addresses).where(confirmed_addresses.c.subscriber == _PERSON),
    "subscriptions": sa.delete(subscriptions).where(subscriptions.c.subscriber == _PERSON),
    "subscribers": sa.delete(subscribers).where(subscribers.c.name == _PERSON),
}


def forget(db: Db, subscriber: str) -> dict[str, int]:
    """Erase everything about a person; return how many rows of each kind that were."""
    about = {"person": subscriber}
    # Whoever enqueues something for them has to end before, or finds nobody.
    db.fetch(_LOCKED_SUBSCRIBER, about)
    # A worker that is noting the outcome of one of them ends first; later ones find no row, and
    # note nothing.
    db.fetch(_LOCKED_MESSAGES, about)
    _forget_errors(db, subscriber)
    return {kind: db.run(statement, about) for kind, statement in _FORGET.items()}


def _forget_errors(db: Db, subscriber: str) -> None:
    """Drop what channels and incidents keep that names the person or a target of theirs."""
    targets = (target for (target,) in db.fetch(_TARGETS, {"person": subscriber}) if target)
    words = {word.casefold() for word in (subscriber, *targets)}
    for channel, last_error in db.fetch(_LAST_ERRORS):
        # Not by SQL's LIKE: case-folding beyond ASCII is not the same in the two databases.
        if any(word in last_error.casefold() for word in words):
            db.run(_FORGET_LAST_ERROR, {"of": channel})
    for number, detail in db.fetch(_DETAILS):
        if any(word in detail.casefold() for word in words):
            db.run(_FORGET_DETAIL, {"number": number})
