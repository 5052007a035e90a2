"""The words that changed inside a text, with as much around them as a reader needs."""

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from monitor.model.words import Segment, SegmentOp, word_diff
from monitor.render.lines import Span

# Sentences and lines, with the white space behind them.
_SENTENCE = re.compile(r".+?(?:[.;:!?](?=\s)\s*|\n+\s*|$)|\s+", re.DOTALL)
_WORD = re.compile(r"\S+")
# Comparing word by word costs the product of both lengths: beyond this a passage is shown whole.
_MOST_COMPARISONS = 400_000
_LETTER = re.compile(r"\w")
GAP = "…"


def marked_words(before: str, after: str) -> tuple[Segment, ...]:
    """Return both texts as one run of kept, removed and added passages.

    Joining ``same`` and ``removed`` gives ``before``; ``same`` and ``added`` gives ``after``.
    Sentences are compared first, then the words of those that differ, so the time stays bounded
    for texts of any length.
    """
    old, new = _SENTENCE.findall(before), _SENTENCE.findall(after)
    if len(old) * len(new) > _MOST_COMPARISONS:
        old, new = [before], [after]
    segments: list[Segment] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for op, i1, i2, j1, j2 in matcher.get_opcodes():
        if op == "equal":
            segments.append(("same", "".join(old[i1:i2])))
        else:
            segments.extend(_passage("".join(old[i1:i2]), "".join(new[j1:j2])))
    return tuple(joined(segments))


def _passage(before: str, after: str) -> Iterable[Segment]:
    if len(_WORD.findall(before)) * len(_WORD.findall(after)) * 4 <= _MOST_COMPARISONS:
        return word_diff(before, after)
    whole: tuple[Segment, ...] = (("removed", before), ("added", after))
    return whole


def joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Yield the segments so that words replaced in a row are one replacement.

    A blank or a comma that stayed between two changes is taken into both: ``slow accrual``
    becomes ``safety findings``, not two words become two words.
    """
    gone: list[str] = []
    come: list[str] = []
    pending = list(segments)
    for at, (op, text) in enumerate(pending):
        if not text:
            continue
        between = op == "same" and bool(gone or come) and not _LETTER.search(text)
        if between and at + 1 < len(pending):
            gone.append(text)
            come.append(text)
        elif op == "same":
            yield from _replacement(gone, come)
            yield op, text
            gone, come = [], []
        else:
            (gone if op == "removed" else come).append(text)
    yield from _replacement(gone, come)


def _replacement(gone: Sequence[str], come: Sequence[str]) -> Iterator[Segment]:
    """Yield what went and what came; what both begin or end with stayed."""
    old, new = "".join(gone), "".join(come)
    head = _blank_ends(old, new)
    old, new = old[len(head) :], new[len(head) :]
    tail = _blank_ends(old[::-1], new[::-1])[::-1]
    parts: tuple[tuple[SegmentOp, str], ...] = (
        ("same", head),
        ("removed", old[: len(old) - len(tail)]),
        ("added", new[: len(new) - len(tail)]),
        ("same", tail),
    )
    yield from (part for part in parts if part[1])


def _blank_ends(one: str, other: str) -> str:
    """Return the white space that both begin with."""
    length = 0
    while (
        length < min(len(one), len(other))
        and one[length] == other[length]
        and (one[length].isspace())
    ):
        length += 1
    return one[:length]


def word_spans(
    segments: Sequence[Segment], *, context: int, changes: int | None = None
) -> tuple[Span, ...]:
    """Return the segments as spans on one line, long unchanged passages cut.

    ``context``: how many words stay beside a change. ``changes``: how many passages that changed
    are shown (None: all); a gap tells that there are more.
    """
    spans: list[Span] = []
    shown = 0
    for at, (op, text) in enumerate(segments):
        if op != "same":
            if changes is not None and shown >= changes and not _continues(segments, at):
                spans.append(Span(GAP, "dim"))
                return tuple(spans)
            shown += not _continues(segments, at)
            spans.append(Span(_flat(text), op))
            continue
        first, last = at == 0, at == len(segments) - 1
        spans.extend(Span(part) for part in _around(_flat(text), context, first, last))
    return tuple(spans)


def _continues(segments: Sequence[Segment], at: int) -> bool:
    """Tell whether the segment is the second half of a replacement."""
    return at > 0 and segments[at][0] == "added" and segments[at - 1][0] == "removed"


def _flat(text: str) -> str:
    """Put a passage on one line, blanks at its ends kept (one of each)."""
    words = " ".join(text.split())
    head = " " if text[:1].isspace() else ""
    tail = " " if words and text[-1:].isspace() else ""
    return head + words + tail


def _around(text: str, context: int, first: bool, last: bool) -> Iterator[str]:
    words = text.split(" ")
    if len(words) <= 2 * context + 2:
        yield text
        return
    if not first:
        yield " ".join(words[: context + 1]) + " "
    yield GAP
    if not last:
        yield " " + " ".join(words[-context - 1 :])
