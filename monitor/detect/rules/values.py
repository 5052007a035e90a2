"""Write registry values in a summary: one value, or what changed between two, on one line."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

from monitor.detect.texts import plain, same_words
from monitor.model.text_diff import Segment, text_diff

# From this length on a text is shown by the words that changed, not whole before and after.
# A line of a mail or terminal holds about one such text, not two.
LONG_TEXT = 80
_LONGEST_SHOWN = 160
_CHANGES, _LENGTH = 3, 60
# Characters of a word before its first difference, where two words begin alike.
_LEAD = 20
# A hyphen or bracket that came is not shown beside words that did.
_HAS_WORD = re.compile(r"\w|[<>=≤≥±%]")


def value_text(value: Any) -> str:
    """Write a registry value on one line; absent values as ``(none)``, long ones cut."""
    if value is None:
        return "(none)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value_text(item) for item in value) or "(none)"
    if isinstance(value, dict):
        value = next((v for v in value.values() if isinstance(v, str)), "…")
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def arrow(before: Any, after: Any) -> str:
    """Write ``before → after``; of long texts the words that changed.

    The two halves never look alike: values that are written alike are shown as JSON, in which a
    number is no text and no character is invisible.
    """
    if isinstance(before, str) and isinstance(after, str):
        if max(len(before), len(after)) > LONG_TEXT:
            return replacement_text(before, after)
        # "PD-1" → "PD\u20111": as JSON the other hyphen shows.
        if same_words(before, after) and before != after:
            return f"{json.dumps(before)} → {json.dumps(after)}"
    one, other = value_text(before), value_text(after)
    if one != other:
        return f"{one} → {other}"
    return _change(json.dumps(before, sort_keys=True), json.dumps(after, sort_keys=True), "")


def replacement_text(before: Any, after: Any, *, between: str = "; ") -> str:
    """Return what changed between two texts: ``59 → 58 months``, ``added “by week 24”``.

    At most three places, each cut, and once what changed alike in several; words in other letters
    or marks only where nothing else changed. Values that are no texts as ``before → after``.
    """
    if not (isinstance(before, str) and isinstance(after, str)):
        return arrow(before, after)
    sides = plain(before), plain(after)
    distinct = [one for one in _beyond_case(*sides) if _HAS_WORD.search(one[1])]
    # Words first. Only where none changed are the letters and marks what the line is about.
    edits = list(dict.fromkeys(_changes(distinct)) or dict.fromkeys(_changes(text_diff(*sides))))
    more = ["…"] if len(edits) > _CHANGES else []
    return between.join(edits[:_CHANGES] + more) or "other letters or marks"


def _beyond_case(before: str, after: str) -> Iterator[Segment]:
    """Yield what changed but for letter case, as each text writes it."""
    here = there = 0
    for op, text in text_diff(_lower(before), _lower(after)):
        old, new = before[here : here + len(text)], after[there : there + len(text)]
        here += len(text) if op != "added" else 0
        there += len(text) if op != "removed" else 0
        yield op, old if op == "removed" else new


def _lower(text: str) -> str:
    """Return the text in lower case, as long as before."""
    lowered = text.lower()
    if len(lowered) == len(text):  # a letter may become two, never none
        return lowered
    return "".join(one.lower() if len(one.lower()) == 1 else one for one in text)


def _changes(segments: Sequence[Segment]) -> Iterator[str]:
    removed = ""
    for place, (op, text) in enumerate(segments):
        following = segments[place + 1] if place + 1 < len(segments) else ("same", "")
        if op == "removed":
            removed = text.strip()
            if following[0] != "added":
                yield f"removed {_quote(removed)}"
                removed = ""
        elif op == "added":
            if not same_words(removed, text):
                yield _change(removed, text.strip(), following[1])
            removed = ""


def _change(removed: str, added: str, following: str) -> str:
    if not removed:
        return f"added {_quote(added)}"
    if (
        # "59 → 58 months" rather than “59” → “58”.
        removed[-1:].isdigit()
        and added[-1:].isdigit()
        and max(map(len, (removed, added))) < _LENGTH
    ):
        return f"{removed} → {added}{_unit(following)}"
    start = _start(removed, added)
    return f"{_quote(removed, start)} → {_quote(added, start)}"


def _start(one: str, other: str) -> int:
    """Return from where two texts are shown: from their beginning if that shows a difference."""
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    )
    # Two long texts that begin alike would be cut before the place where they differ.
    return 0 if shared < _LENGTH - _LEAD else shared - _LEAD


def _unit(following: str) -> str:
    """Return the word behind a number, if it is one."""
    word = following.split(maxsplit=1)[:1]
    return f" {word[0].rstrip('.,;:)')}" if word and word[0][:1].isalpha() else ""


def _quote(text: str, start: int = 0) -> str:
    cut = f"…{text[start:]}" if start else text
    return f"“{cut if len(cut) <= _LENGTH else cut[: _LENGTH - 1].rstrip() + '…'}”"
