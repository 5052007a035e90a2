"""The words of a text that changed, on one line."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from monitor.detect.rules.base import arrow
from monitor.detect.texts import plain
from monitor.model.words import Segment, word_diff

_CHANGES, _LENGTH = 3, 60
# A hyphen or bracket that came is not told beside words that did.
_SAYS_MORE = re.compile(r"\w|[<>=≤≥±%]")


def replaced(before: Any, after: Any) -> str:
    """Return what changed between two texts: ``59 → 58 months``, ``added “by week 24”``.

    At most three places, each cut; values that are no texts as ``before → after``.
    """
    if not (isinstance(before, str) and isinstance(after, str)):
        return arrow(before, after)
    segments = word_diff(plain(before), plain(after))
    said = list(_changes([one for one in segments if _SAYS_MORE.search(one[1])])) or list(
        _changes(segments)
    )
    more = ["…"] if len(said) > _CHANGES else []
    return "; ".join(said[:_CHANGES] + more)


def _changes(segments: Sequence[Segment]) -> Iterator[str]:
    removed = ""
    for place, (op, text) in enumerate(segments):
        following = segments[place + 1] if place + 1 < len(segments) else ("same", "")
        if op == "removed":
            removed = text.strip()
            if following[0] != "added":
                yield f"removed {_quoted(removed)}"
                removed = ""
        elif op == "added":
            yield _change(removed, text.strip(), following[1])
            removed = ""


def _change(removed: str, added: str, following: str) -> str:
    if not removed:
        return f"added {_quoted(added)}"
    if removed[-1:].isdigit() and added[-1:].isdigit():
        return f"{removed} → {added}{_unit(following)}"
    return f"{_quoted(removed)} → {_quoted(added)}"


def _unit(following: str) -> str:
    """Return the word behind a number, if it is one."""
    word = following.split(maxsplit=1)[:1]
    return f" {word[0].rstrip('.,;:)')}" if word and word[0][:1].isalpha() else ""


def _quoted(text: str) -> str:
    return f"“{text if len(text) <= _LENGTH else text[: _LENGTH - 1].rstrip() + '…'}”"
