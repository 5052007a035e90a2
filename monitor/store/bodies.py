"""Coverage and change events as JSON values and back, for the columns that hold them.

What is written here is read by programs of later versions: a key may be added, none may change.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange, Severity
from monitor.model.coverage import Coverage
from monitor.model.fields import Path


def coverage_value(coverage: Coverage) -> dict[str, Any]:
    """Write a coverage as JSON: sorted lists of paths, empty parts left out."""
    value: dict[str, Any] = {"everything": True} if coverage.everything else {}
    for name, paths in _parts(coverage).items():
        if paths:
            # Sets have no order: unsorted, equal coverages would be different bytes, and the caches
            # of those who read them would miss.
            value[name] = sorted(paths)
    return value


def read_coverage(value: Mapping[str, Any]) -> Coverage:
    """Undo ``coverage_value``."""
    everything = bool(value.get("everything"))
    if everything and len(value) == 1:
        return Coverage.complete()
    return Coverage(
        everything=everything,
        but=_paths(value, "but"),
        leaves=_paths(value, "leaves"),
        run_in=_paths(value, "run_in"),
    )


def _paths(value: Mapping[str, Any], name: str) -> frozenset[Path]:
    return frozenset(tuple(path) for path in value.get(name, ()))


def _parts(coverage: Coverage) -> dict[str, frozenset[Path]]:
    return {"but": coverage.but, "leaves": coverage.leaves, "run_in": coverage.run_in}


def event_value(event: ChangeEvent) -> dict[str, Any]:
    """Write what an event's row has no column for; the items around a change are left out."""
    return {
        "label": event.label,
        "path": event.path,
        "summary": event.summary,
        "before": event.before,
        "after": event.after,
        "facts": event.facts,
        "fields": [
            {
                "path": change.path,
                "field": change.field,
                "op": change.op,
                "before": change.before,
                "after": change.after,
            }
            for change in event.fields
        ],
    }


def are_equal(some: Sequence[ChangeEvent], others: Sequence[ChangeEvent]) -> bool:
    """Return whether two versions' events would be stored as the same rows, in the same order."""
    # By what would be written, not by the objects: a float and an int that are equal are two texts.
    return len(some) == len(others) and _encode(some) == _encode(others)


def stored_size(events: Sequence[ChangeEvent]) -> int:
    """Return how many bytes a version's events take before they are compressed."""
    return len(_encode(events))


def _encode(events: Sequence[ChangeEvent]) -> bytes:
    return orjson.dumps(announced_value(events), option=orjson.OPT_SORT_KEYS)


def announced_value(events: Sequence[ChangeEvent]) -> list[dict[str, Any]]:
    """Write all of a version's events as JSON, in their order."""
    return [
        {"kind": event.kind.value, "severity": event.severity.value, **event_value(event)}
        for event in events
    ]


def read_announced(value: Sequence[Mapping[str, Any]]) -> tuple[ChangeEvent, ...]:
    """Undo ``announced_value``."""
    return tuple(read_event(event["kind"], event["severity"], event) for event in value)


def read_event(kind: str, severity: str, value: Mapping[str, Any]) -> ChangeEvent:
    """Undo ``event_value``."""
    return ChangeEvent(
        kind=ChangeKind(kind),
        severity=Severity(severity),
        label=value["label"],
        path=value["path"],
        summary=value["summary"],
        before=value["before"],
        after=value["after"],
        facts=value["facts"],
        fields=tuple(
            FieldChange(
                path=tuple(change["path"]),
                field=tuple(change["field"]),
                op=change["op"],
                before=change["before"],
                after=change["after"],
            )
            for change in value["fields"]
        ),
    )
