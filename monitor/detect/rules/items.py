"""What became of the items that changes lie in: each is told once, however many fields changed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from monitor.detect.rules.base import arrow, shown
from monitor.model import fields
from monitor.model.changes import OPS, FieldChange, Op
from monitor.model.fields import Path

_NAMES, _NAME_LENGTH = 3, 60
# Names of a path down to the module.
_MODULE_DEPTH = 2


@dataclass(frozen=True, slots=True)
class Item:
    """A list's item, or a field outside of lists, with all the changes that lie in it.

    ``place`` is the path to it; in a list it ends with the item's natural key.
    """

    place: Path
    changes: list[FieldChange] = field(default_factory=list)

    @property
    def is_field(self) -> bool:
        """Tell whether it is a field outside of lists."""
        return self.place == self.changes[0].field

    @property
    def lies_in(self) -> Path:
        """The path of its list; of a field, its own."""
        return self.place if self.is_field else self.place[:-1]

    @property
    def op(self) -> Op:
        """What became of the item itself; one of which a part came or went has changed."""
        lead = self.changes[0]
        return lead.op if lead.path == self.place else "changed"

    @property
    def name(self) -> str:
        """The natural key, or the label of the field."""
        return fields.full_label(self.place) if self.is_field else shown(self.place[-1])


def items_of(changes: Sequence[FieldChange]) -> list[Item]:
    """Return the outermost items that the changes lie in: what came, what went, what changed."""
    found: dict[Path, Item] = {}
    for change in changes:
        place = _place(change)
        found.setdefault(place, Item(place)).changes.append(change)
    return sorted(found.values(), key=lambda item: OPS.index(item.op))


def tally(items: Sequence[Item]) -> str:
    """Write how many items were added, removed and edited: ``2 added, 1 changed``."""
    counts = Counter(item.op for item in items)
    return ", ".join(f"{counts[op]} {op}" for op in OPS if op in counts)


def common_path(paths: Iterable[Path]) -> Path:
    """Return the path of what all of them lie in: a field, list, object or module."""
    levels = zip(*paths, strict=False)
    return tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, levels))


def told(changes: Sequence[FieldChange], noun: str | None = None) -> tuple[str, str]:
    """Return what the changes are of and, beginning with it, what became of it in one line.

    A single field is told before → after, also within an item; several items are counted and
    named. ``noun`` is for changes that have nothing below a module in common.
    """
    items = _without_types(items_of(changes))
    common = common_path(item.lies_in for item in items)
    label = noun if noun and len(common) <= _MODULE_DEPTH else fields.full_label(common)
    item = items[0]
    if len(items) > 1:
        names = [_short(one.name.removeprefix(f"{label}: ")) for one in items[:_NAMES]]
        more = "; …" if len(items) > _NAMES else ""
        said = f"{tally(items)} ({'; '.join(names)}{more})"
    elif item.is_field or (item.op == "changed" and item.changes[0].path == item.place):
        said = arrow(item.changes[0].before, item.changes[0].after)
    elif item.op == "changed":
        said = f"changed {item.name} ({', '.join(_edits(item))})"
    else:
        said = f"{item.op} {item.name}"
    return label, f"{label}: {said}"


def _without_types(items: Sequence[Item]) -> list[Item]:
    """Leave out the type of a date that came or went together with it: the date says so."""
    dates = {(one.place[:-1], one.op) for one in items if one.is_field and one.place[-1] == "date"}
    return [
        one
        for one in items
        if not (one.is_field and one.place[-1] == "type" and (one.place[:-1], one.op) in dates)
        or one.op == "changed"
    ]


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1].rstrip()}…"


def _place(change: FieldChange) -> Path:
    for position, name in enumerate(change.path):
        if position >= len(change.field) or change.field[position] != name:
            return change.path[: position + 1]
    return change.path


def _edits(item: Item) -> Iterator[str]:
    """Say what changed inside an item; of a single short value, what it was and is."""
    if len(item.changes) == 1:
        yield _edit(item.changes[0])
        return
    edits = [f"{_part(one)} {one.op if _is_part(one) else 'changed'}" for one in item.changes]
    distinct = list(dict.fromkeys(edits))
    yield from distinct[:_NAMES]
    if len(distinct) > _NAMES:
        yield "…"


def _edit(change: FieldChange) -> str:
    if not _is_part(change):
        return f"{_part(change)}: {change.op} {_short(shown(change.path[-1]))}"
    if change.op != "changed":
        return f"{_part(change)} {change.op}"
    if max(len(shown(change.before)), len(shown(change.after))) > _NAME_LENGTH:
        return f"{_part(change)} edited"
    return f"{_part(change)}: {arrow(change.before, change.after)}"


def _part(change: FieldChange) -> str:
    return fields.label(change.field).lower()


def _is_part(change: FieldChange) -> bool:
    """Tell whether the change is of an attribute, not of an item in a list of its own."""
    return change.path[-1:] == change.field[-1:]
