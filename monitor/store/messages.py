"""Messages on their way, what they are made of, and what became of them: how they are read.

``outbox`` writes them (docs/delivery.md, "What is promised: at least once").
"""

import hmac
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import ColumnElement

from monitor.errors import DamagedSnapshotError
from monitor.model.messages import (
    Announcement,
    Attempt,
    ChannelState,
    MessageState,
    OutboxItem,
    OutboxMessage,
)
from monitor.model.subscriptions import Subscription
from monitor.store import channel_states, properties
from monitor.store.bodies import read_announced
from monitor.store.codec import CorruptError, read_body
from monitor.store.db import Db
from monitor.store.row_mapping import RowMapper, SqlRow
from monitor.store.schema import announcements, attempts, leases, messages, outbox
from monitor.store.timestamps import moment, moment_or_none

# --- rows -----------------------------------------------------------------------------------


def _message(key: str, uid: str, **values: Any) -> OutboxMessage:
    # Until the first claim gives it an id, its key is there.
    return OutboxMessage(key=key, uid=None if uid == key else uid, **values)


MESSAGE = RowMapper(
    _message,
    (column for column in messages.c if column.name != "closed"),
    damaged="message {0} cannot be read",
    state=MessageState,
)


def _positions(text: str) -> tuple[int, ...]:
    positions = orjson.loads(text)
    if not isinstance(positions, list) or not all(type(one) is int for one in positions):
        raise TypeError("its positions are no list of numbers")
    return tuple(positions)


def _item(message_id: int, cutoff: datetime | None, **values: Any) -> OutboxItem:
    del message_id
    return OutboxItem(digest=cutoff is not None, **values)


ITEM = RowMapper(
    _item,
    (
        outbox.c.message_id,
        *(column for column in outbox.c if column.name != "message_id"),
        messages.c.subscriber,
        messages.c.cutoff,
    ),
    damaged="an item of message {0} cannot be read",
    positions=_positions,
)
ATTEMPT = RowMapper(
    Attempt,
    (column for column in attempts.c if column.name != "id"),
    damaged="an attempt of message {0} cannot be read",
)


def _read_announced(stored: bytes | None) -> Any:
    try:
        return None if stored is None else read_announced(read_body(bytes(stored)))
    except CorruptError as exc:
        raise ValueError(str(exc)) from exc


_ANNOUNCEMENT = RowMapper(
    Announcement,
    (
        announcements.c.version_id,
        announcements.c.previous_id,
        announcements.c.body.label("events"),
    ),
    damaged="what was announced of the version with the id {0} cannot be read",
    events=_read_announced,
)

# --- what is asked --------------------------------------------------------------------------

_ALL = sa.select(*MESSAGE.columns).order_by(messages.c.id.desc())
_OF_MESSAGE = outbox.c.message_id == messages.c.id
# In the query of the list, not one for each message: a list has hundreds.
_TRIALS = sa.select(
    messages.c.id,
    sa.select(sa.func.min(outbox.c.nct_id)).where(_OF_MESSAGE).scalar_subquery(),
    sa.select(sa.func.count(outbox.c.nct_id.distinct())).where(_OF_MESSAGE).scalar_subquery(),
).order_by(messages.c.id.desc())
OF_ID = sa.select(*MESSAGE.columns).where(messages.c.id == bindparam("message_id"))
_OF_UID = sa.select(*MESSAGE.columns).where(messages.c.uid == bindparam("uid"))
OF_SUBSCRIBER = (
    sa.select(*MESSAGE.columns)
    .where(messages.c.subscriber == bindparam("subscriber"))
    .order_by(messages.c.id)
)
_WITH_MESSAGE = messages.join(outbox, _OF_MESSAGE)
_ITEMS = (
    sa.select(*ITEM.columns)
    .select_from(_WITH_MESSAGE)
    .where(messages.c.id == bindparam("message_id"))
    .order_by(outbox.c.version_id, outbox.c.subscription_id)
)
_ITEMS_OF_VERSION = (
    sa.select(*ITEM.columns, *MESSAGE.columns)
    .select_from(_WITH_MESSAGE)
    .where(outbox.c.version_id == bindparam("version_id"))
    .order_by(outbox.c.message_id, outbox.c.subscription_id)
)
ITEMS_OF_SUBSCRIBER = (
    sa.select(*ITEM.columns)
    .select_from(_WITH_MESSAGE)
    .where(messages.c.subscriber == bindparam("subscriber"))
    .order_by(messages.c.id, outbox.c.version_id, outbox.c.subscription_id)
)
_ATTEMPTS = (
    sa.select(*ATTEMPT.columns)
    .where(attempts.c.message_id == bindparam("message_id"))
    .order_by(attempts.c.id)
)
ATTEMPTS_OF_SUBSCRIBER = (
    sa.select(*ATTEMPT.columns)
    .select_from(messages.join(attempts, attempts.c.message_id == messages.c.id))
    .where(messages.c.subscriber == bindparam("subscriber"))
    .order_by(attempts.c.id)
)
_COUNTS = (
    sa.select(messages.c.state, messages.c.channel, sa.func.count())
    .group_by(messages.c.state, messages.c.channel)
    .order_by(messages.c.state, messages.c.channel)
)


