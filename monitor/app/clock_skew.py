"""Stored times that are impossible because a clock was wrong: reported, and repaired once.

A time to come is impossible beyond now plus the most that it can be, a time of the past beyond
now; ``CLOCK_TOLERANCE`` is granted to both. Which clock was wrong, that of then or that of now,
nobody can tell: what is put right waits no longer than it would have to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.app.doctor_store import limited_reader
from monitor.app.logs import get_logger
from monitor.app.policies import policy_of
from monitor.errors import StoreError
from monitor.model.checks import CheckStatus, Finding
from monitor.model.lease import CLOCK_TOLERANCE
from monitor.model.messages import MessageState, OutboxMessage
from monitor.model.when import AtOnce, next_cutoff
from monitor.render.values import moment
from monitor.settings import AnySourceSettings
from monitor.store.reader import Reader
from monitor.store.writer import Transaction

if TYPE_CHECKING:
    from monitor.app.wiring import App

# Quiet hours end within a day, and a weekly digest within a week; one more hour where clocks are
# set in that time. A digest that left early has its items in the one after it.
_QUIET = timedelta(hours=25)
_DIGEST = timedelta(days=14, hours=1)
# Within a day the schedule goes by what ran last even when the clock is set back.
_ATTEMPT = timedelta(days=1)
_AT_ONCE = 1_000
_STATE_KEY = "operator/clock"  # a slash: no source has such a name
_REPORTED_FOR = timedelta(days=1)
_SHOWN = 20

LatestRun = Callable[[AnySourceSettings, datetime], datetime]
"""Returns when a source is due at the latest, from its trigger, at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewedTimes:
    """A time that is impossible: of what, what it is, what it becomes, and what puts it right."""

    what: str
    found: datetime
    becomes: datetime
    move_back: Callable[[Transaction], bool]

    def __str__(self) -> str:
        return f"{self.what} {moment(self.found)} UTC"

    @property
    def done(self) -> str:
        """What was done about it."""
        return f"{self} (now {moment(self.becomes)} UTC)"


def skewed_times(
    app: "App", reader: Reader, *, latest_run: LatestRun | None = None
) -> list[SkewedTimes]:
    """Return the times of a store that are impossible now; StoreError.

    ``latest_run`` None: when sources are due next is not looked at.
    """
    now = app.now()
    return [
        *_sources(app, reader, now, latest_run),
        *_channels(app, reader, now),
        *_messages(app, reader, now),
        *_silences(reader, now),
        *_subscriptions(reader, now),
    ]


def repair(app: "App", *, latest_run: LatestRun | None = None) -> None:
    """Put right what is impossible, and keep for the operator what that was; StoreError."""
    with app.reader() as reader:
        found = skewed_times(app, reader, latest_run=latest_run)
    if not found:
        return
    with app.store(create=False) as store, store.transaction() as tx:
        # Only where it still is as it was found: another process may have been quicker.
        done = [one.done for one in found if one.move_back(tx)]
        if done:
            note(tx, done, now=app.now())
    for sentence in done:
        get_logger().error("stored time was impossible", what=sentence)


# --- what was put right ----------------------------------------------------------------------


def note(tx: Transaction, sentences: Sequence[str], *, now: datetime) -> None:
    """Keep for the operator what was impossible, beside what was kept within the last day."""
    state = tx.sources.state(_STATE_KEY)
    before = _recent_repairs(state, now)
    repairs = [*before, *sentences]
    count = (int((state or {}).get("count", 0)) if before else 0) + len(sentences)
    values = {"at": now.isoformat(), "said": repairs[:_SHOWN], "count": count}
    tx.sources.put_state(_STATE_KEY, "", values, at=now)


def last_repairs(reader: Reader, *, now: datetime) -> tuple[str, ...]:
    """Return what was put right within the last day, the first of it, and how much more it was."""
    state = reader.sources.state(_STATE_KEY)
    repairs = _recent_repairs(state, now)
    more = int((state or {}).get("count", 0)) - len(repairs) if repairs else 0
    return (*repairs, f"and {more} more") if more > 0 else tuple(repairs)


def _recent_repairs(state: Mapping[str, Any] | None, now: datetime) -> list[str]:
    try:
        at = datetime.fromisoformat(str((state or {})["at"]))
        repairs = [str(one) for one in (state or {})["said"]]
    except (KeyError, TypeError, ValueError):
        return []
    return repairs if now - _REPORTED_FOR < at <= now + CLOCK_TOLERANCE else []


def time_findings(app: "App", latest_run: LatestRun | None) -> Iterator[Finding]:
    """Look for times and leases that a wrong clock left; nothing where the store cannot be read."""
    try:
        with limited_reader(app) as reader:
            now = app.now()
            found = [str(one) for one in skewed_times(app, reader, latest_run=latest_run)]
            leases = [
                f"the lease of {lease.holder}: {lease.fault}"
                for lease in reader.leases.all(now=now)
                if lease.fault is not None
            ]
            before = last_repairs(reader, now=now)
    except StoreError:  # reported among the findings of the store
        return
    if found or leases:
        fix = "check the clock of this machine; `monitor run` and `monitor deliver` put them right"
        yield Finding(
            about="stored times",
            verdict=CheckStatus.FAILED,
            detail=f"impossible: {_first(leases + found)}",
            fix=fix,
        )
    elif before:
        yield Finding(
            about="stored times",
            verdict=CheckStatus.WARNING,
            detail=f"were impossible within the last day, and were put right: {_first(before)}",
            fix="check the clock of this machine",
        )
    else:
        yield Finding(about="stored times", verdict=CheckStatus.FINE, detail="none is impossible")


