"""``monitor reclassify``: what people see of it, and that what was announced stays."""

import json
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from monitor.store.address import StoreAddress
from monitor.store.migrate import upgrade
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_terminal import on_terminal
from tests.filled import FilledStores
from tests.store.test_snapshots import run_sql
from tests.store.test_upgrades import migrate

HIGH = "MONITOR_THRESHOLDS__ENROLLMENT_PERCENT_HIGH"
CONFIG = """
[[channel]]
name = "box"
type = "folder"
path = "{folder}/box"
formats = ["json"]
[[subscription]]
name = "at once"
subscriber = "ana"
all = true
channels = "box"
[[subscription]]
name = "later"
subscriber = "ben"
all = true
when = "daily 08:00 UTC"
channels = "box"
"""


@pytest.fixture
def filled(store_url: str, tmp_path: Path, filled_stores: FilledStores) -> Monitor:
    """Return the command line on a trial whose enrollment grew by 67 %, which two hear of."""
    return fill(store_url, tmp_path, filled_stores)


@pytest.fixture
def small(sqlite_url: str, tmp_path: Path, filled_stores: FilledStores) -> Monitor:
    """Return the same on SQLite, for what does not depend on the database."""
    return fill(sqlite_url, tmp_path, filled_stores)


def fill(store_url: str, tmp_path: Path, filled_stores: FilledStores) -> Monitor:
    config = tmp_path / "monitor.toml"
    config.write_text(CONFIG.format(folder=tmp_path), "utf-8")
    monitor = Monitor(store_url, tmp_path, {"MONITOR_CONFIG": str(config)})

    def take(_: str) -> None:
        with time_machine.travel(NOON - timedelta(days=1)):
            monitor.answer("db", "upgrade")
            monitor.answer("subscription", "list")
        monitor.ingest(study(), study(nct_id=OTHER))
        monitor.ingest(study("2026-03-07", enrollment=240), at=NOON + timedelta(days=7))

    filled_stores.fill(store_url, "two hear of a larger enrollment", take)
    return monitor


def severities(monitor: Monitor) -> list[str]:
    [_, version] = monitor.json("history", NCT)["versions"]
    return [event["severity"] for event in version["events"]]


def run(monitor: Monitor, *arguments: str) -> Any:
    """Run ``monitor reclassify --json`` and return what it printed; the log goes elsewhere."""
    result = monitor("reclassify", *arguments, "--json")
    assert result.exit_code == 0, (result.stderr, result.exception)
    return json.loads(result.stdout)


def announced(monitor: Monitor) -> list[Any]:
    """Return what outbox and explanations say of what was announced."""
    ids = [str(one["id"]) for one in monitor.json("outbox", "list")]
    found = [monitor.json("outbox", "show", one) for one in ids]
    return [*found, monitor.json("explain", NCT, "--version", "2")]


def deliver(monitor: Monitor, *, days: int) -> list[str]:
    """Send what is due; return how severe all that went out says the enrollment's change is."""
    with time_machine.travel(NOON + timedelta(days=days), tick=False):
        monitor("deliver", "--once")
    bodies = [json.loads(one.read_text("utf-8")) for one in (monitor.folder / "box").iterdir()]
    return [
        event["severity"]
        for body in bodies
        for alert in body["data"]["alerts"]
        for event in alert["events"]
        if event["kind"] == "enrollment_target_changed"
    ]


def test_old_events_learn_a_threshold_and_what_was_announced_stays(filled: Monitor) -> None:
    assert deliver(filled, days=7) == ["high"]  # ana's; ben's digest still waits
    before, messages = announced(filled), filled.json("outbox", "list")
    filled.environ[HIGH] = "90"
    assert severities(filled) == ["high"]
    done = run(filled)
    assert (done["trials"], done["versions"], done["changed"]) == (2, 3, 1)
    assert severities(filled) == ["medium"]
    assert announced(filled) == before
    assert filled.json("outbox", "list") == messages, "nobody is alerted"
    assert deliver(filled, days=9) == ["high", "high"]


def test_a_dry_run_says_what_would_change(small: Monitor) -> None:
    small.environ[HIGH] = "90"
    result = small("reclassify", "--dry-run")
    assert result.exit_code == 0
    assert "deriving events anew" in result.stderr
    assert "versions=3" in result.stderr
    assert result.stdout.splitlines()[0] == (
        "3 versions of 2 trials: the events of 1 would change; nothing is written"
    )
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["enrollment_target_changed", "high", "1", "0"] in rows
    assert ["enrollment_target_changed", "medium", "0", "1"] in rows
    assert f"{NCT} version 2  2026-03-07" in result.stdout
    assert "- high enrollment_target_changed: Enrollment target: 144 → 240 (+67%)" in result.stdout
    assert (
        "+ medium enrollment_target_changed: Enrollment target: 144 → 240 (+67%)" in result.stdout
    )
    assert severities(small) == ["high"]
    shape = run(small, "--dry-run")
    assert shape["dry_run"] is True
    assert shape["events"] == [
        {"kind": "enrollment_target_changed", "severity": "high", "before": 1, "after": 0},
        {"kind": "enrollment_target_changed", "severity": "medium", "before": 0, "after": 1},
    ]


