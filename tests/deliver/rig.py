"""A test rig for delivery: subscribers, changes, a scripted channel and a clock."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from monitor.deliver import ChannelWorker, Policy, Report
from monitor.deliver.claims import WORKER, Claims
from monitor.deliver.late_results import LateResults
from monitor.deliver.notifications import NotificationBuilder
from monitor.deliver.rate_limiter import RateLimiter
from monitor.deliver.send_lock import SendLock
from monitor.errors import DeliveryError
from monitor.ingest import ingest
from monitor.ingest.notify import Notifier
from monitor.model.messages import (
    RENDERINGS,
    ChannelState,
    Message,
    MessageState,
    OutboxMessage,
    Rendering,
)
from monitor.model.subscriptions import Subscription, SubscriptionOrigin, Trials
from monitor.model.when import Hourly
from monitor.render.alerts import render
from monitor.settings import ThresholdSettings
from monitor.store.lease_keeper import LeaseKeeper
from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter
from tests.deliver.policies import policy
from tests.ingest.world import NCT, NOON, raw, study

HOUR = timedelta(hours=1)
HOURLY = Hourly()


@dataclass
class Clock:
    """A time that stands still until it is moved."""

    at: datetime = NOON

    def now(self) -> datetime:
        """Return it."""
        return self.at

    def move(self, **by: float) -> None:
        """Let it pass."""
        self.at += timedelta(**by)


@dataclass
class Monotonic:
    """Monotonic seconds that stand still until they are moved."""

    at: float = 0.0

    def __call__(self) -> float:
        """Return them."""
        return self.at


@dataclass
class Box:
    """A channel that keeps what it is given; ``answers`` are taken first, one a message.

    An answer is an exception to raise, or something to do.
    """

    name: str = "box"
    type: str = "box"
    targets: tuple[str, ...] = ("",)
    renderings: frozenset[Rendering] = RENDERINGS
    got: list[Message] = field(default_factory=list)
    answers: list[Exception | Callable[[Message], None]] = field(default_factory=list)
    connections: int = 0

    @contextmanager
    def connect(self) -> Iterator["Box"]:
        """Count the connections."""
        self.connections += 1
        yield self

    def send(self, message: Message) -> str:
        """Answer as told, or keep the message."""
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None:
            answer(message)
        self.got.append(message)
        return "thank you"

    @property
    def subjects(self) -> list[str]:
        """The subjects of what was given."""
        return [message.subject for message in self.got]


@dataclass
class RecordedEvents:
    """A watcher that writes down what it hears."""

    endings: list[tuple[str, str]] = field(default_factory=list)
    breaker: list[str] = field(default_factory=list)
    left: list[str | None] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    gathered: list[tuple[str, int]] = field(default_factory=list)
    """By id: of how many messages a group was made; of what was split, minus how many parts."""

    def on_attempt(self, message: OutboxMessage, outcome: str, detail: str) -> None:
        """Write it down."""
        del message
        self.endings.append((outcome, detail))

    def on_breaker_opened(self, state: ChannelState) -> None:
        """Write it down."""
        self.breaker.append(f"{state.channel} rests after {state.failures}")

    def on_breaker_closed(self, channel: str) -> None:
        """Write it down."""
        self.breaker.append(f"{channel} works again")

    def on_claims_lost(self, messages: Sequence[OutboxMessage]) -> None:
        """Write it down."""
        self.left += [message.claimed_by for message in messages]

    def on_grouped(self, message: OutboxMessage, count: int) -> None:
        """Write it down."""
        self.gathered.append((str(message.uid), count))

    def on_split(self, message: OutboxMessage, parts: int) -> None:
        """Write it down."""
        self.gathered.append((str(message.uid), -parts))

    def on_warning(self, channel: str, reason: str) -> None:
        """Write it down."""
        del channel
        self.troubles.append(reason)


def later(pause_s: float | None = None) -> DeliveryError:
    """Return a failure that another try may end."""
    return DeliveryError("451 not now", permanent=False, retry_after_s=pause_s)


def refused() -> DeliveryError:
    """Return the refusal of a service that may be being redeployed."""
    return DeliveryError("404 no such app", permanent=False, refused=True)


def never() -> DeliveryError:
    """Return a failure for good."""
    return DeliveryError("550 nobody of that name", permanent=True)


@dataclass
class DeliveryRig:
    """A store with subscriptions, what is ingested into it, and couriers that deliver from it."""

    url: str
    store: StoreWriter
    clock: Clock = field(default_factory=Clock)
    box: Box = field(default_factory=Box)
    policy: Policy = field(default_factory=policy)
    events: RecordedEvents = field(default_factory=RecordedEvents)
    stop: threading.Event = field(default_factory=threading.Event)
    rate_limiter: RateLimiter = field(default_factory=RateLimiter)
    render: Callable[[Any], Message] = render
    changes: int = 0

    def wish(self, subscriber: str = "ana", name: str = "mine", **other: Any) -> Subscription:
        """Return a subscription to everything of the usual trial, not stored yet."""
        columns: dict[str, Any] = {
            "id": 0,
            "subscriber": subscriber,
            "name": name,
            "trials": Trials(nct_ids=frozenset({NCT})),
            "channels": ("box",),
            "origin": SubscriptionOrigin.COMMAND,
            "created_at": self.clock.at,
        }
        return Subscription(**{**columns, **other})

    def subscribe(self, subscriber: str = "ana", name: str = "mine", **other: Any) -> int:
        """Store such a subscription; return its id."""
        with self.store.transaction() as tx:
            return tx.subscribers.put_subscription(self.wish(subscriber, name, **other))

    def take(self, *documents: Any, **targets: Sequence[str]) -> None:
        """Ingest documents, read now; ``targets``: whom the channels serve."""
        served = {"box": self.box.targets, **targets}
        found = [raw(document, at=self.clock.at) for document in documents]
        notifier = Notifier(targets=served, now=self.clock.now)
        ingest(found, self.store, thresholds=ThresholdSettings(), notifier=notifier)

    def begin(self) -> None:
        """Let the trial be known, and nobody told of that."""
        self.take_in(study("2026-02-01"))

    def take_in(self, *documents: Any) -> None:
        """Ingest documents, read now, of which nobody is told."""
        found = [raw(document, at=self.clock.at) for document in documents]
        ingest(found, self.store, thresholds=ThresholdSettings())

    def change(self, times: int = 1) -> None:
        """Let the trial's enrollment change, each time in a version of its own."""
        for _ in range(times):
            self.changes += 1
            self.clock.move(minutes=1)
            day = f"2026-02-{1 + self.changes:02d}"
            self.take(study(day, enrollment=100 + self.changes))

    def claims(
        self, worker: str, *, lease_s: float = 60, clock: Callable[[], float] = time.monotonic
    ) -> Claims:
        """Return the claims of a worker."""
        return Claims(
            LeaseKeeper(
                WORKER + worker,
                worker,
                opened=lambda: nullcontext(self.store),
                reader=lambda: open_reader(self.url),
                ttl_s=lambda: lease_s,
                now=self.clock.now,
                on_trouble=self.events.troubles.append,
                clock=clock,
            )
        )

    def worker(self, worker: str = "w", **other: Any) -> ChannelWorker:
        """Return a courier of the box."""
        made = ChannelWorker(
            name="box",
            channel=self.box,
            policy=self.policy,
            rate_limiter=self.rate_limiter,
            send_lock=SendLock(),
            store=self.store,
            reader=lambda: open_reader(self.url),
            notifications=lambda reader: NotificationBuilder(
                reader=reader, thresholds=ThresholdSettings(), now=self.clock.at
            ),
            renderer=lambda: lambda notification, _: self.render(notification),
            claims=self.claims(worker),
            now=self.clock.now,
            jitter=lambda: 1.0,
            events=self.events,
            late=LateResults(
                channel="box",
                policy=self.policy,
                open_store=lambda: nullcontext(self.store),
                now=self.clock.now,
                events=self.events,
            ),
        )
        return replace(made, **other)

    def deliver(self, **other: Any) -> Report:
        """Deliver what is due."""
        return self.worker(**other).deliver(self.stop)

    def messages(self, state: MessageState | None = None) -> list[OutboxMessage]:
        """Return the messages, oldest first."""
        with open_reader(self.url) as reader:
            return reader.outbox.messages(state=state)[::-1]

    def detail(self, message: OutboxMessage) -> list[tuple[str, str]]:
        """Return the outcome and the words of each try of a message."""
        with open_reader(self.url) as reader:
            return [(one.outcome, one.detail) for one in reader.outbox.attempts(message.id)]

    def state(self) -> ChannelState:
        """Return how the box does."""
        with open_reader(self.url) as reader:
            return reader.outbox.channel_state("box")
