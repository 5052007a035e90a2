"""How deliveries are made in a test: settings by their names, of delivery or of a channel."""

from typing import Any

from monitor.deliver.policy import Policy
from monitor.settings import ChannelSettings, DeliverySettings

_OF_A_CHANNEL = ("per_minute", "group_above")


def policy(**given: Any) -> Policy:
    """Return the policy by which a channel without groups and pace delivers, but for these."""
    own = {key: given.pop(key, 0) for key in _OF_A_CHANNEL}
    channel = ChannelSettings(name="mail", **own)
    return Policy(delivery=DeliverySettings(**given), channel=channel)
