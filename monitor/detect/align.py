"""Pairing the items of two versions of a list, never by position.

In this order: equal items; items of one natural key, most alike first; items that miss their
key by one attribute (a city respelled, a postcode corrected); leftovers that are alike enough
to be the same thing renamed, compared only within a bucket. What remains was added or removed.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from rapidfuzz import fuzz

from monitor.detect.sites import is_masked, same_site_score
from monitor.detect.texts import plain, same_value
from monitor.model.fields import LOCATIONS, ListRule, Path

Item = Any
Pair = tuple[Item | None, Item | None]

# Below this share of likeness two items are two things, not one renamed.
RENAME_THRESHOLD = 0.8
# A group larger than this many comparisons is paired in a stable order instead.
MAX_COMPARISONS = 10_000

_EXACT = orjson.OPT_SORT_KEYS


@dataclass(slots=True)
class _Left:
    """Items not paired yet, by their index."""

    old: dict[int, Item]
    new: dict[int, Item]
    pairs: dict[int, int]

    def pair(self, old_index: int, new_index: int) -> None:
        del self.old[old_index], self.new[new_index]
        self.pairs[new_index] = old_index


def pair_items(old: Sequence[Item], new: Sequence[Item], path: Path, rule: ListRule) -> list[Pair]:
    """Return (old, new) pairs in the order of ``new``, then the removed ones (old, None).

    An added item is (None, new). Items are objects or scalars; a scalar is its own key.
    """
    left = _Left(dict(enumerate(old)), dict(enumerate(new)), {})
    _pair_groups(left, _exact_key, None)
    if left.old and left.new:
        _pair_groups(left, lambda item: natural_key(item, rule), likeness)
    for attributes in _near_keys(path):
        if left.old and left.new:
            _pair_groups(left, _partial_key(attributes), likeness)
    if rule.rename and left.old and left.new:
        _pair_renamed(left, path, rule)
    found: list[Pair] = [
        (old[left.pairs[index]] if index in left.pairs else None, item)
        for index, item in enumerate(new)
    ]
    return found + [(item, None) for item in left.old.values()]


def natural_key(item: Item, rule: ListRule) -> tuple[str, ...]:
    """Return what names an item within its list, in the normal form of text."""
    if not isinstance(item, dict):
        return (plain(item) if isinstance(item, str) else _exact_key(item).decode(),)
    for name in rule.any_of:
        if item.get(name) not in (None, ""):
            return (name, _word(item[name]))
    if rule.key:
        return tuple(_word(item.get(name)) for name in rule.key)
    return (_exact_key(item).decode(),)


def shown_key(item: Item, rule: ListRule) -> str:
    """Return the item's natural key as people read it in a path."""
    if not isinstance(item, dict):
        return item if isinstance(item, str) else _exact_key(item).decode()
    names = rule.key or next(((n,) for n in rule.any_of if item.get(n) not in (None, "")), ())
    words = [str(item[name]) for name in names if item.get(name) not in (None, "")]
    return ", ".join(words) or _exact_key(item).decode()[:80]


def likeness(one: Item, other: Item) -> float:
    """Return the share of attributes that say the same, from 0 to 1."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return float(one == other)
    names = one.keys() | other.keys()
    same = sum(
        1 for name in names if name in one and name in other and _same(one[name], other[name])
    )
    return same / len(names) if names else 1.0


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (dict, list)):
        return bool(one == other)
    return same_value(one, other)


def _exact_key(item: Item) -> bytes:
    return orjson.dumps(item, option=_EXACT)


def _word(value: Any) -> str:
    if isinstance(value, str):
        return plain(value).casefold()
    return "" if value is None else _exact_key(value).decode()


def _near_keys(path: Path) -> tuple[tuple[str, ...], ...]:
    if path == LOCATIONS:
        return (("facility", "zip", "country"), ("facility", "city", "country"))
    return ()


def _partial_key(attributes: tuple[str, ...]) -> Callable[[Item], Hashable | None]:
    """Return a key of these attributes; None (never paired) when one is missing.

    A masked facility name tells nothing, so it pairs only where the postcode agrees.
    """

    def key(item: Item) -> Hashable | None:
        if not isinstance(item, dict) or not all(item.get(name) for name in attributes):
            return None
        if "zip" not in attributes and is_masked(item.get("facility")) and item.get("zip"):
            return None
        return tuple(_word(item[name]) for name in attributes)

    return key


def _pair_groups(
    left: _Left,
    key: Callable[[Item], Hashable | None],
    score: Callable[[Item, Item], float] | None,
) -> None:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index, item in left.old.items():
        groups[key(item)].append(index)
    wanted: dict[Hashable, list[int]] = defaultdict(list)
    for index, item in left.new.items():
        found = key(item)
        if found is not None and found in groups:
            wanted[found].append(index)
    for found, new_indexes in wanted.items():
        _pair_group(left, groups[found], new_indexes, score)


def _pair_group(
    left: _Left,
    old_indexes: list[int],
    new_indexes: list[int],
    score: Callable[[Item, Item], float] | None,
    threshold: float = 0.0,
) -> None:
    comparisons = len(old_indexes) * len(new_indexes)
    if score is None or (comparisons == 1 and not threshold) or comparisons > MAX_COMPARISONS:
        if not threshold:
            for old_index, new_index in zip(old_indexes, new_indexes, strict=False):
                left.pair(old_index, new_index)
        return
    ranked = sorted(
        (-score(left.old[o], left.new[n]), o, n) for o in old_indexes for n in new_indexes
    )
    for negative, old_index, new_index in ranked:
        if -negative < threshold:
            return
        if old_index in left.old and new_index in left.new:
            left.pair(old_index, new_index)


def _pair_renamed(left: _Left, path: Path, rule: ListRule) -> None:
    score = same_site_score if path == LOCATIONS else _text_score(rule)
    buckets: dict[tuple[str, ...], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side, items in enumerate((left.old, left.new)):
        for index, item in items.items():
            if isinstance(item, dict):
                place = tuple(_word(item.get(name)) for name in rule.bucket)
                buckets[place][side].append(index)
    for old_indexes, new_indexes in buckets.values():
        if old_indexes and new_indexes:
            _pair_group(left, old_indexes, new_indexes, score, RENAME_THRESHOLD)


def _text_score(rule: ListRule) -> Callable[[Item, Item], float]:
    """Compare by the first text; a weaker match counts when all other texts agree.

    Items without texts are compared by the share of attributes that agree.
    """
    if not rule.texts:
        return lambda one, other: RENAME_THRESHOLD if likeness(one, other) >= 0.5 else 0.0

    def score(one: Item, other: Item) -> float:
        ratios = [
            fuzz.ratio(_word(one.get(name)), _word(other.get(name))) / 100
            for name in rule.texts
            if one.get(name) or other.get(name)
        ]
        if not ratios:
            return 0.0
        rest = min(ratios[1:], default=0.0)
        return max(ratios[0], 0.85 if rest >= 0.9 and ratios[0] >= 0.4 else 0.0)

    return score
