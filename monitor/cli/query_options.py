"""``--since``, ``--kind`` and the like: a question for events, as options of a command."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.app.parameters import kind, moment_from, moment_until, severity
from monitor.cli.filter_options import filter_of, filter_options, take_filter
from monitor.model.nct import normalize_nct_id

if TYPE_CHECKING:
    from monitor.app.event_choice import EventChoice

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
        # One option with two names, because a group is nothing but several kinds.
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
    # The other way round, as decorators apply; the help then has this order.
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def take_event_choice(options: dict[str, Any]) -> "EventChoice":
    """Take the options of ``event_options`` out of a command's."""
    from monitor.app.event_choice import EventChoice

    table = take_filter(options)
    names = ("since", "until", "nct_ids", "kinds", "min_severity", "backfilled")
    given = {name: options.pop(name) for name in names}
    return EventChoice(filter=filter_of(table) if table else None, **given)
