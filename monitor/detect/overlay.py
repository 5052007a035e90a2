"""Laying a partial record over the trial's last known one."""

from collections.abc import Mapping
from typing import Any

from monitor.detect.align import pair_items
from monitor.detect.run_in import split_run_in
from monitor.detect.texts import plain, same_value
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.fields import Path
from monitor.model.record import TrialRecord

_ABSENT: Any = object()


def lay_over(base: TrialRecord | None, top: TrialRecord) -> TrialRecord:
    """Return the record as known once ``top`` has been read after ``base``.

    What the top states replaces what the base had, what it leaves out stays. Where both say
    the same in another encoding (run into one line, escaped, reordered) the base's form
    stays, so a source that says nothing new yields a document equal to the base's.
    The data-load stamp of the base is not carried over: the top was not part of that load.
    """
    if base is None or top.coverage.is_complete:
        return top
    document = _objects(base.document, top.document, (), top.coverage)
    _drop_holder(document)
    return TrialRecord(
        nct_id=top.nct_id,
        document=document,
        coverage=base.coverage.union(top.coverage),
        registry_version=top.registry_version,
    )


def _objects(
    base: Mapping[str, Any], top: Mapping[str, Any], path: Path, stated: Coverage
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for name in [*base, *(name for name in top if name not in base)]:
        value = _value(base.get(name, _ABSENT), top.get(name, _ABSENT), (*path, name), stated)
        if value is not _ABSENT:
            merged[name] = value
    return merged


def _value(base: Any, top: Any, path: Path, stated: Coverage) -> Any:
    if not stated.states(path):
        return base
    if isinstance(base, dict) and (top is _ABSENT or isinstance(top, dict)):
        merged = _objects(base, {} if top is _ABSENT else top, path, stated)
        return merged if merged or top is not _ABSENT else _ABSENT
    if isinstance(base, list) and isinstance(top, list):
        return _lists(base, top, path, stated)
    if base is not _ABSENT and top is not _ABSENT and not isinstance(top, (dict, list)):
        return base if same_value(base, top) else top
    return top


def _lists(base: list[Any], top: list[Any], path: Path, stated: Coverage) -> list[Any]:
    if path in stated.run_in:
        parts, base_parts = split_run_in(top, base)
        return base if _same_items(parts, base_parts) else parts
    if not any(isinstance(item, dict) for item in top):
        return base if _same_items(base, top) else top
    shown = [_stated_part(item, path, stated) for item in base]
    originals = {id(part): item for part, item in zip(shown, base, strict=True)}
    merged: list[Any] = []
    kept = 0
    for part, item in pair_items(shown, top, path, fields.list_rule(path)):
        if item is None:
            continue
        original = originals[id(part)] if part is not None else None
        if isinstance(original, dict) and isinstance(item, dict):
            laid = _objects(original, item, path, stated)
            kept += laid == original
            merged.append(laid)
        else:
            kept += original is not None and original == item
            merged.append(item)
    return base if kept == len(base) == len(merged) else merged


def _stated_part(item: Any, path: Path, stated: Coverage) -> Any:
    if not isinstance(item, dict):
        return item
    return {name: value for name, value in item.items() if stated.states((*path, name))}


def _same_items(one: list[Any], other: list[Any]) -> bool:
    return sorted(map(_word, one)) == sorted(map(_word, other))


def _word(item: Any) -> str:
    return plain(item) if isinstance(item, str) else repr(item)


def _drop_holder(document: dict[str, Any]) -> None:
    """Take the data-load stamp out of a merged document, and what is empty without it."""
    section, module, name = fields.VERSION_HOLDER
    derived = document.get(section)
    if not isinstance(derived, dict) or not isinstance(derived.get(module), dict):
        return
    misc = {key: value for key, value in derived[module].items() if key != name}
    rest = {key: value for key, value in derived.items() if key != module}
    if misc:
        rest[module] = misc
    document.pop(section)
    if rest:
        document[section] = rest
