"""Laying a partial record over the trial's last known one."""

from collections.abc import Mapping
from typing import Any

from monitor.detect.align import ABSENT, pair_items
from monitor.detect.keys import normal_key
from monitor.detect.run_in import split_run_in
from monitor.detect.stated import stated_part
from monitor.detect.texts import same_value
from monitor.model import fields
from monitor.model.coverage import ABSENCE, Coverage
from monitor.model.fields import Path
from monitor.model.record import TrialRecord


def lay_over(base: TrialRecord | None, top: TrialRecord) -> TrialRecord:
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
        parts, base_parts = split_run_in(top, base)
        return base if _same_items(parts, base_parts) else parts
    if not any(isinstance(item, dict) for item in top):
        return base if _same_items(base, top) else top
    shown = stated_part(base, path, stated.states)
    originals = {id(part): item for part, item in zip(shown, base, strict=True)}
    merged: list[Any] = []
    kept = 0
    for part, item in pair_items(shown, top, path, fields.list_rule(path)):
        if item is ABSENT:
            continue
        original = ABSENT if part is ABSENT else originals[id(part)]
        if isinstance(original, dict) and isinstance(item, dict):
            laid: Any = _objects(original, item, path, stated)
        else:
            # Two items that are no objects pair only when they say the same.
            laid = item if original is ABSENT else original
        kept += laid is original
        merged.append(laid)
    return base if kept == len(base) == len(merged) else merged


def _same_items(one: list[Any], other: list[Any]) -> bool:
    return sorted(map(normal_key, one)) == sorted(map(normal_key, other))
