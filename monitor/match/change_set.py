"""The input of matching: one new version of one trial, with its events.

``ingest`` makes it for each version, ``Matcher`` takes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.model.changes import ChangeEvent
from monitor.model.record import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeSet:
    """A version with its events, and the record before and after it.

    ``old`` None: the monitor's first version of the trial. Both records are whole ones, merged with
    their predecessors. ``events``: all of the version, in their stored order; a position in it
    is the event's position within the version, from 0. ``backfilled``: a version of the past.
    ``known_at``: when the monitor stored it, the ingest transaction's own time (aware UTC);
    subscriptions that were made later and silences that do not hold then do not count.
    ``sources``: names of the sources that follow the trial, with the one that brought the version.
    """

    nct_id: str
    old: TrialRecord | None
    new: TrialRecord
    events: Sequence[ChangeEvent]
    backfilled: bool
    known_at: datetime
    sources: Sequence[str] = ()

    @property
    def nct_ids(self) -> tuple[str, ...]:
        """The trial's ID, and those that it had before: what either record states as aliases."""
        # Either: an alias may be on the record for the first, or the last, time.
        records = [self.new] if self.old is None else [self.new, self.old]
        former = (nct_id for one in records for nct_id in one.aliases)
        return tuple(dict.fromkeys((self.nct_id, *former)))
