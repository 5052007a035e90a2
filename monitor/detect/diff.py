"""Which fields differ between two records of a trial."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from deepdiff import DeepDiff

from monitor.detect.align import ABSENT, moved_keys, pair_items
from monitor.detect.keys import Key, shown_key
from monitor.detect.result_groups import as_stated, by_title
from monitor.detect.run_in import split_run_in
from monitor.detect.stated import stated_part
from monitor.detect.texts import plain, same_value
from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.changes import FieldChange, Op
from monitor.model.coverage import Coverage
from monitor.model.fields import ListRule, Path
from monitor.model.record import TrialRecord

# Sections whose coming or going is one change; elsewhere every leaf is one.
_WHOLE = frozenset({fields.RESULTS})
_NOT_COMPARED = frozenset({fields.VERSION_HOLDER})
# What the registry's reviewers note beside a value ("allCauseMortalityReviewUnit") is no content.
_REVIEW_MARKS = ("reviewUnit", "ReviewUnit", "resetReasons")
_REPORTS = ("values_changed", "type_changes")
_SORTED = orjson.OPT_SORT_KEYS
ItemPair = tuple[dict[str, Any] | None, dict[str, Any] | None]


def diff(old: TrialRecord, new: TrialRecord) -> tuple[FieldChange, ...]:
    """Return the fields that differ, sorted by path; () when equal.

    Both records carry the same NCT ID, else RecordError. Only what both sides state is
    compared. The order of a list, another encoding of the same text, the data-load stamp and the
    marks of the registry's reviewers are no differences. Pure: no clock, no I/O.
    """
    if old.nct_id != new.nct_id:
        raise RecordError(f"{old.nct_id} and {new.nct_id} are two trials, not two versions")
    pruner = _Pruner(_Common(old.coverage, new.coverage))
    pruner.objects(old.document, new.document, (), (), None)
    found = [leaf.change(op) for leaf, op in _judged(pruner.leaves)]
    return tuple(sorted(found, key=lambda change: (change.path, change.op)))


def _judged(leaves: Sequence["_Leaf"]) -> Iterator[tuple["_Leaf", Op]]:
    """Yield the leaves that differ, and how."""
    both: dict[str, _Leaf] = {}
    for leaf in leaves:
        if leaf.old is ABSENT:
            yield leaf, "added"
        elif leaf.new is ABSENT:
            yield leaf, "removed"
        else:
            # Numbered, and texts in their normal form: DeepDiff writes out paths that nobody
            # reads and compares texts of several lines a second time, line by line.
            both[str(len(both))] = leaf
    if not both:
        return
    tree = DeepDiff(
        {name: _normal(leaf.old) for name, leaf in both.items()},
        {name: _normal(leaf.new) for name, leaf in both.items()},
        view="tree",
        threshold_to_diff_deeper=0,
        ignore_private_variables=False,
        verbose_level=2,
        multiprocessing_workers=1,  # else it asks the system for its processors each time
    )
    for report in _REPORTS:
        for level in tree.get(report, ()):
            yield both[level.get_root_key()], "changed"


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


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value of the old and the new record, its catalogue field, the list items around it."""

    old: Any
    new: Any
    path: Path
    field: Path
    item: ItemPair | None

    def change(self, op: Op) -> FieldChange:
        """Return the field change that it is."""
        return FieldChange(
            path=self.path,
            field=self.field,
            op=op,
            before=None if op == "added" else self.old,
            after=None if op == "removed" else self.new,
            item=self.item,
        )


