"""Lists that a saved page runs into one line: equal to a list that joins to the same words."""

from collections.abc import Sequence
from typing import Any

from monitor.detect.texts import plain
from monitor.model.words import word_diff


def split_run_in(old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return both lists with run-in lines cut at the other side's items.

    ``["A B C"]`` against ``["A B", "C", "D"]`` becomes ``["A B", "C"]`` against the same.
    Words that belong to no item of the other side stay together as one item. Two run-in
    lines are cut where their words differ.
    """
    one, other = _line(old), _line(new)
    if one is not None and other is not None:
        return _split_both(one, other)
    if one is not None:
        return _cut(one, new), list(new)
    if other is not None:
        return list(old), _cut(other, old)
    return list(old), list(new)


def _line(items: Sequence[Any]) -> str | None:
    return plain(items[0]) if len(items) == 1 and isinstance(items[0], str) else None


def _split_both(one: str, other: str) -> tuple[list[Any], list[Any]]:
    old: list[Any] = []
    new: list[Any] = []
    for op, text in word_diff(one, other):
        part = text.strip()
        if part and op != "added":
            old.append(part)
        if part and op != "removed":
            new.append(part)
    return old, new


def _cut(line: str, items: Sequence[Any]) -> list[Any]:
    known = sorted(
        ((plain(item).split(" "), item) for item in items if isinstance(item, str)),
        key=lambda pair: -len(pair[0]),
    )
    words = line.split(" ")
    parts: list[Any] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        match = next(((w, item) for w, item in known if words[at : at + len(w)] == w), None)
        if match is None:
            rest.append(words[at])
            at += 1
            continue
        if rest:
            parts.append(" ".join(rest))
            rest = []
        parts.append(match[1])
        known.remove(match)
        at += len(match[0])
    return [*parts, " ".join(rest)] if rest else parts
