"""Which words of a text changed."""

import re
from difflib import SequenceMatcher
from typing import Literal

SegmentOp = Literal["same", "removed", "added"]
Segment = tuple[SegmentOp, str]

_TOKEN = re.compile(r"\s+|\w+(?:[.,]\d+)*|[^\w\s]")


def word_diff(before: str, after: str) -> tuple[Segment, ...]:
    """Return both texts as one run of segments: kept, removed and added words.

    Joining ``same`` and ``removed`` gives ``before``; ``same`` and ``added`` gives ``after``.
    A number with its decimals counts as one word.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    segments: list[Segment] = []
    for op, i1, i2, j1, j2 in matcher.get_opcodes():
        if op == "equal":
            segments.append(("same", "".join(old[i1:i2])))
            continue
        if i2 > i1:
            segments.append(("removed", "".join(old[i1:i2])))
        if j2 > j1:
            segments.append(("added", "".join(new[j1:j2])))
    return tuple(segments)
