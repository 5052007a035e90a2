"""Pairing the items of two versions of a list, never by position.

In this order: equal items; items of one natural key, most alike first; items that miss their
key by one attribute (a city respelled, a postcode corrected); leftovers that are alike enough
to be the same thing renamed, compared only within a bucket; who left a post and who came to it.
What remains was added or removed.
Which items pair never depends on the order of either list.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from monitor.detect.keys import ItemKey, exact_key, facets, key_word, natural_key, normal_key
from monitor.detect.sites import is_masked, same_place_score, same_site, site_of
from monitor.detect.texts import continues, likeness
from monitor.model.fields import LOCATIONS, ListRule, Path, list_rule

AnyItem = Any
ItemPair = tuple[AnyItem, AnyItem]
# Stands on the side of a pair where there is no item (null is an item).
ABSENT: Any = object()

# Below this share of likeness two items are two things, not one renamed.
# "Progression-free survival" and "Overall survival" reach 0.59 by their characters alone.
RENAME_THRESHOLD = 0.8
# Cities that are less alike than this are two cities, not one in two spellings.
# "Naples" and "Napoli" reach 0.67.
_PLACE_THRESHOLD = 0.5
# The longer text of an item can identify it under quite another name.
_TELLING_LENGTH = 40
_SAME_NAME_ROUGHLY = 0.4
_SIMILAR_WORDS = 0.5
# Items without a text that names them are one when they share this much.
_RESEMBLANCE = 0.6
# In a group of more comparisons than this, items that differ in one attribute pair first.
_MANY_COMPARISONS = 400
MAX_COMPARISONS = 2_500


class _Measure(NamedTuple):
    """How alike two items are: what is made of each of them once, and of any two of that."""

    describe: Callable[[AnyItem], Any]
    score: Callable[[Any, Any], float]


@dataclass(slots=True)
class _UnpairedItems:
    """Items not paired yet, by their index."""

    old: dict[int, AnyItem]
    new: dict[int, AnyItem]
    pairs: dict[int, int]

    def pair(self, old_index: int, new_index: int) -> None:
        del self.old[old_index], self.new[new_index]
        self.pairs[new_index] = old_index

    def comparisons(self, old: Iterable[int], new: Iterable[int]) -> int:
        """Return how many pairs these indexes still allow."""
        return sum(i in self.old for i in old) * sum(i in self.new for i in new)

    def pair_equal(
        self, old: Iterable[int], new: Iterable[int], key: Callable[[AnyItem], Hashable]
    ) -> None:
        """Pair the items of the two sides that have the same key, in the order given."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for index in old:
            if index in self.old:
                waiting[key(self.old[index])].append(index)
        for index in new:
            if index in self.new and (found := waiting.get(key(self.new[index]))):
                self.pair(found.pop(0), index)

    def pair_by_rank(
        self, old: Sequence[int], new: Sequence[int], measure: _Measure, threshold: float
    ) -> None:
        """Pair the most alike first, down to the threshold; ties by content, not position.

        Too many to compare are paired in the order of their content, or not at all where a
        threshold must be reached.
        """
        old_items = self.by_content(self.old, old)
        new_items = self.by_content(self.new, new)
        if len(old_items) * len(new_items) > MAX_COMPARISONS:
            for old_index, new_index in (
                zip(old_items, new_items, strict=False) if not threshold else ()
            ):
                self.pair(old_index, new_index)
            return
        ours = [measure.describe(self.old[index]) for index in old_items]
        theirs = [measure.describe(self.new[index]) for index in new_items]
        ranked = sorted(
            (-measure.score(one, other), i, j)
            for i, one in enumerate(ours)
            for j, other in enumerate(theirs)
        )
        for negative, i, j in ranked:
            if -negative < threshold:
                return
            if old_items[i] in self.old and new_items[j] in self.new:
                self.pair(old_items[i], new_items[j])

    @staticmethod
    def by_content(items: dict[int, AnyItem], indexes: Iterable[int]) -> list[int]:
        """Return those indexes that are left, in an order that no shuffling changes."""
        left = [index for index in indexes if index in items]
        return sorted(left, key=lambda index: normal_key(items[index]))


