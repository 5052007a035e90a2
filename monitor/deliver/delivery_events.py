"""What a delivery pass reports while it runs: to the log, the metrics and the operator."""

from collections.abc import Sequence
from typing import Protocol

from monitor.model.messages import ChannelState, OutboxMessage


class DeliveryEvents(Protocol):
    """Writes logs, counts, tells the operator; never fails. Threads may call it at once."""

    def ended(self, message: OutboxMessage, outcome: str, said: str) -> None:
        """Hear what became of a try: "sent", "retried", "dead" or "dropped", and why."""
        ...

    def breaker_opened(self, state: ChannelState) -> None:
        """Hear that a channel has failed too often in a row; once until it works again."""
        ...

    def breaker_closed(self, channel: str) -> None:
        """Hear that a channel works again that was reported as paused."""
        ...

    def abandoned(self, messages: Sequence[OutboxMessage]) -> None:
        """Hear of messages whose worker stopped responding (``claimed_by``)."""
        ...

    def grouped(self, message: OutboxMessage, count: int) -> None:
        """Hear that so many messages became this one, before it is sent."""
        ...

    def split(self, message: OutboxMessage, parts: int) -> None:
        """Hear that a message was too large, and goes in so many parts."""
        ...

    def trouble(self, channel: str, reason: str) -> None:
        """Hear what else went wrong."""
        ...
