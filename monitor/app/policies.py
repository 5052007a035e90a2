"""How the configuration has a channel deliver."""

from typing import TYPE_CHECKING

from monitor.channels.envelope import envelope
from monitor.deliver.policy import Policy
from monitor.deliver.splitting import Splitter

if TYPE_CHECKING:
    from monitor.settings import Settings


def policy_of(settings: "Settings", channel: str) -> Policy:
    """Return the delivery policy that the configuration gives a channel."""
    own = next((one for one in settings.channels if one.name == channel), None)
    return Policy(delivery=settings.delivery, channel=own)


def splitter_of(settings: "Settings", channel: str) -> Splitter | None:
    """Return what splits messages that are too large for a channel; None: it takes all."""
    own = next((one for one in settings.channels if one.name == channel), None)
    if own is None or not own.split_above_kb:
        return None
    source = settings.delivery.event_source
    return Splitter(
        limit=own.split_above_kb << 10, size=lambda message: len(envelope(message, source))
    )
