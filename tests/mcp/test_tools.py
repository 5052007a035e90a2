"""The tools as a client of the SDK's own calls them, in this process and over standard input."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent

from monitor.app import App
from monitor.mcp import answer_size
from monitor.mcp.server import mcp_server
from monitor.model.subscriptions import FILTER_KEYS
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import HOSTILE, NCT, OTHER, study

REPO = Path(__file__).parents[2]
LATER = NOON + timedelta(days=7)
TOOLS = {"search_trials", "trial_history", "changes_since", "compare_versions", "trial_at"}
CRITERIA = "Inclusion Criteria:\n" + "\n".join(f"* Criterion number {n}" for n in range(2_000))


@pytest.fixture(scope="module")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Monitor]:
    """Return the command line on a store of two trials, one of which changed twice."""
    folder = tmp_path_factory.mktemp("mcp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder))
        made = Monitor(f"sqlite:///{folder / 'monitor.db'}", folder)
        made.ingest(study(), study(nct_id=OTHER, sponsor="Second Sponsor", title=HOSTILE))
        eligibility = {"eligibilityModule": {"eligibilityCriteria": CRITERIA}}
        made.ingest(study("2026-03-07", enrollment=240), at=LATER)
        made.ingest(
            study("2026-03-15", enrollment=240, status="SUSPENDED", modules=eligibility),
            at=LATER + timedelta(days=7),
        )
        yield made


def server(monitor: Monitor) -> Any:
    return mcp_server(App.configured(None, environ={"MONITOR_DATABASE_URL": monitor.url}))


def call(monitor: Monitor, tool: str, **arguments: Any) -> Any:
    """Return what a tool answer_size."""
    text, is_error = called(server(monitor), tool, **arguments)
    assert not is_error, text
    return json.loads(text)


def error(monitor: Monitor, tool: str, **arguments: Any) -> str:
    """Return what a tool says is wrong."""
    text, is_error = called(server(monitor), tool, **arguments)
    assert is_error, text
    return text


def called(server: Any, tool: str, **arguments: Any) -> tuple[str, bool]:
    async def ask() -> Any:
        async with Client(server) as client:
            return await client.call_tool(tool, arguments)

    found = asyncio.run(ask())
    [content] = found.content
    assert isinstance(content, TextContent)
    return content.text, found.is_error


def test_a_client_starts_it_and_asks(monitor: Monitor) -> None:
    """All over one process: it speaks the protocol on standard output, and nothing else."""
    started = StdioServerParameters(
        command=sys.executable,
        args=["-m", "monitor", "mcp"],
        env={"MONITOR_DATABASE_URL": monitor.url},
    )

    async def talk() -> tuple[Any, Any, Any]:
        async with Client(started, read_timeout_seconds=60) as client:
            tools = (await client.list_tools()).tools
            found = await client.call_tool("search_trials", {"filters": {"sponsor": "Second"}})
            return client.instructions, tools, found

    instructions, tools, found = asyncio.run(talk())
    assert "never\ninstructions" in instructions
    assert {one.name for one in tools} == TOOLS
    assert all(one.annotations.read_only_hint for one in tools)
    assert len(json.dumps([one.model_dump(mode="json") for one in tools])) < 9_000
    reported = next(one.description for one in tools if one.name == "search_trials")
    assert f"filters: any of {', '.join(FILTER_KEYS)}; each a word" in reported
    [trial] = json.loads(found.content[0].text)["trials"]
    assert trial["nct_id"] == OTHER


def test_trials_are_found_by_the_filters_of_subscriptions(monitor: Monitor) -> None:
    def found(**asked: Any) -> list[str]:
        return [one["nct_id"] for one in call(monitor, "search_trials", **asked)["trials"]]

    assert found() == [NCT, OTHER]
    assert found(sort="nct_id", filters={"condition": ["lupus", "gout"]}) == [NCT, OTHER]
    assert found(filters={"not_sponsor": "Second"}) == [NCT]
    assert found(filters={"status": "SUSPENDED"}) == [NCT]


@pytest.mark.parametrize("filters", [None, {"status": ["RECRUITING", "SUSPENDED"]}])
@pytest.mark.parametrize("sort", ["last_changed", "nct_id"])
def test_a_cursor_leads_on(monitor: Monitor, filters: Any, sort: str) -> None:
    requested = {"filters": filters, "sort": sort, "limit": 1}
    first = call(monitor, "search_trials", **requested)
    last = call(monitor, "search_trials", **requested, cursor=first["next"])
    assert [one["nct_id"] for page in (first, last) for one in page["trials"]] == [NCT, OTHER]
    assert last["next"] is None


def test_changes_are_those_that_events_lists(monitor: Monitor) -> None:
    found = call(monitor, "changes_since", since="2026-03-03", limit=1)
    seen = found["changes"]
    while found["next"]:
        found = call(monitor, "changes_since", since="2026-03-03", limit=1, cursor=found["next"])
        seen += found["changes"]
    listed = monitor.json("events", "--since", "2026-03-03")["events"]
    keys = ("nct_id", "version_id", "kind", "severity", "summary", "learned_at")
    assert [[one[key] for key in keys] for one in seen] == [
        [one[key] for key in keys] for one in listed
    ]
    requested = {"since": "2026-03-03", "filters": {"condition": "lupus"}, "kinds": ["enrollment"]}
    [one] = call(monitor, "changes_since", **requested)["changes"]
    assert one["summary"] == "Enrollment target: 144 → 240 (+67%)"
    assert call(monitor, "changes_since", **requested, min_severity="critical")["changes"] == []


def test_a_history_names_its_versions_for_the_other_tools(monitor: Monitor) -> None:
    found = call(monitor, "trial_history", nct_id=NCT, limit=2)
    assert [one["version"] for one in found["versions"]] == [3, 2]
    [last] = call(monitor, "trial_history", nct_id=NCT, cursor=found["next"])["versions"]
    assert [one["kind"] for one in last["changes"]] == ["trial_registered"]
    second = found["versions"][1]
    assert [one["summary"] for one in second["changes"]] == ["Enrollment target: 144 → 240 (+67%)"]
    compared = call(
        monitor, "compare_versions", nct_id=NCT, old=last["version_id"], new=second["version_id"]
    )
    assert compared["old"] == {key: last[key] for key in ("version", "version_id", "date")}
    assert (240, "enrollment_target_changed") in [
        (one["after"], one["kind"]) for one in compared["changes"]
    ]
    assert call(monitor, "compare_versions", nct_id=NCT, old="1", new="1")["changes"] == []


def test_a_comparison_is_told_in_parts(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = call(monitor, "compare_versions", nct_id=NCT, old="1")["changes"]
    assert [one["kind"] for one in whole][:1] == ["trial_suspended"]
    monkeypatch.setattr(answer_size, "LONGEST_BYTES", 10)
    found = call(monitor, "compare_versions", nct_id=NCT, old="2026-02-02")
    seen = found["changes"]
    assert found["next"] == "1"
    while found["next"]:
        assert len(found["changes"]) == 1
        found = call(monitor, "compare_versions", nct_id=NCT, old="1", cursor=found["next"])
        seen += found["changes"]
    assert seen == whole


def test_a_record_is_shown_as_it_stood(monitor: Monitor) -> None:
    path = "enrollmentInfo.count"
    for version, value in (("1", "144"), ("2026-03-08", "240"), (None, "240")):
        found = call(monitor, "trial_at", nct_id=NCT, version=version, field=path)
        assert (found["value_as_json"], found["next"]) == (value, None)
    summary = call(monitor, "trial_at", nct_id=NCT, version="1")["summary"]
    assert "144" in summary
    assert "version 1 of 3" in summary


def test_a_long_field_comes_in_parts(monitor: Monitor) -> None:
    requested: dict[str, Any] = {"nct_id": NCT, "field": "eligibilityModule.eligibilityCriteria"}
    text, cursor = "", None
    while not text or cursor:
        found = call(monitor, "trial_at", **requested, cursor=cursor)
        assert len(found["value_as_json"]) <= answer_size.LONGEST_BYTES
        text, cursor = text + found["value_as_json"], found["next"]
    assert json.loads(text) == CRITERIA


def test_no_answer_is_long_and_no_text_hides_anything(monitor: Monitor) -> None:
    [change] = [
        one
        for one in call(monitor, "compare_versions", nct_id=NCT, old="1")["changes"]
        if one["kind"].startswith("eligibility")
    ]
    assert len(json.dumps(change)) < answer_size.LONGEST_BYTES
    text, _ = called(server(monitor), "search_trials", filters={"sponsor": "Second"})
    assert not {"\x1b", "\u202e", "\\u001b"} & set(text)
    assert "evil" in text


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("search_trials", {"filters": {"conditon": "x"}}, "there are condition, intervention"),
        ("search_trials", {"condition": "lupus"}, "no argument 'condition'; there are filters"),
        ("search_trials", {"filters": {"phase": "PHASE9"}}, "PHASE9"),
        ("search_trials", {"limit": 1_000}, "from 1 to 100"),
        ("search_trials", {"cursor": "x"}, "the `next` of an earlier answer"),
        ("search_trials", {"sort": "size"}, "'last_changed'"),
        ("changes_since", {"since": "soon"}, "7d"),
        ("changes_since", {"since": "7d", "kinds": ["stautus"]}, "status"),
        ("changes_since", {"since": "7d", "min_severity": "loud"}, "critical"),
        ("trial_history", {"nct_id": "NCT09999999"}, "is not in the store"),
        ("trial_history", {"nct_id": "melanoma"}, "NCT"),
        ("compare_versions", {"nct_id": NCT, "old": "9"}, "it has 3 versions"),
        ("trial_at", {"nct_id": NCT, "version": "soon"}, "no version"),
        ("trial_at", {"nct_id": NCT, "field": "identificationModule.briefTitel"}, "briefTitle"),
        ("trial_at", {"nct_id": NCT, "cursor": "x"}, "the `next` of an earlier answer"),
    ],
)
def test_an_error_says_what_would_do(
    monitor: Monitor, tool: str, arguments: dict[str, Any], said: str
) -> None:
    assert said in error(monitor, tool, **arguments)


def test_the_tools_are_listed_without_serving(monitor: Monitor) -> None:
    found = monitor.json("mcp")
    assert {one["name"] for one in found} == TOOLS
    assert found[0]["arguments"] == ["filters", "sort", "limit", "cursor"]
    assert [one["required"] for one in found][:2] == [[], ["nct_id"]]


def test_without_the_extra_it_says_what_to_install(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    text = monitor.complaint("mcp", code=2)
    assert "pip install 'trial-monitor[mcp]'" in text


def test_nothing_else_loads_the_sdk() -> None:
    """Every module of the program but the server's own, and all commands with their help."""
    script = (
        "import importlib, pkgutil, sys, monitor\n"
        "names = [one.name for one in pkgutil.walk_packages(monitor.__path__, 'monitor.')]\n"
        "for name in names:\n"
        "    if name != 'monitor.mcp.server' and 'migrations' not in name:\n"
        "        importlib.import_module(name)\n"
        "print(sorted({'mcp', 'pydantic'} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPO
    )
    assert done.stdout.strip() == "[]"
