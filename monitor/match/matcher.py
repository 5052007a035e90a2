"""All subscriptions, compiled, and which of them want the events of a version.

Ingest keeps one ``Matcher`` until a subscription or a silence changes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from monitor.match.change_set import ChangeSet
from monitor.match.decision import decide, out_of_time, silenced, wanted_positions
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

Wanted = tuple[Subscription, tuple[int, ...], MatchDecision]
"""A subscription, the positions within the version (from 0) of the events that it is to be sent,
ascending, and why."""
Answer = tuple[Subscription, int, MatchDecision]
"""A subscription, the position of an event within the version (from 0), and the verdict on it."""

_BEFORE = " (before this change)"
_EVERYTHING = MatchDecision(reason=Reason.EVERYTHING)


class Matcher:
    """Subscriptions and silences as they are at one time; never changed once it is made.

    Building costs seconds for 100,000 subscriptions, matching little more than what it yields:
    keep a matcher until a subscription or a silence changes. A silence that ends does so by
    itself. A subscription that names the trial gets its events for that reason even where one of
    its filters matches too, and for its first matching filter where several do.
    ``asks_for_sources``: a filter asks which sources follow a trial, so ``ChangeSet`` must say so.
    """

    def __init__(
        self,
        subscriptions: Iterable[Subscription],
        silences: Iterable[Silence] = (),
        synonyms: Synonyms = NO_SYNONYMS,
    ) -> None:
        self._subscriptions = tuple(subscriptions)
        self._silences = Silences(silences)
        self._filters, self._filters_of = _compiled(self._subscriptions, synonyms)
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
                self._enter(number, one)
        self._index = FilterIndex({number: self._filters[number] for number in self._by_filter})

    def wanted(self, news: ChangeSet) -> Iterator[Wanted]:
        """Yield what is to be sent, in the order of the subscriptions."""
        if news.backfilled or not news.events:
            return
        # Once for all subscriptions: which silences may count depends on trial and kind alone.
        over = [self._silences.over(news.nct_ids, event.kinds) for event in news.events]
        may_be_silenced = any(map(all, over))
        positions_of: dict[int, tuple[int, ...]] = {}
        found = self._found(news)
        for number in sorted(found):
            subscription, changes = self._subscriptions[number], self._changes_of[number]
            # Most subscriptions ask for the same changes, which are then compared once.
            positions = positions_of.get(changes)
            if positions is None:
                positions = wanted_positions(subscription.changes, news.events)
                positions_of[changes] = positions
            if not positions or out_of_time(subscription, news):
                continue
            if may_be_silenced:
                positions = tuple(
                    at for at in positions if not silenced(subscription, over[at], news.known_at)
                )
            if positions:
                yield subscription, positions, found[number]

    def about(self, news: ChangeSet) -> Iterator[tuple[Subscription, MatchDecision]]:
        """Yield the active subscriptions that the trial of the news is for, whatever happened."""
        found = self._found(news)
        for number in sorted(found):
            yield self._subscriptions[number], found[number]

    def explain(self, news: ChangeSet) -> Iterator[Answer]:
        """Yield a verdict on every event for every subscription, in the same order.

        It walks all subscriptions: for a person who asks why.
        """
        over = [self._silences.over(news.nct_ids, event.kinds) for event in news.events]
        trial = TrialMatch(news)
        hits = [trial.hit(one) for one in self._filters]
        for number, subscription in enumerate(self._subscriptions):
            filters = self._filters_of.get(number, ())
            about = _about(subscription, news, [hits[one] for one in filters])
            if about is None:
                missed = "; or ".join(trial.miss(self._filters[one]) for one in filters)
                about = MatchDecision(reason=Reason.OTHER_TRIAL, words=missed)
            for position, event in enumerate(news.events):
                verdict = decide(subscription, event, news=news, about=about, over=over[position])
                yield subscription, position, verdict

    def _enter(self, number: int, subscription: Subscription) -> None:
        for nct_id in subscription.trials.nct_ids:
            self._by_nct_id.setdefault(nct_id, []).append(number)
        for one in self._filters_of.get(number, ()):
            self._by_filter.setdefault(one, []).append(number)
        if subscription.trials.everything:
            self._of_everything.append(number)

    def _found(self, news: ChangeSet) -> dict[int, MatchDecision]:
        """Return how those subscriptions, by number, stand to the trial that are about it."""
        found = dict.fromkeys(self._of_everything, _EVERYTHING)
        if self._by_filter:
            trial = TrialMatch(news)
            hits = trial.matching(self._filters, trial.candidates(self._index))
            for one in hits:
                for number in self._by_filter[one]:
                    own = self._filters_of[number]
                    first = own[0] if len(own) == 1 else next(each for each in own if each in hits)
                    found[number] = hits[first]
        for nct_id in reversed(news.nct_ids):  # the present ID's reason wins
            named = self._by_nct_id.get(nct_id, ())
            found |= dict.fromkeys(named, _named(nct_id, news.nct_id))
        return found


def _about(
    subscription: Subscription, news: ChangeSet, hits: Iterable[MatchDecision | None]
) -> MatchDecision | None:
    """Return how a subscription stands to a trial; None when it is about others."""
    for nct_id in news.nct_ids:
        if nct_id in subscription.trials.nct_ids:
            return _named(nct_id, news.nct_id)
    hit = next((one for one in hits if one is not None), None)
    return hit or (_EVERYTHING if subscription.trials.everything else None)


def _named(nct_id: str, now: str) -> MatchDecision:
    words = nct_id if nct_id == now else f"{nct_id}, now {now}"
    return MatchDecision(reason=Reason.NCT_ID, words=words)


def _compiled(
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
    news to it.
    """

    def __init__(self, news: ChangeSet) -> None:
        new = FilterFields(news.new, sources=news.sources)
        self._new = Hits(new)
        self._old = (
            None
            if news.old is None
            else Hits(FilterFields(news.old, sources=news.sources, other=new))
        )
        self._moved: dict[frozenset[str], bool] = {}
        self._verdicts = _Verdicts()

    def candidates(self, index: FilterIndex) -> set[int]:
        """Return the numbers of all filters of the index that match, and of some others."""
        found = index.candidates(self._new)
        if self._old is not None:
            # Where the record says the same as before, the old one finds nothing that the new one
            # does not.
            moved = [key for key in index.keys if self._has_moved(key)]
            found |= index.candidates(self._old, moved)
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
        if self._old is None or not self._have_moved(one.keys):
            return None
        words = one.hit(self._old)
        return None if words is None else words + _BEFORE

    def miss(self, one: CompiledFilter) -> str:
        """Return what kept a filter from matching the trial as it is now."""
        return one.miss(self._new)

    def _have_moved(self, keys: frozenset[str]) -> bool:
        """Tell whether the record says something else under any of the keys than before."""
        moved = self._moved.get(keys)
        if moved is None:
            moved = self._moved[keys] = any(map(self._has_moved, keys))
        return moved

    def _has_moved(self, key: str) -> bool:
        old, new = self._old, self._new
        return old is not None and old.attributes[key] != new.attributes[key]
