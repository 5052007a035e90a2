"""Reading a study document along paths: all values of a field, and the fields asked for."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.registry.pieces import Path

Document = Mapping[str, Any]
_WHOLE = ""  # marks a branch that is shown with all that is below it


def values(document: Any, path: Path) -> Iterator[Any]:
    """Yield every value at the path, through lists, in the order of the document."""
    if isinstance(document, list):
        for item in document:
            yield from values(item, path)
    elif not path:
        yield document
    elif isinstance(document, dict) and path[0] in document:
        yield from values(document[path[0]], path[1:])


def strings(value: Any) -> Iterator[str]:
    """Yield every text, number and flag below a value, written as the registry's search sees it."""
    if isinstance(value, dict):
        for below in value.values():
            yield from strings(below)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif value is not None:
        yield str(value)


def project(document: Document, paths: Iterable[Path]) -> dict[str, Any]:
    """Return only what lies on the paths.

    An object that is there but has none of the leaves asked for stays as an empty object.
    """
    tree: dict[str, Any] = {}
    for path in paths:
        level = tree
        for name in path:
            level = level.setdefault(name, {})
        level[_WHOLE] = True
    found = _cut(document, tree)
    return found if isinstance(found, dict) else {}


def _cut(value: Any, tree: dict[str, Any]) -> Any:
    if _WHOLE in tree:
        return value
    if isinstance(value, list):
        return [_cut(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _cut(value[name], below) for name, below in tree.items() if name in value}
