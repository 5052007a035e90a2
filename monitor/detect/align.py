"""Two records as two mappings that DeepDiff can compare: what is one thing has one path in both.

Each value stands by its path, in which a list item has its name: DeepDiff would pair items by
position, or at a cost that grows with the square of their number. The mappings are flat, because
DeepDiff copies all levels above with each that it goes down to. Equal parts, and what only one of
the records states, are in neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from monitor.detect.keys import ItemKey, shown_key
from monitor.detect.pairing import ABSENT, moved_keys, pair_items
from monitor.detect.partial_records import split_run_in, stated_part
from monitor.detect.result_groups import by_title, restore_ids
from monitor.detect.texts import same_value
from monitor.model import fields
from monitor.model.coverage import Coverage
from monitor.model.fields import ListRule, Path
from monitor.model.record import TrialRecord

# Sections whose coming or going is one change; elsewhere every leaf is one.
_WHOLE = frozenset({fields.RESULTS})
# The stamp of the data load: it moves on every record with every load, whatever else does.
_NOT_COMPARED = frozenset({fields.VERSION_HOLDER})
# What the registry's reviewers note beside a value ("allCauseMortalityReviewUnit") is no content.
_REVIEW_MARKS = ("reviewUnit", "ReviewUnit", "resetReasons")
_SORTED = orjson.OPT_SORT_KEYS

ItemSides = tuple[dict[str, Any] | None, dict[str, Any] | None]


class ItemName(str):
    """The name of a list item in a tree; it knows the item."""

    __slots__ = ("__dict__",)
    _sides: tuple[Any, Any]
    _path: Path

    @classmethod
    def of(cls, name: str, sides: tuple[Any, Any], path: Path) -> "ItemName":
        """Return the name of an item of the list at ``path``, as old and new have it (ABSENT)."""
        made = cls(name)
        made._sides, made._path = sides, path
        return made

    @cached_property
    def item(self) -> ItemSides:
        """The item as the old and the new record state it; None where it is no object."""
        old, new = (one if isinstance(one, dict) else None for one in self._sides)
        return _without_group_names(old, new, self._path)


Tree = dict[Path, Any]
Trees = tuple[Tree, Tree]


def align_records(old: TrialRecord, new: TrialRecord) -> Trees:
    """Return the trees of two records of one trial.

    Names of list items are ``ItemName``s, the same in both trees. Values are as the records state
    them: those of one name may still say the same in another form.
    """
    return _Aligner(_Common(old.coverage, new.coverage)).record(old.document, new.document)


@dataclass(frozen=True, slots=True)
class _Common:
    """What both records state."""

    old: Coverage
    new: Coverage

    @property
    def complete(self) -> bool:
        return self.old.is_complete and self.new.is_complete

    def states(self, path: Path) -> bool:
        return self.old.states(path) and self.new.states(path)

    def run_in(self, path: Path) -> bool:
        return path in self.old.run_in or path in self.new.run_in


@dataclass(slots=True)
class _Aligner:
    """Makes trees; ``moved`` names by list the items that its family's other lists lost or got."""

    common: _Common
    moved: dict[Path, frozenset[ItemKey]] = field(default_factory=dict)

    def record(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> Trees:
        """Return the trees of two documents."""
        trees: Trees = {}, {}
        self._objects(old, new, (), trees, ())
        return trees

    def _objects(
        self, old: Mapping[str, Any], new: Mapping[str, Any], path: Path, trees: Trees, at: Path
    ) -> None:
        """Put what may differ between two objects, which stand ``at`` this path of the trees."""
        if path[:1] == fields.RESULTS:
            # "OG000" may be the placebo group in one version and the treated one in the next.
            old, new = by_title(old, new, path)
        for name in old.keys() | new.keys():
            one, other = old.get(name, ABSENT), new.get(name, ABSENT)
            if _identical(one, other) or name.endswith(_REVIEW_MARKS):
                continue
            below = (*path, name)
            if family := fields.list_rule(below).family:
                # An outcome that went from the primary to the secondary list is not one that was
                # renamed in place.
                self.moved[below] = moved_keys(old, new, family, below)
            if below in _NOT_COMPARED or not (self.common.complete or self.common.states(below)):
                continue
            self._values(one, other, below, trees, (*at, name))

    def _values(self, one: Any, other: Any, path: Path, trees: Trees, at: Path) -> None:
        """Put two values of one name, which differ.

        An absent list or object counts as empty: the registry leaves out what is empty.
        """
        if _is_empty(one) and _is_empty(other):
            return
        whole = path in _WHOLE and (one is ABSENT or other is ABSENT)
        if _is_kind(one, dict) and _is_kind(other, dict) and not whole:
            self._objects(_or_empty(one, {}), _or_empty(other, {}), path, trees, at)
        elif _is_kind(one, list) and _is_kind(other, list):
            self._lists(_or_empty(one, []), _or_empty(other, []), path, trees, at)
        else:
            _set_values(trees, at, _without_group_names(one, other, path))

    def _lists(self, old: list[Any], new: list[Any], path: Path, trees: Trees, at: Path) -> None:
        if path in fields.RUN_IN_LISTS and self.common.run_in(path):
            old, new = split_run_in(old, new)
        if old and new and not self.common.complete:
            old, new = self._stated_only(old, path), self._stated_only(new, path)
        names = _UniqueNames(fields.list_rule(path))
        for one, other in self._pairs(old, new, path):
            name = names.take(one if other is ABSENT else other)
            # `pair_items` returns equal items as one object twice.
            if one is other:
                continue
            named = ItemName.of(name, (one, other), path)
            if isinstance(one, dict) and isinstance(other, dict):
                self._objects(one, other, path, trees, (*at, named))
            else:
                _set_values(trees, (*at, named), _without_group_names(one, other, path))

    def _pairs(self, old: list[Any], new: list[Any], path: Path) -> Iterator[tuple[Any, Any]]:
        """Yield the items of two lists that may differ, and those without a partner.

        Results of groups that have one title pair as equal, and may have other ids.
        """
        moved = self.moved.get(path, frozenset())
        pairs = pair_items(old, new, path, fields.list_rule(path), moved)
        if path[:1] != fields.RESULTS:
            yield from pairs
            return
        # Pairs come in the order of `new`, so the n-th is of its n-th item.
        for (one, same), other in zip(pairs, new, strict=False):
            yield one, one if same is one and one == other else other
        yield from pairs[len(new) :]

    def _stated_only(self, items: list[Any], path: Path) -> list[Any]:
        """Return the items with only those attributes that both sides state."""
        return [item for item in stated_part(items, path, self.common.states) if item != {}]


@dataclass(slots=True)
class _UniqueNames:
    """Names of list items within one list; a second of the same name gets a number.

    An item may really be called "Cohort (2)": no two ever get one name.
    """

    rule: ListRule
    counts: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def take(self, item: Any) -> str:
        key = name = str(shown_key(item, self.rule))
        while name in self.taken:
            count = self.counts[key] = self.counts.get(key, 1) + 1
            name = f"{key} ({count})"
        self.taken.add(name)
        return name


def _set_values(trees: Trees, at: Path, sides: tuple[Any, Any]) -> None:
    for tree, side in zip(trees, sides, strict=True):
        if side is not ABSENT:
            tree[at] = side


def _without_group_names(one: Any, other: Any, path: Path) -> tuple[Any, Any]:
    return (restore_ids(one), restore_ids(other)) if path[:1] == fields.RESULTS else (one, other)


def _identical(one: Any, other: Any) -> bool:
    """Return at C speed whether two values are equal in content and type (``True`` is not 1)."""
    if one is ABSENT or other is ABSENT or one != other:
        return False
    if isinstance(one, (dict, list)):
        # Sorted: a stored record has its keys in another order than one just read.
        return orjson.dumps(one, option=_SORTED) == orjson.dumps(other, option=_SORTED)
    return type(one) is type(other) or same_value(one, other)


def _is_kind(value: Any, kind: type) -> bool:
    return value is ABSENT or isinstance(value, kind)


def _or_empty(value: Any, empty: Any) -> Any:
    return empty if value is ABSENT else value


def _is_empty(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_is_empty, value.values()))
    return value is ABSENT or value == []
