"""The trial of one piece of news, held against filters: as it is, and as it was before."""

from collections.abc import Iterable, Sequence

from monitor.match.change_set import ChangeSet
from monitor.match.filter_fields import FilterFields
from monitor.match.filters import CompiledFilter, Hits
from monitor.match.index import FilterIndex
from monitor.model.subscriptions import MatchDecision, Reason

_BEFORE = " (before this change)"


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
        self._verdicts: dict[str, MatchDecision] = {}

    def candidates(self, index: FilterIndex) -> set[int]:
        """Return the numbers of all filters of the index that match, and of some others."""
        found = index.candidates(self._new)
        if self._old is not None:
            moved = [key for key in index.keys if self._has_moved(key)]
            found |= index.candidates(self._old, moved)
        return found

    def matching(
        self, filters: Sequence[CompiledFilter], numbers: Iterable[int]
    ) -> dict[int, MatchDecision]:
        """Return, of the filters with these numbers, those that match, with their verdicts."""
        found = {}
        for number in numbers:
            verdict = self.hit(filters[number])
            if verdict is not None:
                found[number] = verdict
        return found

    def hit(self, one: CompiledFilter) -> MatchDecision | None:
        """Return the verdict FILTER with what matched; None when the filter does not."""
        words = one.hit(self._new)
        if words is None:
            if self._old is None or not self._have_moved(one.keys):
                return None
            words = one.hit(self._old)
            if words is None:
                return None
            words += _BEFORE
        verdict = self._verdicts.get(words)
        if verdict is None:  # one for all that match by the same words
            verdict = self._verdicts[words] = MatchDecision(reason=Reason.FILTER, words=words)
        return verdict

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
