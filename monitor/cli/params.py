"""Options that several commands have: how an answer is printed."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from monitor.errors import UsageError

Function = TypeVar("Function", bound=Callable[..., Any])

_FORMAT = f"{__name__}.format"  # the key of ctx.meta


def json_option(function: Function) -> Function:
    """Add ``--json`` to a command."""
    return click.option(
        "--json", "as_json", is_flag=True, callback=_only_format, help="Print JSON."
    )(function)


def table_options(function: Function) -> Function:
    """Add ``--json`` and ``--csv`` to a command that prints a table."""
    as_csv = click.option(
        "--csv", "as_csv", is_flag=True, callback=_only_format, help="Print the table as CSV."
    )
    return json_option(as_csv(function))


def list_options(function: Function) -> Function:
    """Add ``--json``, ``--jsonl`` and ``--csv`` to a command that lists what may be very much."""
    as_lines = click.option(
        "--jsonl", "as_jsonl", is_flag=True, callback=_only_format, help="Print one JSON a line."
    )
    return table_options(as_lines(function))


def _only_format(ctx: click.Context, option: click.Parameter, is_given: bool) -> bool:
    """Pass a flag that says how to print, unless another one was given before."""
    # click calls this for each of the options; `ctx.meta` keeps the first one that was given.
    if is_given and ctx.meta.setdefault(_FORMAT, option.name) != option.name:
        given = {"as_json": "--json", "as_jsonl": "--jsonl", "as_csv": "--csv"}
        one, other = given[str(ctx.meta[_FORMAT])], given[str(option.name)]
        raise UsageError(f"{one} and {other} exclude each other; give one of them")
    return is_given
