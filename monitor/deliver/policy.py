"""How patiently, how often and how quickly messages are sent, as data."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_LONGEST_EXPONENT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for one channel.

    ``attempts``: tries of a message before it is a dead letter. ``lease_s``: how long a claim
    lasts that nobody renews. ``breaker_failures`` in a row let the channel rest for
    ``breaker_rest_s``. ``per_minute``: messages that one process sends at most, evenly; 0: any.
    ``retry_after_max_s``: a service that asks for a longer pause gets this one.
    ``redeploy_s``: for so long after the first try a refusal is taken for a service that is
    being redeployed. ``group_above``: more messages than that which go at once to one address
    become one; 0: never.
    """

    attempts: int = 10
    backoff_initial_s: float = 30.0
    backoff_max_s: float = 3600.0
    retry_after_max_s: float = 86_400.0
    redeploy_s: float = 3_600.0
    lease_s: float = 120.0
    claim_messages: int = 50
    breaker_failures: int = 5
    breaker_rest_s: float = 300.0
    per_minute: int = 0
    group_above: int = 0

    def is_last(self, attempt: int) -> bool:
        """Tell whether there is no other try after this one, counted from 1."""
        return attempt >= self.attempts

    def retry_at(
        self, attempt: int, *, now: datetime, chance: float, retry_after_s: float | None = None
    ) -> datetime:
        """Return when to try again after a try that failed, counted from 1.

        Full jitter: ``chance`` (0 up to 1) of a pause that doubles with every try up to
        ``backoff_max_s``. Never before the pause that the service asked for.
        """
        longest_s = self.longest_backoff_s(attempt)
        return now + timedelta(seconds=max(chance * longest_s, self.pause_s(retry_after_s)))

    def longest_backoff_s(self, attempt: int) -> float:
        """Return the longest pause after a try that failed, counted from 1; 0 before any."""
        if attempt < 1:
            return 0.0
        exponent = min(attempt - 1, _LONGEST_EXPONENT)
        return min(self.backoff_max_s, self.backoff_initial_s * 2.0**exponent)

    @property
    def longest_wait_s(self) -> float:
        """The longest that a message, or a channel, ever waits because of a try that failed."""
        return max(self.backoff_max_s, self.retry_after_max_s, self.breaker_rest_s)

    def pause_s(self, retry_after_s: float | None) -> float:
        """Return how long a pause that a service asked for is kept; 0 for none."""
        return min(max(0.0, retry_after_s or 0.0), self.retry_after_max_s)

    def rest_s(self, retry_after_s: float | None) -> float:
        """Return how long a channel rests that has failed too often in a row."""
        return max(self.breaker_rest_s, self.pause_s(retry_after_s))

    @property
    def claim_limit(self) -> int:
        """How many messages to claim at a time: not more than can be sent within a lease."""
        if not self.per_minute:
            return self.claim_messages
        return max(1, min(self.claim_messages, int(self.per_minute * self.lease_s / 60)))
