"""Registry values on one line, and changes as before → after."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from monitor.render.code_words import ARROW, pair_words, plain_codes, plain_value
from monitor.render.lines import Span, TextRole

_LONGEST = 160
# The registry's texts are Markdown, in which punctuation is escaped: ``\\>= 18 years``; a text
# that was cut may end in half an escape.
_ESCAPE = re.compile(r"\\((?=…$)|[!-/:-@\[-`{-~])")


def one_line(value: Any, *, longest: int | None = _LONGEST) -> str:
    """Write a value on one line, as it is; absent as ``(none)``, long ones cut unless None."""
    if value is None:
        return "(none)"
    # Before all else that is no text: `True` is an int, too.
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(one_line(item, longest=longest) for item in value) or "(none)"
    if isinstance(value, Mapping):
        value = next((inner for inner in value.values() if isinstance(inner, str)), "…")
    text = " ".join(str(value).split())
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


def value_text(value: Any, *, longest: int | None = _LONGEST) -> str:
    """Write a registry value on one line for readers: statuses in words, no escapes of Markdown."""
    return plain_value(unescape(one_line(value, longest=longest)))


def unescape(text: str) -> str:
    """Return a registry text without the escapes of its Markdown."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def item_line(value: Any) -> str:
    """Write a list item with all that it says in text: ``Site A, RECRUITING, Lyon, France``."""
    if not isinstance(value, Mapping):
        return value_text(value)
    words = [value_text(inner) for inner in value.values() if isinstance(inner, str) and inner]
    return ", ".join(words[:6]) or "…"


def change_spans(before: Any, after: Any) -> tuple[Span, ...]:
    """Return ``before → after`` as spans."""
    old, new = pair_words(*(unescape(one_line(value)) for value in (before, after)))
    return Span(old, "before"), Span(ARROW, "dim"), Span(new, "after")


def marked_summary(summary: str, before: Any, after: Any, role: TextRole) -> tuple[Span, ...]:
    """Return an event's summary with its ``before → after`` set off, where it has one."""
    summary = unescape(summary)
    change = ARROW.join(unescape(one_line(value)) for value in (before, after))
    # The detector wrote the summary; where it shortened a value, nothing can be set off.
    head, found, tail = summary.partition(change)
    if not found:
        return (Span(plain_codes(summary), role),)
    spans = (Span(head, role), *change_spans(before, after), Span(plain_codes(tail), role))
    return tuple(span for span in spans if span.text)


def moment(when: datetime) -> str:
    """Write a UTC time to the minute: ``2026-02-19 14:05``."""
    return when.strftime("%Y-%m-%d %H:%M")


def clock_time(when: datetime, *, now: datetime) -> str:
    """Write a UTC time to the second, with its date unless that is today's: ``14:05:09``."""
    today = when.astimezone(UTC).date() == now.astimezone(UTC).date()
    return when.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S")


def count_text(count: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: ``1 version``, ``43 versions``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
