"""What the API answers beside the types of ``monitor.api``; the OpenAPI document is made of both.

``next`` of a page is the ``cursor`` behind which there may be more, null at the end. ``complete``
is false where the time was over before the page was full: go on with ``next``.
"""

from msgspec import Struct

from monitor.api import Event, Facts, Trial, Version
from monitor.api.types import Time


class TrialPage(Struct, frozen=True, kw_only=True):
    """Trials, in the order that was asked for."""

    trials: tuple[Trial, ...]
    next: str | None
    complete: bool


class EventPage(Struct, frozen=True, kw_only=True):
    """Events, those first that were learned last."""

    events: tuple[Event, ...]
    next: str | None
    complete: bool


class VersionList(Struct, frozen=True, kw_only=True):
    """All versions of a trial, oldest first."""

    versions: tuple[Version, ...]


class FactsList(Struct, frozen=True, kw_only=True):
    """What each version of a trial states, oldest first."""

    facts: tuple[Facts, ...]


class Subscription(Struct, frozen=True, kw_only=True):
    """Who wants to hear of which changes; the keys are those of the configuration.

    ``filter``: sets of values by key, and under ``not`` those that are excluded. ``changes``: kinds
    of events, null for all but noise.
    """

    id: int
    subscriber: str
    name: str
    status: str
    origin: str
    created_at: Time
    nct_ids: tuple[str, ...]
    filter: tuple[dict[str, tuple[str, ...] | dict[str, tuple[str, ...]]], ...]
    all: bool
    changes: tuple[str, ...] | None
    min_severity: str
    min_days: int | None
    min_percent: float | None
    when: str
    critical_at_once: bool
    quiet: str | None
    send_empty: bool
    channels: tuple[str, ...]


class SubscriptionList(Struct, frozen=True, kw_only=True):
    """The subscriptions that a token may read, those that were made first at first."""

    subscriptions: tuple[Subscription, ...]
