"""From messages of the outbox to notifications: which trial, versions and events, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.deliver.announced_events import AnnouncedEvents, announced_events
from monitor.deliver.coverage import coverage
from monitor.deliver.reader_links import CONFIRM_WITHIN, ReaderLinks
from monitor.deliver.unsubscribe_links import unsubscribe_path
from monitor.errors import StoreError
from monitor.match.silences import Silences, find_silence
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.alerts import (
    Alert,
    Notification,
    TrialFacts,
    Window,
    most_severe_first,
    profile_of,
)
from monitor.model.changes import ChangeEvent, Severity
from monitor.model.history import StoredVersion
from monitor.model.incidents import OVER, Notice, OperatorMessage, Sentence
from monitor.model.messages import OutboxItem, OutboxMessage
from monitor.model.profile import TrialProfile
from monitor.model.readers import Confirmation
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.model.welcome import Welcome
from monitor.model.when import AtOnce
from monitor.settings import ThresholdSettings
from monitor.store.reader import Reader

# Records can be megabytes large: what is kept between the messages of a pass is bounded.
_KEPT_VERSIONS = 200
# How many messages of an address are searched for its digest before this one.
_LOOKED_BACK = 1_000

Content = Notification | Welcome | OperatorMessage | Confirmation
"""What a message says before it is rendered."""

CONFIRMED = "it is confirmed already"
UNCONFIRMED = "nobody can confirm it any more"
EMPTY = "nothing changed"
SUPERSEDED = "a later message tells how its incidents went on"
WITHHELD = "what it would tell was paused or silenced before it was sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """Nothing is sent, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Nothing is sent before the quiet hours end in which it would come."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    nct_ids: tuple[str, ...]
    facts: TrialFacts
    number: int
    version: StoredVersion
    announced: AnnouncedEvents
    profile: TrialProfile | None


