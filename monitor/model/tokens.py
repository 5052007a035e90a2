"""Bearer tokens, by which programs and readers authenticate over HTTP."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What is known of a token; its secret is not.

    ``subscriber``: whose subscriptions it may read, None: nobody's; ``operator``: everybody's.
    ``expires_at`` None: never. ``last_used_on``: a day in UTC. Times are aware.
    """

    name: str
    subscriber: str | None
    operator: bool
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_on: date | None = None

    def is_valid(self, at: datetime) -> bool:
        """Return whether it lets anybody in at that time."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)