def _first(sentences: Sequence[str], most: int = 5) -> str:
    more = len(sentences) - most
    return "; ".join([*sentences[:most], *([f"and {more} more"] if more > 0 else [])])


# --- what is impossible -----------------------------------------------------------------------


def _sources(
    app: "App", reader: Reader, now: datetime, latest_run: LatestRun | None
) -> Iterator[SkewedTimes]:
    settings = {source.name: source for source in app.settings.sources}
    for row in reader.sources.all():
        latest: dict[str, datetime] = {}
        bounds = [
            ("last_attempt_at", "was tried last", row.last_attempt_at, now + _ATTEMPT),
            ("last_success_at", "was read last", row.last_success_at, now),
            ("failing_since", "has failed since", row.failing_since, now),
        ]
        if latest_run is not None and row.name in settings:
            latest["next_due_at"] = latest_run(settings[row.name], now)
            bounds.append(("next_due_at", "is due next", row.next_due_at, latest["next_due_at"]))
        for column, what, found, most in bounds:
            if found is not None and found > most + CLOCK_TOLERANCE:
                yield _source_time(row.name, column, what, found, latest.get(column, now))


def _source_time(name: str, column: str, what: str, found: datetime, at: datetime) -> SkewedTimes:
    return SkewedTimes(
        what=f"the source {name} {what}",
        found=found,
        becomes=at,
        move_back=lambda tx: tx.skew.move_source(name, column, found, at),
    )


def _channels(app: "App", reader: Reader, now: datetime) -> Iterator[SkewedTimes]:
    for state in reader.outbox.channel_states():
        policy, until = policy_of(app.settings, state.channel), state.paused_until
        most = now + timedelta(seconds=policy.longest_wait_s)
        if until is not None and until > most + CLOCK_TOLERANCE:
            yield _rest(state.channel, until, now + timedelta(seconds=policy.rest_s(None)))


def _rest(channel: str, until: datetime, at: datetime) -> SkewedTimes:
    return SkewedTimes(
        what=f"the channel {channel} is paused until",
        found=until,
        becomes=at,
        move_back=lambda tx: tx.skew.move_rest(channel, until, at),
    )


def _messages(app: "App", reader: Reader, now: datetime) -> Iterator[SkewedTimes]:
    for channel in reader.outbox.channels(MessageState.WAITING):
        wait = timedelta(seconds=policy_of(app.settings, channel).longest_wait_s)
        at_once = now + max(wait, _QUIET) + CLOCK_TOLERANCE
        digest = now + max(wait, _DIGEST) + CLOCK_TOLERANCE
        for message in reader.skew.late_messages(
            channel, at_once=at_once, digest=digest, limit=_AT_ONCE
        ):
            yield _message(message, _due(app, reader, message, now))


def _message(message: OutboxMessage, at: datetime) -> SkewedTimes:
    return SkewedTimes(
        what=f"message {message.id} to {message.subscriber} by {message.channel} is due",
        found=message.due_at,
        becomes=at,
        move_back=lambda tx: tx.skew.move_message(message, at),
    )


def _due(app: "App", reader: Reader, message: OutboxMessage, now: datetime) -> datetime:
    """Return when a message is due at the latest, as far as is known of it.

    Quiet hours that hold now are minded when it is sent.
    """
    # Once tried it waits for its retry, no longer for its cut-off.
    if message.cutoff is not None and not message.attempts:
        wanted = {item.subscription_id for item in reader.outbox.items(message.id)}
        people = reader.subscribers.subscriptions(subscriber=message.subscriber, damaged=[])
        digests = [one.when for one in people if not wanted or one.id in wanted]
        ends = [next_cutoff(when, now) for when in digests if not isinstance(when, AtOnce)]
        return min(ends, default=now)
    policy = policy_of(app.settings, message.channel)
    return now + timedelta(seconds=policy.longest_backoff_s(message.attempts))


def _silences(reader: Reader, now: datetime) -> Iterator[SkewedTimes]:
    """Yield silences that were made in the future: as long as they were to be, but from now on."""
    for silence in reader.subscribers.silences():
        if silence.created_at > now + CLOCK_TOLERANCE:
            at = now + max(silence.until - silence.created_at, timedelta())
            yield _silence(silence.id, silence.until, at, now)


def _silence(number: int, until: datetime, at: datetime, now: datetime) -> SkewedTimes:
    return SkewedTimes(
        what=f"silence {number}, made in the future, ends",
        found=until,
        becomes=at,
        move_back=lambda tx: tx.skew.move_silence(number, until, at, now=now),
    )


def _subscriptions(reader: Reader, now: datetime) -> Iterator[SkewedTimes]:
    """Yield subscriptions that were made in the future: until then nothing is new to them."""
    for found in reader.skew.late_subscriptions(now + CLOCK_TOLERANCE):
        yield _subscription(*found, now)


def _subscription(number: int, name: str, made: datetime, now: datetime) -> SkewedTimes:
    return SkewedTimes(
        what=f"the subscription {name} was made",
        found=made,
        becomes=now,
        move_back=lambda tx: tx.skew.move_subscription(number, made, now),
    )