@dataclass(slots=True, kw_only=True)
class NotificationBuilder:
    """Builds notifications from one reading of the store, as of ``now`` (aware UTC).

    Versions that many messages tell of are read once. What a person has paused or silenced since
    it was put into the outbox is left out. ``public_url``: as of ``Notification``.
    ``synonyms``: of the words of filters, for what a welcome says.
    """

    reader: Reader
    thresholds: ThresholdSettings
    now: datetime
    public_url: str | None = None
    synonyms: Synonyms = NO_SYNONYMS
    _versions: dict[int, _Version] = field(default_factory=dict, init=False)
    _history: tuple[str, Sequence[StoredVersion]] = field(default=("", ()), init=False)
    _people: dict[str, Sequence[Subscription]] = field(default_factory=dict, init=False)
    _silences: Silences | None = field(default=None, init=False)
    _links: ReaderLinks | None = field(default=None, init=False)

    def notification(self, message: OutboxMessage) -> Content | Suppressed | Deferred:
        """Return the contents of a claimed message; StoreError when it cannot be read."""
        if message.uid is None:
            raise ValueError("a message has no id before it is claimed")
        # Notices, confirmations and welcome messages have no outbox items: they come before all
        # that is decided by items.
        if message.kind == "notice":
            return operator_message_of(self.reader, message) or Suppressed(reason=SUPERSEDED)
        if message.request is not None:
            return self._confirmation(message, message.uid, message.request)
        if message.welcomes:
            return self._welcome(message, message.uid)
        items = self.reader.outbox.items(message.id)
        # Looked at when the message leaves, not when it was stored: who paused in between
        # must not get it (docs/delivery.md, "What a message says is decided when it leaves").
        paused = {
            one.id
            for one in self._subscriptions(message.subscriber)
            if one.status is not SubscriptionStatus.ACTIVE
        }
        active_items = [item for item in items if item.subscription_id not in paused]
        alerts = self._alerts(active_items)
        # A part is never an empty digest: the whole had alerts when it was split.
        is_whole_digest = message.cutoff is not None and message.part is None
        empty_digest_of = self._asking_for_empty(message) if is_whole_digest and not alerts else ()
        if not alerts and not empty_digest_of:
            return Suppressed(reason=WITHHELD if items else EMPTY)
        # Quiet hours delay what comes at once; a digest comes at its cut-off, whenever that is.
        if not message.cutoff and (until := self._quiet_until(active_items)) is not None:
            return Deferred(until=until)
        return Notification(
            uid=message.uid,
            subscriber=message.subscriber,
            target=message.target,
            alerts=alerts,
            digest=self._window(message),
            public_url=self.public_url,
            unsubscribe_url=self._unsubscribe_url(
                message.subscriber, empty_digest_of or self._names(active_items)
            ),
            message_url=self._url(
                f"messages/{message.uid}/{self.reader.outbox.page_token(message.uid)}"
            ),
            manage_url=self._url(self.links.manage(message.subscriber, message.created_at)),
            why_url=self._url(self.links.why(message)),
            empty_digest_of=empty_digest_of,
            group_until=message.group_until,
            part=(message.part, message.parts) if message.part and message.parts else None,
        )

    def _confirmation(
        self, message: OutboxMessage, uid: str, number: int
    ) -> Confirmation | Suppressed:
        request = self.reader.readers.request(number)
        if request is None or request.subscription is None:
            return Suppressed(reason=CONFIRMED)
        url = self._url(self.links.confirm(number, request.created_at))
        # A retry may leave after its link has ended: no mail is better than one whose link fails.
        if url is None or self.now >= request.created_at + CONFIRM_WITHIN:
            return Suppressed(reason=UNCONFIRMED)
        return Confirmation(
            uid=uid,
            subscriber=message.subscriber,
            target=message.target,
            at=message.created_at,
            subscription=request.subscription,
            confirm_url=url,
            until=request.created_at + CONFIRM_WITHIN,
        )

    def _welcome(self, message: OutboxMessage, uid: str) -> Welcome | Suppressed:
        alerted = [
            one
            for one in self._subscriptions(message.subscriber)
            if one.id in message.welcomes and one.status is SubscriptionStatus.ACTIVE
        ]
        if not alerted:
            return Suppressed(reason=WITHHELD)
        return Welcome(
            uid=uid,
            subscriber=message.subscriber,
            target=message.target,
            at=message.created_at,
            coverage=tuple(coverage(self.reader, alerted, now=self.now, synonyms=self.synonyms)),
            unsubscribe_url=self._unsubscribe_url(
                message.subscriber, [one.name for one in alerted]
            ),
            manage_url=self._url(self.links.manage(message.subscriber, message.created_at)),
        )

    def _unsubscribe_url(self, subscriber: str, names: Iterable[str]) -> str | None:
        return self._url(unsubscribe_path(self.reader, subscriber, names))

    def _names(self, items: Sequence[OutboxItem]) -> list[str]:
        """Return the names of the subscriptions that items are for."""
        wanted = {(item.subscriber, item.subscription_id) for item in items}
        return [
            one.name
            for subscriber in sorted({subscriber for subscriber, _ in wanted})
            for one in self._subscriptions(subscriber)
            if (subscriber, one.id) in wanted
        ]

    @property
    def links(self) -> ReaderLinks:
        """What signs links; the keys are read once."""
        if self._links is None:
            self._links = ReaderLinks.of(self.reader)
        return self._links

    def _url(self, path: str | None) -> str | None:
        """Return the address of a page for who got the message; None where there are no pages."""
        if self.public_url is None or path is None:
            return None
        return f"{self.public_url.rstrip('/')}/{path}"

    def alerts(self, message: OutboxMessage) -> tuple[Alert, ...]:
        """Return all that a message was made of, paused or silenced since or not."""
        return self._alerts(self.reader.outbox.items(message.id), silences=False)

    def _alerts(self, items: Sequence[OutboxItem], *, silences: bool = True) -> tuple[Alert, ...]:
        """Return one alert for each version, whichever subscriptions want it; most severe first."""
        by_version: dict[int, list[OutboxItem]] = {}
        # In the order of trials: `_history` keeps the versions of one trial only.
        for item in sorted(items, key=lambda one: (one.nct_id, one.version_id)):
            by_version.setdefault(item.version_id, []).append(item)
        found = (self._alert(together, silences=silences) for together in by_version.values())
        alerted = [alert for alert in found if alert is not None]
        # The sort is stable: alerts of one severity stay in the order of NCT ID and version.
        return tuple(sorted(alerted, key=lambda one: -one.events[0].severity.rank))

    def _alert(self, items: Sequence[OutboxItem], *, silences: bool) -> Alert | None:
        """Return the alert of items of one version; None when all of it is silenced."""
        known = self._version(items[0].nct_id, items[0].version_id)
        events: dict[int, ChangeEvent] = {}
        reasons: list[str] = []
        for item in items:
            alerted = [
                position
                for position in item.positions
                if not silences
                or not self._is_silenced(item, known, known.announced.events[position])
            ]
            events |= {position: known.announced.events[position] for position in alerted}
            reasons += [item.reason] if alerted else []
        if not events:
            return None
        return Alert(
            trial=known.facts,
            number=known.number,
            version=known.version,
            previous=known.announced.previous,
            events=most_severe_first(events[position] for position in sorted(events)),
            # Two subscriptions can give one reason, which is then said once.
            reasons=tuple(dict.fromkeys(reasons)),
            profile=known.profile,
        )

    def _version(self, nct_id: str, version_id: int) -> _Version:
        if version_id not in self._versions:
            # No need for an LRU cache: messages that share a version are claimed together.
            if len(self._versions) >= _KEPT_VERSIONS:
                self._versions.clear()
            self._versions[version_id] = self._read(nct_id, version_id)
        return self._versions[version_id]

    def _read(self, nct_id: str, version_id: int) -> _Version:
        if self._history[0] != nct_id:
            self._history = (nct_id, self.reader.versions(nct_id))
        versions = self._history[1]
        # Counted anew each time: a version that a backfill puts before this one moves its number.
        # The address in links does not move (monitor/model/public_ids.py).
        at = next((n for n, version in enumerate(versions) if version.id == version_id), None)
        if at is None:
            raise StoreError(f"{nct_id} has no version with the id {version_id} any more")
        record = self.reader.record(versions[at])
        facts = TrialFacts.of(record)
        # An alert that comes late must not make a status that has passed look like the present
        # one.
        if version_id != versions[-1].id and (trial := self.reader.trial(nct_id)) is not None:
            facts = replace(facts, status_now=trial.overall_status)
        alerted = announced_events(self.reader, versions, versions[at], self.thresholds)
        return _Version(
            nct_ids=(nct_id, *record.aliases),
            facts=facts,
            number=at + 1,
            version=versions[at],
            announced=alerted,
            profile=profile_of(record, alerted.events),
        )

    def _is_silenced(self, item: OutboxItem, known: _Version, event: ChangeEvent) -> bool:
        if self._silences is None:
            self._silences = Silences(self.reader.subscribers.silences(at=self.now))
        over = self._silences.for_event(known.nct_ids, event.kinds)
        return find_silence(over, item.subscriber, self.now) is not None

    def _quiet_until(self, items: Sequence[OutboxItem]) -> datetime | None:
        """Return when the quiet hours end in which items would come at once; None: now they may.

        They were outside of them when they were put into the outbox, and have been delayed since.
        """
        ends: list[datetime] = []
        for item in items:
            mine = self._subscriptions(item.subscriber)
            one = next((one for one in mine if one.id == item.subscription_id), None)
            # One item that may come now takes the others of its message with it.
            if one is None or (one.critical_at_once and self._is_critical(item)):
                return None
            if isinstance(one.when, AtOnce):
                end = one.quiet.end_after(self.now) if one.quiet else None
                if end is None or end <= self.now:
                    return None
                ends.append(end)
        # The message leaves as soon as the first of its items may (docs/delivery.md, "Groups").
        return min(ends, default=None)

    def _is_critical(self, item: OutboxItem) -> bool:
        events = self._version(item.nct_id, item.version_id).announced.events
        return any(events[position].severity is Severity.CRITICAL for position in item.positions)

    # --- digests ---------------------------------------------------------------------------

    def _asking_for_empty(self, message: OutboxMessage) -> tuple[str, ...]:
        """Return the names of the subscriptions that want this digest though it is empty."""
        return tuple(
            one.name
            for one in self._subscriptions(message.subscriber)
            if one.send_empty
            and one.status is SubscriptionStatus.ACTIVE
            and not isinstance(one.when, AtOnce)
            and message.channel in one.channels
        )

    def _window(self, message: OutboxMessage) -> Window | None:
        if message.cutoff is None:
            return None
        # A digest begins where the one before ended: the messages are the only record of that.
        earlier = self.reader.outbox.messages(
            subscriber=message.subscriber, channel=message.channel, limit=_LOOKED_BACK
        )
        cutoffs = [
            one.cutoff
            for one in earlier
            if one.target == message.target and one.cutoff and one.cutoff < message.cutoff
        ]
        return Window(since=max(cutoffs, default=None), until=message.cutoff)

    def _subscriptions(self, subscriber: str) -> Sequence[Subscription]:
        if subscriber not in self._people:
            # One that cannot be read is reported where changes are matched; it is not paused.
            self._people[subscriber] = self.reader.subscribers.subscriptions(
                subscriber=subscriber, effective=True, damaged=[]
            )
        return self._people[subscriber]


def operator_message_of(reader: Reader, message: OutboxMessage) -> OperatorMessage | None:
    """Return the notice of a message to the operator; None when later messages report all of it.

    An incident that is over before the address was notified of it is reported once: that it began
    and is over.
    """
    # What went on after this message was stored is reported by a later message.
    found = [one for one in reader.incidents.of_message(message.id) if one.is_latest]
    if not found or message.uid is None:
        return None
    return OperatorMessage(
        uid=message.uid,
        target=message.target,
        at=message.created_at,
        began=tuple(
            (one.incident.began, one.incident.detail) for one in found if one.state != OVER
        ),
        over=tuple(_is_over(one) for one in found if one.state == OVER),
    )


def _is_over(one: Notice) -> Sentence:
    incident = one.incident
    # An address that got the beginning needs only the end; any other gets both at once.
    if one.notified_before or not incident.began:
        return incident.over, ""
    began = f"since {incident.began_at:%Y-%m-%d %H:%M} UTC {incident.began}"
    return incident.over, f"{began}: {incident.detail}" if incident.detail else began
