"""Readers who subscribed by themselves: confirmed addresses, and requests for confirmation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.model.subscriptions import Subscription

SUBSCRIBERS = ("subscribers",)
"""The targets of a channel that sends to the confirmed addresses of the store."""


def targets_to(
    targets: Sequence[str], subscriber: str, addresses: Mapping[str, str]
) -> Sequence[str]:
    """Return where a channel of these targets reaches a subscriber; ``addresses``: confirmed ones.

    () where the channel is for readers and the subscriber has confirmed no address.
    """
    if targets != SUBSCRIBERS:
        return targets
    address = addresses.get(subscriber)
    return () if address is None else (address,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmedAddress:
    """Where the messages of a reader go; ``generation``: of the links that are valid."""

    subscriber: str
    address: str
    generation: int
    confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequest:
    """A request to send messages to an address that is not confirmed yet.

    ``subscriber``: who they are, or will be. ``network``: a keyed hash of where they asked from.
    ``subscription`` None: it is confirmed; the id of a given one is 0.
    """

    id: int
    subscriber: str
    address: str
    network: str
    subscription: Subscription | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """The message that asks for a confirmation, before it is rendered.

    ``confirm_url``: of the page with the button, until ``until`` (aware UTC).
    """

    uid: str
    subscriber: str
    target: str
    at: datetime
    subscription: Subscription
    confirm_url: str
    until: datetime
