"""Subscriptions, silences, and the decisions about them: who wants which changes, where and when.

The store keeps them, ``match`` decides by them, the configuration and commands make them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, get_args

from monitor.model.changes import ChangeKind, Severity
from monitor.model.when import AtOnce, QuietHours, When

SubscriptionKey = tuple[str, str]
"""The name of a subscriber, and of one of their subscriptions."""


class SubscriptionOrigin(StrEnum):
    """Where an entry comes from: the configuration file, a command or the page."""

    CONFIG = "config"
    COMMAND = "command"
    PAGE = "page"
    """Made by the subscriber, on the page."""


class SubscriptionStatus(StrEnum):
    """Whether a subscriber or a subscription is in use."""

    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"
    """It left the file it came from, or was removed; kept for what it was sent."""


FilterKey = Literal[
    "condition", "intervention", "sponsor", "phase", "status", "study_type", "country", "title",
    "keyword", "facility", "city", "text", "source",
]  # fmt: skip
FILTER_KEYS: tuple[str, ...] = get_args(FilterKey)
"""How to add one: docs/contributing.md."""
FILTER_MEANINGS: Mapping[str, str] = {
    "condition": "in a condition or its MeSH terms",
    "intervention": "in an intervention or its MeSH terms",
    "sponsor": "in the sponsor or a collaborator",
    "phase": "as phase",
    "status": "as overall status",
    "study_type": "as study type",
    "country": "as country of a site",
    "title": "in a title or the acronym",
    "keyword": "in a keyword",
    "facility": "in the facility of a site",
    "city": "in the city of a site",
    "text": "in title, conditions, keywords, interventions or summary",
    "source": "as source that follows them",
}
"""Where a trial must have a value, as help says it: trials with any of these …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Trials by their attributes: any value of a key, all keys, none of ``excluded``.

    Both map keys of FILTER_KEYS to values. Words match case- and accent-insensitively, on word
    boundaries, in any order within one text of the record; words in double quotes match as a
    phrase. ``phase``, ``status``, ``study_type`` and ``source`` match as a whole. One that only
    excludes matches all other trials; a filter without keys matches nothing.
    """

    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    excluded: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Which trials a subscription is about: these, those of any filter, or all."""

    nct_ids: frozenset[str] = frozenset()
    filters: tuple[Filter, ...] = ()
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Which change events are wanted.

    ``kinds`` None: all but noise. Noise is sent only where its kind is named. ``min_days``:
    least shift of a date; ``min_percent``: least change of an enrollment, both without sign;
    None: any. Events without such a figure are not held back by them.
    """

    kinds: frozenset[ChangeKind] | None = None
    min_severity: Severity = Severity.LOW
    min_days: int | None = None
    min_percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The changes that one subscriber wants, where and when.

    ``id``: of the store. ``name`` is unique among the subscriber's own. ``channels``: names of
    channels of the configuration. ``critical_at_once``: critical events do not wait for the
    digest. ``created_at``: versions that were stored before are not sent (aware UTC).
    ``send_empty``: a digest is sent even when it holds nothing.
    """

    id: int
    subscriber: str
    name: str
    trials: Trials
    changes: Changes = field(default_factory=Changes)
    when: When = field(default_factory=AtOnce)
    critical_at_once: bool = False
    quiet: QuietHours | None = None
    send_empty: bool = False
    channels: tuple[str, ...]
    origin: SubscriptionOrigin
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A person or a team; ``name`` is unique."""

    name: str
    origin: SubscriptionOrigin
    status: SubscriptionStatus = SubscriptionStatus.ACTIVE
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nothing of a trial, or of a kind, or of a kind in a trial, is sent until then (aware UTC).

    ``kind``: a kind of change, or the name of a group (``model.changes``) for all kinds of it.
    ``subscriber`` None: to nobody. At least one of ``nct_id`` and ``kind`` is given.
    """

    id: int
    subscriber: str | None
    nct_id: str | None
    kind: str | None
    until: datetime
    reason: str | None = None
    created_at: datetime


# Programs read the names, which stay (`"reason": "nct_id"`); the texts are for people.
class Reason(StrEnum):
    """Why a subscription gets an event, or why it does not."""

    NCT_ID = "it names this trial"
    FILTER = "its filter matches this trial"
    EVERYTHING = "it is about all trials"
    OTHER_TRIAL = "it is about other trials"
    KIND = "this kind of change is not asked for"
    NOISE = "noise is sent only where its kind is named"
    SEVERITY = "the change weighs less than asked for"
    THRESHOLD = "the change is smaller than asked for"
    SILENCED = "it is silenced"
    PAUSED = "the subscription is paused"
    RETIRED = "the subscription is no more"
    BACKFILLED = "the version is one of the past"
    EARLIER = "the version was stored before the subscription was made"
    RECOMPUTED = "it was not put into the outbox: versions of the past changed it later"
    FIRST_SIGHT = (
        "it was not put into the outbox: a source began with this trial, it was stored without "
        "alerts, or a merger that was sent reported it"
    )
    UNANNOUNCED = (
        "it was not put into the outbox: it was stored without alerts, "
        "or the subscription or a silence was another then"
    )

    @property
    def sends(self) -> bool:
        """Return whether this is a reason to send."""
        return self in {Reason.NCT_ID, Reason.FILTER, Reason.EVERYTHING}


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchDecision:
    """Whether a subscription gets an event, and why.

    ``words``: what of the subscription decided it ("condition: lupus"), in its own words.
    """

    reason: Reason
    words: str = ""

    @property
    def sends(self) -> bool:
        """Return whether the event is sent."""
        return self.reason.sends
