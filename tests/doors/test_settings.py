"""The configuration: every key, its type, its default."""

import types
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import NODEFAULT, Meta
from msgspec.structs import FieldInfo, fields

from monitor.config.keys import SECTIONS
from monitor.settings import SubscriberSettings, SubscriptionSettings
from monitor.settings.channels import CHANNEL_TYPES
from monitor.settings.section import Section
from monitor.settings.sources import SOURCE_TYPES
from monitor.settings.times import duration_text
from tests.doors.conftest import Frozen

TABLES: dict[str, type[Section]] = {
    **{f"[{name}]": kind for name, kind in SECTIONS.items()},
    **{f'[[source]] type = "{name}"': kind for name, kind in SOURCE_TYPES.items()},
    **{f'[[channel]] type = "{name}"': kind for name, kind in CHANNEL_TYPES.items()},
    "[[subscriber]]": SubscriberSettings,
    "[[subscription]]": SubscriptionSettings,
}


def type_name(kind: Any) -> str:
    """Name a type in a word or two."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return type_name(inner[0]) + limits(inner[1])
    if origin is Literal:
        return " or ".join(map(repr, inner))
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(one) for one in inner)
    if origin is tuple:
        return f"list of {type_name(inner[0])}"
    if kind is timedelta:
        return "duration"
    return "nothing" if kind is type(None) else str(getattr(kind, "__name__", kind)).lower()


def limits(meta: Meta) -> str:
    """Return the least and the most that a number may be, if there are such."""
    return "" if meta.ge is None or meta.le is None else f" from {meta.ge} to {meta.le}"


def default_of(key: FieldInfo) -> str:
    """Return a key's default as it may be written."""
    value = key.default if key.default_factory is NODEFAULT else key.default_factory()
    if value is NODEFAULT:
        return "required"
    return f"default {duration_text(value) if isinstance(value, timedelta) else value!r}"


def all_keys() -> Iterator[str]:
    """Yield a line for each table and each of its keys."""
    for table, kind in TABLES.items():
        yield table
        for key in sorted(fields(kind), key=lambda one: one.name):
            yield f"  {key.encode_name}  {type_name(key.type)}, {default_of(key)}"


def test_the_keys_of_the_configuration_are_as_frozen(frozen: Frozen) -> None:
    frozen("settings", "\n".join(all_keys()) + "\n")
