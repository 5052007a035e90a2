"""Describe what became of the list items that changes are in, each item once.

Shared by the rules of lists.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from monitor.detect.rules.values import arrow, replacement_text, value_text
from monitor.model import fields
from monitor.model.changes import OPS, FieldChange, Op
from monitor.model.fields import Path

_NAMES, _NAME_LENGTH = 3, 60
# Names of a path down to the module.
_MODULE_DEPTH = 2


@dataclass(frozen=True, slots=True)
class ChangedItem:
    """A list's item, or a field outside of lists, with all the changes that lie in it.

    ``place`` is the path to it; in a list it ends with the item's natural key.
    """

    place: Path
    changes: list[FieldChange] = field(default_factory=list)

    @property
    def is_field(self) -> bool:
        """Return whether it is a field outside of lists."""
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
    def rename(self) -> FieldChange | None:
        """The change of the text that names a list's item, if that is short and changed."""
        # The rule's first text names an item: "label" of an arm, "measure" of an outcome.
        names = fields.list_rule(self.changes[0].field[: len(self.place) - 1]).texts[:1]
        for change in self.changes:
            inside = change.op == "changed" and change.path[:-1] == self.place
            if inside and change.path[-1:] == names and _is_short(change):
                return change
        return None

    @property
    def name(self) -> str:
        """The natural key, both where it is another now; of a field its label."""
        if self.is_field:
            return fields.full_label(self.place)
        rename = self.rename
        if rename:
            return arrow(rename.before, rename.after)
        return " ".join(self.place[-1].split())

    @property
    def edit(self) -> tuple[Path, str] | None:
        """The attribute and the words that changed in it; None unless that is all that did."""
        lead = self.changes[0]
        if len(self.changes) > 1 or lead.op != "changed" or not _is_part(lead):
            return None
        return lead.field, replacement_text(lead.before, lead.after, between=", ")


def items_of(changes: Sequence[FieldChange]) -> list[ChangedItem]:
    """Return the outermost items that the changes lie in: what came, what went, what changed."""
    found: dict[Path, ChangedItem] = {}
    for change in changes:
        place = _place(change)
        found.setdefault(place, ChangedItem(place)).changes.append(change)
    return sorted(found.values(), key=lambda item: OPS.index(item.op))


def tally(items: Sequence[ChangedItem]) -> str:
    """Write how many items were added, removed and edited: ``2 added, 1 changed``."""
    counts = Counter(item.op for item in items)
    return ", ".join(f"{counts[op]} {op}" for op in OPS if op in counts)


def common_path(paths: Iterable[Path]) -> Path:
    """Return the path of what all of them lie in: a field, list, object or module."""
    levels = zip(*paths, strict=False)
    return tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, levels))


def describe_items(changes: Sequence[FieldChange], noun: str | None = None) -> tuple[str, str]:
    """Return what the changes are of and, beginning with it, what became of it in one line.

    A single field is shown before → after, also within an item; several items are counted and
    named. ``noun`` is for changes that have nothing below a module in common.
    """
    items = _without_types(items_of(changes))
    common = common_path(item.lies_in for item in items)
    label = noun if noun and len(common) <= _MODULE_DEPTH else fields.full_label(common)
    item = items[0]
    if len(items) > 1:
        return label, _several(items, label)
    if item.is_field or (item.op == "changed" and item.changes[0].path == item.place):
        description = arrow(item.changes[0].before, item.changes[0].after)
    elif item.op == "changed":
        inside = ", ".join(_edits(item))
        aside = f" ({inside})" if inside else ""
        description = ("" if item.rename else "changed ") + value_text(item.name) + aside
    else:
        description = f"{item.op} {value_text(item.name)}"
    return label, f"{label}: {description}"


def _several(items: Sequence[ChangedItem], label: str) -> str:
    """Summarize several items: the edit that all have, else how many did what, and which."""
    groups = _alike(items)
    if len(groups) == 1 and not items[0].is_field:
        description = _describe_repeated_edit(groups[0], _lower_first(label))
        return description[:1].upper() + description[1:]
    edits = {one.edit[1] if one.edit else str(n) for n, one in enumerate(items)}
    if len(edits) == 1:  # in several fields: a name that stands in two places
        lead = items[0].changes[0]
        description = arrow(lead.before, lead.after) if _is_short(lead) else edits.pop()
        places = dict.fromkeys(fields.full_label(one.lies_in) for one in items)
        return f"{label}: {description} ({'; '.join(places)})"
    names = _briefly(items, label)
    alike = [group for group in groups if len(group) > 1]
    taken = {id(one) for group in alike for one in group}
    listed = [_describe_repeated_edit(group, "") for group in alike]
    listed += [name for name, one in zip(names, items, strict=True) if id(one) not in taken]
    more = "; …" if len(listed) > _NAMES else ""
    return f"{label}: {tally(items)} ({'; '.join(listed[:_NAMES])}{more})"