def pair_items(
    old: Sequence[AnyItem],
    new: Sequence[AnyItem],
    path: Path,
    rule: ListRule,
    moved: frozenset[ItemKey] = frozenset(),
) -> list[ItemPair]:
    """Return (old, new) pairs in the order of ``new``, then the removed ones (old, ABSENT).

    An added item is (ABSENT, new); of two equal items the pair holds one, twice. Items are
    objects or scalars; a scalar is its own key.
    ``moved``: keys of items that left for another list or came from one: not renamed ones.
    """
    left = _UnpairedItems(dict(enumerate(old)), dict(enumerate(new)), {})
    # Equal items first: most of 2,000 sites stay as they are, and only what is left has to be
    # scored.
    left.pair_equal(list(left.old), list(left.new), exact_key)
    equal = dict(left.pairs)
    if left.old and left.new:
        _pair_by_key(left, rule)
    if path == LOCATIONS and left.old and left.new:
        _pair_near(left)
    if rule.rename and left.old and left.new:
        _pair_by_name(left, path, rule, moved)
    if rule.post and left.old and left.new:
        _pair_successors(left, rule)
    found: list[ItemPair] = []
    for index, item in enumerate(new):
        if index in equal:
            found.append((old[equal[index]],) * 2)
        else:
            found.append((old[left.pairs[index]] if index in left.pairs else ABSENT, item))
    return found + [(item, ABSENT) for item in left.old.values()]


def _facets(item: AnyItem) -> dict[str, str]:
    """Return the item's attributes in normal form; a scalar has one, itself."""
    return facets(item) if isinstance(item, dict) else {"": normal_key(item).decode()}


def _share_alike(ours: Mapping[str, str], theirs: Mapping[str, str]) -> float:
    """Return the share of facets that say the same, from 0 to 1; similar words count for a part."""
    names = ours.keys() | theirs.keys()
    same = 0.0
    for name in ours.keys() & theirs.keys():
        value, their = ours[name], theirs[name]
        same += 1 if value == their else _SIMILAR_WORDS * likeness(value, their) / 100
    return same / len(names) if names else 1.0


_IN_ALL = _Measure(_facets, _share_alike)
_AS_SITE = _Measure(site_of, same_site)
_IN_PLACE = _Measure(lambda item: item, same_place_score)


def _pair_by_key(left: _UnpairedItems, rule: ListRule) -> None:
    """Pair items of one key; where several share it, the same ones and the most alike first."""
    for old, new in _groups(left, lambda item: natural_key(item, rule)):
        if len(old) == len(new) == 1:
            left.pair(old[0], new[0])
            continue
        left.pair_equal(old, new, normal_key)
        if left.comparisons(old, new) > _MANY_COMPARISONS:
            _pair_many(left, old, new)
        left.pair_by_rank(old, new, _IN_ALL, threshold=0.0)


def _pair_many(left: _UnpairedItems, old: list[int], new: list[int]) -> None:
    """Pair items that differ in one attribute; if still too many are left, by the most telling."""
    old, new = left.by_content(left.old, old), left.by_content(left.new, new)
    # By id: items are dicts, which cannot be keys, and their facets are needed for every attribute.
    items = [left.old[index] for index in old] + [left.new[index] for index in new]
    facets_of = {id(item): _facets(item) for item in items}
    values: dict[str, set[str]] = defaultdict(set)
    for item in items[len(old) :]:
        for name, value in facets_of[id(item)].items():
            values[name].add(value)

    def all_but(name: str) -> Callable[[AnyItem], Hashable]:
        return lambda item: frozenset(one for one in facets_of[id(item)].items() if one[0] != name)

    def only(name: str) -> Callable[[AnyItem], Hashable]:
        return lambda item: facets_of[id(item)].get(name)

    for name in sorted(values):
        left.pair_equal(old, new, all_but(name))
    # The attribute with most values leaves the fewest comparisons within each of them.
    for name in sorted(values, key=lambda name: (-len(values[name]), name)):
        if left.comparisons(old, new) > MAX_COMPARISONS and len(values[name]) > 1:
            left.pair_equal(old, new, only(name))


def _groups(
    left: _UnpairedItems, key: Callable[[AnyItem], Hashable | None]
) -> list[tuple[list[int], list[int]]]:
    """Return the indexes of both sides by key, where both have some; None is no key."""
    groups: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, items in enumerate((left.old, left.new)):
        for index, item in items.items():
            found = key(item)
            if found is not None:
                groups[found][side].append(index)
    return [sides for sides in groups.values() if all(sides)]


