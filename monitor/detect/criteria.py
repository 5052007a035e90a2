"""Compare eligibility criteria item by item: added, dropped, edited or moved.

``outline`` makes the items of the text, ``overlap`` cancels what both sides have, the rule
`rules/eligibility.py` makes the event.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from math import isqrt

from rapidfuzz.distance import LCSseq

from monitor.detect.headings import EXCLUSION
from monitor.detect.likeness import WordWeights
from monitor.detect.outline import Criterion, items
from monitor.detect.overlap import MAX_COMPARISONS, UnmatchedCriterion, common_parts, not_within
from monitor.detect.texts import continues, likeness, same_words, wording
from monitor.model.text_diff import Segment, text_diff

# From this share of content words on, two items are one, edited; so is one of a slip of the pen.
_EDITED = 0.5
_MISSPELT = 0.75
# Fewer common words are enough where most of the characters are the same.
_EDITED_ALIKE, _SPELT_ALIKE = 0.35, 0.6
# Characters compared with each other, over all pairs of items: some 0.1 s. The registry takes
# 20,000 characters of criteria, of which all are compared where one item was edited.
_MAX_CHARACTER_PAIRS = 4_000_000_000
_MAX_ITEM_PAIRS = 100_000_000  # in looking for items that changed their place: 0.1 s, 12 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A criterion before and after, with the words that changed."""

    before: Criterion
    after: Criterion
    words: tuple[Segment, ...]


@dataclass(slots=True, kw_only=True)
class CriteriaChange:
    """Items that differ between two texts.

    Moved ones say the same in another place: in the opposite section, or under another line
    that holds them ("At least one of the following:").
    ``headed``: headings came, went or were reworded; they are no criteria.
    """

    added: list[Criterion] = field(default_factory=list)
    dropped: list[Criterion] = field(default_factory=list)
    edited: list[Edit] = field(default_factory=list)
    moved: list[Edit] = field(default_factory=list)
    headed: bool = False

    @property
    def count(self) -> int:
        """Return how many criteria changed."""
        return len(self.added) + len(self.dropped) + len(self.edited) + len(self.moved)

    def __bool__(self) -> bool:
        return bool(self.count or self.headed)


def compare(before: str, after: str) -> CriteriaChange:
    """Return which items were added, dropped, edited or moved.

    No typography, comma or capital letter makes another item, and no other layout moves one.
    """
    if same_words(before, after):
        return CriteriaChange()
    old, new = items(before), items(after)
    removed, added = _less(old, new), _less(new, old)
    change = CriteriaChange()
    # The strictest key first: an item that stands where it stood must not be paired with its double
    # in another section, or both would be reported as moved.
    _take_pairs(removed, added, lambda item: (excludes(item), _under(item), wording(item.text)))
    alike = [
        *_take_pairs(removed, added, lambda item: (excludes(item), wording(item.text))),
        *_take_pairs(removed, added, lambda item: wording(item.text)),
    ]
    # Only where something may have moved: it takes comparing the order of all items.
    if alike:
        places = _Positions.of(old, new)
        change.moved = [
            Edit(before=one, after=other, words=(("same", one.text),))
            for one, other in alike
            if places.has_moved(one, other)
        ]
    _sort_leftovers(removed, added, change)
    change.dropped = not_within(change.dropped, new)
    change.added = not_within(change.added, old)
    change.headed = _without_headings(change)
    return change


def excludes(item: Criterion) -> bool:
    """Return which way the item counts; an item under no heading is read as inclusion."""
    return item.section == EXCLUSION


def _under(item: Criterion) -> tuple[str, ...]:
    return tuple(map(wording, item.under))


def _less(some: Iterable[Criterion], others: Iterable[Criterion]) -> list[Criterion]:
    return sorted((Counter(some) - Counter(others)).elements())


def _take_pairs(
    removed: list[Criterion], added: list[Criterion], key: Callable[[Criterion], Hashable]
) -> list[tuple[Criterion, Criterion]]:
    """Take the items that share a key out of both lists and return them in pairs."""
    waiting: dict[Hashable, list[Criterion]] = defaultdict(list)
    for item in reversed(added):
        waiting[key(item)].append(item)
    pairs: list[tuple[Criterion, Criterion]] = []
    left: list[Criterion] = []
    for item in removed:
        same = waiting[key(item)]
        if same:
            pairs.append((item, same.pop()))
        else:
            left.append(item)
    removed[:], added[:] = left, sorted(item for same in waiting.values() for item in same)
    return pairs


