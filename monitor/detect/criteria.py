"""Eligibility criteria as items: which were added, dropped or edited."""

import re
from collections import Counter
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from monitor.detect.texts import plain
from monitor.model.words import Segment, word_diff

_HEADING = re.compile(
    r"(?i)^(?:(?:key|main|general|study|patient|subject|participant)s? )*(in|ex)clusion\b"
    r"(?: criteria| criterion)?[^.]{0,40}$"
)
_EDITED = 60.0
MAX_COMPARISONS = 40_000


@dataclass(frozen=True, slots=True, order=True)
class Criterion:
    """One item of the criteria; ``section`` is inclusion, exclusion or empty."""

    section: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A criterion before and after, with the words that changed."""

    before: Criterion
    after: Criterion
    words: tuple[Segment, ...]


@dataclass(slots=True, kw_only=True)
class CriteriaChange:
    """Items that differ between two texts; moved ones changed only their section."""

    added: list[Criterion] = field(default_factory=list)
    dropped: list[Criterion] = field(default_factory=list)
    edited: list[Edit] = field(default_factory=list)
    moved: list[Edit] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.dropped or self.edited or self.moved)


def items(text: str) -> list[Criterion]:
    """Split a criteria text into its items, in order; headings set the section.

    Every line that holds words is an item; markers, numbers and white space do not count.
    """
    section = ""
    found: list[Criterion] = []
    for line in text.splitlines():
        # The marker is stripped by plain() only on a text of several lines.
        words = plain(f"\n{line}\n")
        if not words:
            continue
        heading = _HEADING.match(words.rstrip(":"))
        if heading:
            section = "inclusion" if heading.group(1).lower() == "in" else "exclusion"
        else:
            found.append(Criterion(section, words))
    return found


def same_criteria(one: str, other: str) -> bool:
    """Tell whether two texts hold the same items in the same order."""
    return one == other or items(one) == items(other)


def compare(before: str, after: str) -> CriteriaChange:
    """Return which items were added, dropped, edited or moved to the other section."""
    old, new = Counter(items(before)), Counter(items(after))
    gone, come = sorted((old - new).elements()), sorted((new - old).elements())
    change = CriteriaChange()
    _take_moved(gone, come, change)
    _take_edited(gone, come, change)
    change.dropped, change.added = gone, come
    return change


def _take_moved(gone: list[Criterion], come: list[Criterion], change: CriteriaChange) -> None:
    for old in list(gone):
        new = next((item for item in come if item.text == old.text), None)
        if new is not None:
            gone.remove(old)
            come.remove(new)
            change.moved.append(Edit(before=old, after=new, words=(("same", old.text),)))


def _take_edited(gone: list[Criterion], come: list[Criterion], change: CriteriaChange) -> None:
    if len(gone) * len(come) > MAX_COMPARISONS:
        return
    ranked = sorted(
        (-fuzz.ratio(old.text, new.text), i, j)
        for i, old in enumerate(gone)
        for j, new in enumerate(come)
        if old.section == new.section
    )
    old_left, new_left = dict(enumerate(gone)), dict(enumerate(come))
    for negative, i, j in ranked:
        if -negative < _EDITED:
            break
        if i in old_left and j in new_left:
            old, new = old_left.pop(i), new_left.pop(j)
            change.edited.append(Edit(before=old, after=new, words=word_diff(old.text, new.text)))
    gone[:], come[:] = old_left.values(), new_left.values()
