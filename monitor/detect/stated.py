"""The part of a value that a source states."""

from collections.abc import Callable
from typing import Any

from monitor.model.fields import Path


def stated_part(value: Any, path: Path, states: Callable[[Path], bool]) -> Any:
    """Return the value with only those fields, at any depth, that ``states`` says yes to.

    Items of a list stay items, if need be empty ones. The value itself is not changed.
    """
    if isinstance(value, dict):
        below = ((name, inner, (*path, name)) for name, inner in value.items())
        return {name: stated_part(inner, at, states) for name, inner, at in below if states(at)}
    if isinstance(value, list):
        return [stated_part(item, path, states) for item in value]
    return value
