"""What the file and the environment say, before it is checked against the keys' types."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.config.keys import KEY_TYPES, LISTS, SYNONYMS, SettingKey, require_key, require_section
from monitor.errors import ConfigError

PREFIX = "MONITOR_"
FILE_SUFFIX = "_FILE"
# Names of their own, for what people set most; they override the general ones.
ALIASES: Mapping[str, SettingKey] = {"MONITOR_DATABASE_URL": ("store", "url")}

# As tomllib says it: "Cannot declare ('store',) twice (at line 7, column 8)".
_TWICE = re.compile(r"Cannot declare \('(\w+)',\) twice \((at line \d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawValue:
    """A value for a key.

    ``place`` is how an error names where it stands. What comes ``from_environment`` is text
    that may mean a number, and is taken literally; a file's text may hold ``${NAME}``.
    """

    place: str
    value: Any
    from_environment: bool


def read_file(file: Path) -> tuple[dict[SettingKey, RawValue], dict[str, list[RawValue]]]:
    """Return the values that a TOML file gives, and its ``[[…]]`` tables by their name.

    ``[synonyms]`` is among these, as a list of one table.

    ConfigError for what has no place in it.
    """
    tables = _tables(file)
    lists = {name: _table_list(file, name, tables.pop(name, [])) for name in LISTS}
    if isinstance(tables.get(SYNONYMS), dict):
        place, value = f"{file}: [{SYNONYMS}]", tables.pop(SYNONYMS)
        lists[SYNONYMS] = [RawValue(place=place, value=value, from_environment=False)]
    given: dict[SettingKey, RawValue] = {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            if isinstance(table, list) and table and isinstance(table[0], dict):
                require_section(section, place=str(file), lists=True)
            raise ConfigError(f"{file}: {section} stands outside a section; put it under its own")
        require_section(section, place=str(file))
        given |= _keys(file, section, table)
    return given, lists


def read_section(file: Path, section: str) -> dict[SettingKey, RawValue]:
    """Return the values of one section, whatever the others hold; ConfigError as ``read_file``."""
    table = _tables(file).get(section)
    return _keys(file, section, table) if isinstance(table, dict) else {}


def salvage_section(file: Path, section: str) -> dict[SettingKey, RawValue]:
    """Return what can be made out of one section, key by key, of a file that may not be TOML.

    Unknown keys are left out. ConfigError where the file cannot be read, or the line of a known
    key makes no sense.
    """
    try:
        table = _tables(file).get(section)
    except ConfigError as exc:
        table = _lines_of(file, section, exc)
    known = {key: value for key, value in (table or {}).items() if (section, key) in KEY_TYPES}
    return _keys(file, section, known)


def _lines_of(file: Path, section: str, problem: ConfigError) -> dict[str, Any]:
    """Return the keys of a section that stand on lines of their own; others are passed over."""
    try:
        text = file.read_text("utf-8-sig", errors="replace")
    except OSError:
        raise problem from None
    lines = re.findall(rf"(?m)^[ \t]*{section}\.(.*)$", text)
    # From the heading to the next one, or to the end.
    for body in re.findall(rf"(?ms)^[ \t]*\[{section}\][^\n]*\n(.*?)(?=^[ \t]*\[|\Z)", text):
        lines += body.splitlines()
    found: dict[str, Any] = {}
    for line in lines:
        try:
            found |= tomllib.loads(line)
        except tomllib.TOMLDecodeError:
            # This line may have named another store: an error is better than a guess.
            if (section, line.partition("=")[0].strip()) in KEY_TYPES:
                raise problem from None
    return found


def _keys(file: Path, section: str, table: Mapping[str, Any]) -> dict[SettingKey, RawValue]:
    given = {}
    for name, value in table.items():
        key = (section, name)
        place = f"{file}: {spell_for_file(key)}"
        require_key(key, place=place, spelling=spell_for_file)
        given[key] = RawValue(place=place, value=value, from_environment=False)
    return given


def _table_list(file: Path, name: str, tables: Any) -> list[RawValue]:
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{file}: write [[{name}]], in two brackets, above each {name}'s keys")
    return [
        RawValue(place=f"{file}: [[{name}]] {number}", value=table, from_environment=False)
        for number, table in enumerate(tables, 1)
    ]


def _tables(file: Path) -> dict[str, Any]:
    try:
        # Some editors begin UTF-8 with a byte order mark, which TOML does not know.
        return tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as exc:
        raise ConfigError(
            f"{file}: cannot be read ({exc.strerror}); name a file that can, or none"
        ) from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{file}: byte {exc.start} is not UTF-8; save it as UTF-8") from exc
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError(f"{file}: {_not_toml(str(exc))}") from exc


def _not_toml(text: str) -> str:
    """Say what is wrong; a section that was written a second time is the usual mistake."""
    twice = _TWICE.match(text)
    if twice:
        return f"[{twice[1]}] begins a second time {twice[2]}; write all its keys in one place"
    return f"this is not TOML: {text}; fix that place"


def read_environment(environ: Mapping[str, str]) -> dict[SettingKey, RawValue]:
    """Return the values that ``MONITOR_<SECTION>__<KEY>`` and the aliases give.

    ConfigError for a name that fits no key. An empty variable counts as not set.
    """
    given = {}
    for name in sorted(environ):
        if name.startswith(PREFIX) and "__" in name and environ[name]:
            plain = name.removesuffix(FILE_SUFFIX)
            key = _key_of(plain)
            if key[0] == SYNONYMS:
                raise ConfigError(f"{name}: synonyms are set in the file, as [{SYNONYMS}]")
            if key[0] in LISTS:
                raise ConfigError(f"{name}: write {key[0]}s into the file, as [[{key[0]}]] tables")
            # The key's own name ends in `_file`: the variable has its value.
            if key not in KEY_TYPES:
                require_key(_key_of(name), place=name, spelling=spell_for_environment)
                plain, key = name, _key_of(name)
            given[key] = _variable(plain, environ)
    for name, key in ALIASES.items():
        if environ.get(name) or environ.get(name + FILE_SUFFIX):
            given[key] = _variable(name, environ)
    return given


def _key_of(name: str) -> SettingKey:
    section, _, key = name.removeprefix(PREFIX).lower().partition("__")
    return section, key


def _variable(name: str, environ: Mapping[str, str]) -> RawValue:
    """Return what NAME holds, or the file that NAME_FILE names; not both may be set."""
    by_file = environ.get(name + FILE_SUFFIX)
    if not by_file:
        return RawValue(place=name, value=environ[name], from_environment=True)
    place = name + FILE_SUFFIX
    if environ.get(name):
        raise ConfigError(f"{name} and {place} are both set; unset one of them")
    return RawValue(place=place, value=read_value_file(by_file, place=place), from_environment=True)


def read_value_file(file: str, *, place: str, what: str = "value") -> str:
    """Return what a file holds that a variable or a key names, without white space around it.

    ConfigError when that cannot be read or is nothing.
    """
    try:
        value = Path(file).read_text("utf-8").strip()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or "not UTF-8"
        raise ConfigError(
            f"{place} names {file}, which cannot be read ({reason}); name a text file"
        ) from None  # a decoding error holds the bytes
    if not value:
        raise ConfigError(f"{place} names {file}, which is empty; write the {what} into it")
    return value


def spell_for_file(key: SettingKey) -> str:
    """Spell a key as errors about the file name it: ``[store] url``."""
    return f"[{key[0]}] {key[1]}"


def spell_for_environment(key: SettingKey) -> str:
    """Spell a key as a variable: ``MONITOR_STORE__URL``."""
    return f"{PREFIX}{key[0]}__{key[1]}".upper()
