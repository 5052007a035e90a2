"""The trial of one piece of news, held against filters: as it is, and as it was before."""

from monitor.match.attributes import Attributes
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
        self._new = Attributes(news.new, sources=news.sources)
        self._old = (
            None
            if news.old is None
            else Attributes(news.old, sources=news.sources, other=self._new)
        )

    def candidates(self, index: FilterIndex) -> set[int]:
        """Return the numbers of all filters of the index that match, and of some others."""
        found = index.candidates(self._new)
        if self._old is not None:
            moved = [key for key in index.keys if self._has_moved(key)]
            found |= index.candidates(self._old, moved)
        return found

    def hit(self, one: CompiledFilter) -> Verdict | None:
        """Return the verdict FILTER with what matched; None when the filter does not."""
        hit = one.hit(self._new)
        if hit is None and self._old is not None and any(map(self._has_moved, one.keys)):
            before = one.hit(self._old)
            hit = None if before is None else f"{before}{_BEFORE}"
        return None if hit is None else Verdict(reason=Reason.FILTER, words=hit)

    def miss(self, one: CompiledFilter) -> str:
        """Return what kept a filter from matching the trial as it is now."""
        return one.miss(self._new)

    def _has_moved(self, key: str) -> bool:
        return self._old is not None and self._old[key] != self._new[key]
