"""What the configuration says of the deliveries of a channel."""

from typing import TYPE_CHECKING

from monitor.app.channels import event_source
from monitor.config.channels import WebhookChannelSettings
from monitor.deliver.policy import Policy
from monitor.deliver.splitting import Splitter

if TYPE_CHECKING:
    from monitor.config import Settings


def policy_of(settings: "Settings", channel: str) -> Policy:
    """Return what the configuration says of a channel's deliveries."""
    given = settings.delivery
    own = next((one for one in settings.channels if one.name == channel), None)
    return Policy(
        attempts=given.attempts,
        backoff_initial_s=given.backoff_initial_s,
        backoff_max_s=given.backoff_max_s,
        retry_after_max_s=given.retry_after_max_s,
        redeploy_s=given.redeploy_s,
        lease_s=given.lease_s,
        claim_messages=given.claim_messages,
        breaker_failures=given.breaker_failures,
        breaker_rest_s=given.breaker_rest_s,
        per_minute=own.per_minute if own else 0,
        group_above=own.group_above if own else 0,
    )


def splitter_of(settings: "Settings", channel: str) -> Splitter | None:
    """Return what splits messages that are too large for a channel; None: it takes all."""
    from monitor.channels.envelope import envelope  # noqa: PLC0415 - loaded by who sends

    own = next((one for one in settings.channels if one.name == channel), None)
    if not isinstance(own, WebhookChannelSettings) or not own.split_above_kb:
        return None
    source = event_source(settings.delivery)
    return Splitter(
        limit=own.split_above_kb << 10, size=lambda message: len(envelope(message, source))
    )
