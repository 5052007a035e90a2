"""A record that tries to steer the reader's terminal is shown, not obeyed, in every output."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.cli.studies import NCT, hostile_study
from tests.filled import FilledStores

# The colours that we send ourselves.
SGR = re.compile(r"\x1b\[[\d;]*m")
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")
READING = [
    ("history", NCT),
    ("history", NCT, "--noise"),
    ("diff", NCT),
    ("diff", NCT, "1", "2"),
    ("show", NCT),
    ("show", NCT, "--version", "1"),
    ("show", NCT, "--field", "briefTitle"),
    ("show", NCT, "--field", "briefSummary"),
    ("show", NCT, "--field", "locations"),
    ("trials",),
    ("quarantine", "list"),
    ("quarantine", "show", "1"),
]


@pytest.fixture
def hostile(monitor: Monitor, filled_stores: FilledStores) -> Monitor:
    """Return the command line on a store in which every text is hostile."""

    def fill(_: str) -> None:
        monitor.ingest(hostile_study("2026-02-02", word="first"))
        monitor.ingest(hostile_study("2026-02-09", word="second"))
        broken = monitor.folder / "name-\x1b[2J\x07-\u202e.json"
        broken.write_bytes(b'{"protocolSection": "\x1b]0;title\x07\r\xc2\x9b2J", ')
        monitor("ingest", str(broken))

    filled_stores.fill(monitor.url, "hostile texts", fill)
    return monitor


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
@pytest.mark.parametrize("color", ["--no-color", "--color"])
def test_nothing_that_a_record_says_steers_the_terminal(
    hostile: Monitor, arguments: tuple[str, ...], color: str
) -> None:
    shown = hostile.answer(color, *arguments)
    assert STEERING.findall(SGR.sub("", shown)) == []
    if color == "--no-color":
        assert "\x1b" not in shown


@pytest.mark.parametrize("arguments", READING, ids=" ".join)
def test_markup_in_a_record_is_text(hostile: Monitor, arguments: tuple[str, ...]) -> None:
    for color in ("--no-color", "--color"):
        shown = SGR.sub("", hostile.answer(color, *arguments))
        if "quarantine" not in arguments:
            assert "[bold]x[/bold]" in shown


@pytest.mark.parametrize("arguments", READING[:10], ids=" ".join)
def test_a_record_cannot_begin_a_line_of_its_own(
    hostile: Monitor, arguments: tuple[str, ...]
) -> None:
    if "--field" in arguments or arguments[0] == "show":
        return  # a text's own lines are what is shown there
    lines = hostile.answer(*arguments).splitlines()
    assert not [line for line in lines if line.strip().startswith("lines")]


@pytest.mark.parametrize("arguments", [*READING[:9], ("trials",), ("quarantine", "list")])
def test_json_says_exactly_what_the_record_says_and_steers_nothing(
    hostile: Monitor, arguments: tuple[str, ...]
) -> None:
    shown = hostile.answer(*arguments, "--json")
    assert STEERING.findall(shown) == []
    assert "\x1b" in json.dumps(json.loads(shown), ensure_ascii=False).replace("\\u001b", "\x1b")


def test_complaints_are_neutral_too(hostile: Monitor) -> None:
    for arguments, code in (
        (("history", "NCT\x1b[2J"), 2),
        (("show", NCT, "--field", "no\x1bthing"), 3),
        (("ingest", "no-\x1b[2J\u202e"), 2),
        (("his\x1btory",), 2),
    ):
        text = hostile.complaint(*arguments, code=code)
        assert STEERING.findall(text) == []


def test_an_export_of_a_hostile_record_stays_in_its_folder(hostile: Monitor) -> None:
    folder = hostile.folder / "out"
    hostile.answer("export", "records", NCT, "--to", str(folder))
    found = sorted(str(file.relative_to(folder)) for file in folder.rglob("*.json"))
    assert found == [f"{NCT}/2026-02-02_v1.json", f"{NCT}/2026-02-09_v2.json"]
    assert "\x1b" not in Path(folder / found[0]).read_text("utf-8")