@dataclass(slots=True)
class _Pruner:
    """What is left to compare: equal parts cut, list items paired, the leaves that may differ.

    ``moved`` names by list the items that went from or to another list of its family.
    """

    common: _Common
    leaves: list[_Leaf] = field(default_factory=list)
    moved: dict[Path, frozenset[Key]] = field(default_factory=dict)

    def objects(self, old: Any, new: Any, path: Path, field_: Path, item: ItemPair | None) -> None:
        """Collect what differs between two objects."""
        if field_[:1] == fields.RESULTS:
            old, new = by_title(old, new, field_)
        for name in old.keys() | new.keys():
            one, other = old.get(name, ABSENT), new.get(name, ABSENT)
            if _identical(one, other) or name.endswith(_REVIEW_MARKS):
                continue
            below = (*field_, name)
            if family := fields.list_rule(below).family:
                self.moved[below] = moved_keys(old, new, family, below)
            if below in _NOT_COMPARED or not (self.common.complete or self.common.states(below)):
                continue
            self._values(one, other, (*path, name), below, item)

    def _values(
        self, one: Any, other: Any, path: Path, field_: Path, item: ItemPair | None
    ) -> None:
        """Collect what differs between two values of one name.

        An absent list or object counts as empty: the registry leaves out what is empty.
        """
        if _says_nothing(one) and _says_nothing(other):
            return
        whole = field_ in _WHOLE and (one is ABSENT or other is ABSENT)
        if _is(one, dict) and _is(other, dict) and not whole:
            self.objects(_or_empty(one, {}), _or_empty(other, {}), path, field_, item)
        elif _is(one, list) and _is(other, list):
            self._lists(_or_empty(one, []), _or_empty(other, []), path, field_, item)
        else:
            self._leaf(one, other, path, field_, item)

    def _leaf(self, one: Any, other: Any, path: Path, field_: Path, item: ItemPair | None) -> None:
        """Keep two values that differ, as the records state them."""
        if field_[:1] == fields.RESULTS:
            one, other = as_stated(one), as_stated(other)
        if one is ABSENT or other is ABSENT or not same_value(one, other):
            self.leaves.append(_Leaf(one, other, path, field_, item))

    def _lists(
        self, old: list[Any], new: list[Any], path: Path, field_: Path, item: ItemPair | None
    ) -> None:
        if field_ in fields.RUN_IN_LISTS and self.common.run_in(field_):
            old, new = split_run_in(old, new)
        rule = fields.list_rule(field_)
        if old and new and not self.common.complete:
            old, new = self._stated_only(old, field_), self._stated_only(new, field_)
        moved = self.moved.get(field_, frozenset())
        names = _Names(rule)
        for one, other in self._pairs(old, new, field_, moved):
            name = names.take(one if other is ABSENT else other)
            if one is other:
                continue
            below = (*path, name)
            pair = (_object(one, field_), _object(other, field_)) if item is None else item
            if isinstance(one, dict) and isinstance(other, dict):
                self.objects(one, other, below, field_, pair)
            else:
                self._leaf(one, other, below, field_, pair)

    @staticmethod
    def _pairs(
        old: list[Any], new: list[Any], field_: Path, moved: frozenset[Key]
    ) -> Iterator[tuple[Any, Any]]:
        """Yield the items of two lists that may differ, and those without a partner.

        Results of groups that have one title pair as equal, and may have other ids.
        """
        pairs = pair_items(old, new, field_, fields.list_rule(field_), moved)
        if field_[:1] != fields.RESULTS:
            yield from pairs
            return
        for (one, same), other in zip(pairs, new, strict=False):
            yield one, one if same is one and one == other else other
        yield from pairs[len(new) :]

    def _stated_only(self, items: list[Any], field_: Path) -> list[Any]:
        """Return the items with only those attributes that both sides state."""
        return [item for item in stated_part(items, field_, self.common.states) if item != {}]


@dataclass(slots=True)
class _Names:
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


def _identical(one: Any, other: Any) -> bool:
    """Tell at C speed whether two values are equal in content and type (``True`` is not 1)."""
    if one is ABSENT or other is ABSENT or one != other:
        return False
    if isinstance(one, (dict, list)):
        # Sorted: a stored record has its keys in another order than one just read.
        return orjson.dumps(one, option=_SORTED) == orjson.dumps(other, option=_SORTED)
    return type(one) is type(other) or same_value(one, other)


def _normal(value: Any) -> Any:
    return plain(value) if isinstance(value, str) else value


def _is(value: Any, kind: type) -> bool:
    return value is ABSENT or isinstance(value, kind)


def _or_empty(value: Any, empty: Any) -> Any:
    return empty if value is ABSENT else value


def _says_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(_says_nothing, value.values()))
    return value is ABSENT or value == []


def _object(value: Any, field_: Path) -> dict[str, Any] | None:
    """Return an item as its record states it; None where it is no object."""
    if not isinstance(value, dict):
        return None
    stated: dict[str, Any] = as_stated(value) if field_[:1] == fields.RESULTS else value
    return stated
