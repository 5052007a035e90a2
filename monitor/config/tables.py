"""``[[…]]`` tables: how they are read, and those of sources and channels."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from msgspec.structs import FieldInfo, fields

from monitor.config.raw_values import FILE_SUFFIX, RawValue
from monitor.config.validation import is_secret, secret, validate
from monitor.errors import ConfigError
from monitor.settings.channels import CHANNEL_TYPES, AnyChannelSettings
from monitor.settings.section import Section
from monitor.settings.sources import FOLLOWED_BY_COMMAND, SOURCE_TYPES, AnySourceSettings
from monitor.settings.suggest import suggest

Spell = Callable[[RawValue, str], str]
"""Table and key → how an error names the key's place."""

Kind = TypeVar("Kind", bound=Section)

_SHOWN_NAME = 64


def sources_of(
    tables: Iterable[RawValue], environ: Mapping[str, str]
) -> tuple[AnySourceSettings, ...]:
    """Return the settings of the sources, in the tables' order.

    ConfigError says which source, by its name or, without one, by its number in the file.
    """
    found = _of_types(tables, SOURCE_TYPES, environ, what="source")
    for table, source in found:
        if source.name.casefold() == FOLLOWED_BY_COMMAND:
            raise ConfigError(
                f"{table.place}: `monitor follow` has a source of that name; give this one another"
            )
    return tuple(source for _, source in found)


def channels_of(
    tables: Iterable[RawValue], environ: Mapping[str, str]
) -> tuple[AnyChannelSettings, ...]:
    """Return the settings of the channels, in the tables' order.

    ConfigError as of ``sources_of``; it shows no secret. Secrets are looked up in ``environ``
    when they are used, not before.
    """
    found = _of_types(tables, CHANNEL_TYPES, environ, what="channel")
    return tuple(channel for _, channel in found)


def _of_types(
    tables: Iterable[RawValue],
    types: Mapping[str, type[Kind]],
    environ: Mapping[str, str],
    *,
    what: str,
) -> list[tuple[RawValue, Kind]]:
    """Return each table, named, with the settings that it says, by its ``type``."""
    found: dict[str, tuple[RawValue, Kind]] = {}
    for numbered in tables:
        table = require_name(numbered)
        settings = read_table(table, types[_type_of(table, types, what=what)], environ)
        name: str = settings.name  # type: ignore[attr-defined]  # every table with a type has one
        if name.casefold() in found:
            raise ConfigError(f"{table.place} is there twice; give each {what} its own name")
        found[name.casefold()] = (table, settings)
    return list(found.values())


def _type_of(table: RawValue, known: Collection[str], *, what: str) -> str:
    written = table.value.get("type")
    if isinstance(written, str) and written in known:
        return written
    choice = " or ".join(f'type = "{name}"' for name in known)
    raise ConfigError(f"{table.place}: what kind of {what} is it? write {choice}")


def key_place(table: RawValue, key: str) -> str:
    """Name the place of a key as errors about the file do."""
    return f"{table.place} {key}"


def read_table(
    table: RawValue,
    kind: type[Kind],
    environ: Mapping[str, str],
    *,
    spell: Spell = key_place,
) -> Kind:
    """Return what a table says; ConfigError for a wrong, unknown or missing key.

    A secret may also be written KEY_file, naming a file. ``spell`` names a key's place where it
    is not in a file.
    """
    known = {found.name: found for found in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.value.items():
        one = replace(table, place=spell(table, key), value=value)
        plain = key.removesuffix(FILE_SUFFIX.lower())
        if plain in known and is_secret(known[plain].type):
            if plain in values:
                raise ConfigError(f"{one.place}: {plain} is there already; delete one of them")
            values[plain] = secret(known[plain].type, one, environ, by_file=plain != key)
        elif key in known:
            values[key] = validate(known[key].type, one, environ)
        else:
            raise ConfigError(f"{one.place}: there is no such key; {suggest(key, known)}")
    for found in known.values():
        if found.required and found.name not in values:
            place = spell(table, found.name)
            raise ConfigError(f"{place} is missing; write {_description(found)}")
    settings = kind(**values)
    if contradiction := settings.contradiction():
        raise ConfigError(f"{table.place} {contradiction}")
    return settings


def require_name(table: RawValue) -> RawValue:
    """Return the table with its place named by its name, where that can be shown."""
    name = table.value.get("name")
    # A `${NAME}` in it is not replaced for an error: its value may be a secret.
    if not isinstance(name, str) or not name or "${" in name or not name.isprintable():
        return table
    # A function: in a replacement text, backslashes of the name would be group references.
    place = re.sub(r"[0-9]+\Z", lambda _: f'"{name[:_SHOWN_NAME]}"', table.place)
    return replace(table, place=place)


def _description(key: FieldInfo) -> str:
    return str(key.type.__metadata__[0].description)