def _pair_near(left: _UnpairedItems) -> None:
    """Pair sites that miss their key by one attribute: a city respelled, a postcode corrected."""
    # From the surest to the least sure: an address says more than a name in one country.
    for attributes, measure, threshold in (
        (("facility", "zip", "country"), _IN_ALL, 0.0),
        (("facility", "city", "country"), _IN_ALL, 0.0),
        (("facility", "country"), _IN_PLACE, _PLACE_THRESHOLD),
    ):
        for old, new in _groups(left, _partial_key(attributes)):
            left.pair_by_rank(old, new, measure, threshold)


def _partial_key(attributes: tuple[str, ...]) -> Callable[[AnyItem], Hashable | None]:
    """Return a key of these attributes; None (never paired) when one is missing.

    A masked facility name tells nothing, so it pairs only where the postcode agrees.
    """

    def key(item: AnyItem) -> Hashable | None:
        if not isinstance(item, dict):
            return None
        if "zip" not in attributes and is_masked(item.get("facility")) and item.get("zip"):
            return None
        words = tuple(key_word(item, name) for name in attributes)
        return words if all(words) else None

    return key


def moved_keys(
    old: Mapping[str, Any], new: Mapping[str, Any], family: Iterable[Path], path: Path
) -> frozenset[ItemKey]:
    """Return the keys of items that ``path`` lost to, or gained from, other lists of its family.

    ``old`` and ``new`` are the two versions of the object that holds the lists.
    """
    keys: list[dict[Path, set[ItemKey]]] = [
        {one: {natural_key(item, list_rule(one)) for item in _list_at(side, one)} for one in family}
        for side in (old, new)
    ]
    others = [set[ItemKey]().union(*(found for one, found in side.items() if one != path))
              for side in keys]  # fmt: skip
    left, arrived = keys[0][path] - keys[1][path], keys[1][path] - keys[0][path]
    return frozenset(left & others[1] | arrived & others[0])


def _list_at(module: Mapping[str, Any], path: Path) -> list[AnyItem]:
    found = module.get(path[-1])
    return found if isinstance(found, list) else []


def _pair_by_name(
    left: _UnpairedItems, path: Path, rule: ListRule, moved: frozenset[ItemKey]
) -> None:
    measure = _AS_SITE if path == LOCATIONS else _in_texts(rule)

    def place(item: AnyItem) -> Hashable | None:
        if not isinstance(item, dict) or (moved and natural_key(item, rule) in moved):
            return None
        return tuple(key_word(item, name) for name in rule.bucket)

    for old, new in _groups(left, place):
        left.pair_by_rank(old, new, measure, RENAME_THRESHOLD)


def _pair_successors(left: _UnpairedItems, rule: ListRule) -> None:
    """Pair who left a post and who came to it: the only ones, or those that share most else."""

    def post(item: AnyItem) -> Hashable | None:
        return tuple(key_word(item, name) for name in rule.post) if isinstance(item, dict) else None

    for old, new in _groups(left, post):
        # Where one left a post and one came to it, their names need not be alike at all.
        alone = len(old) == len(new) == 1
        left.pair_by_rank(old, new, _IN_ALL, 0.0 if alone else _RESEMBLANCE)


def _in_texts(rule: ListRule) -> _Measure:
    """Compare by the first text; a weaker match counts when a telling longer one agrees.

    "Overall survival" is not "Progression-free survival" because both are measured over 24
    months; the same description of some length makes two names one outcome renamed.
    Items without texts are compared by the share of attributes that agree.
    """
    if not rule.texts:
        return _Measure(
            # Shifted, so that a share of _RESEMBLANCE meets the threshold of `_pair_by_name`.
            _facets,
            lambda one, other: RENAME_THRESHOLD + _share_alike(one, other) - _RESEMBLANCE,
        )
    return _Measure(
        lambda item: [key_word(item, name) for name in rule.texts],
        lambda one, other: _text_score(list(zip(one, other, strict=True))),
    )


def _text_score(words: Sequence[tuple[str, str]]) -> float:
    first, *rest = (likeness(*pair) / 100 if any(pair) else 1.0 for pair in words)
    if continues(*words[0]):
        return max(first, RENAME_THRESHOLD)
    shortest = max((min(map(len, pair)) for pair in words[1:]), default=0)
    if shortest >= _TELLING_LENGTH and min(rest) >= 0.9 and first >= _SAME_NAME_ROUGHLY:
        return max(first, RENAME_THRESHOLD)
    return first if any(words[0]) else 0.0
