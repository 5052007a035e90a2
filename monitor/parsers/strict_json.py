"""JSON as records need it: read once, and refused where reading would lose something.

A duplicate key, a number that no document can hold or a bottomless nesting would pass
through an ordinary JSON reader and come out as a quietly different record.
"""

import json
import re
from typing import Any

import orjson

from monitor.errors import RecordError

MAX_DEPTH = 100
"""Containers that a value may stand in, one inside the other; real records have 11."""

# Files that were saved on Windows begin with it, and orjson refuses it.
_BOM = b"\xef\xbb\xbf"
# orjson writes 254 containers, one inside the other, and no more: inside so many lists as to
# leave MAX_DEPTH of them, it finds what is nested too deep while it writes.
_LISTS_AROUND = 254 - MAX_DEPTH
# What would hide a key from count_keys, or make a text look like one.
_SPACE_BEFORE_COLON = re.compile(rb'"[ \t\r\n]+:')
_ESCAPED_MARK = re.compile(rb"\\u00(?:22|3[aA])")


def decode(content: bytes) -> Any:
    """Return the JSON value that the bytes hold, exactly as it stands there.

    RecordError for empty or malformed input, invalid UTF-8, NaN and Infinity, a key that
    stands twice in one object, and more than MAX_DEPTH levels of nesting.
    """
    content = content.removeprefix(_BOM)
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as exc:
        raise RecordError(_describe_malformed(content, exc)) from exc
    try:
        compact = _compact_json(value)
    except orjson.JSONEncodeError as exc:
        raise RecordError(_too_deep()) from exc
    # The registry serves compact JSON: written back unchanged, it cannot have lost a key.
    if compact != content:
        _refuse_duplicate_keys(content, compact)
    return value


def count_keys(content: bytes) -> int:
    """Return how often a quote and a colon meet: once per object key, plus those in texts.

    Comparable between two writings of one value when neither hides a quote or colon behind
    an escape or sets white space before a colon.
    """
    return content.count(b'":')


def _compact_json(value: Any) -> bytes:
    """Return the value as compact JSON; JSONEncodeError beyond MAX_DEPTH levels."""
    for _ in range(_LISTS_AROUND):
        value = [value]
    return orjson.dumps(value)[_LISTS_AROUND:-_LISTS_AROUND]


def _refuse_duplicate_keys(content: bytes, compact: bytes) -> None:
    if (
        count_keys(content) == count_keys(compact)
        and _SPACE_BEFORE_COLON.search(content) is None
        and _ESCAPED_MARK.search(content) is None
    ):
        return
    # Numbers are left as text: their size is not the question here.
    json.loads(
        content,
        object_pairs_hook=_unique_keys,
        parse_int=str,
        parse_float=str,
    )


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise RecordError(f"the key {key[:80]!r} stands twice in one object")
            seen.add(key)
    return found


def _too_deep() -> str:
    return f"the JSON is nested more than {MAX_DEPTH} levels deep"


def _describe_malformed(content: bytes, exc: orjson.JSONDecodeError) -> str:
    head = content[:1024].lstrip()
    if not head:
        return "the input is empty"
    # What a browser saves for a study's address, and what proxies answer.
    if head.startswith(b"<"):
        return "this is an HTML or XML page, not JSON"
    if "depth limit" in str(exc):
        return _too_deep()
    try:
        content.decode()
    except UnicodeDecodeError as bad:
        return f"byte {bad.start} is not valid UTF-8"
    return f"the JSON is broken or cut off: {exc}"
