"""Partial records: merged with the trial's last known one, and what of two records can be compared.

A source may leave fields out, and run a list into one line of text.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from monitor.detect.keys import normal_key
from monitor.detect.pairing import ABSENT, pair_items
from monitor.detect.texts import plain, same_value
from monitor.model import fields
from monitor.model.coverage import ABSENCE, Coverage
from monitor.model.fields import Path
from monitor.model.record import TrialRecord
from monitor.model.text_diff import text_diff


def merge_partial(base: TrialRecord | None, top: TrialRecord) -> TrialRecord:
    """Return the record as known once ``top`` has been read after ``base``.

    What the top states replaces what the base had, what it leaves out stays. Where both say
    the same in another encoding (run into one line, escaped, reordered) the base's form
    stays, so a source that says nothing new yields a document equal to the base's.

    The dates of the last update tell the version that states them. They stay in the document,
    but a top without them leaves them out of the coverage: what it brings is not of that date.
    An absence brings nothing to date.
    """
    if base is None or top.coverage.is_complete:
        return top
    # A page without a last-update date must not look like an edit under the old one:
    # `classify.is_silent` would take it for the registry's own.
    undated = (
        [path for path in fields.UPDATE_STAMPS if not top.coverage.states(path)]
        if top.coverage != ABSENCE
        else []
    )
    return TrialRecord(
        nct_id=top.nct_id,
        document=_objects(base.document, top.document, (), top.coverage),
        coverage=base.coverage.union(top.coverage).without(undated),
        registry_version=top.registry_version,
    )


def _objects(
    base: Mapping[str, Any], top: Mapping[str, Any], path: Path, stated: Coverage
) -> Mapping[str, Any]:
    """Return the base with what the top states; the base itself where that is nothing new."""
    merged: dict[str, Any] = {}
    for name in [*base, *(name for name in top if name not in base)]:
        value = _value(base.get(name, ABSENT), top.get(name, ABSENT), (*path, name), stated)
        if value is not ABSENT:
            merged[name] = value
    # The very object: a source with nothing new then has the bytes, and the fingerprint, of the
    # base.
    kept = all(merged.get(name, ABSENT) is value for name, value in base.items())
    return base if kept and len(merged) == len(base) else merged


def _value(base: Any, top: Any, path: Path, stated: Coverage) -> Any:
    if not stated.states(path):
        return base
    if isinstance(base, dict) and (top is ABSENT or isinstance(top, dict)):
        merged = _objects(base, {} if top is ABSENT else top, path, stated)
        return merged if merged or top is not ABSENT else ABSENT
    if isinstance(base, list) and isinstance(top, list):
        return _lists(base, top, path, stated)
    if base is not ABSENT and top is not ABSENT and not isinstance(top, (dict, list)):
        return base if same_value(base, top) else top
    return top


def _lists(base: list[Any], top: list[Any], path: Path, stated: Coverage) -> list[Any]:
    if path in stated.run_in:
        # "Asthma Eczema" on a page is the list ["Asthma", "Eczema"] of the API.
        parts, base_parts = split_run_in(top, base)
        return base if _same_items(parts, base_parts) else parts
    # A list of texts that is stated is stated whole; only objects have attributes to keep.
    if not any(isinstance(item, dict) for item in top):
        return base if _same_items(base, top) else top
    # Compared by what the top states at all: a page has no coordinates, which makes no other site.
    shown = stated_part(base, path, stated.states)
    originals = {id(part): item for part, item in zip(shown, base, strict=True)}
    merged: list[Any] = []
    kept = 0
    for part, item in pair_items(shown, top, path, fields.list_rule(path)):
        if item is ABSENT:
            continue
        original = ABSENT if part is ABSENT else originals[id(part)]
        if isinstance(original, dict) and isinstance(item, dict):
            result: Any = _objects(original, item, path, stated)
        else:
            # Two items that are no objects pair only when they say the same.
            result = item if original is ABSENT else original
        kept += result is original
        merged.append(result)
    return base if kept == len(base) == len(merged) else merged


def _same_items(one: list[Any], other: list[Any]) -> bool:
    return sorted(map(normal_key, one)) == sorted(map(normal_key, other))


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
        return _split_items(one, new), list(new)
    if other is not None:
        return list(old), _split_items(other, old)
    return list(old), list(new)


def _line(items: Sequence[Any]) -> str | None:
    return plain(items[0]) if len(items) == 1 and isinstance(items[0], str) else None


def _split_both(one: str, other: str) -> tuple[list[Any], list[Any]]:
    old: list[Any] = []
    new: list[Any] = []
    for op, text in text_diff(one, other):
        part = text.strip()
        if part and op != "added":
            old.append(part)
        if part and op != "removed":
            new.append(part)
    return old, new


def _split_items(line: str, items: Sequence[Any]) -> list[Any]:
    # Longest first: "Lung Cancer Small Cell" begins with "Lung Cancer", not with "Lung".
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
        # Each item once: a line may name one condition twice, and then one is left over.
        known.remove(match)
        at += len(match[0])
    return [*parts, " ".join(rest)] if rest else parts
