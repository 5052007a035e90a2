"""How patiently, how often and how quickly messages are sent, as data."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.settings import ChannelSettings, DeliverySettings

# 2.0**60 seconds is beyond every limit of the settings; 2.0**1024 is an OverflowError.
_LONGEST_EXPONENT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the settings say of the deliveries by one channel (None: it is no longer configured)."""

    delivery: DeliverySettings
    channel: ChannelSettings | None = None

    @property
    def per_minute(self) -> int:
        """How many messages one process sends at most, evenly; 0: any."""
        return self.channel.per_minute if self.channel else 0

    @property
    def group_above(self) -> int:
        """From how many messages on that go at once to one address they become one; 0: never."""
        return self.channel.group_above if self.channel else 0

    def is_last(self, attempt: int) -> bool:
        """Return whether there is no other try after this one, counted from 1."""
        return attempt >= self.delivery.attempts

    def retry_at(
        self, attempt: int, *, now: datetime, jitter: float, retry_after_s: float | None = None
    ) -> datetime:
        """Return when to try again after a try that failed, counted from 1.

        Full jitter: ``jitter`` (0 up to 1) of a pause that doubles with every try up to
        ``backoff_max_s``. Never before the pause that the service asked for.
        """
        longest_s = self.longest_backoff_s(attempt)
        # Full jitter, not a few percent around the pause: messages that failed together must not
        # come back together
        # (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
        return now + timedelta(seconds=max(jitter * longest_s, self.pause_s(retry_after_s)))

    def longest_backoff_s(self, attempt: int) -> float:
        """Return the longest pause after a try that failed, counted from 1; 0 before any."""
        if attempt < 1:
            return 0.0
        exponent = min(attempt - 1, _LONGEST_EXPONENT)
        return min(self.delivery.backoff_max_s, self.delivery.backoff_initial_s * 2.0**exponent)

    @property
    def longest_wait_s(self) -> float:
        """The longest that a message, or a channel, ever waits because of a try that failed."""
        return max(
            self.delivery.backoff_max_s,
            self.delivery.retry_after_max_s,
            self.delivery.breaker_rest_s,
        )

    def pause_s(self, retry_after_s: float | None) -> float:
        """Return how long a pause that a service asked for is kept; 0 for none."""
        return min(max(0.0, retry_after_s or 0.0), self.delivery.retry_after_max_s)

    def rest_s(self, retry_after_s: float | None) -> float:
        """Return how long a channel is paused that has failed too often in a row."""
        return max(self.delivery.breaker_rest_s, self.pause_s(retry_after_s))

    @property
    def claim_limit(self) -> int:
        """How many messages to claim at a time: not more than can be sent within a lease."""
        if not self.per_minute:
            return self.delivery.claim_messages
        # Example: at 30 a minute and a lease of 60 s, 30 messages. More would wait for their rate
        # under our claim, where no other process can take them.
        return max(
            1, min(self.delivery.claim_messages, int(self.per_minute * self.delivery.lease_s / 60))
        )
