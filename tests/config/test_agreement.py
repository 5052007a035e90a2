"""Whatever stands in the file, the loader, the doctor and who uses the settings judge it alike."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import FieldInfo, fields

from monitor.app.channels import channel_of
from monitor.app.doctor import examine
from monitor.config import load
from monitor.config.keys import SECTIONS
from monitor.errors import ConfigError
from monitor.model.checks import CheckStatus
from monitor.model.nct import is_nct_id
from monitor.settings import (
    CtgovSourceSettings,
    EmailChannelSettings,
    FolderChannelSettings,
    Settings,
    SubscriberSettings,
    SubscriptionSettings,
)
from monitor.settings.channels import CHANNEL_TYPES
from monitor.settings.section import Check, Section
from monitor.settings.sources import FILTERS, QUERY_KEYS, SOURCE_TYPES
from monitor.sources.ctgov.query import digest_of, search_parameters
from monitor.sources.http import Client, user_agent
from tests.registry import parameters

BASES: dict[str, dict[str, Any]] = {
    "ctgov": {"nct_ids": ["NCT00000102"], "every": "1h"},
    "files": {"path": "in", "every": "1h"},
    "email": {"server": "h", "sender": "m@example.org", "to": "a@example.org"},
    "slack": {"url": "https://h"},
    "webhook": {"url": "https://h"},
    "folder": {"path": "out"},
    "console": {},
    "apprise": {"url": "json://h"},
    "subscriber": {},
    "subscription": {"subscriber": "ana", "all": True, "channels": ["out"]},
}
KINDS: list[tuple[str, str, type[Section]]] = [
    *((f"[{name}]", "", kind) for name, kind in SECTIONS.items()),
    *(("[[source]]", name, kind) for name, kind in SOURCE_TYPES.items()),
    *(("[[channel]]", name, kind) for name, kind in CHANNEL_TYPES.items()),
    ("[[subscriber]]", "subscriber", SubscriberSettings),
    ("[[subscription]]", "subscription", SubscriptionSettings),
]
# What one judge of before took and another did not, beside what each key's own words name.
TEXTS = (
    "https://[x", "https://10.1.2.3/x",
    "", " ", "a", "A b", "ä", "a@b.c", "A <a@b.c>", "a@", "h:0", "h:99999", "[::1]:25", "::1",
    "UTC", "Europe/Madrid", "Europe", "../UTC", "1h", "0s", "7d ", "367d", "0 0 * * *", "x y",
    "https://h", "http://h/", "ftp://h", "https://u:p@h", "https://h?a=1", "NCT00000102", "nct102",
    "NCT1|NCT2", "NCT1, NCT2", "NCT", "|", "RECRUITING", "RECRUITING, COMPLETED", "Recruiting",
    "NO_SUCH", "distance(39.0,-77.1,50mi)", "distance(39.0, -77.1, 50mi)", "distance(a,b,c)",
    "AREA[Phase]PHASE3", "a) OR (b", "(a", '"a', "ConditionSearch:1651367", "a:b,c:d", "at once",
    "daily 08:00", "daily 25:00", "weekly someday 08:00", "22:00-07:00", "08:00-08:00", "status",
    "sites", "stdout", "tls", "none", "json", "debug", "low", "${NO_SUCH}", "sqlite:///x.db",
)  # fmt: skip


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(one)}" for k, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    # A string of JSON is one of TOML, but for this sign.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def texts() -> st.SearchStrategy[Any]:
    letters = st.characters(codec="utf-8")
    return st.sampled_from(TEXTS) | st.text(letters, max_size=12)


def numbers(key: FieldInfo) -> st.SearchStrategy[Any]:
    """Return numbers around a key's limits, and far from them."""
    meta = key.type.__metadata__[0]
    ends = [end for end in (meta.ge, meta.le) if end is not None] or [1]
    near = [end + step for end in ends for step in (-1, -0.5, 0, 1, 1.5)]
    return st.sampled_from([*near, *map(int, near)]) | st.integers(-10, 10**6)


def values(key: FieldInfo) -> st.SearchStrategy[Any]:
    """Return values of the key's own shape, good and bad, and of others."""
    kept = get_args(key.type)[0]
    if key.name in ("query", "filter") and get_origin(kept) is dict:
        names = st.sampled_from([*QUERY_KEYS, *FILTERS, "zzz"])
        return st.dictionaries(names, texts(), max_size=2) | texts()
    if key.name == "filter":
        names = st.sampled_from(["condition", "country", "phase", "zzz", "not"])
        return st.dictionaries(names, texts() | st.lists(texts(), max_size=2), max_size=2)
    if get_origin(kept) is tuple:
        return texts() | st.lists(texts(), max_size=2) | st.integers()
    if kept in (int, float):
        return numbers(key) | texts()
    return texts() | st.booleans() | st.just(timedelta(hours=1).total_seconds())


