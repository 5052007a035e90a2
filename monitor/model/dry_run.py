"""The dry run of a subscription: what it matches now, and what it would have sent lately.

``app.dry_run`` makes it, `monitor subscription test` shows it.
"""

from dataclasses import dataclass
from datetime import datetime

from monitor.model.changes import ChangeEvent
from monitor.model.history import TrialRow
from monitor.model.subscriptions import Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedTrial:
    """A trial that a subscription is for now, and why."""

    trial: TrialRow
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentVersion:
    """The events of a version that would have been sent, and when they would have been due."""

    nct_id: str
    title: str | None
    number: int
    known_at: datetime
    due_at: datetime
    events: tuple[ChangeEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a subscription is for, and what it would have sent since a time (aware UTC).

    ``trials``: those that a source follows, by NCT ID; ``unfollowed``: how many others are stored
    that match. ``sent``: by the time when they were read. ``messages``: how many these would have
    been by each channel: one for a version, or for all of a digest. ``first_seen``: how many
    trials were seen for the first time, which sends an alert unless a source began with them.
    """

    subscription: Subscription
    since: datetime
    trials: tuple[MatchedTrial, ...]
    unfollowed: int
    sent: tuple[SentVersion, ...]
    messages: int
    first_seen: int
    warnings: tuple[str, ...]
