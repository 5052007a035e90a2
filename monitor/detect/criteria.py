"""Eligibility criteria as items: which were added, dropped, edited or moved."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from math import isqrt

from rapidfuzz.distance import LCSseq

from monitor.detect.headings import EXCLUSION
from monitor.detect.outline import Criterion, items
from monitor.detect.texts import continues, likeness, wording
from monitor.model.words import Segment, word_diff

_EDITED = 60.0
MAX_COMPARISONS = 40_000
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
    """

    added: list[Criterion] = field(default_factory=list)
    dropped: list[Criterion] = field(default_factory=list)
    edited: list[Edit] = field(default_factory=list)
    moved: list[Edit] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.dropped or self.edited or self.moved)


def compare(before: str, after: str) -> CriteriaChange:
    """Return which items were added, dropped, edited or moved.

    No typography, comma or capital letter makes another item, and no other layout moves one.
    """
    old, new = items(before), items(after)
    gone, come = _beyond(old, new), _beyond(new, old)
    change = CriteriaChange()
    _take_pairs(gone, come, lambda item: (excludes(item), _under(item), wording(item.text)))
    same_words = [
        *_take_pairs(gone, come, lambda item: (excludes(item), wording(item.text))),
        *_take_pairs(gone, come, lambda item: wording(item.text)),
    ]
    if same_words:
        places = _Places.of(old, new)
        change.moved = [
            Edit(before=one, after=other, words=(("same", one.text),))
            for one, other in same_words
            if places.moved(one, other)
        ]
    _take_edited(gone, come, change)
    change.dropped, change.added = gone, come
    return change


def excludes(item: Criterion) -> bool:
    """Tell which way the item counts; what stands under no heading is read as inclusion."""
    return item.section == EXCLUSION


def _under(item: Criterion) -> tuple[str, ...]:
    return tuple(map(wording, item.under))


def _beyond(some: Iterable[Criterion], others: Iterable[Criterion]) -> list[Criterion]:
    return sorted((Counter(some) - Counter(others)).elements())


def _take_pairs(
    gone: list[Criterion], come: list[Criterion], key: Callable[[Criterion], Hashable]
) -> list[tuple[Criterion, Criterion]]:
    """Take the items that share a key out of both lists and return them in pairs."""
    waiting: dict[Hashable, list[Criterion]] = defaultdict(list)
    for item in reversed(come):
        waiting[key(item)].append(item)
    pairs: list[tuple[Criterion, Criterion]] = []
    left: list[Criterion] = []
    for item in gone:
        same = waiting[key(item)]
        if same:
            pairs.append((item, same.pop()))
        else:
            left.append(item)
    gone[:], come[:] = left, sorted(item for same in waiting.values() for item in same)
    return pairs


@dataclass(frozen=True, slots=True)
class _Places:
    """What tells an item that was moved from one that is only laid out in another way.

    ``shaken`` are the words of the items that do not follow each other as before.
    """

    old_words: frozenset[str]
    new_words: frozenset[str]
    shaken: frozenset[str]

    @classmethod
    def of(cls, old: Iterable[Criterion], new: Iterable[Criterion]) -> "_Places":
        one, other = ([wording(item.text) for item in side] for side in (old, new))
        return cls(frozenset(one), frozenset(other), frozenset(_out_of_order(one, other)))

    def moved(self, old: Criterion, new: Criterion) -> bool:
        """Tell whether an item stands in another place.

        Where a line that held it came, went or was reworded, that line is the change.
        """
        if excludes(old) is not excludes(new):
            return True
        above, below = _under(old), _under(new)
        if above == below or not (
            self.new_words.issuperset(above) and self.old_words.issuperset(below)
        ):
            return False
        return not self.shaken.isdisjoint({wording(old.text), *above, *below})


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


def _take_edited(gone: list[Criterion], come: list[Criterion], change: CriteriaChange) -> None:
    pairs = len(gone) * len(come)
    if not pairs or pairs > MAX_COMPARISONS:
        return
    longest = isqrt(_MAX_CHARACTER_PAIRS // pairs)
    ranked = sorted(
        (-_alike(old.text, new.text, longest), i, j)
        for i, old in enumerate(gone)
        for j, new in enumerate(come)
        if excludes(old) is excludes(new)
    )
    old_left, new_left = dict(enumerate(gone)), dict(enumerate(come))
    for negative, i, j in ranked:
        if -negative < _EDITED:
            break
        if i in old_left and j in new_left:
            old, new = old_left.pop(i), new_left.pop(j)
            change.edited.append(Edit(before=old, after=new, words=word_diff(old.text, new.text)))
    gone[:], come[:] = old_left.values(), new_left.values()


def _alike(old: str, new: str, longest: int) -> float:
    """Return in percent how alike two items are; one that only goes on is the same, edited."""
    alike = likeness(old, new, longest=longest)
    if alike < _EDITED and continues(wording(old), wording(new)):
        return _EDITED
    return alike
