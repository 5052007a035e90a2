"""The file, the documentation and the structs say the same."""

import itertools
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from monitor.config import Settings

PROJECT = Path(__file__).parents[2]
FILE = (PROJECT / "config" / "monitor.toml").read_text("utf-8")
PAGE = (PROJECT / "docs" / "configuration.md").read_text("utf-8")
DEFAULTS: dict[str, dict[str, Any]] = msgspec.to_builtins(Settings())


def documented() -> dict[str, dict[str, str]]:
    """Return the tables of the page: section → key → default as it is printed."""
    found: dict[str, dict[str, str]] = {}
    for part in re.split(r"(?m)^### ", PAGE)[1:]:
        section = part.partition("\n")[0].strip("[]")
        rows = re.findall(r"(?m)^\| `(\w+)` \| `([^`]*)` \| \S", part)
        found[section] = dict(rows)
    return found


def test_the_file_holds_every_key_and_no_other() -> None:
    tables = tomllib.loads(FILE)
    assert {section: set(table) for section, table in tables.items()} == {
        section: set(keys) for section, keys in DEFAULTS.items()
    }


def test_every_key_of_the_file_has_a_comment_above_it() -> None:
    lines = FILE.splitlines()
    bare = [
        line
        for above, line in itertools.pairwise(lines)
        if re.match(r"\w+ = ", line) and not above.startswith("# ")
    ]
    assert bare == []


def test_the_page_documents_every_key_with_its_default() -> None:
    printed = {
        section: {key: tomllib.loads(f"x = {default}")["x"] for key, default in keys.items()}
        for section, keys in documented().items()
    }
    assert printed == DEFAULTS


@pytest.mark.parametrize("section", msgspec.structs.fields(Settings), ids=lambda found: found.name)
def test_every_key_says_what_may_be_written(section: msgspec.structs.FieldInfo) -> None:
    for key in msgspec.structs.fields(section.type):
        _, meta = get_args(key.type)
        assert meta.description, key.name


@pytest.mark.parametrize(
    "name",
    ["MONITOR_CONFIG", "MONITOR_DATABASE_URL", "MONITOR_<SECTION>__<KEY>", "_FILE", "${NAME}"],
)
def test_the_page_names_the_ways_to_set_a_key(name: str) -> None:
    assert name in PAGE
