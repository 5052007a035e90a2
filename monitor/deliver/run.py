"""The delivery pass over one channel, as the picture in docs/architecture.md draws it.

claim ▶ read and render ▶ send ▶ note what became of it. A claim is one short transaction, and so
is the noting of each message; none is open while a service is spoken to.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from monitor.channels.base import Channel
from monitor.deliver.breaker import Breaker, BreakerChange
from monitor.deliver.claims import Claims
from monitor.deliver.delivery_events import DeliveryEvents
from monitor.deliver.late_results import LateResults
from monitor.deliver.notifications import Content, Deferred, NotificationBuilder, Suppressed
from monitor.deliver.outcome import Outcome, Report, failure, outcome_of, program_error
from monitor.deliver.policy import Policy
from monitor.deliver.rate_limiter import RateLimiter
from monitor.deliver.send_lock import SendLock
from monitor.deliver.splitting import Splitter
from monitor.errors import DamagedSnapshotError, DeliveryError, StoreError
from monitor.model.alerts import Notification
from monitor.model.lease import Lease
from monitor.model.messages import (
    RENDERINGS,
    Attempt,
    Message,
    MessageState,
    OutboxMessage,
    Rendering,
)
from monitor.model.readers import SUBSCRIBERS
from monitor.store.reader import Reader
from monitor.store.writer import StoreWriter

# The store gets six seconds to answer: a message that was sent, and is not noted, is sent twice.
_NOTING_PAUSES_S = (0.2, 1.0, 5.0)

Ready = Message | Outcome
"""A message to be sent, or what has become of it without."""
Send = Callable[[Message], str]
Render = Callable[[Content, frozenset[Rendering]], Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelWorker:
    """Delivers by one channel; in one thread at a time.

    ``channel`` None: there is no channel of this ``name`` any more; what is due by it becomes
    dead letters. ``send_lock``: shared by the process. ``notifications`` builds notifications from
    a reader, and ``renderer`` what renders those of one reading. ``claims``: of this process.
    ``jitter``: 0 up to 1, evenly distributed. ``late`` records what comes of a send that was
    abandoned at its deadline. ``splitter``: for a service that limits the size of a message.
    """

    name: str
    channel: Channel | None
    policy: Policy
    rate_limiter: RateLimiter
    send_lock: SendLock
    store: StoreWriter
    reader: Callable[[], AbstractContextManager[Reader]]
    notifications: Callable[[Reader], NotificationBuilder]
    renderer: Callable[[], Render]
    claims: Claims
    now: Callable[[], datetime]
    jitter: Callable[[], float]
    events: DeliveryEvents
    late: LateResults
    splitter: Splitter | None = None

    def deliver(self, stop: threading.Event) -> Report:
        """Deliver what is due until nothing is, the channel is paused, or ``stop`` is set.

        What was claimed and not sent is given back. StoreError when the store cannot be used.
        """
        report = Report()
        breaker = Breaker(self.name, self.policy)
        with self.claims.under_way():
            while not stop.is_set():
                lease = self.claims.lease()
                messages = self._claim(breaker, lease)
                # Nothing was claimed yet: begin again under a new lease.
                if messages is None:
                    self.claims.lose(lease)
                    continue
                if not messages:
                    break
                report += self._deliver(messages, breaker, lease, stop)
        return report

    def _claim(self, breaker: Breaker, lease: Lease) -> list[OutboxMessage] | None:
        """Return what is claimed now; None when the lease was lost, while we slept."""
        now = self.now()
        with self.store.transaction() as tx:
            # Renewed in the transaction that claims: a process that slept through its lease
            # cannot claim under it.
            if not tx.leases.renew(lease, now=now):
                return None
            limit = breaker.look(tx.outbox.channel_state(self.name), now)
            if limit == 0:
                return []
            # Read before the claim changes it: what was being sent and is ours now was left by a
            # process that ended.
            sending = tx.outbox.messages(state=MessageState.SENDING, channel=self.name, limit=1_000)
            claimed = tx.outbox.claim(
                lease,
                now=now,
                limit=limit,
                channels=[self.name],
                group_above=self.policy.group_above,
            )
            grouped = tx.outbox.grouped
        # After the commit: a transaction that was rolled back has grouped nothing.
        for message in claimed:
            if message.id in grouped:
                self.events.on_grouped(message, grouped[message.id])
        ids = {message.id for message in claimed}
        if left := [message for message in sending if message.id in ids]:
            self.events.on_claims_lost(left)
        return claimed

    def _deliver(
        self,
        messages: Sequence[OutboxMessage],
        breaker: Breaker,
        lease: Lease,
        stop: threading.Event,
    ) -> Report:
        # What is still in here when the block ends, however it ends, is given back and counts as
        # no try.
        untried = {message.id for message in messages}
        report = Report()
        try:
            with self._connect() as send:
                # All are rendered before the first is sent, so that no reading of the store is
                # open while a service is spoken to.
                for message, content in self._prepare(messages, untried):
                    if breaker.is_paused or not self._await_rate(content, stop):
                        break
                    # From here on its outcome is noted: given back, a message that was sent would
                    # be sent again.
                    untried.remove(message.id)
                    if not isinstance(content, Message):
                        report += self._note(message, content, breaker, stop)
                        continue
                    with self.send_lock.acquire() as sending:
                        # Right before sending, not before waiting for the lock: the lease may be
                        # lost in between.
                        if not self.claims.holds(message):
                            self._warn_claim_lost(message)
                            continue
                        outcome = outcome_of(partial(send, content))
                        sending.mark_answered()
                        # Nothing reached the service: the message goes back untried, and the
                        # channel pauses.
                        if outcome.kind == "not begun":
                            untried.add(message.id)
                            self._rest(outcome, breaker)
                            break
                        report += self._note(message, outcome, breaker, stop)
                        # After the deadline's outcome is noted, which the late result corrects.
                        if outcome.late is not None:
                            self.late.expect(message, outcome.late)
        finally:
            self._give_back(untried, lease)
        return report

    @contextmanager
    def _connect(self) -> Iterator[Send]:
        if self.channel is None:
            yield _reject
            return
        with self.channel.connect() as connection:
            yield connection.send

    def _await_rate(self, content: Ready, stop: threading.Event) -> bool:
        """Wait for the channel's rate where something is to be sent; False when told to stop."""
        # Only what is sent counts toward the rate; what is dropped or given up does not.
        if isinstance(content, Message):
            return self.rate_limiter.acquire(self.policy.per_minute, stop)
        return not stop.is_set()

    # --- one message -----------------------------------------------------------------------

    def _prepare(
        self, messages: Sequence[OutboxMessage], untried: set[int]
    ) -> list[tuple[OutboxMessage, Ready]]:
        """Return each message rendered, or why it cannot be; the store is read once for all.

        In the place of one that is too large stand its parts, which are ``untried`` too.
        """
        found: list[tuple[OutboxMessage, Ready]] = []
        for message, content, parts in self._render(messages):
            if not parts:
                found.append((message, content))
                continue
            # Before the first try and in one transaction: a crash leaves the whole or all of its
            # parts.
            with self.store.transaction() as tx:
                made = tx.outbox.split(message, parts)
            if not made:
                self._warn_claim_lost(message)
                continue
            untried |= {one.id for one in made}
            self.events.on_split(message, len(made))
            found += [(one, ready) for one, ready, _ in self._render(made)]
        return found

    def _render(
        self, messages: Sequence[OutboxMessage]
    ) -> list[tuple[OutboxMessage, Ready, list[list[int]]]]:
        """Return each message rendered, and the versions of each part where it is too large."""
        with self.reader() as reader:
            builder = self.notifications(reader)
            render = self.renderer()
            return [(message, *self._ready(message, builder, render)) for message in messages]

    def _ready(
        self, message: OutboxMessage, builder: NotificationBuilder, render: Render
    ) -> tuple[Ready, list[list[int]]]:
        try:
            notification = self._notification(message, builder)
            if isinstance(notification, Outcome):
                return notification, []
            rendered = render(notification, self.channel.renderings if self.channel else RENDERINGS)
            alerts = notification.alerts if isinstance(notification, Notification) else ()
            parts = self.splitter.parts(message, rendered, alerts) if self.splitter else []
        except DeliveryError as exc:
            return failure(str(exc), permanent=exc.permanent), []
        except DamagedSnapshotError as exc:
            return failure(str(exc)), []
        except StoreError:
            raise  # of no message in particular
        except Exception as exc:  # noqa: BLE001 - the pass loop: recorded on the message's row
            return program_error("it cannot be rendered", exc), []
        return rendered, parts

    def _notification(
        self, message: OutboxMessage, builder: NotificationBuilder
    ) -> Content | Outcome:
        # Asked when the message leaves: the channel or the address may be gone since it was
        # stored.
        if self.channel is None:
            return failure(f"no channel {self.name!r} is configured any more", permanent=True)
        if not self._serves(message, builder.reader):
            return failure("the channel does not serve this address any more", permanent=True)
        notification = builder.notification(message)
        if isinstance(notification, Suppressed):
            return Outcome(kind="dropped", detail=notification.reason)
        if isinstance(notification, Deferred):
            return Outcome(kind="postponed", detail="quiet hours", until=notification.until)
        return notification

    def _serves(self, message: OutboxMessage, reader: Reader) -> bool:
        """Return whether the channel still sends to the address of a message."""
        targets = () if self.channel is None else self.channel.targets
        if targets != SUBSCRIBERS:
            return message.target in targets
        # Whoever asks to subscribe is no subscriber yet, and has no address in the store.
        if message.request is not None:
            return True
        # Readers' addresses are in the store, not in the settings: one that was erased or changed
        # gets nothing more.
        known = reader.readers.address_of(message.subscriber)
        return known is not None and known.address == message.target

    def _note(
        self, message: OutboxMessage, outcome: Outcome, breaker: Breaker, stop: threading.Event
    ) -> Report:
        """Store what became of a message; the store gets time to answer: it may have been sent."""
        for pause_s in _NOTING_PAUSES_S:
            try:
                return self._put(message, outcome, breaker)
            except StoreError as exc:
                self.events.on_warning(self.name, f"not noted yet: {exc}")
                # A stop shortens the pauses, not the number of tries.
                stop.wait(pause_s)
        return self._put(message, outcome, breaker)

    def _put(self, message: OutboxMessage, outcome: Outcome, breaker: Breaker) -> Report:
        now = self.now()
        attempt = None
        if outcome.kind != "postponed":
            how = "refused" if outcome.refused else outcome.kind
            attempt = Attempt(message_id=message.id, at=now, outcome=how, detail=outcome.detail)
        with self.store.transaction() as tx:
            state, due_at = outcome.state(
                message,
                self.policy,
                now=now,
                jitter=self.jitter(),
                refused_since=tx.outbox.refused_since(message.id) if outcome.refused else None,
            )
            noted = tx.outbox.record(message, attempt, state, due_at=due_at)
            # In the same transaction as the attempt, so that after a crash both or neither count.
            change = breaker.note(tx.outbox, outcome, now) if outcome.by_channel else None
        self._report_change(change, breaker)
        # Another process took the message while it was sent: its outcome counts, and the message
        # may come twice, with one id.
        if not noted:
            self._warn_claim_lost(message)
        if not noted or attempt is None:
            return Report()
        # Only to the log: a notice about it would fail the way this one did.
        if message.kind == "notice" and outcome.kind == "permanent":
            self.events.on_warning(self.name, f"the operator is not reached: {outcome.detail}")
        word = "retried" if state is MessageState.WAITING else state.value
        self.events.on_attempt(message, word, outcome.detail)
        return Report(**{word: 1})

    def _rest(self, outcome: Outcome, breaker: Breaker) -> None:
        with self.store.transaction() as tx:
            change = breaker.note(tx.outbox, outcome, self.now())
        self._report_change(change, breaker)

    def _report_change(self, change: BreakerChange | None, breaker: Breaker) -> None:
        if change == "opened":
            self.events.on_breaker_opened(breaker.state)
        elif change == "closed":
            self.events.on_breaker_closed(self.name)

    def _warn_claim_lost(self, message: OutboxMessage) -> None:
        self.events.on_warning(self.name, f"the claim of {message.uid} was lost")

    def _give_back(self, untried: set[int], lease: Lease) -> None:
        if not untried:
            return
        try:
            with self.store.transaction() as tx:
                tx.outbox.release(lease, untried)
        except StoreError as exc:
            self.events.on_warning(self.name, f"claims run out by themselves: {exc}")


def _reject(_message: Message) -> str:
    raise DeliveryError("there is no such channel", permanent=True)
