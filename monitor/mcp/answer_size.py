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

# Of a list within an item, such as hundreds of sites; `trial_at` with a field gives all of it.
_MOST_VALUES = 20


def fit_items(items: Iterable[Any]) -> list[Any]:
    """Return the first items that there is room for, at least one, their texts cut."""
    found: list[Any] = []
    room = LONGEST_BYTES
    for item in items:
        plain = shorten(item)
        room -= len(orjson.dumps(plain))
        # At least one item, however long: an empty page with a cursor would never end.
        if found and room < 0:
            break
        found.append(plain)
    return found


def shorten(value: Any) -> Any:
    """Return a value that steers nothing, its texts cut and of its lists the first items."""
    if isinstance(value, str):
        # Registry text may hold control characters, and marks that hide text from people who look
        # on.
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
    # Characters against bytes: half of the bound leaves room for accents and for JSON's escapes.
    end = start + LONGEST_BYTES // 2
    return text[start:end], str(end) if end < len(text) else None


def offset(cursor: str | None) -> int:
    """Return the place that a cursor of numbers means; UsageError for what is none."""
    if cursor is None:
        return 0
    # `str.isdecimal` also holds for digits of other scripts.
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 10):
        raise UsageError(f"{cursor[:40]!r} is not a cursor; give the `next` of an earlier answer")
    return int(cursor)
