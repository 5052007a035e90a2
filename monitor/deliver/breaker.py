"""The circuit breaker: a channel that fails in a row is paused, then tried with one message."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from monitor.channels.bounded import HANGS
from monitor.deliver.outcome import Outcome
from monitor.deliver.policy import Policy
from monitor.model.messages import ChannelState
from monitor.store.outbox import OutboxWriter

BreakerChange = Literal["opened", "closed"]


class Breaker:
    """One channel's state, which is kept in the store: processes share it, restarts keep it.

    Closed, it lets everything pass. After ``breaker_failures`` failures in a row the channel is
    paused; then one message is tried: it closes the breaker, or the channel is paused again. A
    service that asks for a pause gets it, whether open or closed. A message that is refused for
    good says nothing about the channel: the service has answered.
    """

    def __init__(self, channel: str, policy: Policy) -> None:
        self._policy = policy
        self.state = ChannelState(channel=channel)
        self.is_paused = False

    def look(self, state: ChannelState, now: datetime) -> int:
        """Take over the channel's stored state; return how many messages to claim."""
        self.state = state
        self.is_paused = state.paused_until is not None and state.paused_until > now
        if self.is_paused:
            return 0
        # Half open: one message is tried, and the tries of the others are saved.
        is_open = state.failures >= self._policy.delivery.breaker_failures
        return 1 if is_open else self._policy.claim_limit

    def note(self, outbox: OutboxWriter, outcome: Outcome, now: datetime) -> BreakerChange | None:
        """Store the health of the channel after an attempt; return a change to report."""
        if outcome.kind == "sent":
            return self._succeed(outbox)
        if outcome.kind in ("transient", "not begun"):
            return self._fail(outbox, outcome, now)
        return None

    def make_room(self, outbox: OutboxWriter, now: datetime) -> None:
        """End a pause that began because too many conversations hang: one of them has ended."""
        before = outbox.channel_state(self.state.channel)
        # A pause after failures of the service must last; only the one that HANGS explains may
        # end early.
        if self.is_paused and HANGS in (before.last_error or ""):
            self.is_paused = False
            self.state = replace(before, paused_until=now)
            outbox.put_channel_state(self.state)

    def _succeed(self, outbox: OutboxWriter) -> BreakerChange | None:
        # A channel that is well is not written: that would be one more row for each message.
        if self.state == ChannelState(channel=self.state.channel):
            return None
        # Read again inside the transaction: another process may have used the channel since
        # `look`.
        before = outbox.channel_state(self.state.channel)
        self.state = ChannelState(channel=before.channel)
        outbox.put_channel_state(self.state)
        return "closed" if before.reported else None

    def _fail(self, outbox: OutboxWriter, outcome: Outcome, now: datetime) -> BreakerChange | None:
        before = outbox.channel_state(self.state.channel)
        # "not begun" opens the circuit but is no failure: the service was not asked.
        failures = before.failures + (outcome.kind == "transient")
        if outcome.opens_circuit:
            failures = max(failures, self._policy.delivery.breaker_failures)
        broken = failures >= self._policy.delivery.breaker_failures
        pause_s = self._policy.pause_s(outcome.retry_after_s)
        rest_s = self._policy.rest_s(outcome.retry_after_s) if broken else pause_s
        self.is_paused = rest_s > 0
        self.state = replace(
            before,
            failures=failures,
            paused_until=now + timedelta(seconds=rest_s) if self.is_paused else before.paused_until,
            last_error=outcome.detail,
            # Set until the next success: failing, pausing and failing again is one incident, not
            # many.
            reported=before.reported or broken,
            failing_since=before.failing_since or now,
        )
        outbox.put_channel_state(self.state)
        return "opened" if broken and not before.reported else None
