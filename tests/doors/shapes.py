"""The shape of JSON: which keys there are, and what may stand behind each of them."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_SAFE = re.compile(r"\w+\Z")
_NAMES = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


def shape(
    documents: Iterable[Any], *, data_keys: Collection[str] = (), values: Collection[str] = ()
) -> list[str]:
    """Return a line for each path of the documents: ``.path[].to.it  types``.

    ``?`` behind a path: not every object of its place has it. ``data_keys``: keys that are data
    (a channel's name); they are written as ``*``. ``values``: keys behind which stands something
    whose inside is not ours (a registry's record).
    """
    keys = _Keys(data=frozenset(data_keys), values=frozenset(values))
    types: dict[str, set[str]] = defaultdict(set)
    seen: dict[str, int] = defaultdict(int)
    objects: dict[str, int] = defaultdict(int)
    for document in documents:
        for path, value in _places(document, "", keys):
            types[path].add(_type_of(value))
            seen[path] += 1
            objects[path] += isinstance(value, dict)
    lines = []
    for path in sorted(types):
        holder, separator, _ = path.rpartition(".")
        always = not separator or path.endswith(("[]", ".*")) or seen[path] == objects[holder]
        lines.append(f"{path or '.'}{'' if always else '?'}  {' | '.join(sorted(types[path]))}")
    return lines


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keys:
    """The keys that are not written as they are: see ``shape``."""

    data: frozenset[str]
    values: frozenset[str]


def _type_of(value: Any) -> str:
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else _NAMES[type(value)]


def _places(value: Any, path: str, keys: _Keys) -> Iterator[tuple[str, Any]]:
    """Yield everything in a document with its path."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            word = "*" if key in keys.data else key if _SAFE.match(key) else f"“{key}”"
            if key in keys.values:
                yield f"{path}.{word}", inner
            else:
                yield from _places(inner, f"{path}.{word}", keys)
    elif isinstance(value, list):
        for inner in value:
            yield from _places(inner, f"{path}[]", keys)
