"""What two sets of leftover criteria have in common: sentences, and items within longer ones.

An item that was joined to another, or split off from one, is not a change by itself.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace

from monitor.detect.headings import EXCLUSION
from monitor.detect.outline import Criterion
from monitor.detect.texts import wording

_SENTENCE_END = re.compile(r"(?<=[.;!?])\s+(?=[A-Z(*\"])|\s+(?=NOTE:)")
_CLAUSE_END = re.compile(r"(?<=[.,;:])\s")
# Where one thing that is listed ends; items that a page ran together begin with a capital letter.
_LISTED_END = re.compile(
    r"[.,;:()]+(?:\s|$)|\s(?:and/or|and|or)\s(?:and\s|or\s)?|\s?\(|(?<=[a-z])\s(?=[A-Z][a-z])"
)
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:\w|approx|cf|dr|e\.g|etc|i\.e|incl|max|min|no|resp|vs)\.$", re.IGNORECASE
)
_TELLING_WORDS = 4  # fewer may be part of what another thing is called
_LEAST_LETTERS = 4  # of what stands within another item
_JOINING = frozenset({"and", "or", "and/or", "the", "a", "an", "-", "&", "/", "as", "well", "also"})
MAX_COMPARISONS = 40_000


@dataclass(slots=True)
class UnmatchedCriterion:
    """A leftover item: its sentences that the other side lacks, and whom it shares the others with.

    ``rest`` are the words, in the form that compares, that the other side lacks.
    """

    item: Criterion
    left: list[str]
    rest: str = ""
    shared: Counter[int] = field(default_factory=Counter)

    @property
    def is_covered(self) -> bool:
        """Return whether the other side says all of it."""
        return not self.rest

    def remainder(self) -> Criterion:
        """Return what is left as an item of its own; the item itself where nothing was taken."""
        if not self.shared:
            return self.item
        text = " ".join(self.left)
        return replace(
            self.item,
            text=text if _without_joining(_words(text)) == self.rest else self.rest,
        )


def common_parts(
    removed: Sequence[Criterion], added: Sequence[Criterion]
) -> tuple[list[UnmatchedCriterion], list[UnmatchedCriterion]]:
    """Return the items of both sides, less the sentences and the whole items that both have."""
    old, new = (
        [UnmatchedCriterion(item, sentences(item.text)) for item in side]
        for side in (removed, added)
    )
    _take_sentences(old, new)
    for part in (*old, *new):
        part.rest = _without_joining(_words(" ".join(part.left)))
    if len(old) * len(new) <= MAX_COMPARISONS:
        _take_items(old, new)
        _take_items(new, old)
    return old, new


def sentences(text: str) -> list[str]:
    """Split an item into its sentences; "e.g. Asthma" ends none."""
    found: list[str] = []
    begin = 0
    for end in _SENTENCE_END.finditer(text):
        if not _ABBREVIATED.search(text[max(begin, end.start() - 10) : end.start()]):
            found.append(text[begin : end.start()])
            begin = end.end()
    return [*found, text[begin:]]


def not_within(some: Sequence[Criterion], others: Sequence[Criterion]) -> list[Criterion]:
    """Return the items that no longer item of the other side, in the same section, lists whole.

    Too many to compare are returned as they are.
    """
    if not 0 < len(some) * len(others) <= MAX_COMPARISONS:
        return list(some)
    words_there = [(item, _words(item.text)) for item in others]
    return [item for item in some if not _within(item, words_there)]


def _within(item: Criterion, others: list[tuple[Criterion, str]]) -> bool:
    words = _words(item.text)
    return any(
        words != words_there and _contains(words_there, other, words, item)
        for other, words_there in others
        if _excludes(other) is _excludes(item)
    )


def _contains(words_there: str, other: Criterion, words: str, item: Criterion) -> bool:
    """Return whether words of one item stand in those of another; few must be listed there."""
    if f" {words} " not in f" {words_there} ":
        return False
    return words.count(" ") + 1 >= _TELLING_WORDS or _split_list(item.text) <= _split_list(
        other.text
    )


def _split_list(text: str) -> frozenset[str]:
    return frozenset(filter(None, map(wording, _LISTED_END.split(text))))


def _words(text: str) -> str:
    """Return the wording of a text clause by clause, so that those of a longer one are the same."""
    return " ".join(map(wording, _CLAUSE_END.split(text)))


def _excludes(item: Criterion) -> bool:
    return item.section == EXCLUSION


def _take_sentences(old: list[UnmatchedCriterion], new: list[UnmatchedCriterion]) -> None:
    """Take out the sentences that both sides have, where one of the items has more than one."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    # Reversed, since `pop` takes from the end: sentences that repeat are paired in their order.
    for j in reversed(range(len(new))):
        for sentence in new[j].left:
            waiting[_excludes(new[j].item), wording(sentence)].append(j)
    taken: dict[int, Counter[str]] = defaultdict(Counter)
    for i, part in enumerate(old):
        kept: list[str] = []
        for sentence in part.left:
            words = wording(sentence)
            if places := waiting.get((_excludes(part.item), words)):
                j = places.pop()
                taken[j][words] += 1
                part.shared[j] += len(words)
                new[j].shared[i] += len(words)
            else:
                kept.append(sentence)
        part.left = kept
    for j, counts in taken.items():
        kept = []
        for sentence in new[j].left:
            words = wording(sentence)
            if counts[words]:
                counts[words] -= 1
            else:
                kept.append(sentence)
        new[j].left = kept


def _take_items(some: list[UnmatchedCriterion], others: list[UnmatchedCriterion]) -> None:
    """Take out the items that stand in longer ones of the other side, the longest first."""
    for i in sorted(range(len(some)), key=lambda i: (-len(some[i].rest), i)):
        words = some[i].rest
        if sum(map(str.isalpha, words)) < _LEAST_LETTERS:
            continue
        for j, other in enumerate(others):
            if _excludes(other.item) is not _excludes(some[i].item):
                continue
            if _contains(other.rest, other.item, words, some[i].item):
                # Once: if the longer item says it twice, one of the two is new.
                before, _, after = f" {other.rest} ".partition(f" {words} ")
                other.rest = _without_joining(f"{before} {after}")
                some[i].rest = ""
                some[i].shared[j] += len(words)
                other.shared[i] += len(words)
                break


def _without_joining(words: str) -> str:
    """Return words without those at their ends that join items; "" where nothing is left."""
    found = words.split()
    while found and found[0] in _JOINING:
        del found[0]
    while found and found[-1] in _JOINING:
        del found[-1]
    return " ".join(found)
