"""The words that changed inside a text, with as much around them as a reader needs."""

from collections.abc import Iterator, Sequence

from monitor.model.text_diff import Segment
from monitor.render.lines import Span

GAP = "…"


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
            # A replacement is two segments; its second half belongs to the passage that is shown.
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
