"""Messages to subscribers: the items of the outbox, their state, and attempts to send them.

``ingest.notify`` makes items, ``store`` gathers them into messages, ``deliver`` sends these.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple, get_args

from monitor.model.changes import ChangeEvent

Recipient = tuple[str, str, str]
"""Subscriber, channel and target of a message."""


class MessageState(StrEnum):
    """The state of a message."""

    WAITING = "waiting"
    """For its time, or for another attempt."""
    SENDING = "sending"
    """Claimed by a worker, as long as it keeps its lease."""
    SENT = "sent"
    DEAD = "dead"
    """Given up: permanently refused, or tried too often. Can be sent again."""
    DROPPED = "dropped"
    """By the operator, or empty when its time came."""


class OutboxItem(NamedTuple):
    """Events of one version that one subscription sends to one target of one channel.

    ``target``: whom the channel serves; an address, or "" where the channel has but one.
    ``positions``: of the events within the version, ascending. ``reason``: the verdict's words,
    as the message will say it. ``due_at``: when it is to be sent; the cut-off of a digest.
    """

    # A tuple, because a pass makes hundreds of thousands: a frozen dataclass takes five times as
    # long to make.
    version_id: int
    nct_id: str
    subscription_id: int
    subscriber: str
    channel: str
    target: str
    positions: tuple[int, ...]
    reason: str
    due_at: datetime
    digest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """What was announced of a version; whatever is learnt later does not change it.

    ``events``: all of the version's, which items name by position; None where a program that kept
    no copy announced them and they have been derived anew since. ``previous_id``: the version that
    it was compared with, None for a trial's first.
    """

    version_id: int
    previous_id: int | None
    events: tuple[ChangeEvent, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A message of one or more items to one person by one channel.

    ``key`` is unique within the store and never changes: it tells which items belong here. ``uid``
    (a UUID) is the id that a receiver sees, the same however often the message is repeated, over
    restores too (``model.identity``); None until the first claim, when the items are settled.
    ``cutoff``: of a digest, else None. ``group_until``: of a group, else None; it is what many
    messages became that were due at once, the last of them at that time. ``part``: of ``parts``
    into which a message was split that was too large, else None. ``attempts``: made so far, since
    it was retried by hand (``retried_at``) if it was. ``due_at``: not before. Times are aware UTC.
    """

    id: int
    key: str
    uid: str | None
    subscriber: str
    channel: str
    target: str
    state: MessageState
    cutoff: datetime | None
    due_at: datetime
    attempts: int = 0
    last_error: str | None = None
    created_at: datetime
    sent_at: datetime | None = None
    claimed_by: str | None = None
    claim_fence: int | None = None
    group_until: datetime | None = None
    part: int | None = None
    parts: int | None = None
    retried_at: datetime | None = None

    @property
    def welcomes(self) -> tuple[int, ...]:
        """The ids of the subscriptions that a welcome message is about; else ()."""
        kind, _, rest = self.key.partition(":")
        # The key of a welcome message is "w:3,7:…", as monitor/store made it.
        return tuple(map(int, rest.partition(":")[0].split(","))) if kind == "w" else ()

    @property
    def request(self) -> int | None:
        """The number of the request that it asks to confirm; None of any other."""
        kind, _, rest = self.key.partition(":")
        return int(rest.partition(":")[0]) if kind == "c" else None

    @property
    def kind(self) -> Literal["alert", "confirmation", "digest", "group", "notice", "welcome"]:
        """What it is, whole or in parts; a notice is for the operator."""
        # The key's prefix says it (``store.outbox_enqueue``).
        if self.key.startswith("o:"):
            return "notice"
        if self.request is not None:
            return "confirmation"
        if self.welcomes:
            return "welcome"
        if self.cutoff is not None:
            return "digest"
        return "alert" if self.group_until is None else "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to send a message: when, how it went ("sent", "transient", "refused", "permanent"),
    and what the service said. "refused" is transient too, for some time.
    """  # noqa: D205 - one sentence

    message_id: int
    at: datetime
    outcome: str
    detail: str


Rendering = Literal["text", "html", "slack", "data"]
"""What a message can be rendered as; ``Message`` has a field of each name."""

RENDERINGS: frozenset[Rendering] = frozenset(get_args(Rendering))

ALONE = "group"
"""The ``thread`` of messages without a thread: groups of alerts, of many trials or of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it is handed to a channel: all that the channel sends, nothing to be looked up.

    ``uid``: its stable id. ``subject``: one line. ``text``: plain text. ``html``: a whole HTML
    document. ``slack``: the payload of a Slack webhook (``text`` and ``blocks``). ``data``: the
    change as JSON. Of these four those are empty that the channel does not send.
    ``occurred_at``: when the monitor stored the change. ``thread``: what mails
    of one trial have in common (an NCT ID; "digest" for digests); ALONE: nothing with any other.
    ``severity``: the highest.
    ``dated_at``: what a mail is dated, the cut-off of a digest; None: ``occurred_at``.
    """

    uid: str
    subscriber: str
    target: str
    subject: str
    occurred_at: datetime
    thread: str
    severity: str
    text: str = ""
    html: str = ""
    slack: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    dated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """The circuit breaker of a channel: failures in a row, and until when it is paused (aware UTC).

    ``reported``: the operator was notified that it is paused. ``failing_since``: the first of them.
    """

    channel: str
    failures: int = 0
    paused_until: datetime | None = None
    last_error: str | None = None
    reported: bool = False
    failing_since: datetime | None = None
