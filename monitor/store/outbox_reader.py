"""Looking up messages on their way; a part of ``Reader`` and of ``Transaction``."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

import orjson

from monitor.errors import DamagedSnapshotError
from monitor.model.messages import (
    Announcement,
    Attempt,
    ChannelState,
    MessageState,
    OutboxItem,
    OutboxMessage,
)
from monitor.store import outbox_queries, people_queries
from monitor.store.bodies import read_announced
from monitor.store.codec import DamagedError, read_body
from monitor.store.mapping import Row
from monitor.store.moments import moment, moment_or_none

Ask = Callable[[str, Mapping[str, Any]], Sequence[Row]]
Errors = Callable[[], AbstractContextManager[None]]

_ITEM_COLUMNS = 11


class OutboxReader:
    """Messages, what they are made of, and what became of them; reached by ``Reader.outbox``."""

    def __init__(self, ask: Ask, *, errors: Errors) -> None:
        self._ask = ask
        self._errors = errors

    def messages(
        self,
        *,
        state: MessageState | None = None,
        subscriber: str | None = None,
        channel: str | None = None,
        limit: int = 100,
    ) -> list[OutboxMessage]:
        """Return messages, newest first: of one state, one subscriber, one channel."""
        rows = self._look(outbox_queries.MESSAGES, state, subscriber, channel, limit)
        with self._errors():
            return [message_row(row) for row in rows]

    def trials(
        self,
        *,
        state: MessageState | None = None,
        subscriber: str | None = None,
        channel: str | None = None,
        limit: int = 100,
    ) -> dict[int, tuple[str, int]]:
        """Return of the same messages, by id, the first trial and how many each tells of.

        An empty digest tells of none and is left out.
        """
        rows = self._look(outbox_queries.TRIALS_OF_MESSAGES, state, subscriber, channel, limit)
        with self._errors():
            return {int(row[0]): (str(row[1]), int(row[2])) for row in rows if row[1]}

    def _look(
        self,
        query: str,
        state: MessageState | None,
        subscriber: str | None,
        channel: str | None,
        limit: int,
    ) -> Sequence[Row]:
        wanted = {
            "state": None if state is None else state.value,
            "subscriber": subscriber,
            "channel": channel,
        }
        given = {name: value for name, value in wanted.items() if value is not None}
        tests = {name: f"m.{name} = :{name}" for name in given}
        if state is MessageState.SENT:
            # Nearly all are: an index on the state would only make SQLite sort them all.
            tests["state"] = "m.state || '' = :state"
        conditions = " AND ".join(tests.values()) or "TRUE"
        return self._ask(query.format(conditions=conditions), {**given, "limit": limit})

    def message(self, name: int | str) -> OutboxMessage | None:
        """Return the message of an id, or of a uid (text); None when there is none."""
        if isinstance(name, int):
            rows = self._ask(outbox_queries.MESSAGE, {"id": name})
        else:
            rows = self._ask(outbox_queries.MESSAGE_OF_UID, {"uid": name})
        with self._errors():
            return message_row(rows[0]) if rows else None

    def unsubscribe_token(self, uid: str) -> str:
        """Return what only those know who got the message of this id: 32 letters."""
        return self._token("unsubscribe", uid)

    def page_token(self, uid: str) -> str:
        """Return the same for the page of all that the message tells; it ends no subscription."""
        return self._token("read", uid)

    def _token(self, purpose: str, uid: str) -> str:
        said = f"{purpose} {uid}".encode("utf-8", "replace")
        return hmac.new(self.namespace().encode(), said, "sha256").hexdigest()[:32]

    def namespace(self) -> str:
        """Return what no other store has, but one that was restored from it."""
        rows = self._ask(people_queries.PROPERTY, {"name": "message_namespace"})
        with self._errors():
            if not rows:
                raise DamagedError("what tells it from other stores cannot be read")
        return str(rows[0][0])

    def items(self, message_id: int) -> list[OutboxItem]:
        """Return what a message is made of, by version and subscription."""
        rows = self._ask(outbox_queries.ITEMS, {"message_id": message_id})
        with self._errors():
            return [item_row(row) for row in rows]

    def announcement(self, version_id: int) -> Announcement | None:
        """Return what was announced of a version; None when nothing was.

        DamagedSnapshotError where it cannot be read.
        """
        rows = self._ask(outbox_queries.ANNOUNCEMENT, {"version_id": version_id})
        return announcement_row(rows[0]) if rows else None

    def dead_since(self, channel: str) -> datetime | None:
        """Return when the first of a channel's dead letters was given up; None without any."""
        rows = self._ask(outbox_queries.DEAD_SINCE, {"channel": channel})
        with self._errors():
            return moment_or_none(rows[0][0])

    def of_version(self, version_id: int) -> list[tuple[OutboxItem, OutboxMessage]]:
        """Return what tells of a version, each with its message; by message and subscription."""
        rows = self._ask(outbox_queries.ITEMS_OF_VERSION, {"version_id": version_id})
        with self._errors():
            return [(item_row(row), message_row(row[_ITEM_COLUMNS:])) for row in rows]

    def attempts(self, message_id: int) -> list[Attempt]:
        """Return the tries to send a message, oldest first."""
        rows = self._ask(outbox_queries.ATTEMPTS, {"message_id": message_id})
        with self._errors():
            return [attempt_row(row) for row in rows]

    def counts(self) -> dict[MessageState, dict[str, int]]:
        """Return how many messages there are, by state and channel; zeros left out."""
        found: dict[MessageState, dict[str, int]] = {}
        rows = self._ask(outbox_queries.COUNTS, {})
        with self._errors():
            for state, channel, number in rows:
                found.setdefault(_state(state), {})[channel] = number
        return found

    def channels(self, state: MessageState = MessageState.WAITING) -> list[str]:
        """Return the channels that have messages of a state, by name."""
        return [row[0] for row in self._ask(outbox_queries.CHANNELS, {"state": state.value})]

    def oldest_due(self, channel: str | None = None) -> datetime | None:
        """Return when the first waiting message (of a channel) is or was due; None without any."""
        names = self.channels() if channel is None else [channel]
        rows = [
            self._ask(outbox_queries.OLDEST_DUE, {"state": "waiting", "channel": name})[0]
            for name in names
        ]
        with self._errors():
            return min((moment(row[0]) for row in rows if row[0] is not None), default=None)

    def due_since(self, channel: str, now: datetime) -> datetime | None:
        """Return since when the oldest message of a channel is due and not sent; None without any.

        One that was tried and failed is due since its first try, though its next one be later. One
        that waits as planned (a digest, quiet hours) is not due before its time.
        """
        (found,) = self._ask(outbox_queries.DUE_SINCE, {"channel": channel})
        with self._errors():
            since = [moment(one) for one in found if one is not None]
        return min((one for one in since if one <= now), default=None)

    def abandoned(self, channel: str) -> bool:
        """Tell whether a message of a channel was claimed by a worker that has lost its lease."""
        sql = outbox_queries.ABANDONED.format(lock="")
        return bool(self._ask(sql, {"channel": channel, "limit": 1}))

    def channel_state(self, channel: str) -> ChannelState:
        """Return how a channel does; in a transaction others who ask for the same wait."""
        rows = self._ask(outbox_queries.CHANNEL_STATE.format(lock=""), {"channel": channel})
        with self._errors():
            return channel_state_row(rows[0]) if rows else ChannelState(channel=channel)

    def channel_states(self) -> list[ChannelState]:
        """Return how the channels do that ever failed, by name."""
        rows = self._ask(outbox_queries.CHANNEL_STATES, {})
        with self._errors():
            return [channel_state_row(row) for row in rows]


