"""A trial that is followed by an NCT ID that it had before, from the registry to the message."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.cli.calls import Monitor
from tests.daemon.processes import configure
from tests.registry import Records, Replica, ReplicaServer, World
from tests.registry.examples import MONDAY, nct, study
from tests.registry.records import with_alias

FORMER, NOW = nct(9), nct(1)
TUESDAY, WEDNESDAY, THURSDAY = "2026-03-03", "2026-03-04", "2026-03-05"
MORE = """
[[channel]]
name = "box"
type = "folder"
path = "{folder}/out"
formats = ["json"]
[[subscription]]
name = "by the former ID"
subscriber = "me"
nct_ids = ["{former}"]
channels = ["box"]
"""


class Followed:
    """A monitor that follows the former ID, and looks at the registry once a day at noon."""

    def __init__(self, monitor: Monitor, folder: Path, server: ReplicaServer, ids: str) -> None:
        self.monitor, self.folder, self.replica = monitor, folder, server.replica
        source = f'name = "mine"\ntype = "ctgov"\nbase_url = "{server.base_url}"\nevery = "1h"'
        configure(folder, monitor.url, f"{source}\nnct_ids = {ids}",
                  more=MORE.format(folder=folder, former=FORMER))  # fmt: skip
        monitor.environ |= {
            "MONITOR_CONFIG": str(folder / "monitor.toml"),
            "MONITOR_LOG__LEVEL": "error",
        }
        self.sent: set[Path] = set()

    def look(self) -> list[dict[str, Any]]:
        """Poll on the replica's day; return the alerts that this sent, as JSON."""
        noon = datetime.combine(self.replica.world.day, datetime.min.time(), UTC)
        with time_machine.travel(noon + timedelta(hours=12), tick=True):
            self.monitor.answer("run", "--once")
        new = set((self.folder / "out").rglob("*.json")) - self.sent
        self.sent |= new
        found = [json.loads(one.read_text())["data"]["alerts"] for one in new]
        return sorted((one for alerts in found for one in alerts), key=lambda one: one["nct_id"])

    def next_day(self) -> list[dict[str, Any]]:
        self.replica.world.advance()
        return self.look()

    def asked_singly(self) -> list[str]:
        requested = [one.asked for one in self.replica.log]
        return [one.path[-11:] for one in requested if one.is_study]


@pytest.fixture
def records() -> Records:
    """Return a trial that is terminated on a Thursday; what it had before is for the test."""
    found = Records()
    found.put(study(1), on=MONDAY)
    return found


def terminate(records: Records) -> None:
    stopped = study(1, THURSDAY, status="TERMINATED")
    stopped["protocolSection"]["statusModule"]["whyStopped"] = "Safety finding"
    records.put(with_alias(stopped, FORMER), on=THURSDAY)


@pytest.fixture
def served(records: Records) -> Iterator[ReplicaServer]:
    with ReplicaServer(Replica(World(records, day=MONDAY))) as server:
        yield server


