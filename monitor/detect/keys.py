"""Natural keys of list items, and equality of items except for their form.

``align`` and ``pairing`` identify items by them.
"""

from collections.abc import Callable
from typing import Any

import orjson

from monitor.detect.texts import plain, wording
from monitor.model.countries import country_word
from monitor.model.fields import ListRule

_SORTED = orjson.OPT_SORT_KEYS
# From here on a float represents several integers, so 1e16 must not become one of them.
_EXACT_FLOATS = 2**53
ItemKey = tuple[str, ...]
_UNNAMED: ItemKey = ("",)
SHOWN_UNNAMED = "(unnamed)"


def exact_key(item: Any) -> bytes:
    """Return the item as bytes; equal bytes are equal items, whatever their objects' order."""
    return orjson.dumps(item, option=_SORTED)


def normal_key(item: Any) -> bytes:
    """Return the item as bytes that no reordered list, no other encoding of a text changes.

    Empty lists and objects count as absent. Two items of one normal key do not differ.
    """
    return orjson.dumps(_normal(item), option=_SORTED)


def natural_key(item: Any, rule: ListRule) -> ItemKey:
    """Return what names an item within its list, in the normal form of text.

    Letter case and typography name nothing. Scalars and objects never share a key, nor does a
    number share one with its digits. All objects that nothing names share one.
    """
    if isinstance(item, str):
        # The first word keeps kinds apart: the keyword "5" is not the number 5.
        return ("text", _word(item))
    if isinstance(item, dict):
        for name in rule.any_of:
            if word := key_word(item, name):
                return ("", name, word)
        words = tuple(key_word(item, name) for name in rule.key)
        return ("", *words) if any(words) else _UNNAMED
    return ("value", normal_key(item).decode())


def shown_key(item: Any, rule: ListRule) -> str:
    """Return the item's natural key as people read it in a path; ``(unnamed)`` without one."""
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return SHOWN_UNNAMED if isinstance(item, list) else exact_key(item).decode()
    names = rule.key or next(((n,) for n in rule.any_of if _has_content(item.get(n))), ())
    words = [str(value) for name in names if _has_content(value := item.get(name))]
    return ", ".join(words) or SHOWN_UNNAMED


def key_word(item: dict[str, Any], name: str) -> str:
    """Return an attribute in the form in which it names its item; empty when it says nothing."""
    value = item.get(name)
    if isinstance(value, str):
        # Records of 2023 say "Korea, Republic of" where those of 2026 say "South Korea".
        return country_word(plain(value)) if name == "country" else _word(value)
    return "" if value is None or value in ([], {}) else normal_key(value).decode()


def _word(text: str) -> str:
    """Return the words of a text without letter case and typography; of marks alone, the marks."""
    shown = plain(text)
    return wording(shown) or shown


def _has_content(value: Any) -> bool:
    """Return whether an attribute's value has any content."""
    if isinstance(value, str):
        # Most begin with a letter; only a line of several can be a number that counts it.
        return (value[:1].isalnum() and "\n" not in value) or bool(plain(value))
    return value not in (None, [], {})


def facets(item: dict[str, Any]) -> dict[str, str]:
    """Return every attribute that says something as text, without letter case and typography.

    A country is one under all its names.
    """
    found = {
        name: normal if isinstance(normal, str) else exact_key(normal).decode()
        for name, value in item.items()
        if (normal := _normal(value, _word)) not in ([], {})
    }
    if "country" in found:
        found["country"] = key_word(item, "country")
    return found


def _normal(value: Any, form: Callable[[str], str] = plain) -> Any:
    if isinstance(value, str):
        return form(value)
    if isinstance(value, dict):
        inner = ((name, _normal(below, form)) for name, below in value.items())
        return {name: below for name, below in inner if below != [] and below != {}}
    if isinstance(value, list):
        # Lists inside an item (an arm's interventions) have no order either.
        return sorted((_normal(item, form) for item in value), key=exact_key)
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOATS:
        return int(value)
    return value
