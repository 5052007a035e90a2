"""What a delivery pass reports while it runs: to the log, the metrics and the operator."""

from collections.abc import Sequence
from typing import Protocol

from monitor.model.messages import ChannelState, OutboxMessage


class DeliveryEvents(Protocol):
    """Callbacks of a delivery pass; they never fail, and threads may call them at once."""

    def on_attempt(self, message: OutboxMessage, outcome: str, detail: str) -> None:
        """Report an attempt: ``outcome`` is "sent", "retried", "dead" or "dropped"."""
        ...

    def on_breaker_opened(self, state: ChannelState) -> None:
        """Report that a channel failed too often in a row; once until it works again."""
        ...

    def on_breaker_closed(self, channel: str) -> None:
        """Report that a channel works again that was reported as paused."""
        ...

    def on_claims_lost(self, messages: Sequence[OutboxMessage]) -> None:
        """Report messages whose worker stopped responding (``claimed_by``)."""
        ...

    def on_grouped(self, message: OutboxMessage, count: int) -> None:
        """Report that ``count`` messages were grouped into this one, before it is sent."""
        ...

    def on_split(self, message: OutboxMessage, parts: int) -> None:
        """Report that a message was too large and is sent in ``parts`` parts."""
        ...

    def on_warning(self, channel: str, reason: str) -> None:
        """Report anything else that went wrong."""
        ...
