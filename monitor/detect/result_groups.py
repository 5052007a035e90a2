"""Groups of results go by their titles: the registry may letter them anew with every submission.

A module, or an outcome measure, lists its groups (``{"id": "OG000", "title": "Placebo", …}``), and
everything else in it refers to them by those ids.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any, Self

from monitor.detect.contradictions import contradict
from monitor.detect.keys import exact_key, key_word
from monitor.detect.pairing import ABSENT, pair_items
from monitor.detect.texts import plain, wording
from monitor.detect.word_lists import STOP
from monitor.model.fields import GROUP_ID, GROUP_IDS, GROUP_LISTS, ListRule, Path

_BY_TITLE = ListRule(key=("title",), rename=True, texts=("title", "description"))
# What tells one group of several from the others: "cohort 2", "arm B", "stage III".
_MARKS = re.compile(r"\d+(?:[.,]\d+)*|\b[^\W\d_]{1,3}\b")

RecordObject = Mapping[str, Any]
ResultGroup = dict[str, Any]
ResultGroupPair = tuple[ResultGroup | None, ResultGroup | None]


class GroupName(str):
    """A group's title in the place of its id.

    It names, sorts and pairs as the title does; two are equal where title and id both are.
    """

    __slots__ = ("id",)
    id: str

    def __new__(cls, title: str, id_: str) -> Self:
        """Return the title as the name of the group that has this id."""
        name = super().__new__(cls, title)
        name.id = id_
        return name

    def __eq__(self, other: object) -> bool:
        """Return whether the other is the same name of the same id."""
        return isinstance(other, GroupName) and self.id == other.id and str(self) == str(other)

    def __ne__(self, other: object) -> bool:
        """Return the opposite; a text would compare its letters alone."""
        return not self == other

    __hash__ = str.__hash__


GroupNames = Mapping[str, GroupName]


def by_title(old: RecordObject, new: RecordObject, path: Path) -> tuple[RecordObject, RecordObject]:
    """Return copies of two objects that list groups, with a ``GroupName`` in the place of each id.

    A group that was retitled has its new title in both; of groups of one title all but one get a
    number. What is equal in both, and the same groups', is left as it is, and so are objects that
    list no groups, or only one of which does.
    """
    for name in sorted(GROUP_LISTS & old.keys() & new.keys()):
        ours, theirs = old[name], new[name]
        if ours and theirs and isinstance(ours, list) and isinstance(theirs, list):
            old_names, new_names = _names(ours, theirs, (*path, name))
            same = old_names == new_names
            return (
                _with_names(old, name, old_names, new if same else None),
                _with_names(new, name, new_names, old if same else None),
            )
    return old, new


def restore_ids(value: Any) -> Any:
    """Return a value as its record states it, with ids where ``by_title`` put names."""
    if isinstance(value, GroupName):
        return value.id
    if isinstance(value, list):
        return [restore_ids(one) for one in value]
    if isinstance(value, dict):
        return {name: restore_ids(below) for name, below in value.items()}
    return value


def _names(old: list[Any], new: list[Any], path: Path) -> tuple[GroupNames, GroupNames]:
    """Return the name of every group by its id, of the old groups and of the new ones.

    An id that one side does not list means there what it means on the other.
    """
    sides: tuple[dict[str, str], dict[str, str]] = {}, {}
    taken: set[str] = set()
    for pair in _pairs(_select_unique(old), _select_unique(new), path):
        # A retitled group goes by its new title on both sides, so that its values are compared, not
        # replaced.
        latest = next(group for group in reversed(pair) if group is not None)
        title, count = str(latest["title"]), 1
        name = title
        # Two groups may have one title: "Placebo", "Placebo (2)".
        while (word := key_word({"": name}, "")) in taken:
            count += 1
            name = f"{title} ({count})"
        taken.add(word)
        for side, group in zip(sides, pair, strict=True):
            if group is not None:
                side[group["id"]] = name
    for side, other in (sides, sides[::-1]):
        unused = {one: name for one, name in other.items() if name not in side.values()}
        side.update({one: name for one, name in unused.items() if one not in side})
    old_names, new_names = (
        {one: GroupName(name, one) for one, name in side.items()} for side in sides
    )
    return old_names, new_names


def _select_unique(groups: list[Any]) -> list[ResultGroup]:
    """Return the groups that have a title and an id to themselves, in an order of their own."""
    found = [
        one
        for one in groups
        if isinstance(one, dict) and isinstance(one.get("id"), str) and key_word(one, "title")
    ]
    counts = Counter(one["id"] for one in found)
    return sorted((one for one in found if counts[one["id"]] == 1), key=exact_key)


def _pairs(
    old: Sequence[ResultGroup], new: Sequence[ResultGroup], path: Path
) -> list[ResultGroupPair]:
    """Pair groups by title, then those in whose titles little changed or one description is left.

    Ids count only between groups that are alike in all else.
    """
    same = {exact_key(one) for one in old} & {exact_key(one) for one in new}
    pairs: list[ResultGroupPair] = [(one, one) for one in new if exact_key(one) in same]
    ours, theirs = ([one for one in side if exact_key(one) not in same] for side in (old, new))
    # Without ids: an id that now means another group must not decide which two are one.
    bare = [[{name: below for name, below in one.items() if name != "id"} for one in side]
            for side in (ours, theirs)]  # fmt: skip
    originals = {id(one): group for one, group in zip(bare[0], ours, strict=True)}
    found = pair_items(bare[0], bare[1], path, _BY_TITLE)
    removed = [originals[id(one)] for one, _ in found[len(theirs) :]]
    added: list[ResultGroup] = []
    for (one, _), group in zip(found, theirs, strict=False):
        before = None if one is ABSENT else originals[id(one)]
        if before is not None and _is_one(before, group):
            pairs.append((before, group))
        else:
            added.append(group)
            removed += [before] if before is not None else []
    for before, group in _of_one_description(removed, added, old, new):
        pairs.append((before, group))
        removed.remove(before)
        added.remove(group)
    pairs += [(one, None) for one in removed] + [(None, one) for one in added]
    return sorted(pairs, key=lambda pair: exact_key(pair[::-1]))


def _is_one(before: ResultGroup, after: ResultGroup) -> bool:
    """Return whether two titles are one, or one in other words: cohort 1 is not cohort 2."""
    if key_word(before, "title") == key_word(after, "title"):
        return True
    titles = str(before["title"]), str(after["title"])
    one, other = (Counter(_MARKS.findall(wording(plain(title)))) for title in titles)
    different = (one - other).keys() | (other - one).keys()
    return different <= STOP and not contradict(*titles)


def _of_one_description(
    removed: Iterable[ResultGroup],
    added: Iterable[ResultGroup],
    old: Iterable[ResultGroup],
    new: Iterable[ResultGroup],
) -> list[tuple[ResultGroup, ResultGroup]]:
    """Return pairs of groups that say of themselves what no other group of their side does."""
    sides = [Counter(key_word(one, "description") for one in side) for side in (old, new)]
    alone = {
        description
        for description, count in sides[0].items()
        if description and count == sides[1][description] == 1
    }
    left = {key_word(one, "description"): one for one in removed}
    return [
        (left[description], one)
        for one in added
        if (description := key_word(one, "description")) in alone and description in left
    ]


def _with_names(
    holder: RecordObject, groups: str, names: GroupNames, other: RecordObject | None
) -> RecordObject:
    """Return a copy of an object that lists groups; what is equal in ``other`` is not copied."""
    found = {}
    for name, value in holder.items():
        its = None if other is None else other.get(name)
        if isinstance(value, list) and isinstance(its, list):
            pairs = islice(zip_longest(value, its, fillvalue=ABSENT), len(value))
            found[name] = [
                one if one == two else _with_references(one, names) for one, two in pairs
            ]
        else:
            found[name] = _with_references(value, names)
    found[groups] = [
        {**one, "id": _name(one["id"], names)} if isinstance(one, dict) and "id" in one else one
        for one in holder[groups]
    ]
    return found


def _with_references(value: Any, names: GroupNames) -> Any:
    """Return a copy of a value that refers to groups by their names."""
    if isinstance(value, list):
        return [_with_references(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    found = {
        name: _with_references(below, names) if isinstance(below, (dict, list)) else below
        for name, below in value.items()
    }
    if GROUP_ID in found:
        found[GROUP_ID] = _name(found[GROUP_ID], names)
    if isinstance(ids := found.get(GROUP_IDS), list):
        found[GROUP_IDS] = [_name(one, names) for one in ids]
    return found


def _name(id_: Any, names: GroupNames) -> Any:
    """Return the name of a group, or what is no group's id as it is."""
    return names.get(id_, id_) if isinstance(id_, str) else id_
