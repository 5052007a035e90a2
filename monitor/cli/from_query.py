"""``--from-query "events --condition lupus"``: a subscription of what a question selects."""

import shlex
from typing import Any

import click

from monitor.cli import events, trials
from monitor.cli.filter_options import take_filter
from monitor.errors import UsageError
from monitor.model.subscriptions import FILTER_KEYS

_COMMANDS = {"events": events.command, "trials": trials.command}


def add_query(options: dict[str, Any], query: str) -> dict[str, Any]:
    """Return the options of ``subscription add`` with what a question selects.

    ``query``: a command line of ``monitor events`` or ``monitor trials``. Times, order, limits
    and how it is printed are of no account. UsageError for a question that no subscription asks, or
    where options ask for something else besides.
    """
    query_options = _parse_query(query)
    table = take_filter(query_options)
    nct_ids = tuple(query_options.get("nct_ids", ()))
    if nct_ids and table:
        raise UsageError(
            "--from-query: a subscription takes the trials that are named or those of a filter; "
            "leave out --nct-id or the filter"
        )
    given = {
        **{key: tuple(table.get(key, ())) for key in FILTER_KEYS},
        **{f"not_{key}": tuple(table.get("not", {}).get(key, ())) for key in FILTER_KEYS},
        "nct_ids": nct_ids,
        "everything": not (nct_ids or table),
        "changes": tuple(query_options.get("kinds", ())),
        "min_severity": str(query_options["min_severity"])
        if query_options.get("min_severity")
        else None,
    }
    # Neither side takes precedence in silence.
    twice = [name for name, value in given.items() if value and options.get(name)]
    if twice:
        name = {"nct_ids": "nct-id", "everything": "all"}.get(twice[0], twice[0].replace("_", "-"))
        raise UsageError(f"--from-query says what --{name} says too; leave one of them out")
    return {**options, **{name: value for name, value in given.items() if value}}


def _parse_query(query: str) -> dict[str, Any]:
    """Return the options of a question as its command reads them."""
    try:
        words = shlex.split(query)
    except ValueError as exc:
        raise UsageError(f"--from-query: {query[:80]!r} has a quotation mark too few") from exc
    # So that a command line can be pasted as it was run.
    words = words[1:] if words[:1] == ["monitor"] else words
    if not words or words[0] not in _COMMANDS:
        raise UsageError("--from-query takes a question as it is asked: 'events --condition lupus'")
    # Parsed by the command itself, and not run: the same options, checks and errors.
    context = _COMMANDS[words[0]].make_context(
        words[0], words[1:], obj=click.get_current_context().obj
    )
    return dict(context.params)