def test_status_counts_what_is_by_older_rules_until_it_is_derived_anew(filled: Monitor) -> None:
    assert filled.json("status")["versions_by_older_rules"] == 0
    assert "reclassify" not in filled.answer("status")
    filled.environ[HIGH] = "90"
    assert filled.json("status")["versions_by_older_rules"] == 3
    text = "3 of 3 versions have events by older rules or thresholds: `monitor reclassify`"
    assert text in " ".join(filled.answer("status").split())
    run(filled, OTHER)
    assert filled.json("status")["versions_by_older_rules"] == 2
    run(filled)
    assert filled.json("status")["versions_by_older_rules"] == 0
    assert filled("reclassify").stdout == "no events are by older rules or thresholds\n"


def test_an_upgraded_store_is_by_older_rules(filled: Monitor) -> None:
    migrate(filled.url, "0007", down=True)
    assert upgrade(filled.url).revision == "0007"
    assert filled.json("status")["versions_by_older_rules"] == 3
    assert filled.answer("db", "verify", "--events").endswith("nothing is damaged\n")
    done = run(filled)
    assert (done["versions"], done["changed"]) == (3, 0)
    assert filled.json("status")["versions_by_older_rules"] == 0


def test_verify_names_events_that_the_present_rules_do_not_derive(filled: Monitor) -> None:
    assert filled.json("db", "verify", "--events")["problems"] == []
    run_sql(filled.url, "UPDATE events SET severity = 'low' WHERE severity = 'high'")
    assert filled.json("db", "verify")["problems"] == []
    result = filled("db", "verify", "--events", "--json")
    assert result.exit_code == 1
    [problem] = json.loads(result.stdout)["problems"]
    assert (problem["nct_id"], problem["version"]) == (NCT, 2)
    assert problem["check"] == "derived events"
    assert (
        "high enrollment_target_changed: Enrollment target: 144 → 240 (+67%)" in problem["detail"]
    )
    assert "low enrollment_target_changed: Enrollment target: 144 → 240 (+67%)" in problem["detail"]
    assert "administrative_update" not in problem["detail"]
    assert problem["fix"] == f"`monitor reclassify {NCT}`"
    assert run(filled, NCT)["changed"] == 1
    assert filled.json("db", "verify", "--events")["problems"] == []


def test_verify_leaves_out_what_is_by_older_rules(small: Monitor) -> None:
    run_sql(small.url, "UPDATE events SET severity = 'low' WHERE severity = 'high'")
    small.environ[HIGH] = "90"
    assert small.json("db", "verify", "--events")["problems"] == []


def test_verify_notes_a_wrong_number_of_versions_by_rules(small: Monitor) -> None:
    run_sql(small.url, "UPDATE row_counts SET number = 7 WHERE name LIKE 'versions by %'")
    result = small("db", "verify", "--json")
    [problem] = json.loads(result.stdout)["problems"]
    assert problem["check"] == "row counts"
    assert "3 are there" in problem["detail"]


@pytest.mark.parametrize("part", ["0/8", "9/8", "3", "3/", "a/b", "1/0", "-1/2"])
def test_a_part_that_is_none_says_how_to_write_one(monitor: Monitor, part: str) -> None:
    assert "1/8 for the first of eight" in monitor.complaint("reclassify", "--part", part, code=2)


def test_a_trial_that_is_not_stored_is_not_found(small: Monitor) -> None:
    assert "NCT00000001" in small.complaint("reclassify", "NCT00000001", code=3)


def test_a_store_that_is_not_there_is_not_made(monitor: Monitor) -> None:
    assert "there is no store" in monitor.complaint("reclassify", code=1)
    path = StoreAddress.parse(monitor.url).path
    assert path is not None
    assert not path.exists()


def test_a_disk_without_room_is_told_before_anything_is_written(
    small: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.environ[HIGH] = "90"
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10}))
    result = small("reclassify")
    assert result.exit_code == 1
    assert "may not have room for it" in result.stderr
    assert severities(small) == ["high"]
    assert small("reclassify", "--dry-run").exit_code == 0


def test_an_interrupted_run_says_that_it_goes_on(
    small: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    small.environ[HIGH] = "90"
    monkeypatch.setattr("monitor.cli.reclassify._ProgressLog.move", interrupt)
    result = small("reclassify")
    assert result.exit_code == 130
    assert result.stdout == ""
    assert "interrupted; what was done stays" in result.stderr
    assert severities(small) == ["medium"]


def test_a_terminal_is_told_what_is_ahead(small: Monitor) -> None:
    shown, errors = on_terminal(small, "reclassify", "--dry-run", **{HIGH: "90"})
    assert "3 versions of 2 trials: the events of 1 would change" in shown
    assert "monitor: 3 versions of 2 trials, in about " in errors
    assert "deriving events anew" in errors
