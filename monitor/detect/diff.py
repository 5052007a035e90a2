"""Find the fields that differ between two records of a trial; ``classify`` gives them a meaning.

``align`` makes two trees of the records first, which DeepDiff then compares.
"""

from monitor.detect.align import ItemName, align_records
from monitor.detect.deepdiff_import import BaseOperator, DeepDiff, DiffLevel
from monitor.detect.keys import normal_key
from monitor.detect.texts import same_value
from monitor.errors import RecordError
from monitor.model.changes import FieldChange, Op
from monitor.model.record import TrialRecord

# DeepDiff's kinds of difference. None is of list items: `align_records` made mappings of all lists
# (docs/decisions/2026-11-30-deepdiff-compares.md). A kind that is not here is an error, not
# silence.
_OPS: dict[str, Op] = {
    "dictionary_item_added": "added",
    "dictionary_item_removed": "removed",
    "values_changed": "changed",
    "type_changes": "changed",
}


def diff(old: TrialRecord, new: TrialRecord) -> tuple[FieldChange, ...]:
    """Return the fields that differ, sorted by path; () when equal.

    Both records carry the same NCT ID, else RecordError. Only what both sides state is
    compared. The order of a list, another encoding of the same text, the data-load stamp and the
    marks of the registry's reviewers are no differences. Pure: no clock, no I/O.
    """
    if old.nct_id != new.nct_id:
        raise RecordError(f"{old.nct_id} and {new.nct_id} are two trials, not two versions")
    before, after = align_records(old, new)
    if not before and not after:
        return ()
    found = DeepDiff(
        before,
        after,
        custom_operators=[_SameInNormalForm()],
        view="tree",
        threshold_to_diff_deeper=0,  # else a tree with few names in common is one changed value
        ignore_private_variables=False,  # a name may begin with "__"
        multiprocessing_workers=1,  # else it asks the system for its processors each time
    )
    changes = [_change(level, _OPS[kind]) for kind, levels in found.items() for level in levels]
    return tuple(sorted(changes, key=lambda change: (change.path, change.op)))


class _SameInNormalForm(BaseOperator):
    """Values that say the same do not differ: a text in another encoding, 1 and 1.0."""

    def match(self, level: DiffLevel) -> bool:
        """Return whether this is a value on either side: trees are DeepDiff's."""
        return not (isinstance(level.t1, dict) and isinstance(level.t2, dict))

    def give_up_diffing(self, level: DiffLevel, diff_instance: DeepDiff) -> bool:
        """Return whether two values are judged; what neither form nor kind decides goes on."""
        one, other = level.t1, level.t2
        if isinstance(one, list) and isinstance(other, list):
            same = normal_key(one) == normal_key(other)
        else:
            same = same_value(one, other)
        if not same and type(one) is type(other) and isinstance(one, (str, list)):
            # One change: DeepDiff would go on into lists, and through texts line by line.
            diff_instance.custom_report_result("values_changed", level)  # type: ignore[no-untyped-call]
            return True
        return same


def _change(level: DiffLevel, op: Op) -> FieldChange:
    """Return a difference as the field change that it is."""
    # The trees are flat: the one key below the root is the whole path.
    (path,) = level.path(output_format="list")
    items = [name for name in path if isinstance(name, ItemName)]
    return FieldChange(
        path=tuple(map(str, path)),
        field=tuple(name for name in path if not isinstance(name, ItemName)),
        op=op,
        before=None if op == "added" else level.t1,
        after=None if op == "removed" else level.t2,
        item=items[0].item if items else None,
    )