def _channels() -> sa.Select[tuple[str]]:
    """Return the question for the channels that have messages of a state.

    From one channel to the next along the index: there are few channels and many messages.
    """
    first = sa.select(sa.func.min(messages.c.channel).label("channel")).where(
        messages.c.state == bindparam("state")
    )
    found = first.cte("found", recursive=True)
    after = (
        sa.select(sa.func.min(messages.c.channel))
        .where(messages.c.state == bindparam("state"), messages.c.channel > found.c.channel)
        .correlate(found)
        .scalar_subquery()
    )
    found = found.union_all(sa.select(after).where(found.c.channel.is_not(None)))
    return sa.select(found.c.channel).where(found.c.channel.is_not(None))


_CHANNELS = _channels()


def _first_due(state: MessageState) -> sa.Select[Any]:
    return sa.select(sa.func.min(messages.c.due_at)).where(
        messages.c.state == state.value, messages.c.channel == bindparam("channel")
    )


_OLDEST_DUE = _first_due(MessageState.WAITING)

COUNTED = sa.or_(messages.c.retried_at.is_(None), attempts.c.at >= messages.c.retried_at)
"""The attempts that count: those since the message was last retried by command."""

_FIRST_TRY = (
    sa.select(sa.func.min(attempts.c.at))
    .where(attempts.c.message_id == messages.c.id, COUNTED)
    .correlate(messages)
    .scalar_subquery()
)
# A message that was tried and failed has been due since its first try, whenever its next one is.
_DUE_SINCE = sa.select(
    _OLDEST_DUE.scalar_subquery(),
    _first_due(MessageState.SENDING).scalar_subquery(),
    sa.select(sa.func.min(_FIRST_TRY))
    .where(
        messages.c.state.in_([MessageState.WAITING.value, MessageState.SENDING.value]),
        messages.c.channel == bindparam("channel"),
        messages.c.attempts > 0,
        messages.c.last_error.is_not(None),
    )
    .scalar_subquery(),
)
_FIRST_DEAD = (
    sa.select(sa.func.min(messages.c.id))
    .where(messages.c.state == MessageState.DEAD.value, messages.c.channel == bindparam("channel"))
    .scalar_subquery()
)
_DEAD_SINCE = sa.select(sa.func.max(attempts.c.at)).where(attempts.c.message_id == _FIRST_DEAD)
_OF_ANNOUNCED = sa.select(*_ANNOUNCEMENT.columns).where(
    announcements.c.version_id == bindparam("version_id")
)

IS_UNHELD = ~sa.exists().where(
    leases.c.holder == messages.c.claimed_by, leases.c.fence == messages.c.claim_fence
)
"""The lease is gone that it was claimed under: its worker gave it back, or lost it."""


