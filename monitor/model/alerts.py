"""The content of a message to a subscriber before it is rendered.

``deliver.notifications`` builds it from the store, ``render.alerts`` turns it into text and HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from monitor.model import fields
from monitor.model.bitemporal import known_since
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.history import StoredVersion
from monitor.model.profile import Treatment, TrialProfile
from monitor.model.record import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialFacts:
    """A trial and its status, in the registry's words; None where not stated.

    ``overall_status``: ``GONE`` or ``MERGED`` while the registry no longer shows the record.
    ``status_now``: the same of the newest stored version; None where the facts are that version's.
    """

    nct_id: str
    title: str | None = None
    sponsor: str | None = None
    overall_status: str | None = None
    status_now: str | None = None
    phases: tuple[str, ...] = ()
    acronym: str | None = None
    conditions: tuple[str, ...] = ()
    treatment: Treatment = field(default_factory=Treatment)

    @classmethod
    def of(cls, record: TrialRecord) -> "TrialFacts":
        """Return the facts that a record states."""
        return cls(
            nct_id=record.nct_id,
            title=record.title,
            sponsor=record.lead_sponsor,
            overall_status=record.presence or record.overall_status,
            phases=record.phases,
            acronym=record.text(fields.ACRONYM),
            conditions=record.conditions,
            treatment=Treatment.of(record),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Events of one version of one trial that a subscriber is notified of, most severe first.

    ``number``: the version's place in the trial's history, from 1; ``previous``: the version
    before it. ``reasons``: whole sentences that say why it is sent, each once. ``profile``: of a
    trial that is new to the monitor, else None.
    """

    trial: TrialFacts
    number: int
    version: StoredVersion
    previous: StoredVersion | None
    events: tuple[ChangeEvent, ...]
    reasons: tuple[str, ...] = ()
    profile: TrialProfile | None = None

    @classmethod
    def of(
        cls,
        record: TrialRecord,
        versions: Sequence[StoredVersion],
        version_id: int,
        events: Iterable[ChangeEvent],
        reasons: Iterable[str],
    ) -> "Alert":
        """Return the alert of one of a trial's ordered versions; ``record`` is that version's.

        ValueError when no version of these has that id.
        """
        at = [version.id for version in versions].index(version_id)
        ordered = most_severe_first(events)
        return cls(
            trial=TrialFacts.of(record),
            number=at + 1,
            version=versions[at],
            previous=versions[at - 1] if at else None,
            events=ordered,
            reasons=tuple(dict.fromkeys(reasons)),
            profile=profile_of(record, ordered),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The time whose changes a digest holds: up to its cut-off (aware UTC).

    ``since``: the cut-off before it; None for the first digest.
    """

    since: datetime | None = None
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One message to one person before it is rendered: an alert, a group or a digest of many.

    ``uid``: the delivery's stable id. ``digest`` None: it is sent at once and has an alert.
    ``public_url``: where the monitor's own pages can be read, without a slash at its end; None
    where there are none. ``unsubscribe_url``: where a click, or a POST, ends the subscription.
    ``message_url``: the page that shows all of it; None where there are no pages.
    ``manage_url``: of the reader's own page; None for who did not subscribe there. ``why_url``:
    the page that says why the message came.
    ``empty_digest_of``: of a digest without alerts, the names of the subscriptions that send empty
    ones. ``group_until``: of alerts that came at once and go together, when the last of them came.
    ``part``: where it was too large to be sent whole, its place from 1 on, and of how many.
    """

    uid: str
    subscriber: str
    target: str = ""
    alerts: tuple[Alert, ...]
    digest: Window | None = None
    public_url: str | None = None
    unsubscribe_url: str | None = None
    message_url: str | None = None
    manage_url: str | None = None
    why_url: str | None = None
    empty_digest_of: tuple[str, ...] = ()
    group_until: datetime | None = None
    part: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not self.alerts and self.digest is None:
            raise ValueError("a notification without alerts can only be a digest")

    @property
    def is_gathered(self) -> bool:
        """Whether it holds many changes together: a digest or a group."""
        return self.digest is not None or self.group_until is not None

    @property
    def severity(self) -> Severity:
        """The highest of its events; noise where it has none."""
        found = (event.severity for alert in self.alerts for event in alert.events)
        return max(found, key=lambda severity: severity.rank, default=Severity.NOISE)

    @property
    def occurred_at(self) -> datetime:
        """When the latest of its versions was first read; of an empty digest its cut-off."""
        if self.digest is not None and not self.alerts:
            return self.digest.until
        return max(known_since(alert.version) for alert in self.alerts)


def profile_of(record: TrialRecord, events: Iterable[ChangeEvent]) -> TrialProfile | None:
    """Return the profile of a trial that is new by its events; None for any other."""
    is_new = any(event.kind is ChangeKind.TRIAL_REGISTERED for event in events)
    return TrialProfile.of(record) if is_new else None


def most_severe_first(events: Iterable[ChangeEvent]) -> tuple[ChangeEvent, ...]:
    """Return the events by falling severity, equal ones in the order given."""
    return tuple(sorted(events, key=lambda event: -event.severity.rank))
