"""What a subscription is for now, and what it would have sent of late."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.app.filter_check import COMPARED
from monitor.app.follows import followers, with_followed
from monitor.app.unmatched import unmatched_subscriptions
from monitor.app.wiring import App
from monitor.match.change_set import ChangeSet
from monitor.match.matcher import Matcher
from monitor.model.bitemporal import known_since
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from monitor.model.dry_run import DryRun, MatchedTrial, SentVersion
from monitor.model.history import StoredVersion, TrialRow
from monitor.model.subscriptions import Subscription, SubscriptionStatus
from monitor.model.when import AtOnce, next_cutoff
from monitor.store.reader import Reader

PERIOD = timedelta(days=30)

_BEGINNING = datetime.min.replace(tzinfo=UTC)


def dry_run(app: App, subscription: Subscription, *, period: timedelta = PERIOD) -> DryRun:
    """Hold a subscription against what is stored, as if it had been there and active all along.

    Silences count as they are now. Where it does not name its trials, those that match are looked
    for among the 5,000 that changed last: each record takes about a millisecond. StoreError
    without a store.
    """
    app = with_followed(app)
    since = app.now() - period
    # What was read before it was made would otherwise not alert it.
    one = replace(subscription, status=SubscriptionStatus.ACTIVE, created_at=_BEGINNING)
    with app.reader() as reader:
        silences = [
            s for s in reader.subscribers.silences() if s.subscriber in (None, one.subscriber)
        ]
        matcher = Matcher([one], silences, app.synonyms())
        found = list(_matched_trials(reader, matcher, one))
        names = [each.trial.nct_id for each in found]
        by = followers(app.settings.sources, reader, names)
        enabled = {source.name for source in app.settings.sources if source.enabled}
        followed = [
            each
            for each in found
            if by[each.trial.nct_id] or reader.versions(each.trial.nct_id)[-1].source in enabled
        ]
        sent, first_seen = _sent_versions(reader, matcher, one, since)
        warnings = unmatched_subscriptions(app, reader, [one])
    return DryRun(
        subscription=subscription,
        since=since,
        trials=tuple(followed),
        unfollowed=len(found) - len(followed),
        sent=tuple(sent),
        # What is due at one time shares a digest; what goes at once goes alone.
        messages=len({(each.due_at, _message_key(one, each)) for each in sent}),
        first_seen=first_seen,
        warnings=tuple(map(str, warnings)),
    )


def _matched_trials(reader: Reader, matcher: Matcher, one: Subscription) -> Iterator[MatchedTrial]:
    """Yield the stored trials that the subscription is for now."""
    for row in _candidates(reader, one):
        versions = reader.versions(row.nct_id)
        change_set = _change_set(reader, versions, len(versions) - 1, ())
        for _, verdict in matcher.match_trial(change_set):
            words = f" ({verdict.words})" if verdict.words else ""
            yield MatchedTrial(trial=row, reason=f"{verdict.reason}{words}")


def _candidates(reader: Reader, one: Subscription) -> Sequence[TrialRow]:
    """Return the trials that may match; of a large store those that changed last."""
    if one.trials.everything or one.trials.filters:
        newest = sorted(reader.trials(), key=lambda row: row.last_version_date, reverse=True)
        return sorted(newest[:COMPARED], key=lambda row: row.nct_id)
    rows = (reader.trial(i) or reader.trial_of_alias(i) for i in sorted(one.trials.nct_ids))
    found = {row.nct_id: row for row in rows if row is not None}
    return [found[nct_id] for nct_id in sorted(found)]


def _sent_versions(
    reader: Reader, matcher: Matcher, one: Subscription, since: datetime
) -> tuple[list[SentVersion], int]:
    """Return what would have been sent of versions that were read since then; see ``DryRun``."""
    found, first_seen = [], 0
    for nct_id in reader.read_since(since):
        trial, versions = reader.trial(nct_id), reader.versions(nct_id)
        events = reader.events(nct_id)
        for at, version in enumerate(versions):
            if known_since(version) < since:
                continue
            recorded = [stored.event for stored in events.get(version.id, ())]
            if not recorded:
                continue
            change_set = _change_set(reader, versions, at, recorded)
            wanted = [
                recorded[at] for _, positions, _ in matcher.match(change_set) for at in positions
            ]
            # The first reading of a trial alerts nobody, so it counts apart.
            if any(event.kind is ChangeKind.TRIAL_REGISTERED for event in wanted):
                first_seen += 1
            elif wanted:
                found.append(
                    SentVersion(
                        nct_id=nct_id,
                        title=None if trial is None else trial.title,
                        number=at + 1,
                        known_at=change_set.known_at,
                        due_at=_due(one, wanted, change_set.known_at),
                        events=tuple(wanted),
                    )
                )
    return sorted(found, key=lambda each: (each.known_at, each.nct_id, each.number)), first_seen


def _change_set(
    reader: Reader, versions: Sequence[StoredVersion], at: int, events: Sequence[ChangeEvent]
) -> ChangeSet:
    version = versions[at]
    return ChangeSet(
        nct_id=version.nct_id,
        # Read only where there are events: each record takes about a millisecond.
        old=reader.record(versions[at - 1]) if at and events else None,
        new=reader.record(version),
        events=events,
        backfilled=version.backfilled,
        known_at=known_since(version),
        sources=(version.source, *reader.sources.following(version.nct_id)),
    )


def _due(one: Subscription, events: Sequence[ChangeEvent], at: datetime) -> datetime:
    """Return when a version would have been due."""
    if _is_urgent(one, events):
        return at
    if isinstance(one.when, AtOnce):
        return (one.quiet and one.quiet.end_after(at)) or at
    return next_cutoff(one.when, at)


def _is_urgent(one: Subscription, events: Sequence[ChangeEvent]) -> bool:
    return one.critical_at_once and any(each.severity is Severity.CRITICAL for each in events)


def _message_key(one: Subscription, sent: SentVersion) -> tuple[str, int] | None:
    """Return what tells a message of one version from others; None in a digest."""
    alone = isinstance(one.when, AtOnce) or _is_urgent(one, sent.events)
    return (sent.nct_id, sent.number) if alone else None
