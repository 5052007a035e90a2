"""Stored times that lie where no clock that is right can have put them: found, and put right once.

Every change is conditional: it is made where the time still stands as it was found, so that of
several processes one makes it.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.messages import MessageState, OutboxMessage
from monitor.store import properties
from monitor.store.column_types import UtcTime
from monitor.store.db import Db
from monitor.store.messages import MESSAGE
from monitor.store.schema import (
    channel_states,
    messages,
    outbox,
    silences,
    sources,
    subscriptions,
)
from monitor.store.timestamps import moment

_FOUND = bindparam("found", type_=UtcTime)
_AT = bindparam("at", type_=UtcTime)

_LATE_MESSAGES = (
    sa.select(*MESSAGE.columns)
    .where(
        messages.c.state == MessageState.WAITING.value,
        messages.c.channel == bindparam("channel"),
        messages.c.due_at > bindparam("at_once"),
        sa.or_(messages.c.cutoff.is_(None), messages.c.due_at > bindparam("digest")),
    )
    .order_by(messages.c.id.desc())
    .limit(bindparam("limit", type_=sa.Integer))
)
_LATE_SUBSCRIPTIONS = (
    sa.select(
        subscriptions.c.id,
        subscriptions.c.subscriber,
        subscriptions.c.name,
        subscriptions.c.created_at,
    )
    .where(subscriptions.c.created_at > bindparam("after"))
    .order_by(subscriptions.c.id)
)
_MOVE_MESSAGE = (
    sa.update(messages)
    .where(
        messages.c.id == bindparam("of"),
        messages.c.state == MessageState.WAITING.value,
        messages.c.due_at == _FOUND,
    )
    .values(
        due_at=_AT,
        # A digest that was claimed keeps its cut-off, which is a part of its id.
        cutoff=sa.case(
            (sa.or_(messages.c.cutoff.is_(None), messages.c.closed), messages.c.cutoff), else_=_AT
        ),
    )
)
_MOVE_ITEMS = (
    sa.update(outbox)
    .where(outbox.c.message_id == bindparam("of"), outbox.c.due_at > _AT)
    .values(due_at=_AT)
)
_MOVE_REST = (
    sa.update(channel_states)
    .where(channel_states.c.channel == bindparam("of"), channel_states.c.paused_until == _FOUND)
    .values(paused_until=_AT)
)
_SOURCE_TIMES = ("next_due_at", "last_attempt_at", "last_success_at", "failing_since")
_MOVE_SOURCE = {
    name: sa.update(sources)
    .where(sources.c.name == bindparam("of"), sources.c[name] == _FOUND)
    .values({name: _AT})
    for name in _SOURCE_TIMES
}
_MOVE_SILENCE = (
    sa.update(silences)
    .where(silences.c.id == bindparam("of"), silences.c.ends_at == _FOUND)
    .values(ends_at=_AT, created_at=bindparam("now"))
)
_MOVE_SUBSCRIPTION = (
    sa.update(subscriptions)
    .where(subscriptions.c.id == bindparam("of"), subscriptions.c.created_at == _FOUND)
    .values(created_at=_AT)
)


class SkewReader:
    """Finds messages and subscriptions by their times; reached by ``Reader.skew``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def late_messages(
        self, channel: str, *, at_once: datetime, digest: datetime, limit: int
    ) -> list[OutboxMessage]:
        """Return waiting messages of a channel that are due after a time: digests after another."""
        about = {"channel": channel, "at_once": at_once, "digest": digest, "limit": limit}
        return self._db.read(MESSAGE, _LATE_MESSAGES, about)

    def late_subscriptions(self, after: datetime) -> list[tuple[int, str, datetime]]:
        """Return number, name and time of the subscriptions that were made after a time."""
        rows = self._db.fetch(_LATE_SUBSCRIPTIONS, {"after": after})
        with self._db.errors():
            return [(row[0], f"{row[1]}: {row[2]}", moment(row[3])) for row in rows]


class SkewWriter:
    """Puts times right; reached by ``Transaction.skew``, written at once.

    Each method returns False, and changes nothing, when the time is not the one that was found.
    """

    def __init__(self, db: Db) -> None:
        self._db = db

    def move_message(self, message: OutboxMessage, at: datetime) -> bool:
        """Let a waiting message be due then; the cut-off of a digest that was not sent yet too."""
        moved = self._move(_MOVE_MESSAGE, message.id, message.due_at, at)
        if moved:
            # Items keep a time of their own; it is to say the same.
            self._db.run(_MOVE_ITEMS, {"of": message.id, "at": at})
        return moved

    def move_rest(self, channel: str, found: datetime, at: datetime) -> bool:
        """Let a channel rest until then."""
        return self._move(_MOVE_REST, channel, found, at)

    def move_source(self, name: str, column: str, found: datetime, at: datetime) -> bool:
        """Change a time of a source; ValueError for a column that is none."""
        if column not in _MOVE_SOURCE:
            raise ValueError(f"{column} is no time of a source")
        return self._move(_MOVE_SOURCE[column], name, found, at)

    def move_silence(self, number: int, found: datetime, at: datetime, *, now: datetime) -> bool:
        """Let a silence, which was made now, end then."""
        values = {"of": number, "found": found, "at": at, "now": now}
        moved = self._db.run(_MOVE_SILENCE, values) > 0
        if moved:
            self._db.run(properties.SUBSCRIPTIONS_CHANGED)  # matchers read the subscriptions anew
        return moved

    def move_subscription(self, number: int, found: datetime, at: datetime) -> bool:
        """Let a subscription count as made then."""
        moved = self._move(_MOVE_SUBSCRIPTION, number, found, at)
        if moved:
            self._db.run(properties.SUBSCRIPTIONS_CHANGED)  # matchers read the subscriptions anew
        return moved

    def _move(self, change: sa.Update, of: int | str, found: datetime, at: datetime) -> bool:
        return self._db.run(change, {"of": of, "found": found, "at": at}) > 0
