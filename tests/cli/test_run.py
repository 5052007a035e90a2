"""``monitor run`` against a replica of the registry: as a daemon, and once."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.daemon import SCHEDULER
from monitor.store.lease_process import this_process
from monitor.store.writer import open_store
from tests.cli.calls import MADE, Monitor
from tests.cli.studies import study as a_study
from tests.daemon.processes import Running, Started, configure, eventually, folder_source
from tests.forked import REPO
from tests.registry import Fault, Records, Replica, ReplicaServer, World, closed_port
from tests.registry.examples import MONDAY, nct, study
from tests.store.leasing import take
from tests.web.serving import ask


@pytest.fixture
def registry() -> Iterator[ReplicaServer]:
    """Return a registry of three trials."""
    records = Records()
    for number in (1, 2, 3):
        records.put(study(number), on=MONDAY)
    records.put(study(2, "2026-03-03", status="WITHDRAWN"), on="2026-03-03")
    with ReplicaServer(Replica(World(records, day=MONDAY))) as server:
        yield server


def whole(base_url: str, name: str = "whole registry", every: str = "1s") -> str:
    """Return the lines of a source that follows everything."""
    return (
        f'name = "{name}"\ntype = "ctgov"\nbase_url = "{base_url}"\nall = true\nevery = "{every}"'
    )


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """Return an empty folder that a source can watch."""
    folder = tmp_path / "box"
    folder.mkdir()
    return folder


def trials(monitor: Monitor) -> list[str]:
    """Return the NCT IDs in the store."""
    found = monitor("trials", "--json")
    return [one["nct_id"] for one in json.loads(found.stdout)] if found.exit_code == 0 else []


# --- the daemon --------------------------------------------------------------------------------


def test_it_follows_the_registry_and_a_folder_until_told_to_stop(
    monitor: Monitor, tmp_path: Path, box: Path, registry: ReplicaServer
) -> None:
    drop = folder_source("box", box) + "\nsettle_s = 0"
    config = configure(tmp_path, monitor.url, whole(registry.base_url), drop)
    with Started(config) as daemon:
        daemon.wait_for("pass finished", source="whole registry", stored=3)
        (box / "one.json").write_text(json.dumps(a_study(nct_id="NCT09100001")))
        eventually(lambda: len(trials(monitor)) == 4, what="the dropped file's trial")
        registry.replica.world.advance()
        daemon.wait_for("pass finished", source="whole registry", stored=1)
        counts = ask(address(daemon), "/metrics")[2].decode()
        assert 'monitor_events_total{kind="trial_withdrawn"} 1.0' in counts
        assert re.search(r'monitor_requests_total{host="127\.0\.0\.1:\d+",status="200"} \d', counts)
        assert daemon.page("/readyz")[0] == 200
        assert daemon.stop() == 0
        assert daemon.entries("stopped", code=0)
    assert events(monitor) == ["trial_registered", "trial_withdrawn"]


def address(daemon: Running) -> tuple[str, int]:
    """Return where a daemon's pages are."""
    host, _, port = daemon.url.removeprefix("http://").rpartition(":")
    return host, int(port)


def events(monitor: Monitor) -> list[str]:
    """Return the kinds of events of the trial that is withdrawn on the second day."""
    versions = monitor.json("history", nct(2))["versions"]
    return [event["kind"] for version in versions for event in version["events"]]


