"""Eligibility criteria as items: which were added, dropped or edited."""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from monitor.detect.texts import plain, wording
from monitor.model.words import Segment, word_diff

_KIND = r"(?P<kind>non[- ]?in|in|ex)clusion"
# "Inclusion Criteria:", "Key exclusion criteria": the line says nothing else.
_BARE = re.compile(
    rf"(?i)^\W*(?:(?:key|main|major|general|study|patient|subject|participant)s? )*{_KIND}"
    r"(?: crit\w+)?\W*$"
)
# "Inclusion criteria for Part 2", "Cohort B specific exclusion criteria: pregnancy"; no sentence
# about the criteria ("Other protocol-defined inclusion criteria may apply").
_HEADED = re.compile(rf"(?i)^\W*(?P<before>(?:[\w&,/()'-]+ ){{0,6}}?){_KIND} crit\w+(?P<after>.*)$")
_SENTENCE_BEFORE = re.compile(
    r"(?i)\b(?:all|any|at|does|for|fulfil\w*|in|inclusion|meet\w*|must|no|not|of|one|per"
    r"|protocol|protocols|see|the|this|to|with)\b"
)
_SENTENCE_AFTER = re.compile(
    r"(?i)^ ?(?:#|(?:above|appl\w*|are|as|below|can|could|ha[ds]|have|included|is|may|must|that"
    r"|was|were|which|will)\b)"
)
_INCLUSION, _EXCLUSION = "inclusion", "exclusion"
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
    """Items that differ between two texts; moved ones went to the opposite section."""

    added: list[Criterion] = field(default_factory=list)
    dropped: list[Criterion] = field(default_factory=list)
    edited: list[Edit] = field(default_factory=list)
    moved: list[Edit] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.dropped or self.edited or self.moved)


def items(text: str) -> list[Criterion]:
    """Split a criteria text into its items, in order; headings set the section.

    Every line that holds words is an item; markers, numbers and white space do not count. A
    heading that says more than that it is one is an item too: no words are lost.
    """
    section = ""
    found: list[Criterion] = []
    for line in text.splitlines():
        # The marker is stripped by plain() only on a text of several lines.
        words = plain(f"\n{line}\n")
        heading = _BARE.match(words) or _headed(words)
        if heading:
            section = _INCLUSION if heading["kind"].lower() == "in" else _EXCLUSION
            words = _said_by(heading)
        if words:
            found.append(Criterion(section, words))
    return found


def _headed(words: str) -> re.Match[str] | None:
    heading = _HEADED.match(words)
    if heading is None or _SENTENCE_BEFORE.search(heading["before"]):
        return None
    return None if _SENTENCE_AFTER.match(heading["after"]) else heading


def _said_by(heading: re.Match[str]) -> str:
    """Return what a heading's line says beside its being one."""
    if "after" not in heading.groupdict():
        return ""
    criterion = re.match(r" ?: ?(?P<words>\S.*)$", heading["after"])
    return criterion["words"] if criterion and not heading["before"] else heading[0]


def compare(before: str, after: str) -> CriteriaChange:
    """Return which items were added, dropped, edited or moved to the other section.

    A comma or a capital letter makes no other item.
    """
    gone, come = _not_shared(items(before), items(after))
    change = CriteriaChange()
    _take_moved(gone, come, change)
    _take_edited(gone, come, change)
    change.dropped, change.added = gone, come
    return change


def _not_shared(
    old: list[Criterion], new: list[Criterion]
) -> tuple[list[Criterion], list[Criterion]]:
    waiting: dict[tuple[str, str], list[Criterion]] = defaultdict(list)
    for item in new:
        waiting[item.section, wording(item.text)].append(item)
    gone: list[Criterion] = []
    for item in old:
        same = waiting[item.section, wording(item.text)]
        if same:
            same.pop()
        else:
            gone.append(item)
    return sorted(gone), sorted(item for left in waiting.values() for item in left)


def _excludes(item: Criterion) -> bool:
    """Tell which way the item counts; what stands under no heading is read as inclusion."""
    return item.section == _EXCLUSION


def _take_moved(gone: list[Criterion], come: list[Criterion], change: CriteriaChange) -> None:
    for old in list(gone):
        words = wording(old.text)
        new = next((item for item in come if wording(item.text) == words), None)
        if new is None:
            continue
        gone.remove(old)
        come.remove(new)
        if _excludes(old) is not _excludes(new):
            change.moved.append(Edit(before=old, after=new, words=(("same", old.text),)))


def _take_edited(gone: list[Criterion], come: list[Criterion], change: CriteriaChange) -> None:
    if len(gone) * len(come) > MAX_COMPARISONS:
        return
    ranked = sorted(
        (-fuzz.ratio(old.text, new.text), i, j)
        for i, old in enumerate(gone)
        for j, new in enumerate(come)
        if _excludes(old) is _excludes(new)
    )
    old_left, new_left = dict(enumerate(gone)), dict(enumerate(come))
    for negative, i, j in ranked:
        if -negative < _EDITED:
            break
        if i in old_left and j in new_left:
            old, new = old_left.pop(i), new_left.pop(j)
            change.edited.append(Edit(before=old, after=new, words=word_diff(old.text, new.text)))
    gone[:], come[:] = old_left.values(), new_left.values()