def has_state(*states: MessageState) -> ColumnElement[bool]:
    """Return the test of the states of rows that are found otherwise.

    With the plain state SQLite would rather scan all messages in it.
    """
    return messages.c.state.concat("").in_([state.value for state in states])


IS_CLAIMED_BY = sa.and_(
    messages.c.claimed_by == bindparam("worker"), messages.c.claim_fence == bindparam("fence")
)

ABANDONED = (
    sa.select(messages.c.id, messages.c.due_at, messages.c.subscriber)
    .where(
        messages.c.state == MessageState.SENDING.value,
        messages.c.channel == bindparam("channel"),
        IS_UNHELD,
    )
    .order_by(messages.c.due_at, messages.c.id)
    .limit(bindparam("limit", type_=sa.Integer))
)
_ANY_ABANDONED = ABANDONED.limit(1)


class OutboxReader:
    """Messages, what they are made of, and what became of them; reached by ``Reader.outbox``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def messages(
        self,
        *,
        state: MessageState | None = None,
        subscriber: str | None = None,
        channel: str | None = None,
        limit: int = 100,
    ) -> list[OutboxMessage]:
        """Return messages, newest first: of one state, one subscriber, one channel."""
        asked = _filter(_ALL, state, subscriber, channel, limit)
        return self._db.read(MESSAGE, asked)

    def trials(
        self,
        *,
        state: MessageState | None = None,
        subscriber: str | None = None,
        channel: str | None = None,
        limit: int = 100,
    ) -> dict[int, tuple[str, int]]:
        """Return of the same messages, by id, the first trial and how many each is about.

        An empty digest reports none and is left out.
        """
        rows = self._db.fetch(_filter(_TRIALS, state, subscriber, channel, limit))
        return {int(row[0]): (str(row[1]), int(row[2])) for row in rows if row[1]}

    def message(self, name: int | str) -> OutboxMessage | None:
        """Return the message of an id, or of a uid (text); None when there is none."""
        if isinstance(name, int):
            return self._db.first(MESSAGE, OF_ID, {"message_id": name})
        return self._db.first(MESSAGE, _OF_UID, {"uid": name})

    def unsubscribe_token(self, uid: str) -> str:
        """Return what only those know who got the message of this id: 32 letters."""
        return self._token("unsubscribe", uid)

    def page_token(self, uid: str) -> str:
        """Return the same for the page of the whole message; it ends no subscription."""
        return self._token("read", uid)

    def feed_token(self, one: Subscription) -> str:
        """Return what only those know who were given the address of a subscription's feed.

        It is the same in a restored store, and no other subscription's: neither one of that name
        that was made after it was forgotten, nor one that has its id in another store.
        """
        about = [one.subscriber, one.name, one.created_at.isoformat()]
        return self._token("feed", orjson.dumps(about).decode())

    def _token(self, purpose: str, uid: str) -> str:
        text = f"{purpose} {uid}".encode("utf-8", "replace")
        # Each purpose has a token of its own: who may read a page may not unsubscribe by its
        # address.
        return hmac.new(self.namespace().encode(), text, "sha256").hexdigest()[:32]

    def namespace(self) -> str:
        """Return what no other store has, but one that was restored from it."""
        name = self._db.value(properties.VALUE, {"name": "message_namespace"})
        with self._db.errors():
            if name is None:
                raise CorruptError("what tells it from other stores cannot be read")
        return str(name)

    def items(self, message_id: int) -> list[OutboxItem]:
        """Return what a message is made of, by version and subscription."""
        return self._db.read(ITEM, _ITEMS, {"message_id": message_id})

    def announcement(self, version_id: int) -> Announcement | None:
        """Return what was announced of a version; None when nothing was.

        DamagedSnapshotError where it cannot be read.
        """
        rows = self._db.fetch(_OF_ANNOUNCED, {"version_id": version_id})
        return announcement(rows[0]) if rows else None

    def dead_since(self, channel: str) -> datetime | None:
        """Return when the first of a channel's dead letters was given up; None without any."""
        at = self._db.value(_DEAD_SINCE, {"channel": channel})
        with self._db.errors():
            return moment_or_none(at)

    def of_version(self, version_id: int) -> list[tuple[OutboxItem, OutboxMessage]]:
        """Return the items of a version, each with its message; by message and subscription."""
        rows = self._db.fetch(_ITEMS_OF_VERSION, {"version_id": version_id})
        with self._db.errors():
            return [(ITEM(row), MESSAGE(row[len(ITEM.columns) :])) for row in rows]

    def attempts(self, message_id: int) -> list[Attempt]:
        """Return the tries to send a message, oldest first."""
        return self._db.read(ATTEMPT, _ATTEMPTS, {"message_id": message_id})

    def counts(self) -> dict[MessageState, dict[str, int]]:
        """Return how many messages there are, by state and channel; zeros left out."""
        found: dict[MessageState, dict[str, int]] = {}
        rows = self._db.fetch(_COUNTS)
        with self._db.errors():
            for state, channel, number in rows:
                found.setdefault(_state(state), {})[channel] = number
        return found

    def channels(self, state: MessageState = MessageState.WAITING) -> list[str]:
        """Return the channels that have messages of a state, by name."""
        return [channel for (channel,) in self._db.fetch(_CHANNELS, {"state": state.value})]

    def oldest_due(self, channel: str | None = None) -> datetime | None:
        """Return when the first waiting message (of a channel) is or was due; None without any."""
        # One look into the index for each channel; a minimum over all of them would read all that
        # wait.
        names = self.channels() if channel is None else [channel]
        due = [self._db.value(_OLDEST_DUE, {"channel": name}) for name in names]
        with self._db.errors():
            return min((moment(at) for at in due if at is not None), default=None)

    def due_since(self, channel: str, now: datetime) -> datetime | None:
        """Return since when the oldest message of a channel is due and not sent; None without any.

        One that was tried and failed is due since its first try, though its next one be later. One
        that waits as planned (a digest, quiet hours) is not due before its time.
        """
        (found,) = self._db.fetch(_DUE_SINCE, {"channel": channel})
        with self._db.errors():
            since = [moment(one) for one in found if one is not None]
        return min((one for one in since if one <= now), default=None)

    def has_abandoned(self, channel: str) -> bool:
        """Return whether a message of a channel was claimed by a worker that has lost its lease."""
        return bool(self._db.fetch(_ANY_ABANDONED, {"channel": channel}))

    def channel_state(self, channel: str) -> ChannelState:
        """Return how a channel does."""
        about = {"channel": channel}
        found = self._db.first(channel_states.CHANNEL_STATE, channel_states.OF_CHANNEL, about)
        return found or ChannelState(channel=channel)

    def channel_states(self) -> list[ChannelState]:
        """Return how the channels do that ever failed, by name."""
        return self._db.read(channel_states.CHANNEL_STATE, channel_states.ALL)


def _filter(
    asked: sa.Select[Any],
    state: MessageState | None,
    subscriber: str | None,
    channel: str | None,
    limit: int,
) -> sa.Select[Any]:
    # With a condition only for each given value, so that an index can be used.
    if state is not None:
        # Nearly all are sent: an index on the state would only make SQLite sort them all.
        is_most = state is MessageState.SENT
        asked = asked.where(has_state(state) if is_most else messages.c.state == state.value)
    if subscriber is not None:
        asked = asked.where(messages.c.subscriber == subscriber)
    if channel is not None:
        asked = asked.where(messages.c.channel == channel)
    return asked.limit(limit)


def announcement(row: SqlRow) -> Announcement:
    """Read a row of ``announcements``; DamagedSnapshotError names the version."""
    try:
        return _ANNOUNCEMENT(row)
    except CorruptError as exc:
        raise DamagedSnapshotError(str(exc)) from exc


def _state(text: str) -> MessageState:
    try:
        return MessageState(text)
    except ValueError as exc:
        raise CorruptError(f"messages have the unknown state {text!r}") from exc
