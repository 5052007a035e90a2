"""``--condition``, ``--not-condition`` and the like: one filter, as options of a command."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from monitor.model.subscriptions import FILTER_KEYS, FILTER_MEANINGS, Filter

Function = TypeVar("Function", bound=Callable[..., Any])


def filter_options(function: Function) -> Function:
    """Add an option for each key of a filter, and one for what it excludes."""
    # The other way round, as decorators apply; the help then has the order of the keys.
    for key in reversed(FILTER_KEYS):
        name = key.replace("_", "-")
        function = click.option(
            f"--not-{name}",
            metavar="WORDS",
            multiple=True,
            help="Trials with none of these there; repeatable.",
        )(function)
        function = click.option(
            f"--{name}",
            metavar="WORDS",
            multiple=True,
            help=f"Trials with any of these {FILTER_MEANINGS[key]}; repeatable.",
        )(function)
    return function


def take_filter(options: dict[str, Any]) -> dict[str, Any]:
    """Take the options of ``filter_options`` out of a command's; return the filter's table.

    Its keys are those of a filter in the configuration; {} when none of the options is given.
    """
    wanted = {key: list(options.pop(key)) for key in FILTER_KEYS}
    excluded = {key: list(options.pop(f"not_{key}")) for key in FILTER_KEYS}
    table: dict[str, Any] = {key: values for key, values in wanted.items() if values}
    if none_of := {key: values for key, values in excluded.items() if values}:
        table["not"] = none_of
    return table


def filter_of(table: Mapping[str, Any]) -> Filter:
    """Return the filter of a table; whether it is usable is not looked at."""
    return Filter(
        wanted={key: tuple(table[key]) for key in FILTER_KEYS if key in table},
        excluded={key: tuple(values) for key, values in table.get("not", {}).items()},
    )
