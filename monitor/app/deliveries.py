"""Deliveries: workers for the configured channels, what is due, and who hears of problems."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from monitor.app.channels import channels_of
from monitor.app.clock_skew import repair
from monitor.app.digests import Digests
from monitor.app.logs import get_logger
from monitor.app.operator_notices import OperatorNotifier, note_lost
from monitor.app.policies import policy_of, splitter_of
from monitor.app.reader_upkeep import ReaderUpkeep
from monitor.app.welcomes import Welcomes
from monitor.app.wiring import App
from monitor.app.workers import Workers, process_of
from monitor.channels.base import Channel
from monitor.deliver import ChannelWorker, Report
from monitor.deliver.late_results import LateResults
from monitor.deliver.notifications import Content, NotificationBuilder
from monitor.deliver.rate_limiter import RateLimiter
from monitor.deliver.run import Render
from monitor.deliver.send_lock import SendLock
from monitor.errors import StoreError
from monitor.model.incidents import Incident, OperatorMessage
from monitor.model.messages import (
    ChannelState,
    Message,
    MessageState,
    OutboxMessage,
    Rendering,
)
from monitor.model.readers import Confirmation
from monitor.model.welcome import Welcome
from monitor.render.alerts import Renderer, check_templates
from monitor.render.confirmation import confirmation_message
from monitor.render.operator import operator_message
from monitor.render.welcome import welcome_message
from monitor.store.reader import Reader
from monitor.store.writer import StoreWriter

if TYPE_CHECKING:
    from monitor.app.metrics import Metrics
    from monitor.settings import Settings


# docs/delivery.md, "When a clock was wrong"
_REPAIR_EVERY_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """What was delivered, by channel; ``failures``: why a channel's pass came to no end."""

    channels: Mapping[str, Report]
    failures: Mapping[str, str] = field(default_factory=dict)

    @property
    def total(self) -> Report:
        """All channels together."""
        return sum(self.channels.values(), Report())

    def __add__(self, later: "DeliveryReport") -> "DeliveryReport":
        channels = dict(self.channels)
        for name, report in later.channels.items():
            channels[name] = channels.get(name, Report()) + report
        return DeliveryReport(channels=channels, failures={**self.failures, **later.failures})


