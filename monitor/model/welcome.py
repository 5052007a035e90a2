"""The content of a welcome message: new subscriptions, and what each of them covers now."""

from dataclasses import dataclass
from datetime import datetime

from monitor.model.alerts import TrialFacts
from monitor.model.subscriptions import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredTrials:
    """Which stored trials a subscription is about, when its welcome message is made.

    ``trials``: how many; where the store has more than were compared, of the ``compared`` ones,
    else None. ``first``: some of them, by NCT ID. ``missing``: the NCT IDs that it names and the
    store has not. ``next_digest``: when the next one is due (aware UTC); None: it goes at once.
    """

    subscription: Subscription
    trials: int
    compared: int | None = None
    first: tuple[TrialFacts, ...] = ()
    missing: tuple[str, ...] = ()
    next_digest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """The message to one address about new subscriptions, before it is rendered.

    ``uid``: its stable id. ``at``: when it was put into the outbox (aware UTC).
    ``unsubscribe_url``, ``manage_url``: as of ``Notification``.
    """

    uid: str
    subscriber: str
    target: str
    at: datetime
    coverage: tuple[CoveredTrials, ...]
    unsubscribe_url: str | None = None
    manage_url: str | None = None
