"""The trial of one piece of news, held against filters: as it is, and as it was before."""

from monitor.match.attributes import attributes_of
from monitor.match.filters import CompiledFilter
from monitor.match.index import FilterIndex
from monitor.match.news import News
from monitor.model.subscriptions import Reason, Verdict

_BEFORE = " (before this change)"


class Trial:
    """What filters ask of the records before and after a change.

    A filter matches either of them as a whole: a trial that leaves it by this very change is
    news to it.
    """

    def __init__(self, news: News) -> None:
        self._new = attributes_of(news.new)
        self._old = {} if news.old is None else attributes_of(news.old)
        self._moved = {key for key, text in self._old.items() if text != self._new[key]}

    def candidates(self, index: FilterIndex) -> set[int]:
        """Return the numbers of all filters of the index that match, and of some others."""
        found = index.candidates(self._new)
        return found | index.candidates(self._old) if self._moved else found

    def hit(self, one: CompiledFilter) -> Verdict | None:
        """Return the verdict FILTER with what matched; None when the filter does not."""
        hit = one.hit(self._new)
        if hit is None and not one.keys.isdisjoint(self._moved):
            before = one.hit(self._old)
            hit = None if before is None else f"{before}{_BEFORE}"
        return None if hit is None else Verdict(reason=Reason.FILTER, words=hit)

    def miss(self, one: CompiledFilter) -> str:
        """Return what kept a filter from matching the trial as it is now."""
        return one.miss(self._new)
