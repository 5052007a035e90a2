"""What the configuration says of the deliveries of a channel."""

from typing import TYPE_CHECKING

from monitor.deliver.policy import Policy

if TYPE_CHECKING:
    from monitor.config import Settings


def policy_of(settings: "Settings", channel: str) -> Policy:
    """Return what the configuration says of a channel's deliveries."""
    given = settings.delivery
    rates = {one.name: one.per_minute for one in settings.channels}
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
        per_minute=rates.get(channel, 0),
    )