def configuration(table: str, name: str, key: str, value: Any) -> str:
    """Return a file of one table, in which a key has this value."""
    keys = {**BASES.get(name, {}), key: value}
    if table.startswith("[["):
        keys = {"name": "one", **keys}
    if table in ("[[source]]", "[[channel]]"):
        keys = {"type": name, **keys}
    if key == "cron":
        del keys["every"]
    if key in ("nct_ids", "nct_ids_file", "filter") and name == "subscription":
        del keys["all"]
    lines = [table, *(f"{one} = {toml(given)}" for one, given in keys.items())]
    if table != "[[channel]]":
        lines += ["[[channel]]", 'name = "out"', 'type = "console"']
    return "\n".join(lines)


def loaded(file: Path) -> Settings | str:
    """Return the settings, or what is wrong with them."""
    try:
        return load(file, environ={})
    except ConfigError as exc:
        return str(exc)


def doctor_fault(file: Path) -> str:
    """Return what the doctor finds wrong with the configuration; "" for nothing."""
    first = next(examine(file, environ={}, next_run=lambda *_: NotImplemented, offline=True))
    assert first.about == "configuration"
    return "" if first.verdict is CheckStatus.FINE else first.detail


def used(found: Settings) -> Iterator[str]:
    """Use settings as the parts do that go by them, and yield what a header would say."""
    yield user_agent(found.http, "lib/1")
    _ = found.web.address, found.web.public_address, found.daemon.heartbeat_place
    for source in found.sources:
        if isinstance(source, CtgovSourceSettings):
            assert all(map(is_nct_id, source.nct_ids))
            requested = search_parameters(source) or {}
            # What the registry refuses of an expression is for the registry to say.
            free = ("query.", "filter.advanced", "filter.synonyms")
            parameters.search([*((k, v) for k, v in requested.items() if not k.startswith(free))])
            assert digest_of(source)
            Client(found.http, base_url=source.base_url).close()
    for channel in found.channels:
        if isinstance(channel, EmailChannelSettings | FolderChannelSettings):
            made = channel_of(channel, found.delivery)
            assert made.targets


def unchanged_by_its_checks(table: Section) -> bool:
    """Return whether each value is kept as its check returns it."""
    return all(
        mark.run(getattr(table, key.name)) == getattr(table, key.name)
        for key in fields(table)
        for mark in key.type.__metadata__
        if isinstance(mark, Check)
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the configurations are written, one after the other."""
    return tmp_path_factory.mktemp("agreement") / "monitor.toml"


@pytest.mark.parametrize(("table", "name", "kind"), KINDS)
@given(data=st.data())
def test_the_loader_the_doctor_and_the_parts_agree_on_every_key(
    file: Path, table: str, name: str, kind: type[Section], data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from([one for one in fields(kind) if one.name != "type"]))
    value = data.draw(values(key))
    file.write_text(configuration(table, name, key.name, value), "utf-8")
    found = loaded(file)
    assert doctor_fault(file) == (found if isinstance(found, str) else "")
    if isinstance(found, str):
        return
    assert all(header.isascii() and header.isprintable() for header in used(found))
    sections = [getattr(found, section) for section in SECTIONS]
    tables = (*found.sources, *found.channels, *found.subscribers, *found.subscriptions)
    assert all(map(unchanged_by_its_checks, (*sections, *tables)))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ({"geo": "distance(39.0, -77.1, 50mi)"}, "distance(39.0,-77.1,50mi)"),
        ({"ids": "NCT2, NCT1"}, "NCT00000001|NCT00000002"),
        ({"overallStatus": "NO_SUCH"}, None),
        ({"advanced": "AREA[Phase"}, None),
        ({"synonyms": "a b:c"}, None),
        ({"geo": "near Lyon"}, None),
    ],
)
def test_on_what_two_judged_differently_they_agree(
    file: Path, written: dict[str, str], kept: str | None
) -> None:
    file.write_text(configuration("[[source]]", "ctgov", "filter", written), "utf-8")
    assert (doctor_fault(file) == "") is (kept is not None)
    if kept is None:
        with pytest.raises(ConfigError, match=rf"filter\.{next(iter(written))}"):
            load(file, environ={})
        return
    (source,) = load(file, environ={}).sources
    assert isinstance(source, CtgovSourceSettings)
    assert search_parameters(source) == {f"filter.{next(iter(written))}": kept}
