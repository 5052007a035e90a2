"""Decide whether one subscription gets one event: the first reason that holds.

The definition of matching (docs/architecture.md, "Who wants it"); ``matcher`` finds the same ones
by index.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.match.change_set import ChangeSet
from monitor.match.silences import EventSilences, find_silence
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.subscriptions import (
    Changes,
    MatchDecision,
    Reason,
    Subscription,
    SubscriptionStatus,
)

_INACTIVE = {
    SubscriptionStatus.RETIRED: MatchDecision(reason=Reason.RETIRED),
    SubscriptionStatus.PAUSED: MatchDecision(reason=Reason.PAUSED),
}


def decide(
    subscription: Subscription,
    event: ChangeEvent,
    *,
    change_set: ChangeSet,
    trial_decision: MatchDecision,
    silences: EventSilences,
) -> MatchDecision:
    """Decide about one event of a change set.

    ``trial_decision``: by what the subscription matches the trial (NCT_ID, FILTER, EVERYTHING or
    OTHER_TRIAL). ``silences``: the silences that may concern the event.
    """
    status = _INACTIVE.get(subscription.status)
    if status is not None:
        return status
    if not trial_decision.sends:
        return trial_decision
    # The first reason is the one that a person sees, so the order is part of the contract:
    # docs/architecture.md, "Who wants it".
    return (
        reject_by_time(subscription, change_set)
        or reject_by_changes(subscription.changes, event)
        or reject_by_silence(subscription, silences, change_set.known_at)
        or trial_decision
    )


def reject_by_time(subscription: Subscription, change_set: ChangeSet) -> MatchDecision | None:
    """Return why a version is too early for a subscription or backfilled; None when it is not."""
    if change_set.backfilled:
        return MatchDecision(reason=Reason.BACKFILLED)
    # Else a new subscription would begin with all that happened before it was made.
    if change_set.known_at < subscription.created_at:
        return MatchDecision(
            reason=Reason.EARLIER, words=f"made {_moment(subscription.created_at)}"
        )
    return None


def reject_by_changes(changes: Changes, event: ChangeEvent) -> MatchDecision | None:
    """Return why the subscribed changes do not include an event; None when they do.

    Noise whose kind is named counts as ``low``.
    """
    named = changes.kinds is not None and not changes.kinds.isdisjoint(event.kinds)
    noise = event.severity is Severity.NOISE
    if noise and not named:
        return MatchDecision(reason=Reason.NOISE, words=event.kind)
    if changes.kinds is not None and not named:
        return MatchDecision(reason=Reason.KIND, words=", ".join(event.kinds))
    # Who names a kind that is always noise wants it, and `low` is the default for least severity.
    weight = Severity.LOW if noise else event.severity
    if weight.rank < changes.min_severity.rank:
        return MatchDecision(reason=Reason.SEVERITY, words=f"min_severity: {changes.min_severity}")
    for name, least in (("days", changes.min_days), ("percent", changes.min_percent)):
        figure = _figure(event.facts.get(name))
        # An event without a figure (a date that is gone) is not below the threshold.
        if least is not None and figure is not None and abs(figure) < least:
            return MatchDecision(reason=Reason.THRESHOLD, words=f"min_{name}: {least:g}")
    return None


def wanted_positions(changes: Changes, events: Sequence[ChangeEvent]) -> tuple[int, ...]:
    """Return the positions of the events that the subscribed changes include, ascending."""
    return tuple(at for at, event in enumerate(events) if reject_by_changes(changes, event) is None)


def reject_by_silence(
    subscription: Subscription, silences: EventSilences, at: datetime
) -> MatchDecision | None:
    """Return the silence that suppresses an event; None when none does."""
    silence = find_silence(silences, subscription.subscriber, at)
    if silence is None:
        return None
    what = " in ".join(name for name in (silence.kind, silence.nct_id) if name is not None)
    why = f" ({silence.reason})" if silence.reason else ""
    return MatchDecision(
        reason=Reason.SILENCED, words=f"{what} until {_moment(silence.until)}{why}"
    )


def _figure(value: Any) -> float | None:
    # `True` is an int to Python.
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else None


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
