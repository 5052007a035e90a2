"""Which events are requested, by a command's options or an address's parameters."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.app.lookups import present_id
from monitor.app.matching import require_findable
from monitor.app.wiring import App
from monitor.model.changes import GROUPS, Severity
from monitor.model.kind_names import kinds_of
from monitor.model.queries import EventQuery
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.store.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChoice:
    """What is asked for, before it is known whether it can be found.

    ``kinds``: kinds or groups. ``min_severity`` None: low, or noise where a kind of noise is named.
    """

    since: datetime | None
    until: datetime | None
    nct_ids: tuple[str, ...]
    filter: Filter | None
    kinds: tuple[str, ...]
    min_severity: Severity | None
    backfilled: bool

    def query(self, app: App, reader: "Reader") -> EventQuery:
        """Return the question; UsageError for a filter that can find nothing."""
        if self.filter is not None:
            require_findable(app, reader, self.filter)
        # Events may be stored by either ID, depending on when they were read.
        nct_ids = [one for nct_id in self.nct_ids for one in (nct_id, present_id(reader, nct_id))]
        kinds = kinds_of(self.kinds)
        is_noise_named = not kinds.isdisjoint(GROUPS["noise"])
        least = Severity.NOISE if is_noise_named else Severity.LOW
        return EventQuery(
            filter=self.filter,
            kinds=kinds or None,
            min_severity=self.min_severity or least,
            since=self.since,
            until=self.until,
            nct_ids=tuple(dict.fromkeys(nct_ids)) or None,
            include_backfilled=self.backfilled,
        )