def test_all_lines_of_a_pass_carry_its_id(
    monitor: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    config = configure(tmp_path, monitor.url, whole(registry.base_url))
    with Running(config, MONITOR_LOG__LEVEL="debug") as daemon:
        daemon.wait_for("pass finished", times=2)
        assert daemon.stop() == 0
        lines = [line for line in daemon.lines if line.get("source") == "whole registry"]
    outside = {line["event"] for line in lines if "pass_id" not in line}
    assert outside <= {"pass still running"}, "the scheduler's own words"
    by_pass: dict[str, list[str]] = {}
    for line in lines:
        if "pass_id" not in line:
            continue
        by_pass.setdefault(line["pass_id"], []).append(line["event"])
    first, second, *_ = by_pass.values()
    for steps in (first, second):
        assert (steps[0], steps[-1]) == ("pass started", "pass finished")
        assert "request" in steps


def test_an_answer_that_never_ends_does_not_hold_up_the_end(
    monitor: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    stall = registry.replica.faults.add(Fault.STALL_IN_BODY, when=lambda asked: asked.is_list)
    with Running(configure(tmp_path, monitor.url, whole(registry.base_url))) as daemon:
        eventually(lambda: stall.met)
        began = time.monotonic()
        assert daemon.stop() == 0
        assert time.monotonic() - began < 20
        assert not daemon.entries("still hanging")
        assert not daemon.entries("pass failed"), "it was stopped, the registry is not to blame"


def test_a_second_one_takes_over_when_the_first_is_killed(
    monitor: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    config = configure(tmp_path, monitor.url, whole(registry.base_url), lease_s=5)
    with Running(config, name="first") as first:
        first.wait_for("pass finished", stored=3)
        with Running(config, name="second") as second:
            second.wait_for("standing by")
            registry.replica.world.advance()
            first.send(signal.SIGKILL)
            second.wait_for("leading")
            eventually(lambda: len(events(monitor)) == 2)
            assert second.stop() == 0


def test_a_port_in_use_is_one_clear_line_and_keeps_it_from_nothing(
    monitor: Monitor, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        config = configure(tmp_path, monitor.url, folder_source("box", tmp_path))
        with Running(config, MONITOR_WEB__LISTEN=place) as daemon:
            assert f"cannot listen on {place}" in daemon.wait_for("port taken")["reason"]
            daemon.wait_for("pass finished", times=2)
            assert len(daemon.entries("port taken")) == 1
            assert daemon.stop() == 0


def test_a_wrong_configuration_is_one_clear_line(monitor: Monitor, tmp_path: Path) -> None:
    config = configure(tmp_path, monitor.url, 'name = "x"\ntype = "ctgvo"\nevery = "1s"')
    monitor.environ["MONITOR_CONFIG"] = str(config)
    assert "what kind of source is it?" in monitor.complaint("run", code=2)


@pytest.mark.parametrize("arguments", [("run",), ("run", "--once")], ids=" ".join)
def test_a_time_that_never_comes_is_one_clear_line(
    monitor: Monitor, tmp_path: Path, box: Path, arguments: tuple[str, ...]
) -> None:
    never = folder_source("box", box).replace('every = "1s"', 'cron = "0 0 61 * *"')
    monitor.environ["MONITOR_CONFIG"] = str(configure(tmp_path, monitor.url, never))
    complaint = monitor.complaint(*arguments, code=2)
    assert '"box"' in complaint
    assert "61" in complaint
    assert not (tmp_path / "stores").exists(), "a store was made before it was refused"


@pytest.mark.parametrize("arguments", [("run",), ("run", "--once")], ids=" ".join)
@pytest.mark.parametrize(
    ("search", "key"),
    [
        ('filter = { overallStatus = "RECRUTING" }', "filter.overallStatus"),
        ('filter = { advanced = "AREA[Phase](PHASE3" }', "filter.advanced"),
        ('filter = { synonyms = "ConditionSearch:lupus" }', "filter.synonyms"),
    ],
)
def test_a_search_that_the_registry_cannot_take_is_one_clear_line(
    monitor: Monitor, tmp_path: Path, search: str, key: str, arguments: tuple[str, ...]
) -> None:
    source = f'name = "typo"\ntype = "ctgov"\nevery = "1h"\n{search}'
    monitor.environ["MONITOR_CONFIG"] = str(configure(tmp_path, monitor.url, source))
    complaint = monitor.complaint(*arguments, code=2)
    assert '[[source]] "typo" filter: ' in complaint
    assert key in complaint
    assert not (tmp_path / "stores").exists(), "a store was made before it was refused"


def test_told_to_stop_before_it_has_begun_it_ends_well(monitor: Monitor, tmp_path: Path) -> None:
    config = tmp_path / "monitor.toml"
    os.mkfifo(config)
    with Started(config) as daemon:
        descriptor = os.open(config, os.O_WRONLY)  # returns when it is being read
        assert daemon.stop() == 0
        os.close(descriptor)
    assert not Path(monitor.url.removeprefix("sqlite:///")).exists()


def test_asked_to_read_again_before_it_has_begun_it_does_so_when_it_stands(
    monitor: Monitor, tmp_path: Path, box: Path
) -> None:
    first = configure(tmp_path, monitor.url, folder_source("first", box)).read_bytes()
    config = tmp_path / "monitor.toml"
    config.unlink()
    os.mkfifo(config)
    with Started(config) as daemon:
        descriptor = os.open(config, os.O_WRONLY)  # returns when it is being read
        daemon.send(signal.SIGHUP)
        configure(tmp_path, monitor.url, folder_source("second", box))
        os.write(descriptor, first)
        os.close(descriptor)
        assert daemon.wait_for("daemon started")["sources"] == ["first"]
        assert daemon.wait_for("configuration read again")["sources"] == ["second"]
        assert daemon.stop() == 0


def test_json_is_for_one_round(monitor: Monitor) -> None:
    assert "--once" in monitor.complaint("run", "--json", code=2)


# --- one round ---------------------------------------------------------------------------------


@pytest.fixture
def quiet(monitor: Monitor, tmp_path: Path) -> Monitor:
    """Return the command line with a configuration in the folder, logging errors alone."""
    monitor.environ |= {
        "MONITOR_CONFIG": str(tmp_path / "monitor.toml"),
        "MONITOR_LOG__LEVEL": "error",
    }
    return monitor


def test_one_round_does_everything_that_is_due_and_exits(
    quiet: Monitor, tmp_path: Path, box: Path, registry: ReplicaServer
) -> None:
    config = configure(
        tmp_path, quiet.url, whole(registry.base_url, every="1h"), folder_source("box", box, "1h")
    )
    shown = quiet.answer("run", "--once")
    assert "whole registry: 3 read: 3 stored with 3 events" in shown
    assert "box: 0 read" in shown
    assert len(trials(quiet)) == 3
    assert quiet.answer("run", "--once") == "nothing is due\n"
    due = {one["name"]: one["next_due_at"] for one in quiet.json("status")["sources"]}
    assert all(due.values())
    assert quiet.json("status")["lease"] is None, "it was given back"
    assert config.is_file()


def test_one_round_tells_in_json_what_each_pass_did(
    quiet: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    configure(tmp_path, quiet.url, whole(registry.base_url))
    (report,) = quiet.json("run", "--once")
    assert (report["source"], report["outcome"], report["reason"]) == ("whole registry", "ok", None)
    assert (report["read"], report["stored"], report["events"]) == (3, 3, 3)
    assert report["requests"] >= 2


def test_a_round_that_could_not_read_all_says_so_and_is_1(
    quiet: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    registry.replica.faults.add(Fault.MALFORMED_STUDY, times=1)
    configure(tmp_path, quiet.url, whole(registry.base_url))
    result = quiet("run", "--once")
    assert result.exit_code == 1
    assert "1 quarantined" in result.stdout
    assert MADE.sub("", result.stderr) == (
        "monitor: 1 record could not be read; `monitor quarantine list` tells why\n"
    )
    assert len(trials(quiet)) == 3, "it was read again at once"


def test_a_source_that_fails_is_told_and_the_others_are_done(
    quiet: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    with closed_port() as nobody:
        configure(
            tmp_path, quiet.url, whole(nobody, "nobody there"), whole(registry.base_url, "works")
        )
        result = quiet("run", "--once", "--json")
    assert result.exit_code == 1
    failed, done = json.loads(result.stdout)
    assert (failed["outcome"], done["outcome"]) == ("failed", "ok")
    assert "127.0.0.1" in failed["reason"]
    shown = quiet.answer("status")
    assert "nobody there failed 1 time, since" in shown
    assert len(trials(quiet)) == 3


def test_one_round_is_refused_while_another_schedules(
    quiet: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    config = configure(tmp_path, quiet.url, whole(registry.base_url, every="1h"))
    with Running(config) as daemon:
        daemon.wait_for("pass finished")
        complaint = quiet.complaint("run", "--once", code=1)
        assert f":{daemon.pid}:" in complaint
        assert "schedules this store" in complaint
        assert daemon.stop() == 0
    assert quiet.answer("run", "--once") == "nothing is due\n"


def test_one_round_observes_who_is_silent_and_takes_over(monitor: Monitor, tmp_path: Path) -> None:
    config = configure(tmp_path, monitor.url, folder_source("box", tmp_path))
    monitor.environ["MONITOR_CONFIG"] = str(config)
    with open_store(monitor.url) as store:
        take(store, SCHEDULER, "elsewhere:1:a", ttl_s=0.5, now=datetime(2099, 1, 1, tzinfo=UTC))
    assert monitor("run", "--once").exit_code == 0
    assert monitor.json("status")["lease"] is None
    text = monitor("doctor", "--offline").stdout
    assert "the lease of elsewhere:1:a: it was renewed at 2099-01-01 00:00 UTC" in text


def test_one_round_beside_a_living_one_says_who_it_is(monitor: Monitor, tmp_path: Path) -> None:
    config = configure(tmp_path, monitor.url, folder_source("box", tmp_path))
    monitor.environ["MONITOR_CONFIG"] = str(config)
    now = datetime.now(UTC)
    with open_store(monitor.url) as store, store.transaction() as tx:
        tx.leases.take(SCHEDULER, "here:1:a", ttl_s=600, now=now, process=this_process())
    text = monitor.complaint("run", "--once", code=1)
    assert "here:1:a schedules this store; stop that one" in text


def test_one_round_that_is_interrupted_says_so(
    monitor: Monitor, tmp_path: Path, registry: ReplicaServer
) -> None:
    stall = registry.replica.faults.add(Fault.STALL_IN_BODY, when=lambda asked: asked.is_list)
    config = configure(tmp_path, monitor.url, whole(registry.base_url))
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", "--config", str(config), "run", "--once"],
        cwd=REPO, env={**os.environ, "MONITOR_LOG__LEVEL": "error"}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as started:  # fmt: skip
        eventually(lambda: stall.met)
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=30)
    assert (started.returncode, out) == (130, "")
    assert (
        MADE.sub("", err) == "monitor: stopped before everything was done; what was stored stays\n"
    )
    assert monitor.json("status")["sources"] == [], "nothing is known of it, so it is still due"
