"""What a transaction writes of messages on their way."""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime

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
from monitor.store import outbox_queries
from monitor.store.claiming import fix
from monitor.store.db import batches
from monitor.store.definitions import definition_text
from monitor.store.enqueueing import Enqueueing
from monitor.store.grouping import alone, gather
from monitor.store.mapping import Row
from monitor.store.moments import moment
from monitor.store.outbox_reader import OutboxReader, channel_state_row, message_row
from monitor.store.running import Runner
from monitor.store.splitting import split
from monitor.store.texts import storable

_SAID_CHARACTERS = 2_000


class OutboxWriter(OutboxReader):
    """Messages and their items; reached by ``Transaction.outbox``, written at once.

    Times are aware, else ValueError. ``grouped``: by the id of each group that was made in this
    transaction, of how many messages.
    """

    def __init__(self, run: Runner, *, settle: Callable[[], None]) -> None:
        super().__init__(run.ask, errors=nullcontext)
        self._run = run
        self._settle = settle
        self._enqueueing = Enqueueing(run)
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
        """Make the message that tells a person of their new subscriptions.

        All of one subscriber. Its id stands for what they are, over restores too.
        """
        subscriber = subscriptions[0].subscriber
        about = [(one.name, definition_text(one)) for one in subscriptions]
        uid = welcome_id(about, subscriber=subscriber, channel=channel, target=target)
        ids = [one.id for one in subscriptions]
        whom = subscriber, channel, target
        self._enqueueing.open_welcome(whom, ids, uid=uid, due_at=due_at, at=at)

    # --- out of it -------------------------------------------------------------------------

    def claim(
        self,
        lease: Lease,
        *,
        now: datetime,
        limit: int,
        channels: Collection[str] | None = None,
        resting: Collection[str] = (),
        group_above: int = 0,
    ) -> list[OutboxMessage]:
        """Take messages that are due, those that wait longest first, and return them.

        Of ``channels`` (None: of all), but not of ``resting`` ones; at most ``limit``. Nobody
        else gets them as long as the store has the worker's ``lease``; then whoever asks first
        does. Whoever gets them here has them once the transaction is committed. Their items and
        ids are fixed. ``group_above``: more at-once messages than that to one address, which
        nobody has claimed, become one before; 0: never. It counts as one.
        """
        due: list[tuple[datetime, int]] = []
        for channel in self._open_channels(channels, resting):
            rows = [*self._due(channel, now, limit, group_above)]
            rows += self._locked(outbox_queries.ABANDONED, channel, now, limit)
            due += [(moment(row[1]), row[0]) for row in rows]
        ids = [message_id for _, message_id in sorted(due)[:limit]]
        claimant = {"worker": lease.holder, "fence": lease.fence}
        taken = [
            message_row(row)
            for batch in batches(ids)
            for row in self._run.ask(outbox_queries.CLAIM, {"ids": batch, "now": now, **claimant})
        ]
        return sorted(fix(self._run, taken), key=lambda message: (message.due_at, message.id))

    def _due(self, channel: str, now: datetime, limit: int, group_above: int) -> Sequence[Row]:
        """Return what is due by a channel, once all of it is grouped that is to be."""
        if group_above:
            alone(self._run, channel)
        looked_at: set[str] = set()
        while True:
            rows = self._locked(outbox_queries.DUE, channel, now, limit)
            whom = {row[2] for row in rows} - looked_at
            if not group_above or not whom:
                return rows
            self.grouped |= gather(self._run, channel, whom, now=now, above=group_above)
            looked_at |= whom

    def _locked(self, sql: str, channel: str, now: datetime, limit: int) -> Sequence[Row]:
        lock = self._run.lock("FOR UPDATE SKIP LOCKED")
        about = {"channel": channel, "now": now, "limit": limit}
        return self._run.ask(sql.format(lock=lock), about)

    def split(
        self, message: OutboxMessage, parts: Sequence[Collection[int]]
    ) -> list[OutboxMessage]:
        """Make several messages of one that was claimed and never tried; see ``splitting``."""
        return split(self._run, message, parts)

    def _open_channels(
        self, channels: Collection[str] | None, resting: Collection[str]
    ) -> list[str]:
        if channels is None:
            states = (MessageState.WAITING, MessageState.SENDING)
            channels = {name for state in states for name in self.channels(state)}
        return sorted(set(channels) - set(resting))

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
        said = None if attempt is None else storable(attempt.said)[:_SAID_CHARACTERS]
        sent = state is MessageState.SENT
        values = {
            "id": message.id,
            "worker": message.claimed_by,
            "fence": message.claim_fence,
            "state": state.value,
            "due_at": due_at,
            "tried": 0 if attempt is None else 1,
            "last_error": None if sent else said,
            "sent_at": attempt.at if sent and attempt is not None else None,
        }
        if self._run.run(outbox_queries.RECORD, values) == 0:
            return False
        if attempt is not None:
            values = {"at": attempt.at, "outcome": attempt.outcome, "said": said}
            self._run.run(outbox_queries.PUT_ATTEMPT, {"message_id": message.id, **values})
        return True

    def refused_since(self, message_id: int) -> datetime | None:
        """Return when a service began to refuse a message (aware UTC); None when it did not."""
        [(at,)] = self._run.ask(outbox_queries.FIRST_REFUSED, {"message_id": message_id})
        return None if at is None else moment(at)

    def record_late(self, attempt: Attempt, *, sent: bool) -> bool:
        """Note what came of a try that was recorded as a failure at its deadline.

        ``sent``: a message that waits or is a dead letter is sent then; return whether it was.
        The try is noted and not counted again; of a person who is forgotten, nothing is.
        """
        values = {"id": attempt.message_id}
        if not self._run.ask(outbox_queries.MESSAGE, values):
            return False
        changed = 0
        if sent:
            changed = self._run.run(outbox_queries.LATE, {**values, "at": attempt.at})
        self._run.run(
            outbox_queries.PUT_ATTEMPT,
            {
                "message_id": attempt.message_id,
                "at": attempt.at,
                "outcome": attempt.outcome,
                "said": storable(attempt.said)[:_SAID_CHARACTERS],
            },
        )
        return changed > 0

    def release(self, lease: Lease, ids: Collection[int]) -> set[int]:
        """Give messages that were claimed under a lease back untried; return those still held."""
        claimant = {"worker": lease.holder, "fence": lease.fence}
        return self._changed(outbox_queries.RELEASE, ids, **claimant)

    # --- by hand ---------------------------------------------------------------------------

    def retry(self, ids: Collection[int], *, now: datetime) -> set[int]:
        """Make messages due now with all tries before them; return those that are.

        Not those that were sent or are just being sent.
        """
        return self._changed(outbox_queries.RETRY, ids, now=now)

    def drop(self, ids: Collection[int]) -> set[int]:
        """Never send waiting or dead messages; return those that were."""
        return self._changed(outbox_queries.DROP, ids)

    def _changed(self, sql: str, ids: Collection[int], **parameters: object) -> set[int]:
        return {
            row[0]
            for batch in batches(sorted(set(ids)))
            for row in self._run.ask(sql, {"ids": batch, **parameters})
        }

    # --- channels --------------------------------------------------------------------------

    def channel_state(self, channel: str) -> ChannelState:
        """Return how a channel does; another transaction that asks for the same waits."""
        sql = outbox_queries.CHANNEL_STATE.format(lock=self._run.lock("FOR UPDATE"))
        rows = self._run.ask(sql, {"channel": channel})
        return channel_state_row(rows[0]) if rows else ChannelState(channel=channel)

    def put_channel_state(self, state: ChannelState) -> None:
        """Store how a channel does, in place of what was known of it."""
        last_error = None if state.last_error is None else storable(state.last_error)
        self._run.run(
            outbox_queries.PUT_CHANNEL_STATE,
            {
                "channel": storable(state.channel),
                "failures": state.failures,
                "resting_until": state.resting_until,
                "last_error": None if last_error is None else last_error[:_SAID_CHARACTERS],
                "reported": state.reported,
                "failing_since": state.failing_since,
            },
        )
