"""Why one subscription gets one event, or does not: the first reason that holds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.match.change_set import ChangeSet
from monitor.match.silences import Over, holding
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
    news: ChangeSet,
    about: MatchDecision,
    over: Over,
) -> MatchDecision:
    """Return the verdict on one event of the news.

    ``about``: how the subscription stands to the trial (NCT_ID, FILTER, EVERYTHING or
    OTHER_TRIAL). ``over``: the silences that may concern the event.
    """
    status = _INACTIVE.get(subscription.status)
    if status is not None:
        return status
    if not about.sends:
        return about
    # The first objection is the one that a person is told, so the order is part of the answer:
    # docs/architecture.md, "Who wants it".
    return (
        out_of_time(subscription, news)
        or unwanted(subscription.changes, event)
        or silenced(subscription, over, news.known_at)
        or about
    )


def out_of_time(subscription: Subscription, news: ChangeSet) -> MatchDecision | None:
    """Return why the version is no news to a subscription; None when it is."""
    if news.backfilled:
        return MatchDecision(reason=Reason.BACKFILLED)
    # Else a new subscription would begin with all that happened before it was made.
    if news.known_at < subscription.created_at:
        return MatchDecision(
            reason=Reason.EARLIER, words=f"made {_moment(subscription.created_at)}"
        )
    return None


def unwanted(changes: Changes, event: ChangeEvent) -> MatchDecision | None:
    """Return why an event is not asked for; None when it is.

    Noise whose kind is named weighs nothing and is sent unless more than ``low`` is asked for.
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
        # An event without a figure (a date that is gone) is not smaller than asked for.
        if least is not None and figure is not None and abs(figure) < least:
            return MatchDecision(reason=Reason.THRESHOLD, words=f"min_{name}: {least:g}")
    return None


def wanted_positions(changes: Changes, events: Sequence[ChangeEvent]) -> tuple[int, ...]:
    """Return the positions of the events that are asked for, ascending."""
    return tuple(at for at, event in enumerate(events) if unwanted(changes, event) is None)


def silenced(subscription: Subscription, over: Over, at: datetime) -> MatchDecision | None:
    """Return which silence keeps an event back; None when none does."""
    silence = holding(over, subscription.subscriber, at)
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
