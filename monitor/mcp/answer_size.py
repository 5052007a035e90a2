"""Answers of tools: plain JSON that is never too long, with a cursor to what follows."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from monitor.errors import UsageError
from monitor.model.sanitize import sanitize

LONGEST_BYTES = 24_000
"""Of an answer's items together; about 8,000 tokens."""
LONGEST_TEXT = 600
"""Characters of a text within an item."""

_MOST_VALUES = 20


def fit_items(items: Iterable[Any]) -> list[Any]:
    """Return the first items that there is room for, at least one, their texts cut."""
    found: list[Any] = []
    room = LONGEST_BYTES
    for item in items:
        plain = shorten(item)
        room -= len(orjson.dumps(plain))
        if found and room < 0:
            break
        found.append(plain)
    return found


def shorten(value: Any) -> Any:
    """Return a value that steers nothing, its texts cut and of its lists the first items."""
    if isinstance(value, str):
        plain = sanitize(value)
        more = len(plain) - LONGEST_TEXT
        return plain if more <= 0 else f"{plain[:LONGEST_TEXT]}… ({more} more characters)"
    if isinstance(value, Mapping):
        return {sanitize(str(name)): shorten(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        found = [shorten(one) for one in value[:_MOST_VALUES]]
        more = len(value) - len(found)
        return [*found, f"… ({more} more)"] if more else found
    return value


def text_part(text: str, cursor: str | None) -> tuple[str, str | None]:
    """Return a part of a long text from where a cursor says, and the next cursor, if any."""
    start = offset(cursor)
    end = start + LONGEST_BYTES // 2
    return text[start:end], str(end) if end < len(text) else None


def offset(cursor: str | None) -> int:
    """Return the place that a cursor of numbers means; UsageError for what is none."""
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise UsageError(f"{cursor[:40]!r} is not a cursor; give the `next` of an earlier answer")
    return int(cursor)
