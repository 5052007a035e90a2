"""Why a version's events did or did not go to each subscription."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from monitor.app.lookups import id_note, stored_trial, version_number
from monitor.app.subscribers import sync_from_config
from monitor.app.subscription_service import pick
from monitor.app.wiring import App
from monitor.deliver.announced_events import AnnouncedEvents, announced_events
from monitor.match.change_set import ChangeSet
from monitor.match.decision import reject_by_silence
from monitor.match.matcher import Matcher
from monitor.match.silences import Silences
from monitor.model.bitemporal import known_since
from monitor.model.changes import ChangeEvent, ChangeKind
from monitor.model.explanation import EventExplanation
from monitor.model.history import StoredEvent, StoredVersion, TrialRow
from monitor.model.messages import MessageState, OutboxItem, OutboxMessage
from monitor.model.subscriptions import MatchDecision, Reason, Subscription, SubscriptionStatus
from monitor.store.reader import Reader

_SENDING = tuple(reason for reason in Reason if reason.sends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One version, its events in their order, and for each subscription an answer on each.

    ``note``: that the trial has another NCT ID than the one asked for.
    The events are those that were announced, where the version was.
    """

    trial: TrialRow
    note: str | None
    number: int
    version: StoredVersion
    events: tuple[ChangeEvent, ...]
    answers: tuple[tuple[Subscription, tuple[EventExplanation, ...]], ...]


def explain(
    app: App,
    nct_id: str,
    number: int | None = None,
    *,
    word: str | None = None,
    subscriber: str | None = None,
) -> Explanation:
    """Look up what the outbox holds of a version; what it does not hold is matched anew.

    ``number`` None: the last version with reportable events, as ``monitor.app.previews`` takes it.
    ``word``: the name or the number of the one subscription that is asked about, of
    ``subscriber`` alone where given. NotFoundError for what is not stored.
    """
    # A command may bring the store in line with the file; a page, which calls the other, writes
    # nothing.
    sync_from_config(app)
    return explain_stored(app, nct_id, number, word=word, subscriber=subscriber)


def explain_stored(
    app: App,
    nct_id: str,
    number: int | None = None,
    *,
    word: str | None = None,
    subscriber: str | None = None,
) -> Explanation:
    """Return the same by the subscriptions as they are stored; nothing is written."""
    with stored_trial(app, nct_id) as (reader, trial, versions):
        note = id_note(reader, nct_id)
        nct_id = trial.nct_id
        # All events are read only to find the last version with reportable ones.
        events = reader.events(nct_id) if number is None else {}
        number = version_number(versions, events, number)
        version = versions[number - 1]
        outbox = _Outbox.of(reader, version)
        stored = reader.events(nct_id, version_ids=[version.id]).get(version.id, [])
        announced = _events_as_sent(app, reader, versions, number - 1, outbox, stored)
        change_set = ChangeSet(
            nct_id=nct_id,
            old=reader.record(announced.previous) if announced.previous else None,
            new=reader.record(version),
            events=announced.events,
            backfilled=version.backfilled,
            known_at=known_since(version),
            sources=(version.source, *reader.sources.following(nct_id)),
        )
        found = reader.subscribers.subscriptions(subscriber=subscriber, effective=True)
        subscriptions = found if word is None else [pick(found, word)]
        silences = reader.subscribers.silences()
    recomputed = not outbox.items and any(one.backfilled for one in stored)
    answers: dict[int, list[EventExplanation]] = {one.id: [] for one in subscriptions}
    over = Silences(silences)
    matcher = Matcher(map(outbox.at_send_time, subscriptions), silences, app.synonyms())
    for one, position, verdict in matcher.explain(change_set):
        absent = EventExplanation(
            verdict=_decide_absent(verdict, change_set.events[position], recomputed=recomputed)
        )
        answers[one.id].append(outbox.answer(one, position, change_set, over) or absent)
    return Explanation(
        trial=trial,
        note=note,
        number=number,
        version=version,
        events=tuple(change_set.events),
        answers=tuple((one, tuple(answers[one.id])) for one in subscriptions),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outbox:
    """What the outbox holds of one version, by subscription."""

    items: dict[int, list[tuple[OutboxItem, OutboxMessage]]] = field(default_factory=dict)

    @classmethod
    def of(cls, reader: Reader, version: StoredVersion) -> "_Outbox":
        found = cls()
        for item, message in reader.outbox.of_version(version.id):
            found.items.setdefault(item.subscription_id, []).append((item, message))
        return found

    def at_send_time(self, subscription: Subscription) -> Subscription:
        """Return it active where it was served: a pause came later."""
        served = subscription.id in self.items
        return replace(subscription, status=SubscriptionStatus.ACTIVE) if served else subscription

    def answer(
        self, subscription: Subscription, position: int, change_set: ChangeSet, silences: Silences
    ) -> EventExplanation | None:
        """Return what became of an event; None when it was never put into the outbox."""
        own = [
            (item, message)
            for item, message in self.items.get(subscription.id, ())
            if position in item.positions
        ]
        if not own:
            return None
        messages = tuple(message for _, message in own)
        over = silences.for_event(change_set.nct_ids, change_set.events[position].kinds)
        sent = [one.sent_at for one in messages if one.state is MessageState.SENT and one.sent_at]
        left_out = [reject_by_silence(subscription, over, at) for at in sent]
        # Each of several addresses gets its message at a time of its own.
        kept_back = left_out[0] if len(left_out) == len(messages) and all(left_out) else None
        return EventExplanation(
            verdict=kept_back or _parse_decision(own[0][0], subscription), messages=messages
        )


def _events_as_sent(
    app: App,
    reader: Reader,
    versions: Sequence[StoredVersion],
    at: int,
    outbox: _Outbox,
    stored: Sequence[StoredEvent],
) -> AnnouncedEvents:
    """Return a version's events as they were announced, else as they are stored."""
    if outbox.items:
        return announced_events(reader, versions, versions[at], app.settings.thresholds)
    previous = versions[at - 1] if at else None
    return AnnouncedEvents(events=[one.event for one in stored], previous=previous)


def _parse_decision(item: OutboxItem, subscription: Subscription) -> MatchDecision:
    """Read the verdict that ``monitor.ingest.notify.reason`` wrote."""
    words = item.reason.removeprefix(f"your subscription “{subscription.name}”: ")
    reason = next((one for one in _SENDING if words.startswith(one)), None)
    if reason is None:
        return MatchDecision(reason=Reason.EVERYTHING, words=item.reason)
    # The words that matched end the reason, in parentheses.
    return MatchDecision(
        reason=reason, words=words.removeprefix(reason).strip().removeprefix("(")[:-1]
    )


def _decide_absent(
    verdict: MatchDecision, event: ChangeEvent, *, recomputed: bool
) -> MatchDecision:
    """Return why an event never came into the outbox, to which today's subscription says this."""
    if not verdict.sends:
        return verdict
    if recomputed:
        return MatchDecision(reason=Reason.RECOMPUTED)
    if event.kind is ChangeKind.TRIAL_REGISTERED:
        return MatchDecision(reason=Reason.FIRST_SIGHT)
    return MatchDecision(reason=Reason.UNANNOUNCED)