class Deliveries:
    """Delivers what is due by the settings of ``app``; any number of threads may.

    Each channel is to be delivered by in one thread at a time. Making it looks the channels'
    secrets up: ConfigError. ``worker``: a name that no other process has. ``incidents``: what
    is wrong with the process itself, for the operator; None where that is for another to tell.
    """

    def __init__(
        self,
        app: App,
        *,
        worker: str,
        metrics: "Metrics | None" = None,
        incidents: Callable[[], Sequence[Incident]] | None = None,
    ) -> None:
        self.app = app
        self.channels: Mapping[str, Channel] = channels_of(app.settings)
        self._templates = _templates(app.settings)
        self._repair_at = time.monotonic()
        self._rate_limiters: dict[str, RateLimiter] = {}
        self._send_lock = SendLock()
        self._metrics = metrics
        self.notifier = OperatorNotifier(
            app, self.channels, open_store=app.store, incidents=incidents
        )
        self._workers = Workers(app)
        self._claims = self._workers.claims(worker)
        targets = {name: channel.targets for name, channel in self.channels.items()}
        self._digests = Digests(app, targets=targets)
        self._readers = ReaderUpkeep(app)
        self._welcomes = Welcomes(app, targets=targets)

    def due(self) -> list[str]:
        """Return the channels by which something is due now, but for paused ones.

        StoreError when the store cannot be read.
        """
        # First, so that what they had claimed counts as due below.
        self._workers.forget_lost()
        now = self.app.now()
        with self.app.reader() as reader:
            paused = {
                state.channel
                for state in reader.outbox.channel_states()
                if state.paused_until is not None and state.paused_until > now
            }
            # By a paused channel nothing would be claimed.
            waiting = set(reader.outbox.channels(MessageState.WAITING)) - paused
            sending = set(reader.outbox.channels(MessageState.SENDING)) - paused
            found = {name for name in waiting if _is_over(reader.outbox.oldest_due(name), now)}
            found |= {name for name in sending - found if reader.outbox.has_abandoned(name)}
        return sorted(found)

    def prepare(self) -> None:
        """Make what no change calls for: welcome messages, and digests sent even when empty."""
        # First: a time that is wrong would decide what is made below.
        self._repair_times()
        self._readers.prepare()
        self._welcomes.open()
        self._digests.open()

    def _repair_times(self) -> None:
        """Put times right that a wrong clock left, from time to time."""
        if time.monotonic() >= self._repair_at:
            repair(self.app)
            self._repair_at = time.monotonic() + _REPAIR_EVERY_S

    def deliver(self, channel: str, *, stop: threading.Event) -> Report:
        """Deliver what is due by a channel until nothing is; StoreError when that fails."""
        # One for each delivery: a connection of SQLite belongs to its thread.
        with self.app.store() as store:
            return self._courier(channel, store).deliver(stop)

    def deliver_due(self, *, stop: threading.Event) -> DeliveryReport:
        """Deliver what is due by every channel, each in a thread of its own, and tell the operator.

        Where a process is silent that was sending, it is observed for as long as its lease lasts;
        then what it has left is delivered too. StoreError when the store cannot be read.
        """
        self.prepare()
        report = self._deliver_all(self.due(), stop)
        if self._workers.await_lost(stop):
            report += self._deliver_all(self.due(), stop)
        if self.notify():  # also of what these deliveries came to
            report += self._deliver_all(self.due(), stop)
        return report

    def _deliver_all(self, channels: Sequence[str], stop: threading.Event) -> DeliveryReport:
        reports: dict[str, Report] = {}
        failures: dict[str, str] = {}

        def one(channel: str) -> None:
            try:
                reports[channel] = self.deliver(channel, stop=stop)
            except StoreError as exc:
                failures[channel] = str(exc)

        threads = [
            threading.Thread(target=one, args=(name,), name=f"deliver {name}") for name in channels
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return DeliveryReport(channels=reports, failures=failures)

    def notify(self) -> bool:
        """Store what the operator is to hear; tell whether there is something to be delivered.

        It is sent directly while the store cannot be written. Nothing is raised. ``notify`` and
        ``notify_directly`` are for one thread at a time, which a disk may keep waiting.
        """
        is_stored = self.notifier.store_notices()
        if self.notifier.is_troubled:
            self.notifier.send_directly()
        return is_stored

    def notify_directly(self) -> None:
        """Send what the operator is to hear past the outbox, as nobody leads; nothing is raised."""
        self.notifier.send_directly()

    def take_over(self, before: "Deliveries") -> None:
        """Go on from deliveries by earlier settings of this process."""
        # Otherwise a reload would send again what was sent directly.
        self.notifier.direct = before.notifier.direct

    def note_lost(self, process: str) -> None:
        """Store for the operator that a process stopped responding; log why that fails."""
        try:
            with self.app.store() as store, store.transaction() as tx:
                note_lost(tx, process, at=self.app.now())
        except StoreError as exc:
            get_logger().warning("lost process not noted", process=process, reason=str(exc))

    def _courier(self, channel: str, store: StoreWriter) -> ChannelWorker:
        policy = policy_of(self.app.settings, channel)
        events = _DeliveryLog(channel, self.note_lost, self._metrics)
        return ChannelWorker(
            name=channel,
            channel=self.channels.get(channel),
            policy=policy,
            # Kept: a new one would let the next message go at once.
            rate_limiter=self._rate_limiters.setdefault(channel, RateLimiter()),
            send_lock=self._send_lock,
            store=store,
            reader=self.app.reader,
            notifications=self._notifications,
            renderer=self._renderer,
            claims=self._claims,
            now=self.app.now,
            # Not from a seed: several processes must not draw the same pauses.
            jitter=SystemRandom().random,
            events=events,
            late=LateResults(
                channel=channel,
                policy=policy,
                open_store=self.app.store,
                now=self.app.now,
                events=events,
            ),
            splitter=splitter_of(self.app.settings, channel),
        )

    def _notifications(self, reader: Reader) -> NotificationBuilder:
        return NotificationBuilder(
            reader=reader,
            thresholds=self.app.settings.thresholds,
            now=self.app.now(),
            public_url=self.app.settings.delivery.public_url or None,
            synonyms=self.app.synonyms(),
        )

    def _renderer(self) -> Render:
        renderer = Renderer(self._templates)

        def render(notification: Content, renderings: frozenset[Rendering]) -> Message:
            if isinstance(notification, Confirmation):
                return confirmation_message(notification)
            if isinstance(notification, Welcome):
                return welcome_message(notification)
            if isinstance(notification, OperatorMessage):
                return operator_message(notification)
            return renderer.render(notification, renderings)

        return render


class _DeliveryLog:
    """Logs and counts the events of a channel; stores what the operator is notified of."""

    def __init__(
        self, channel: str, note_lost: Callable[[str], None], metrics: "Metrics | None"
    ) -> None:
        self._channel = channel
        self._note_lost = note_lost
        self._metrics = metrics
        self._log = get_logger().bind(channel=channel)

    def on_attempt(self, message: OutboxMessage, outcome: str, detail: str) -> None:
        """Log and count it."""
        write = {"retried": self._log.warning, "dead": self._log.error}
        write.get(outcome, self._log.info)(f"message {outcome}", uid=message.uid, detail=detail)
        if self._metrics is not None:
            self._metrics.delivery(self._channel, outcome)

    def on_breaker_opened(self, state: ChannelState) -> None:
        """Log it; the operator is notified from the stored state."""
        self._log.error("channel paused", failures=state.failures, reason=state.last_error)

    def on_breaker_closed(self, channel: str) -> None:
        """Log it."""
        del channel
        self._log.warning("channel works again")

    def on_claims_lost(self, messages: Sequence[OutboxMessage]) -> None:
        """Log it and keep it for the operator, once for each worker."""
        for worker in sorted({process_of(str(message.claimed_by)) for message in messages}):
            self._log.warning("messages abandoned", worker=worker, messages=len(messages))
            self._note_lost(worker)

    def on_grouped(self, message: OutboxMessage, count: int) -> None:
        """Log it."""
        self._log.info("messages grouped", uid=message.uid, messages=count)

    def on_split(self, message: OutboxMessage, parts: int) -> None:
        """Log it."""
        self._log.info("message split", uid=message.uid, parts=parts)

    def on_warning(self, channel: str, reason: str) -> None:
        """Log it."""
        del channel
        self._log.warning("delivery troubled", reason=reason)


def _templates(settings: "Settings") -> Path | None:
    if not settings.delivery.templates:
        return None
    folder = Path(settings.delivery.templates)
    check_templates(folder)
    return folder


def _is_over(due_at: datetime | None, now: datetime) -> bool:
    return due_at is not None and due_at <= now
