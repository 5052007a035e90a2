"""Match the events of a version with all subscriptions, compiled and indexed.

``ingest.notify`` keeps one ``Matcher`` until a subscription or a silence changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from monitor.match.change_set import ChangeSet
from monitor.match.decision import decide, reject_by_silence, reject_by_time, wanted_positions
from monitor.match.filter_fields import FilterFields
from monitor.match.filters import CompiledFilter, FilterCompiler, Hits
from monitor.match.index import FilterIndex
from monitor.match.silences import Silences
from monitor.match.synonyms import NO_SYNONYMS, Synonyms
from monitor.model.subscriptions import (
    Changes,
    MatchDecision,
    Reason,
    Silence,
    Subscription,
    SubscriptionStatus,
)

Match = tuple[Subscription, tuple[int, ...], MatchDecision]
"""A subscription, the positions within the version (from 0) of the events that it is to be sent,
ascending, and why."""
EventDecision = tuple[Subscription, int, MatchDecision]
"""A subscription, the position of an event within the version (from 0), and the decision."""

_BEFORE = " (before this change)"
_EVERYTHING = MatchDecision(reason=Reason.EVERYTHING)


class Matcher:
    """Subscriptions and silences as they are at one time; never changed once it is made.

    Building costs seconds for 100,000 subscriptions, matching little more than what it yields:
    keep a matcher until a subscription or a silence changes. A silence that ends does so by
    itself. A subscription that names the trial gets its events for that reason even where one of
    its filters matches too, and for its first matching filter where several do.
    ``asks_for_sources``: a filter has the key ``source``, so ``ChangeSet.sources`` must be filled.
    """

    def __init__(
        self,
        subscriptions: Iterable[Subscription],
        silences: Iterable[Silence] = (),
        synonyms: Synonyms = NO_SYNONYMS,
    ) -> None:
        self._subscriptions = tuple(subscriptions)
        self._silences = Silences(silences)
        self._filters, self._filters_of = _compile_filters(self._subscriptions, synonyms)
        numbers: dict[Changes, int] = {}
        self.asks_for_sources = any("source" in one.keys for one in self._filters)
        self._changes_of = [
            numbers.setdefault(one.changes, len(numbers)) for one in self._subscriptions
        ]
        self._by_nct_id: dict[str, list[int]] = {}
        self._by_filter: dict[int, list[int]] = {}
        self._of_everything: list[int] = []
        for number, one in enumerate(self._subscriptions):
            if one.status is SubscriptionStatus.ACTIVE:
                self._add(number, one)
        self._index = FilterIndex({number: self._filters[number] for number in self._by_filter})

    def match(self, change_set: ChangeSet) -> Iterator[Match]:
        """Yield what each subscription is to be sent, in the order of the subscriptions."""
        if change_set.backfilled or not change_set.events:
            return
        # Once for all subscriptions: which silences may count depends on trial and kind alone.
        silences = [
            self._silences.for_event(change_set.nct_ids, event.kinds) for event in change_set.events
        ]
        may_be_silenced = any(map(all, silences))
        positions_of: dict[int, tuple[int, ...]] = {}
        found = self._match_trials(change_set)
        for number in sorted(found):
            subscription, changes = self._subscriptions[number], self._changes_of[number]
            # Most subscriptions ask for the same changes, which are then compared once.
            positions = positions_of.get(changes)
            if positions is None:
                positions = wanted_positions(subscription.changes, change_set.events)
                positions_of[changes] = positions
            if not positions or reject_by_time(subscription, change_set):
                continue
            if may_be_silenced:
                positions = tuple(
                    at
                    for at in positions
                    if not reject_by_silence(subscription, silences[at], change_set.known_at)
                )
            if positions:
                yield subscription, positions, found[number]

    def match_trial(self, change_set: ChangeSet) -> Iterator[tuple[Subscription, MatchDecision]]:
        """Yield the active subscriptions that match the trial, whatever changed."""
        found = self._match_trials(change_set)
        for number in sorted(found):
            yield self._subscriptions[number], found[number]

    def explain(self, change_set: ChangeSet) -> Iterator[EventDecision]:
        """Yield a decision about every event for every subscription, in the same order.

        It iterates over all subscriptions, so it is for a single explanation, not for each ingest.
        """
        silences = [
            self._silences.for_event(change_set.nct_ids, event.kinds) for event in change_set.events
        ]
        trial = TrialMatch(change_set)
        hits = [trial.hit(one) for one in self._filters]
        for number, subscription in enumerate(self._subscriptions):
            filters = self._filters_of.get(number, ())
            trial_decision = _match_trial(subscription, change_set, [hits[one] for one in filters])
            if trial_decision is None:
                missed = "; or ".join(trial.miss(self._filters[one]) for one in filters)
                trial_decision = MatchDecision(reason=Reason.OTHER_TRIAL, words=missed)
            for position, event in enumerate(change_set.events):
                verdict = decide(
                    subscription,
                    event,
                    change_set=change_set,
                    trial_decision=trial_decision,
                    silences=silences[position],
                )
                yield subscription, position, verdict

    def _add(self, number: int, subscription: Subscription) -> None:
        for nct_id in subscription.trials.nct_ids:
            self._by_nct_id.setdefault(nct_id, []).append(number)
        for one in self._filters_of.get(number, ()):
            self._by_filter.setdefault(one, []).append(number)
        if subscription.trials.everything:
            self._of_everything.append(number)

    def _match_trials(self, change_set: ChangeSet) -> dict[int, MatchDecision]:
        """Return the subscriptions that match the trial: by number, by what they match it."""
        found = dict.fromkeys(self._of_everything, _EVERYTHING)
        if self._by_filter:
            trial = TrialMatch(change_set)
            hits = trial.matching(self._filters, trial.candidates(self._index))
            for one in hits:
                for number in self._by_filter[one]:
                    own = self._filters_of[number]
                    first = own[0] if len(own) == 1 else next(each for each in own if each in hits)
                    found[number] = hits[first]
        for nct_id in reversed(change_set.nct_ids):  # the present ID's reason wins
            named = self._by_nct_id.get(nct_id, ())
            found |= dict.fromkeys(named, _decide_by_nct_id(nct_id, change_set.nct_id))
        return found


def _match_trial(
    subscription: Subscription, change_set: ChangeSet, hits: Iterable[MatchDecision | None]
) -> MatchDecision | None:
    """Return by what a subscription matches a trial; None when it does not."""
    for nct_id in change_set.nct_ids:
        if nct_id in subscription.trials.nct_ids:
            return _decide_by_nct_id(nct_id, change_set.nct_id)
    hit = next((one for one in hits if one is not None), None)
    return hit or (_EVERYTHING if subscription.trials.everything else None)


def _decide_by_nct_id(nct_id: str, now: str) -> MatchDecision:
    words = nct_id if nct_id == now else f"{nct_id}, now {now}"
    return MatchDecision(reason=Reason.NCT_ID, words=words)


def _compile_filters(
    subscriptions: Sequence[Subscription], synonyms: Synonyms
) -> tuple[tuple[CompiledFilter, ...], Mapping[int, tuple[int, ...]]]:
    """Return the filters, each once however many share it, and which ones a subscription has."""
    numbers: dict[object, int] = {}
    filters: list[CompiledFilter] = []
    compiler = FilterCompiler(synonyms)
    filters_of: dict[int, tuple[int, ...]] = {}
    for number, subscription in enumerate(subscriptions):
        own = []
        for filter_ in subscription.trials.filters:
            written = tuple(filter_.wanted.items()), tuple(filter_.excluded.items())
            if written not in numbers:
                numbers[written] = len(filters)
                filters.append(compiler.compile(filter_))
            own.append(numbers[written])
        if own:
            filters_of[number] = tuple(own)
    return tuple(filters), filters_of


class _Verdicts(dict[str, MatchDecision]):
    """The verdict FILTER for what matched: one for all that match by the same words."""

    def __missing__(self, words: str) -> MatchDecision:
        verdict = self[words] = MatchDecision(reason=Reason.FILTER, words=words)
        return verdict


class TrialMatch:
    """What filters ask of the records before and after a change.

    A filter matches either of them as a whole: a trial that leaves it by this very change is
    new to it.
    """

    def __init__(self, change_set: ChangeSet) -> None:
        new = FilterFields(change_set.new, sources=change_set.sources)
        self._new = Hits(new)
        self._old = (
            None
            if change_set.old is None
            else Hits(FilterFields(change_set.old, sources=change_set.sources, other=new))
        )
        self._changed: dict[frozenset[str], bool] = {}
        self._verdicts = _Verdicts()

    def candidates(self, index: FilterIndex) -> set[int]:
        """Return the numbers of all filters of the index that match, and of some others."""
        found = index.candidates(self._new)
        if self._old is not None:
            # Where the record says the same as before, the old one finds nothing that the new one
            # does not.
            changed = [key for key in index.keys if self._has_changed(key)]
            found |= index.candidates(self._old, changed)
        return found

    def matching(
        self, filters: Sequence[CompiledFilter], numbers: Iterable[int]
    ) -> dict[int, MatchDecision]:
        """Return, of the filters with these numbers, those that match, with their verdicts."""
        found = {}
        for number in numbers:
            one = filters[number]
            words = one.hit(self._new) or self._hit_before(one)
            if words is not None:
                found[number] = self._verdicts[words]
        return found

    def hit(self, one: CompiledFilter) -> MatchDecision | None:
        """Return the verdict FILTER with what matched; None when the filter does not."""
        words = one.hit(self._new) or self._hit_before(one)
        return None if words is None else self._verdicts[words]

    def _hit_before(self, one: CompiledFilter) -> str | None:
        """Return what a filter matched in the record as it was, where it says something else now.

        A trial that is leaving: ``phase: PHASE2 (before this change)``.
        """
        if self._old is None or not self._has_any_changed(one.keys):
            return None
        words = one.hit(self._old)
        return None if words is None else words + _BEFORE

    def miss(self, one: CompiledFilter) -> str:
        """Return what kept a filter from matching the trial as it is now."""
        return one.miss(self._new)

    def _has_any_changed(self, keys: frozenset[str]) -> bool:
        """Return whether the record says something else under any of the keys than before."""
        changed = self._changed.get(keys)
        if changed is None:
            changed = self._changed[keys] = any(map(self._has_changed, keys))
        return changed

    def _has_changed(self, key: str) -> bool:
        old, new = self._old, self._new
        return old is not None and old.attributes[key] != new.attributes[key]
