"""What a comparison must find, said another way than the code says it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from monitor.detect.texts import plain
from monitor.model import fields
from monitor.model.changes import FieldChange
from monitor.model.fields import Path

Leaf = tuple[Path, str]


def normal(document: Any) -> Any:
    """Return a document's content without order, encoding, emptiness and data-load stamp.

    Two documents of one normal form do not differ; any others do.
    """
    return _normal(document, ())


def _normal(value: Any, path: Path) -> Any:
    if isinstance(value, dict):
        inner = {name: _normal(below, (*path, name)) for name, below in value.items()}
        inner.pop(fields.VERSION_HOLDER[-1] if path == fields.MISC_INFO else None, None)
        return {name: below for name, below in inner.items() if below not in ({}, [])}
    if isinstance(value, list):
        return sorted((_normal(item, path) for item in value), key=_sorting)
    return _scalar(value)


def _sorting(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{sorted((name, _sorting(below)) for name, below in value.items())}}}"
    return f"[{[_sorting(item) for item in value]}]" if isinstance(value, list) else repr(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return f"text {plain(value)}"
    if isinstance(value, bool) or value is None:
        return f"{value}"
    return f"number {int(value) if value == int(value) else value}"


def leaves(value: Any, path: Path = ()) -> Counter[Leaf]:
    """Count the scalars of a document by their path without list positions."""
    return Counter(_leaves(value, path))


def _leaves(value: Any, path: Path) -> Iterator[Leaf]:
    if path == fields.VERSION_HOLDER:
        return
    if isinstance(value, dict):
        for name, below in value.items():
            yield from _leaves(below, (*path, name))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    else:
        yield path, _scalar(value)


def told(changes: Iterable[FieldChange]) -> tuple[Counter[Leaf], Counter[Leaf]]:
    """Return the leaves that the changes say are gone, and those that they say have come."""
    gone, come = Counter[Leaf](), Counter[Leaf]()
    for change in changes:
        if change.op != "added":
            gone += leaves(change.before, change.field)
        if change.op != "removed":
            come += leaves(change.after, change.field)
    return gone, come