def message_row(row: Row) -> OutboxMessage:
    """Read a row of ``messages``."""
    try:
        return OutboxMessage(
            id=row[0],
            key=row[1],
            uid=None if row[2] == row[1] else row[2],
            subscriber=row[3],
            channel=row[4],
            target=row[5],
            state=MessageState(row[6]),
            cutoff=moment_or_none(row[7]),
            due_at=moment(row[8]),
            attempts=row[9],
            last_error=row[10],
            created_at=moment(row[11]),
            sent_at=moment_or_none(row[12]),
            claimed_by=row[13],
            claim_fence=row[14],
            group_until=moment_or_none(row[15]),
            part=row[16],
            parts=row[17],
            retried_at=moment_or_none(row[18]),
        )
    except (TypeError, ValueError) as exc:
        raise DamagedError(f"message {row[0]} cannot be read ({exc})") from exc


def item_row(row: Row) -> OutboxItem:
    """Read a row of ``outbox`` with its message's subscriber and cut-off."""
    try:
        return OutboxItem(
            version_id=row[1],
            nct_id=row[2],
            subscription_id=row[3],
            subscriber=row[4],
            channel=row[5],
            target=row[6],
            positions=_positions(row[7]),
            reason=row[8],
            due_at=moment(row[9]),
            digest=row[10] is not None,
        )
    except (TypeError, ValueError) as exc:
        raise DamagedError(f"an item of message {row[0]} cannot be read ({exc})") from exc


def announcement_row(row: Row) -> Announcement:
    """Read a row of ``announcements``."""
    try:
        events = None if row[2] is None else read_announced(read_body(bytes(row[2])))
        return Announcement(version_id=row[0], previous_id=row[1], events=events)
    except (DamagedError, TypeError, ValueError, LookupError) as exc:
        said = f"what was announced of the version with the id {row[0]} cannot be read ({exc})"
        raise DamagedSnapshotError(said) from exc


def _positions(text: str) -> tuple[int, ...]:
    positions = orjson.loads(text)
    if not isinstance(positions, list) or not all(type(one) is int for one in positions):
        raise TypeError("its positions are no list of numbers")
    return tuple(positions)


def attempt_row(row: Row) -> Attempt:
    """Read a row of ``attempts``."""
    try:
        return Attempt(message_id=row[0], at=moment(row[1]), outcome=row[2], said=row[3])
    except (TypeError, ValueError) as exc:
        raise DamagedError(f"an attempt of message {row[0]} cannot be read ({exc})") from exc


def channel_state_row(row: Row) -> ChannelState:
    """Read a row of ``channel_states``."""
    try:
        return ChannelState(
            channel=row[0],
            failures=row[1],
            resting_until=moment_or_none(row[2]),
            last_error=row[3],
            reported=bool(row[4]),
            failing_since=moment_or_none(row[5]),
        )
    except (TypeError, ValueError) as exc:
        raise DamagedError(f"the state of channel {row[0]!r} cannot be read ({exc})") from exc


def _state(text: str) -> MessageState:
    try:
        return MessageState(text)
    except ValueError as exc:
        raise DamagedError(f"messages have the unknown state {text!r}") from exc