@dataclass(frozen=True, slots=True)
class _Positions:
    """What tells an item that was moved from one that is only laid out in another way.

    ``reordered`` are the words of the items that do not follow each other as before.
    """

    old_words: frozenset[str]
    new_words: frozenset[str]
    reordered: frozenset[str]

    @classmethod
    def of(cls, old: Iterable[Criterion], new: Iterable[Criterion]) -> "_Positions":
        one, other = ([wording(item.text) for item in side] for side in (old, new))
        return cls(frozenset(one), frozenset(other), frozenset(_out_of_order(one, other)))

    def has_moved(self, old: Criterion, new: Criterion) -> bool:
        """Return whether an item is in another place.

        Where a line that held it came, went or was reworded, that line is the change.
        """
        if excludes(old) is not excludes(new):
            return True
        above, below = _under(old), _under(new)
        if above == below or not (
            self.new_words.issuperset(above) and self.old_words.issuperset(below)
        ):
            return False
        return not self.reordered.isdisjoint({wording(old.text), *above, *below})


def _out_of_order(one: list[str], other: list[str]) -> Iterator[str]:
    """Yield the texts that do not follow each other as before: too many to compare, all of them."""
    if len(one) * len(other) > _MAX_ITEM_PAIRS:
        yield from one
        yield from other
        return
    for step in LCSseq.opcodes(one, other):
        if step.tag != "equal":
            yield from one[step.src_start : step.src_end]
            yield from other[step.dest_start : step.dest_end]


def _sort_leftovers(
    removed: list[Criterion], added: list[Criterion], change: CriteriaChange
) -> None:
    """Sort what is left into edited, dropped and added items."""
    old, new = common_parts(removed, added)
    old_left = {i: part for i, part in enumerate(old) if not part.is_covered}
    new_left = {j: part for j, part in enumerate(new) if not part.is_covered}
    for i, j in _pairs(old_left, new_left):
        one, other = old_left.pop(i), new_left.pop(j)
        # Items that share sentences with third ones are compared, and shown, without these.
        whole = one.shared.keys() <= {j} and other.shared.keys() <= {i}
        pair = (one.item, other.item) if whole else (one.remainder(), other.remainder())
        change.edited.append(_edit(*pair))
    for left, others, turn in ((old_left, new, False), (new_left, old, True)):
        for i in [*left]:
            if (partner := _only_partner(i, left[i], others)) is not None:
                pair = (partner, left.pop(i).item) if turn else (left.pop(i).item, partner)
                change.edited.append(_edit(*pair))
    change.dropped = [part.remainder() for part in old_left.values()]
    change.added = [part.remainder() for part in new_left.values()]


def _only_partner(
    index: int, part: UnmatchedCriterion, others: list[UnmatchedCriterion]
) -> Criterion | None:
    """Return the item that says the rest of this one, where the two share with nobody else."""
    if len(part.shared) != 1:
        return None
    (partner,) = part.shared
    other = others[partner]
    return other.item if other.is_covered and other.shared.keys() == {index} else None


def _edit(before: Criterion, after: Criterion) -> Edit:
    return Edit(before=before, after=after, words=text_diff(before.text, after.text))


def _pairs(
    old: dict[int, UnmatchedCriterion], new: dict[int, UnmatchedCriterion]
) -> Iterator[tuple[int, int]]:
    """Yield the items that are one, edited: the most alike first."""
    pairs = len(old) * len(new)
    if not pairs or pairs > MAX_COMPARISONS:
        return
    alike = _Likeness(
        [part.remainder() for part in old.values()],
        [part.remainder() for part in new.values()],
        longest=isqrt(_MAX_CHARACTER_PAIRS // pairs),
    )
    ranked = sorted(
        (-alike(one.remainder(), other.remainder()), i, j)
        for i, one in old.items()
        for j, other in new.items()
        # Never across sections, where the same words mean the opposite; nor a heading with a
        # criterion.
        if excludes(one.item) is excludes(other.item) and one.item.heads is other.item.heads
    )
    old_left, new_left = set(old), set(new)
    for negative, i, j in ranked:
        if -negative < _EDITED:
            return
        if i in old_left and j in new_left:
            old_left.remove(i)
            new_left.remove(j)
            yield i, j


class _Likeness:
    """How alike two items are, from 0 to 1: by their content words, else by their characters."""

    def __init__(self, old: list[Criterion], new: list[Criterion], *, longest: int) -> None:
        self._words = WordWeights(*([item.text for item in side] for side in (old, new)))
        self._longest = longest

    def __call__(self, old: Criterion, new: Criterion) -> float:
        alike = self._words.bag(old.text).likeness(self._words.bag(new.text))
        spelt = likeness(old.text, new.text, longest=self._longest) / 100
        if spelt >= _MISSPELT or (spelt >= _SPELT_ALIKE and alike >= _EDITED_ALIKE):
            alike = max(alike, spelt)
        # "History of asthma" with more words behind it is still that criterion.
        if alike < _EDITED and continues(wording(old.text), wording(new.text)):
            return _EDITED
        return alike


def _without_headings(change: CriteriaChange) -> bool:
    """Take the headings out of what came, went and was edited; tell whether there were any."""
    before = change.count
    change.added = [item for item in change.added if not item.heads]
    change.dropped = [item for item in change.dropped if not item.heads]
    change.edited = [edit for edit in change.edited if not edit.after.heads]
    return change.count < before
