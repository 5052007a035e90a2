"""The explanation of one event for one subscription, as `monitor explain` shows it."""

from dataclasses import dataclass

from monitor.model.messages import MessageState, OutboxMessage
from monitor.model.subscriptions import MatchDecision

_LOST = {MessageState.DEAD, MessageState.DROPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventExplanation:
    """Why a subscription gets an event or does not, and the messages that tell of it.

    ``messages``: by id, as they are in the outbox; () when the event was never put there.
    ``verdict``: with messages why the event was put there, or why they left it out; else why it
    was not.
    """

    verdict: MatchDecision
    messages: tuple[OutboxMessage, ...] = ()

    @property
    def sends(self) -> bool:
        """Return whether the event was sent, or is on its way."""
        return self.verdict.sends and any(one.state not in _LOST for one in self.messages)
