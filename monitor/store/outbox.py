"""What a transaction writes of messages on their way: from the item to the outcome of a try.

Its larger parts, in their order: ``outbox_enqueue``, ``grouping``, ``claiming``, ``splitting``.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql import Executable

from monitor.model.identity import welcome_id
from monitor.model.lease import Lease
from monitor.model.messages import (
    Attempt,
    ChannelState,
    MessageState,
    OutboxItem,
    OutboxMessage,
)
from monitor.model.subscriptions import Subscription
from monitor.store import channel_states
from monitor.store.claiming import claim
from monitor.store.db import Db, batches
from monitor.store.grouping import group_messages, lock_channel
from monitor.store.messages import (
    ABANDONED,
    COUNTED,
    IS_CLAIMED_BY,
    OF_ID,
    OutboxReader,
    has_state,
)
from monitor.store.outbox_enqueue import OutboxEnqueue
from monitor.store.row_mapping import SqlRow
from monitor.store.schema import attempts, messages
from monitor.store.splitting import split
from monitor.store.storable_text import make_storable
from monitor.store.subscription_json import definition_text
from monitor.store.timestamps import moment

_SAID_CHARACTERS = 2_000
_WAITING, _SENDING = MessageState.WAITING.value, MessageState.SENDING.value

_DUE = (
    sa.select(messages.c.id, messages.c.due_at, messages.c.subscriber)
    .where(
        messages.c.state == _WAITING,
        messages.c.channel == bindparam("channel"),
        messages.c.due_at <= bindparam("now"),
    )
    .order_by(messages.c.due_at, messages.c.id)
    .limit(bindparam("limit", type_=sa.Integer))
    # PostgreSQL: workers pass over what another one is taking. On SQLite this compiles to nothing;
    # there the write lock has the same effect (BEGIN IMMEDIATE).
    .with_for_update(skip_locked=True)
)
_ABANDONED = ABANDONED.with_for_update(skip_locked=True)
_IDS = messages.c.id.in_(bindparam("ids", expanding=True))

_RECORD = (
    sa.update(messages)
    # Only by the claim's own fence: a worker that was thought dead and comes back must not write
    # over what its successor has noted.
    .where(messages.c.id == bindparam("message_id"), messages.c.state == _SENDING, IS_CLAIMED_BY)
    .values(
        state=bindparam("becomes"),
        due_at=sa.func.coalesce(bindparam("next", type_=messages.c.due_at.type), messages.c.due_at),
        attempts=messages.c.attempts + bindparam("tried", type_=sa.Integer),
        last_error=bindparam("error"),
        sent_at=bindparam("sent"),
        claimed_by=None,
        claim_fence=None,
    )
)
_LATE = (
    sa.update(messages)
    .where(
        messages.c.id == bindparam("message_id"), has_state(MessageState.WAITING, MessageState.DEAD)
    )
    .values(state=MessageState.SENT.value, sent_at=bindparam("sent"), last_error=None)
)
_PUT_ATTEMPT = sa.insert(attempts)
_OTHERS = attempts.alias("others")
# Of the refusals that no other answer came between.
_FIRST_REFUSED = (
    sa.select(sa.func.min(attempts.c.at))
    .select_from(messages.join(attempts, attempts.c.message_id == messages.c.id))
    .where(
        messages.c.id == bindparam("message_id"),
        COUNTED,
        attempts.c.id
        > sa.select(sa.func.coalesce(sa.func.max(_OTHERS.c.id), 0))
        .where(
            _OTHERS.c.message_id == bindparam("message_id"),
            _OTHERS.c.outcome != "refused",
        )
        .scalar_subquery(),
    )
)
_RELEASE = (
    sa.update(messages)
    .where(_IDS, has_state(MessageState.SENDING), IS_CLAIMED_BY)
    .values(state=_WAITING, claimed_by=None, claim_fence=None)
    .returning(messages.c.id)
)
_RETRY = (
    sa.update(messages)
    .where(_IDS, has_state(MessageState.DEAD, MessageState.DROPPED, MessageState.WAITING))
    .values(state=_WAITING, due_at=bindparam("now"), attempts=0, retried_at=bindparam("now"))
    .returning(messages.c.id)
)
_DROP = (
    sa.update(messages)
    .where(_IDS, has_state(MessageState.DEAD, MessageState.WAITING))
    .values(state=MessageState.DROPPED.value, closed=True)
    .returning(messages.c.id)
)
_CHANNEL_STATE = channel_states.OF_CHANNEL.with_for_update()


class OutboxWriter(OutboxReader):
    """Messages and their items; reached by ``Transaction.outbox``, written at once.

    Times are aware, else ValueError. ``grouped``: by the id of each group that was made in this
    transaction, of how many messages.
    """

    def __init__(self, db: Db, *, settle: Callable[[], None]) -> None:
        super().__init__(db)
        self._settle = settle
        self._enqueueing = OutboxEnqueue(db)
        self.grouped: dict[int, int] = {}

    # --- into the outbox -------------------------------------------------------------------

    def enqueue(self, items: Iterable[OutboxItem], at: datetime) -> list[OutboxItem]:
        """Store items, each once, in the messages that they belong to.

        Those of one version, and those of one cut-off, for one subscriber, channel and target
        share a message, however many calls and transactions they come in; it is due when the
        first of them is. An item that is stored
        already (version, subscription, channel and target) changes nothing, and one of a
        person who is forgotten is left out. Returned are the items that are not stored because
        their message was claimed before: the caller moves those of a digest to the next
        cut-off. No message that takes an item is claimed before the transaction ends.
        """
        self._settle()  # items refer to versions
        return self._enqueueing.enqueue(items, at)

    def open_digest(
        self, *, subscriber: str, channel: str, target: str, cutoff: datetime, at: datetime
    ) -> None:
        """Make a digest even though nothing is in it yet."""
        self._enqueueing.open_digest((subscriber, channel, target), cutoff=cutoff, at=at)

    def open_welcome(
        self,
        subscriptions: Sequence[Subscription],
        *,
        channel: str,
        target: str,
        due_at: datetime,
        at: datetime,
    ) -> None:
        """Make the welcome message for new subscriptions of a person.

        All of one subscriber. Its id follows from what they are, over restores too.
        """
        subscriber = subscriptions[0].subscriber
        about = [(one.name, definition_text(one)) for one in subscriptions]
        uid = welcome_id(about, subscriber=subscriber, channel=channel, target=target)
        ids = [one.id for one in subscriptions]
        whom = subscriber, channel, target
        self._enqueueing.open_welcome(whom, ids, uid=uid, due_at=due_at, at=at)

    def open_confirmation(
        self, request: int, *, subscriber: str, channel: str, target: str, at: datetime
    ) -> None:
        """Make the message that asks an address to confirm a request, under an id of its own."""
        whom = subscriber, channel, target
        self._enqueueing.open_confirmation(whom, request, uid=str(uuid4()), at=at)

    # --- out of it -------------------------------------------------------------------------

    def claim(
        self,
        lease: Lease,
        *,
        now: datetime,
        limit: int,
        channels: Collection[str] | None = None,
        paused: Collection[str] = (),
        group_above: int = 0,
    ) -> list[OutboxMessage]:
        """Take messages that are due, those that wait longest first, and return them.

        Of ``channels`` (None: of all), but not of ``paused`` ones; at most ``limit``. Nobody
        else gets them as long as the store has the worker's ``lease``; then the first to ask
        does. Whoever gets them here has them once the transaction is committed. Their items and
        ids are fixed. ``group_above``: more at-once messages than that to one address, which
        nobody has claimed, become one before; 0: never. It counts as one.
        """
        # A question for each channel: an index by channel and due time answers each, and one that
        # has a million messages does not hide those of the others.
        due: list[tuple[datetime, int]] = []
        for channel in self._open_channels(channels, paused):
            rows = [*self._due(channel, now, limit, group_above)]
            rows += self._lock_rows(_ABANDONED, channel, now, limit)
            due += [(moment(row[1]), row[0]) for row in rows]
        return claim(self._db, lease, [message_id for _, message_id in sorted(due)[:limit]], now)

    def _due(self, channel: str, now: datetime, limit: int, group_above: int) -> Sequence[SqlRow]:
        """Return what is due by a channel, once all of it is grouped that is to be."""
        if group_above:
            lock_channel(self._db, channel)
        looked_at: set[str] = set()
        # Again, because a group takes the place of many: there is room for others behind it.
        while True:
            rows = self._lock_rows(_DUE, channel, now, limit)
            whom = {row[2] for row in rows} - looked_at
            if not group_above or not whom:
                return rows
            self.grouped |= group_messages(self._db, channel, whom, now=now, above=group_above)
            looked_at |= whom

    def _lock_rows(
        self, question: sa.Select[Any], channel: str, now: datetime, limit: int
    ) -> Sequence[SqlRow]:
        return self._db.fetch(question, {"channel": channel, "now": now, "limit": limit})

    def split(
        self, message: OutboxMessage, parts: Sequence[Collection[int]]
    ) -> list[OutboxMessage]:
        """Make several messages of one that was claimed and never tried; see ``splitting``."""
        return split(self._db, message, parts)

    def _open_channels(
        self, channels: Collection[str] | None, paused: Collection[str]
    ) -> list[str]:
        if channels is None:
            states = (MessageState.WAITING, MessageState.SENDING)
            channels = {name for state in states for name in self.channels(state)}
        return sorted(set(channels) - set(paused))

    def record(
        self,
        message: OutboxMessage,
        attempt: Attempt | None,
        state: MessageState,
        *,
        due_at: datetime | None = None,
    ) -> bool:
        """Note what became of a claimed message; False, and nothing noted, when it was lost.

        ``state``: SENT, DEAD or DROPPED, or WAITING for another try at ``due_at``. ``attempt``
        None: it was not tried (a digest without items). ``message``: as it was claimed. A claim
        whose lease was lost is still the worker's until another claims the message.
        """
        if (state is MessageState.WAITING) != (due_at is not None):
            raise ValueError("due_at goes with WAITING, and only with it")
        if state is MessageState.SENDING:
            raise ValueError("SENDING is not what becomes of a message")
        detail = None if attempt is None else make_storable(attempt.detail)[:_SAID_CHARACTERS]
        sent = state is MessageState.SENT
        values = {
            "message_id": message.id,
            "worker": message.claimed_by,
            "fence": message.claim_fence,
            "becomes": state.value,
            "next": due_at,
            "tried": 0 if attempt is None else 1,
            "error": None if sent else detail,
            "sent": attempt.at if sent and attempt is not None else None,
        }
        if self._db.run(_RECORD, values) == 0:
            return False
        if attempt is not None:
            self._put_attempt(message.id, attempt)
        return True

    def _put_attempt(self, message_id: int, attempt: Attempt) -> None:
        detail = make_storable(attempt.detail)[:_SAID_CHARACTERS]
        values = {"at": attempt.at, "outcome": attempt.outcome, "detail": detail}
        self._db.run(_PUT_ATTEMPT, {"message_id": message_id, **values})

    def refused_since(self, message_id: int) -> datetime | None:
        """Return when a service began to refuse a message (aware UTC); None when it did not."""
        at = self._db.value(_FIRST_REFUSED, {"message_id": message_id})
        return None if at is None else moment(at)

    def record_late(self, attempt: Attempt, *, sent: bool) -> bool:
        """Note what came of a try that was recorded as a failure at its deadline.

        ``sent``: a message that waits or is a dead letter is sent then; return whether it was.
        The try is noted and not counted again; of a person who is forgotten, nothing is.
        """
        about = {"message_id": attempt.message_id}
        if not self._db.fetch(OF_ID, about):
            return False
        changed = self._db.run(_LATE, {**about, "sent": attempt.at}) if sent else 0
        self._put_attempt(attempt.message_id, attempt)
        return changed > 0

    def release(self, lease: Lease, ids: Collection[int]) -> set[int]:
        """Give messages that were claimed under a lease back untried; return those still held."""
        claimant = {"worker": lease.holder, "fence": lease.fence}
        return self._run_change(_RELEASE, ids, **claimant)

    # --- by hand ---------------------------------------------------------------------------

    def retry(self, ids: Collection[int], *, now: datetime) -> set[int]:
        """Make messages due now with all tries before them; return those that are.

        Not those that were sent or are just being sent.
        """
        return self._run_change(_RETRY, ids, now=now)

    def drop(self, ids: Collection[int]) -> set[int]:
        """Never send waiting or dead messages; return those that were."""
        return self._run_change(_DROP, ids)

    def _run_change(
        self, change: Executable, ids: Collection[int], **parameters: object
    ) -> set[int]:
        return {
            message_id
            for batch in batches(sorted(set(ids)))
            for (message_id,) in self._db.fetch(change, {"ids": batch, **parameters})
        }

    # --- channels --------------------------------------------------------------------------

    def channel_state(self, channel: str) -> ChannelState:
        """Return how a channel does; another transaction that asks for the same waits."""
        found = self._db.first(channel_states.CHANNEL_STATE, _CHANNEL_STATE, {"channel": channel})
        return found or ChannelState(channel=channel)

    def put_channel_state(self, state: ChannelState) -> None:
        """Store how a channel does, in place of what was known of it."""
        self._db.run(channel_states.PUT, channel_states.channel_state_values(state))
