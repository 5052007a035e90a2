"""Find the words of a text that changed, for summaries and for the marks in mails and pages."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import groupby, takewhile
from typing import Literal

SegmentOp = Literal["same", "removed", "added"]
Segment = tuple[SegmentOp, str]
_SAME: tuple[SegmentOp, ...] = ("same",)
_CHANGED: tuple[SegmentOp, ...] = ("removed", "added")

# A word with the white space before it; a number with its decimals is one word.
_TOKEN = re.compile(r"\s*(?:\w+(?:[.,]\d+)*|[^\w\s])|\s+")
# Words that two texts have in common, counted place by place: more would take seconds.
MAX_MATCHES = 300_000
# Words of a text between what both begin and end with: each run that is kept costs a look at all.
MAX_WORDS = 6_000


def text_diff(before: str, after: str) -> tuple[Segment, ...]:
    """Return both texts as one run of segments: kept, removed and added words.

    Joining ``same`` and ``removed`` gives ``before``; ``same`` and ``added`` gives ``after``.
    A number with its decimals counts as one word. Between the words that both texts begin and
    end with, texts of more than MAX_WORDS words, or that repeat few words thousands of times, are
    not taken apart.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    segments: list[Segment] = []
    for same, i1, i2, j1, j2 in _blocks([t.strip() for t in old], [t.strip() for t in new]):
        if same:
            for one, other in zip(old[i1:i2], new[j1:j2], strict=True):
                segments.extend(_equal_segments(one, other))
        else:
            segments.extend(_replacement_segments("".join(old[i1:i2]), "".join(new[j1:j2])))
    return _join(segments)


def _blocks(old: list[str], new: list[str]) -> Iterator[tuple[bool, int, int, int, int]]:
    """Yield (same, from, to, from, to) for runs of words that both have, or that differ."""
    # Most edits leave both ends as they were: what is between them is short, whatever the text.
    begin = _shared_length(old, new)
    end = min(_shared_length(old[::-1], new[::-1]), min(len(old), len(new)) - begin)
    left, right = old[begin : len(old) - end], new[begin : len(new) - end]
    yield True, 0, begin, 0, begin
    if _too_many(left, right):
        yield False, begin, begin + len(left), begin, begin + len(right)
    else:
        # With autojunk, a word that makes up more than 1 % of a text of 200 words or more never
        # matches.
        matcher = SequenceMatcher(None, left, right, autojunk=False)
        for op, i1, i2, j1, j2 in matcher.get_opcodes():
            yield op == "equal", begin + i1, begin + i2, begin + j1, begin + j2
    yield True, len(old) - end, len(old), len(new) - end, len(new)


def _too_many(old: list[str], new: list[str]) -> bool:
    here, there = Counter(old), Counter(new)
    # Pairs of equal words: the work of a diff grows with them, and a text that repeats one word
    # a thousand times has a million.
    matches = sum(count * there[word] for word, count in here.items())
    return max(len(old), len(new)) > MAX_WORDS or matches > MAX_MATCHES


def _shared_length(one: list[str], other: list[str]) -> int:
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _equal_segments(one: str, other: str) -> Iterator[Segment]:
    """Yield a word that both texts have; the white space before it may differ."""
    if one != other:
        yield "removed", _space(one)
        yield "added", _space(other)
    yield "same", one if one == other else one.lstrip()


def _replacement_segments(one: str, other: str) -> Iterator[Segment]:
    """Yield words in the place of others; the white space before both stays outside."""
    space = _space(one) if _space(one) == _space(other) else ""
    yield "same", space
    yield "removed", one[len(space) :]
    yield "added", other[len(space) :]


def _space(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _join(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Join neighbors of one kind; what is removed comes before what is added in its place."""
    found: list[Segment] = []
    for kept, run in groupby((s for s in segments if s[1]), lambda segment: segment[0] == "same"):
        texts = list(run)
        for op in _SAME if kept else _CHANGED:
            text = "".join(part for name, part in texts if name == op)
            if text:
                found.append((op, text))
    return tuple(found)
