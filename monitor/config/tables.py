"""``[[…]]`` tables: what each kind of them has in common when it is read."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from msgspec.structs import FieldInfo, fields

from monitor.config.checking import Refine, checked
from monitor.config.given import Given
from monitor.config.keys import nearest
from monitor.config.secret import Secret
from monitor.config.secret_values import FILE_KEY_SUFFIX, secret_in_file, secret_of
from monitor.config.section import Section
from monitor.errors import ConfigError

Spell = Callable[[Given, str], str]
"""Table and key → how an error names the key's place."""

_SHOWN_NAME = 64


def _behind_the_table(table: Given, key: str) -> str:
    return f"{table.place} {key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How the keys of a kind of table are read, beside what their types say.

    ``refined``: by key. ``hidden``: keys of which an error shows nothing. ``secret``: keys
    that become Secrets, and may also be written KEY_file. ``listed``: keys of a list for which
    one value may stand alone.
    """

    refined: Mapping[str, Refine] = field(default_factory=dict)
    hidden: Collection[str] = ()
    secret: Collection[str] = ()
    listed: Collection[str] = ()
    spell: Spell = _behind_the_table

    def values(self, table: Given, kind: type[Section], environ: Mapping[str, str]) -> Any:
        """Return the values of a table's keys; ConfigError for a wrong, unknown or missing one."""
        known = {found.name: found for found in fields(kind)}
        values: dict[str, Any] = {}
        for key, value in table.value.items():
            one = replace(table, place=self.spell(table, key), value=value)
            plain = key.removesuffix(FILE_KEY_SUFFIX)
            if plain in self.secret and plain in known:
                if plain in values:
                    raise ConfigError(f"{one.place}: {plain} is there already; delete one of them")
                values[plain] = self._secret(one, known[plain], environ, by_file=plain != key)
            elif key in known:
                values[key] = self._checked(one, known[key], environ)
            else:
                raise ConfigError(f"{one.place}: there is no such key; {meant(key, known)}")
        for found in known.values():
            if found.required and found.name not in values:
                place = self.spell(table, found.name)
                raise ConfigError(f"{place} is missing; write {_description(found)}")
        return values

    def _checked(self, one: Given, key: FieldInfo, environ: Mapping[str, str]) -> Any:
        if key.name in self.listed and isinstance(one.value, str | dict):
            one = replace(one, value=[one.value])
        return checked(
            key.type,
            one,
            environ,
            secret=key.name in self.hidden,
            refine=self.refined.get(key.name),
        )

    def _secret(
        self, one: Given, key: FieldInfo, environ: Mapping[str, str], *, by_file: bool
    ) -> Secret | tuple[Secret, ...]:
        many = key.name in self.listed
        if by_file:
            found = secret_in_file(one, environ)
            return (found,) if many else found
        description = _description(key)
        if many and isinstance(one.value, list) and one.value:
            pieces = (replace(one, value=piece) for piece in one.value)
            return tuple(secret_of(piece, environ, description=description) for piece in pieces)
        found = secret_of(one, environ, description=description)
        return (found,) if many else found


def named(table: Given) -> Given:
    """Return the table with its place named by its name, where that can be shown."""
    name = table.value.get("name")
    if not isinstance(name, str) or not name or "${" in name or not name.isprintable():
        return table
    place = re.sub(r"[0-9]+\Z", lambda _: f'"{name[:_SHOWN_NAME]}"', table.place)
    return replace(table, place=place)


def type_of(table: Given, known: Collection[str], *, what: str) -> str:
    """Return the table's ``type``; ConfigError names those that there are."""
    written = table.value.get("type")
    if isinstance(written, str) and written in known:
        return written
    choice = " or ".join(f'type = "{name}"' for name in known)
    raise ConfigError(f"{table.place}: what kind of {what} is it? write {choice}")


def meant(name: str, known: Iterable[str]) -> str:
    """Say which known name somebody may have meant, else all of them."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else f"there are {', '.join(known)}"


def _description(key: FieldInfo) -> str:
    return str(key.type.__metadata__[0].description)