def filled(alerts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the trial and kind of each event that was sent."""
    return [(one["nct_id"], event["kind"]) for one in alerts for event in one["events"]]


@pytest.mark.parametrize("ids", [f'["{FORMER}"]', f'["{FORMER}", "{NOW}"]'], ids=["former", "both"])
def test_a_termination_is_heard_under_the_former_id(
    monitor: Monitor, tmp_path: Path, records: Records, served: ReplicaServer, ids: str
) -> None:
    records.merge(FORMER, into=NOW, on=MONDAY)
    terminate(records)
    followed = Followed(monitor, tmp_path, served, ids)
    assert followed.look() == []
    assert [followed.next_day(), followed.next_day()] == [[], []]
    alerts = followed.next_day()
    assert filled(alerts) == [(NOW, "trial_terminated")]
    assert f"{FORMER}, now {NOW}" in alerts[0]["reasons"][0]
    assert followed.asked_singly() == [], "the record came once, by the list"
    assert [one["nct_id"] for one in monitor.json("trials")] == [NOW], "no false absence"
    assert monitor.answer("history", FORMER).startswith(f"{FORMER} is now {NOW}\n")
    assert "unknown" not in monitor.answer("status")
    assert "unknown" not in monitor("doctor").stdout


def test_after_a_merger_the_follower_of_the_former_id_goes_on_hearing(
    monitor: Monitor, tmp_path: Path, records: Records, served: ReplicaServer
) -> None:
    records.put(study(9), on=MONDAY)
    records.merge(FORMER, into=NOW, on=WEDNESDAY)
    terminate(records)
    followed = Followed(monitor, tmp_path, served, f'["{FORMER}"]')
    assert [followed.look(), followed.next_day()] == [[], []]
    merged = followed.next_day()
    assert filled(merged) == [(FORMER, "record_merged")], "one message: no trial is new"
    assert merged[0]["events"][0]["summary"] == f"Record merged into {NOW}"
    assert "a merger that was sent reported it" in monitor.answer("explain", NOW, "--version", "1")
    assert filled(followed.next_day()) == [(NOW, "trial_terminated")]
    assert f"Record merged into {NOW}" in monitor.answer("history", FORMER)
    assert f"{FORMER}, now {NOW}" in monitor.answer("explain", NOW, "--version", "2")


def test_a_merger_of_two_records_is_told_once_to_who_follows_one_of_them(
    monitor: Monitor, tmp_path: Path, records: Records, served: ReplicaServer
) -> None:
    for number in (8, 9):
        records.put(study(number), on=MONDAY)
        records.merge(nct(number), into=NOW, on=WEDNESDAY)
    followed = Followed(monitor, tmp_path, served, f'["{FORMER}"]')
    assert [followed.look(), followed.next_day()] == [[], []]
    assert filled(followed.next_day()) == [(FORMER, "record_merged")]


def test_a_merger_into_a_record_that_was_there_is_told_once(
    monitor: Monitor, tmp_path: Path, records: Records, served: ReplicaServer
) -> None:
    records.put(study(9), on=MONDAY)
    records.merge(FORMER, into=NOW, on=WEDNESDAY)
    followed = Followed(monitor, tmp_path, served, f'["{FORMER}", "{NOW}"]')
    assert [followed.look(), followed.next_day()] == [[], []]
    assert filled(followed.next_day()) == [(FORMER, "record_merged")]


@pytest.mark.parametrize("wanted", ["all = true", f'nct_ids = ["{FORMER}", "{NOW}"]'])
def test_a_merger_is_told_of_both_records_to_who_follows_both(
    monitor: Monitor, tmp_path: Path, records: Records, served: ReplicaServer, wanted: str
) -> None:
    records.put(study(9), on=MONDAY)
    records.merge(FORMER, into=NOW, on=TUESDAY)
    followed = Followed(monitor, tmp_path, served, f'["{FORMER}", "{NOW}"]')
    settings = tmp_path / "monitor.toml"
    both = settings.read_text().replace(
        f'\nnct_ids = ["{FORMER}"]\nchannels', f"\n{wanted}\nchannels"
    )
    settings.write_text(both)
    assert followed.look() == []
    assert filled(followed.next_day()) == [(NOW, "record_merged"), (FORMER, "record_merged")]


@pytest.mark.parametrize("is_known", [False, True], ids=["not in the store", "in the store"])
def test_a_backfill_by_the_former_id_is_that_of_the_trial(
    monitor: Monitor, tmp_path: Path, records: Records, served: ReplicaServer, is_known: bool
) -> None:
    records.put(study(9), on=MONDAY)
    records.merge(FORMER, into=NOW, on=TUESDAY)
    terminate(records)
    followed = Followed(monitor, tmp_path, served, f'["{NOW}"]')
    for _ in range(3):
        served.replica.world.advance()
    if is_known:
        followed.look()
    filled = monitor.answer("backfill", FORMER).splitlines()
    assert filled[0] == f"{FORMER} is now {NOW}"
    assert filled[1].startswith("1 trial: ")
    versions = monitor.json("history", NOW)["versions"]
    assert len(versions) >= 2
    assert monitor.json("backfill", FORMER)["trials"] == 1
    assert monitor.json("backfill", NOW)["read"] == 0
    assert len(monitor.json("history", NOW)["versions"]) == len(versions)


def test_a_subscription_to_a_former_id_says_so(
    monitor: Monitor, tmp_path: Path, records: Records, served: ReplicaServer
) -> None:
    records.merge(FORMER, into=NOW, on=MONDAY)
    followed = Followed(monitor, tmp_path, served, f'["{NOW}"]')
    add = ["subscription", "add", "--subscriber", "me", "--channel", "box"]
    followed.look()
    filled = monitor.answer(*add, "--name", "late", "--nct-id", FORMER, "--nct-id", NOW)
    assert filled.splitlines()[1:] == [f"{FORMER} is now {NOW}"]
    assert "is now" not in monitor.answer(*add, "--name", "present", "--nct-id", NOW)
    assert monitor.json(*add, "--name", "json", "--nct-id", FORMER)["name"] == "json"
