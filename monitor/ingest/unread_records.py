"""Track the followed records that could not be read when they were last seen.

Their source fetches them in every pass, whatever their date, until they can be read: the change
that they hold is not yet known.
"""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property

from monitor.model.tracking import Sighting, UnreadRecords
from monitor.store.reader import Reader
from monitor.store.writer import Transaction

_STATE = {"unread": True}


class UnreadTracker:
    """The unread records of one source; each is stored as a state of its own.

    A page's are stored in the transaction of the page, with how many there are then.
    """

    def __init__(self, source: str, reader: Callable[[], AbstractContextManager[Reader]]) -> None:
        self._source = source
        self._reader = reader

    @cached_property
    def nct_ids(self) -> set[str]:
        """Their NCT IDs; read when a page first has sightings."""
        with self._reader() as reader:
            states = reader.sources.states(self._source)
        return {subject for subject, state in states.items() if subject and state == _STATE}

    def store(
        self,
        tx: Transaction,
        sightings: Iterable[Sighting],
        unreadable: Collection[str],
        untracked: Collection[str],
        *,
        at: datetime,
    ) -> None:
        """Store what a page changes; ``unreadable``: the origins of what could not be read of it.

        ``untracked``: records that are not followed any more.
        """
        seen = {sighting.nct_id for sighting in sightings}
        # Nearly always: a page without anything unreadable, from a source without unread records.
        # Then the store is not read.
        if not (seen or untracked) or not (unreadable or self.nct_ids):
            return
        # The origin of a followed record ends with its ID: "/api/v2/studies/NCT01234567".
        unread = seen.intersection(origin.rpartition("/")[2] for origin in unreadable)
        for nct_id in sorted(unread - self.nct_ids):
            tx.sources.put_state(self._source, nct_id, _STATE, at=at)
        over = self.nct_ids.intersection(seen.union(untracked)) - unread
        tx.sources.drop_states(self._source, over)
        self.nct_ids |= unread
        self.nct_ids -= over
        if unread or over:
            summary = UnreadRecords.of(self.nct_ids)
            tx.sources.put_state(summary.state_key(self._source), "", summary.as_state(), at=at)