def describe_repeated_edits(changes: Sequence[FieldChange], noun: str | None = None) -> list[str]:
    """Return the edits that several items have, each in words, those of most items first.

    ``time frame of 5 outcome measures: 59 → 58 months``; ``noun`` is for items of a list that
    people call otherwise.
    """
    groups = [group for group in _alike(items_of(changes)) if len(group) > 1]
    return [
        _describe_repeated_edit(one, noun or _lower_first(fields.label(one[0].lies_in)))
        for one in groups
    ]


def _briefly(items: Sequence[ChangedItem], label: str) -> list[str]:
    """Name each item in little room; those that begin alike by their end."""
    names = [one.name.removeprefix(f"{label}: ") for one in items]
    names = [
        " ".join(one.place[-1].split()) if one.rename and len(name) > _NAME_LENGTH else name
        for one, name in zip(items, names, strict=True)
    ]
    brief = [_short(name) for name in names]
    counts = Counter(brief)
    return [
        one if counts[one] == 1 or len(name) <= _NAME_LENGTH else f"…{name[-_NAME_LENGTH + 1 :]}"
        for one, name in zip(brief, names, strict=True)
    ]


def _alike(items: Sequence[ChangedItem]) -> list[list[ChangedItem]]:
    """Group the items that have one and the same edit, most first; others are alone."""
    groups: dict[object, list[ChangedItem]] = {}
    for number, item in enumerate(items):
        groups.setdefault(item.edit or number, []).append(item)
    return sorted(groups.values(), key=lambda group: -len(group))


def _describe_repeated_edit(group: Sequence[ChangedItem], noun: str) -> str:
    edit = group[0].edit
    part = _part(group[0].changes[0])
    count = f"{len(group)} {noun}".rstrip()
    return f"{part} of {count}: {edit[1] if edit else ''}"


def _without_types(items: Sequence[ChangedItem]) -> list[ChangedItem]:
    """Leave out the type of a date that came or went together with it: the date says so."""
    dates = {(one.place[:-1], one.op) for one in items if one.is_field and one.place[-1] == "date"}
    return [
        one
        for one in items
        if not (one.is_field and one.place[-1] == "type" and (one.place[:-1], one.op) in dates)
        or one.op == "changed"
    ]


def _lower_first(label: str) -> str:
    return label[:1].lower() + label[1:]


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1].rstrip()}…"


def _place(change: FieldChange) -> Path:
    # The path has names of items that the field has not: the first one ends the outermost item.
    for position, name in enumerate(change.path):
        if position >= len(change.field) or change.field[position] != name:
            return change.path[: position + 1]
    return change.path


def _edits(item: ChangedItem) -> Iterator[str]:
    """Say what changed inside an item beside its name; of one value, what it was and is."""
    changes = [change for change in item.changes if change is not item.rename]
    if len(item.changes) == 1:
        yield from map(_edit, changes)
        return
    edits = [f"{_part(one)} {one.op if _is_part(one) else 'changed'}" for one in changes]
    distinct = list(dict.fromkeys(edits))
    yield from distinct[:_NAMES]
    if len(distinct) > _NAMES:
        yield "…"


def _edit(change: FieldChange) -> str:
    if not _is_part(change):
        return f"{_part(change)}: {change.op} {_short(value_text(change.path[-1]))}"
    if change.op != "changed":
        return f"{_part(change)} {change.op}"
    if _is_short(change):
        return f"{_part(change)}: {arrow(change.before, change.after)}"
    return f"{_part(change)}: {replacement_text(change.before, change.after, between=', ')}"


def _is_short(change: FieldChange) -> bool:
    return max(len(value_text(change.before)), len(value_text(change.after))) <= _NAME_LENGTH


def _part(change: FieldChange) -> str:
    return fields.label(change.field).lower()


def _is_part(change: FieldChange) -> bool:
    """Return whether the change is of an attribute, not of an item in a list of its own."""
    return change.path[-1:] == change.field[-1:]
