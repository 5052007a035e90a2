"""``--since``, ``--kind`` and the like: a question for events, as options of a command."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.cli.filter_options import filter_of, filter_options, take_filter
from monitor.cli.params import kind, moment_from, moment_until, severity
from monitor.model.changes import Severity
from monitor.model.groups import GROUPS, kinds_of
from monitor.model.nct import normalize_nct_id
from monitor.model.selections import EventQuery
from monitor.model.subscriptions import Filter

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.store.reader import Reader

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--since",
        type=moment_from,
        metavar="TIME",
        help="Read here then or later: 7d, 2026-02-19, 12h.",
    ),
    click.option("--until", type=moment_until, metavar="TIME", help="Read here by then."),
    click.option(
        "--nct-id",
        "nct_ids",
        type=normalize_nct_id,
        metavar="NCT_ID",
        multiple=True,
        help="Only of this trial; repeatable.",
    ),
    filter_options,
    click.option(
        "--kind",
        "--group",
        "kinds",
        type=kind,
        metavar="KIND",
        multiple=True,
        help="Only this kind or group of changes (sites, status, …); repeatable.",
    ),
    click.option(
        "--min-severity",
        type=severity,
        metavar="SEVERITY",
        help="noise, low, medium, high or critical and above.  [default: low]",
    ),
    click.option(
        "--backfilled", is_flag=True, help="Also of versions of the past that were read later."
    ),
)


def event_options(function: Function) -> Function:
    """Add the options that select events."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChoice:
    """What the options of ``event_options`` select."""

    since: datetime | None
    until: datetime | None
    nct_ids: tuple[str, ...]
    filter: Filter | None
    kinds: tuple[str, ...]
    min_severity: Severity | None
    backfilled: bool

    @classmethod
    def taken(cls, options: dict[str, Any]) -> "EventChoice":
        """Take the options out of a command's."""
        table = take_filter(options)
        names = ("since", "until", "nct_ids", "kinds", "min_severity", "backfilled")
        given = {name: options.pop(name) for name in names}
        return cls(filter=filter_of(table) if table else None, **given)

    def query(self, app: "App", reader: "Reader") -> EventQuery:
        """Return the question; UsageError for a filter that can find nothing."""
        from monitor.app.lookups import present_id
        from monitor.app.matching import require_findable

        if self.filter is not None:
            require_findable(app, reader, self.filter)
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
