"""Why a source fetches a record: it begins to follow it, follows it on, or stops following it.

An edit of the configuration may touch the search, the watched NCT IDs, or both. What it does not
touch is followed on as if nothing had been edited.
"""

from collections.abc import Collection
from enum import Enum, auto
from functools import cached_property

from monitor.model.tracking import Presence
from monitor.settings import CtgovSourceSettings
from monitor.sources.base import SourceState
from monitor.sources.ctgov.checkpoint import Finished
from monitor.sources.ctgov.query import digest_of, search_digest, search_parameters

_ROWS = 1_000


class Membership(Enum):
    """NEW: followed from this pass on, so its first version sends no alert.

    LEAVING: only an earlier configuration followed it; it is read a last time.
    """

    NEW = auto()
    STAYING = auto()
    LEAVING = auto()


class Memberships:
    """The membership of each record of a pass, by what the last ``finished`` one followed.

    An older program did not keep which part it was that an edit touched; then both count as
    touched: what was followed before is read a last time, and what is found begins.
    """

    def __init__(
        self, following: CtgovSourceSettings, finished: Finished | None, source_state: SourceState
    ) -> None:
        self._source_state = source_state
        self._searches = search_parameters(following) is not None
        self._watched = frozenset(following.nct_ids)
        self._is_first = finished is None
        self._is_edited = finished is not None and finished.following != digest_of(following)
        self._has_other_search = (
            self._is_edited and finished is not None and finished.search != search_digest(following)
        )
        before = finished.nct_ids if finished is not None else ()
        # Without an edit what is watched now was watched before too, whatever an older state keeps.
        self._before = frozenset(before) if self._is_edited or self._is_first else self._watched

    @property
    def of_search(self) -> Membership:
        """The membership of what the search brings."""
        return Membership.NEW if self._is_first or self._has_other_search else Membership.STAYING

    @property
    def may_untrack(self) -> bool:
        """True when there may be records that are not followed any more."""
        return self._is_edited or not self._searches

    def is_watched(self, nct_id: str) -> bool:
        """Return whether the record is followed by its ID, whatever the search brings."""
        return nct_id in self._watched

    def of(self, nct_id: str) -> Membership:
        """Return the membership of a record that is watched, or that the search did not bring."""
        if nct_id in self._watched:
            return Membership.STAYING if nct_id in self._before else Membership.NEW
        # With the same search as before, a record that the search has not brought may only have
        # left it by a change of its own, which is what a subscriber waits for: it is followed on.
        if self._has_other_search or not self._searches:
            is_kept = nct_id in self._watched_with_mergers
        else:
            is_kept = (
                nct_id in self._watched_with_mergers or nct_id not in self._before_with_mergers
            )
        return self.of_search if is_kept else Membership.LEAVING

    @cached_property
    def _watched_with_mergers(self) -> Collection[str]:
        return self._with_mergers(self._watched)

    @cached_property
    def _before_with_mergers(self) -> Collection[str]:
        return self._with_mergers(self._before) if self._is_edited else ()

    def _with_mergers(self, nct_ids: frozenset[str]) -> frozenset[str]:
        """Add what these records became: it is followed for their sake."""
        found = set(nct_ids)
        after = ""
        while rows := self._source_state.tracked_records(
            after=after, limit=_ROWS, presence=Presence.MERGED
        ):
            after = rows[-1].nct_id
            found |= {row.merged_into or row.nct_id for row in rows if row.nct_id in nct_ids}
        return frozenset(found)
