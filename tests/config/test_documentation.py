"""The file, the documentation and the structs say the same."""

import itertools
import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from msgspec import NODEFAULT
from msgspec.structs import fields

from monitor.config import load
from monitor.config.keys import LISTS
from monitor.config.keys import SECTIONS as STRUCTS
from monitor.settings import (
    Settings,
    SourceSettings,
    SubscriberSettings,
    SubscriptionSettings,
)
from monitor.settings.channels import CHANNEL_TYPES, ChannelSettings
from monitor.settings.section import Section
from monitor.settings.sources import SOURCE_TYPES
from monitor.settings.times import duration_text

PROJECT = Path(__file__).parents[2]
FILE = (PROJECT / "config" / "monitor.toml").read_text("utf-8")
PAGE = (PROJECT / "docs" / "configuration.md").read_text("utf-8")
SECTIONS: dict[str, dict[str, Any]] = {
    section: json.loads(json.dumps(keys))  # lists, as TOML has them
    for section, keys in msgspec.to_builtins(Settings()).items()
    if section in STRUCTS
}
# The tables of the file, each with its "#" taken away as the file says.
TABLES = [
    "\n".join(line[2:] for line in part.splitlines())
    for part in FILE.split("\n\n")
    if part.startswith("# [[")
]
KINDS: list[tuple[str, str, type[Section]]] = [
    *(("Every source", f'type = "{name}"', kind) for name, kind in SOURCE_TYPES.items()),
    *(("Every channel", f'Channel type = "{name}"', kind) for name, kind in CHANNEL_TYPES.items()),
    ("", "subscriber", SubscriberSettings),
    ("", "subscription", SubscriptionSettings),
]


def documented() -> dict[str, dict[str, str]]:
    """Return the tables of the page: heading → key → default as it is printed, "" for none."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"(?m)^### ", PAGE)[1:]:
        heading = part.partition("\n")[0].strip("[]")
        rows = re.findall(r"(?m)^\| `(\w+)` \| (?:`([^`]*)` )?\| \S", part)
        found[heading] = dict(rows)
    return found


def defaults(kind: type[Section]) -> dict[str, str | None]:
    """Return a table's keys with their defaults as TOML writes them, None for none."""
    shown: dict[str, str | None] = {}
    for found in fields(kind):
        value = found.default if found.default_factory is NODEFAULT else found.default_factory()
        if isinstance(value, timedelta):
            value = duration_text(value)
        shown[found.name] = None if value in (NODEFAULT, None) else json.dumps(value)
    return shown


def test_the_file_holds_every_key_and_no_other() -> None:
    tables = tomllib.loads(FILE)
    assert {section: set(table) for section, table in tables.items()} == {
        section: set(keys) for section, keys in SECTIONS.items()
    }


def test_the_tables_of_the_file_hold_every_key_and_are_read_when_taken_into_use(
    tmp_path: Path,
) -> None:
    file = tmp_path / "monitor.toml"
    file.write_text("\n".join(TABLES), "utf-8")
    settings = load(file, environ={})
    read = (
        *settings.sources,
        *settings.channels,
        *settings.subscribers,
        *settings.subscriptions,
    )
    tables = tomllib.loads(file.read_text("utf-8"))
    written = [table for name in LISTS for table in tables[name]]
    assert {type(one) for one in read} == {kind for _, _, kind in KINDS}
    for base in (SourceSettings, ChannelSettings):
        keys = {found.name for found in fields(base)}
        alike = [set(table) for one, table in pairs(read, written) if isinstance(one, base)]
        assert keys == set.union(*alike) & keys
    for one, table in pairs(read, written):
        common = {found.name for found in fields(base_of(type(one)))}
        assert set(table) - common == {found.name for found in fields(one)} - common


def pairs(read: Any, written: Any) -> Any:
    """Return each table of the file, as it was read and as it stands there."""
    return list(zip(read, written, strict=True))


def base_of(kind: type[Section]) -> type[Section]:
    """Return what a kind of table shares with others; its own keys are all the rest."""
    for base in (SourceSettings, ChannelSettings):
        if issubclass(kind, base):
            return base
    return Section


@pytest.mark.parametrize(("common", "heading", "kind"), KINDS)
def test_the_page_documents_every_key_of_a_table_with_its_default(
    common: str, heading: str, kind: type[Section]
) -> None:
    printed = {**documented().get(common, {}), **documented()[heading]}
    expected = {**defaults(kind), **({"type": None} if common else {})}
    assert {key: default or None for key, default in printed.items()} == expected


def test_every_key_of_the_file_has_a_comment_above_it() -> None:
    lines = FILE.splitlines()
    bare = [
        line
        for above, line in itertools.pairwise(lines)
        if re.match(r"\w+ = ", line) and not above.startswith("# ")
    ]
    assert bare == []


def test_every_key_of_the_file_s_tables_has_a_comment_above_it_where_it_first_stands() -> None:
    bare, known = [], set()
    for table in TABLES:
        lines = table.splitlines()
        for above, line in itertools.pairwise(lines):
            key = (lines[0], line.partition(" = ")[0])
            if re.match(r"\w+ = ", line) and not above.startswith("# ") and key not in known:
                bare.append(line)
            known.add(key)
    assert bare == []


def test_the_page_documents_every_key_with_its_default() -> None:
    printed = {
        section: {key: tomllib.loads(f"x = {default}")["x"] for key, default in keys.items()}
        for section, keys in documented().items()
        if section in SECTIONS
    }
    assert printed == SECTIONS


@pytest.mark.parametrize("kind", [*STRUCTS.values(), *(kind for _, _, kind in KINDS)])
def test_every_key_says_what_may_be_written(kind: type[msgspec.Struct]) -> None:
    for key in fields(kind):
        _, meta, *_ = get_args(key.type)
        assert meta.description, key.name


@pytest.mark.parametrize(
    "name",
    ["MONITOR_CONFIG", "MONITOR_DATABASE_URL", "MONITOR_<SECTION>__<KEY>", "_FILE", "${NAME}"],
)
def test_the_page_names_the_ways_to_set_a_key(name: str) -> None:
    assert name in PAGE
