"""``monitor backfill``: the past of trials from the registry's history."""

import copy
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.calls import MADE, Monitor
from tests.daemon.processes import eventually
from tests.forked import REPO
from tests.registry import Fault, Replica, ReplicaServer
from tests.registry.history import as_kept
from tests.registry.synthetic import Script
from tests.sources.ctgov_history import series


@pytest.fixture(scope="module")
def script() -> Script:
    """Return a small registry."""
    return Script(trials=6, days=20, seed=3)


@pytest.fixture
def registry(script: Script, monitor: Monitor, tmp_path: Path) -> Iterator[Replica]:
    """Return the registry that the monitor is configured to follow."""
    replica = Replica(script.world())
    with ReplicaServer(replica) as server:
        config = tmp_path / "monitor.toml"
        config.write_text(
            f"""
            [http]
            requests_per_minute = 6000
            retry_attempts = 1
            [[source]]
            name = "all"
            type = "ctgov"
            base_url = "{server.base_url}"
            all = true
            every = "1h"
            """
        )
        monitor.environ["MONITOR_CONFIG"] = str(config)
        yield replica


def past_of(replica: Replica, script: Script) -> tuple[str, int]:
    """Return the trial with the shortest past, and how many versions the registry has of it.

    The history is asked at a measured pace.
    """
    day = replica.world.day
    counts = {nct_id: len(script.expected_history(nct_id, day)) for nct_id in script.nct_ids}
    return min(((one, count) for one, count in counts.items() if count > 2), key=lambda it: it[1])


def test_it_fetches_all_versions_and_a_second_time_none(
    monitor: Monitor, registry: Replica, script: Script
) -> None:
    nct_id, versions = past_of(registry, script)
    found = monitor.json("backfill", nct_id)
    assert (found["trials"], found["read"], found["stored"]) == (1, versions, versions)
    assert len(monitor.json("history", nct_id)["versions"]) == versions
    assert max(registry.log.max_in_flight.values()) == 1
    assert monitor.json("backfill", nct_id)["read"] == 0


def test_since_leaves_out_what_is_older(
    monitor: Monitor, registry: Replica, script: Script
) -> None:
    nct_id, versions = past_of(registry, script)
    newest = script.expected_history(nct_id, registry.world.day)[-1].day
    found = monitor.json("backfill", nct_id, "--since", str(newest.year + 1))
    assert found["read"] == 0
    assert monitor.json("backfill", nct_id)["read"] == versions


@pytest.mark.usefixtures("registry")
def test_an_unknown_record_is_not_found(monitor: Monitor) -> None:
    result = monitor("backfill", "NCT00000001")
    assert result.exit_code == 3
    assert "NCT00000001: the registry has no such record" in result.stderr


def test_one_unknown_record_among_others_is_named_and_no_failure(
    monitor: Monitor, registry: Replica, script: Script
) -> None:
    nct_id, versions = past_of(registry, script)
    result = monitor("backfill", nct_id, "NCT00000001", "--json")
    assert result.exit_code == 0
    text = MADE.sub("", result.stderr)
    assert text == "monitor: NCT00000001: the registry has no such record\n"
    assert json.loads(result.stdout)["stored"] == versions
    assert len(monitor.json("history", nct_id)["versions"]) == versions


def test_a_version_that_cannot_be_read_fails_the_command_and_keeps_the_others(
    monitor: Monitor, registry: Replica, script: Script
) -> None:
    nct_id, versions = past_of(registry, script)
    first = script.world().catalogue.history(nct_id, registry.world.day)[0]
    study = copy.deepcopy(as_kept(first, None))
    study["protocolSection"]["designModule"]["enrollmentInfo"] = "many"
    registry.faults.add(
        Fault.OTHER_SHAPE,
        when=lambda asked: asked.path.endswith(f"{nct_id}/history/0"),
        body=json.dumps({"studyVersion": 0, "study": study}).encode(),
    )
    result = monitor("backfill", nct_id, "--json")
    assert result.exit_code == 1
    filled = json.loads(result.stdout)
    assert (filled["stored"], filled["quarantined"]) == (versions - 1, 1)
    assert len(monitor.json("quarantine", "list")) == 1
    assert len(monitor.json("history", nct_id)["versions"]) == versions - 1


def test_a_registry_that_fails_fails_the_command(monitor: Monitor, registry: Replica) -> None:
    registry.faults.add(Fault.SERVER_ERROR, times=None)
    result = monitor("backfill", "NCT00000001", "--json")
    assert result.exit_code == 1
    assert "500" in result.stderr
    assert json.loads(result.stdout)["read"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_a_signal_ends_it_with_a_line_and_the_next_goes_on_at_once(
    monitor: Monitor, registry: Replica, script: Script, number: signal.Signals
) -> None:
    nct_id, versions = past_of(registry, script)
    stall = registry.faults.add(
        Fault.STALL_BEFORE_HEADERS, when=lambda asked: asked.path.endswith("/history/0")
    )
    config = str(monitor.environ["MONITOR_CONFIG"])
    running = subprocess.Popen(
        [sys.executable, "-m", "monitor", "--config", config, "backfill", nct_id],
        cwd=REPO, env={**os.environ, "MONITOR_DATABASE_URL": monitor.url},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with running:
        eventually(lambda: stall.met)
        refused = monitor("backfill", nct_id)
        assert refused.exit_code == 1
        assert f":{running.pid}:" in refused.stderr
        running.send_signal(number)
        out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert err.startswith("monitor: interrupted; what was fetched stays")
    assert monitor.json("backfill", nct_id)["read"] == 1
    assert len(monitor.json("history", nct_id)["versions"]) == versions


@pytest.mark.usefixtures("registry")
def test_followed_needs_something_that_is_followed(monitor: Monitor) -> None:
    monitor("backfill", "NCT00000001")  # makes the store
    assert "no source follows a record yet" in monitor.complaint("backfill", "--followed", code=3)


def test_followed_asks_each_registry_for_its_own(monitor: Monitor, tmp_path: Path) -> None:
    one, other = series.replica(_801=2), series.replica(_901=2, _902=1)
    with ReplicaServer(one) as first, ReplicaServer(other) as second:
        monitor.environ["MONITOR_CONFIG"] = str(tmp_path / "monitor.toml")
        (tmp_path / "monitor.toml").write_text(
            f"""
            [http]
            requests_per_minute = 6000
            [[source]]
            name = "one"
            type = "ctgov"
            base_url = "{first.base_url}"
            all = true
            every = "1h"
            [[source]]
            name = "other"
            type = "ctgov"
            base_url = "{second.base_url}"
            all = true
            every = "1h"
            """
        )
        assert monitor("run", "--once").exit_code == 0
        for registry in (one, other):
            registry.log.clear()
        found = monitor.json("backfill", "--followed")
    assert found["trials"] == 3
    for registry in (one, other):
        assert any(line.asked.is_history for line in registry.log)
        assert set(registry.log.statuses()) == {200}


@pytest.mark.parametrize("args", [(), ("NCT00000001", "--followed")])
def test_it_wants_either_names_or_all_that_is_followed(
    monitor: Monitor, args: tuple[str, ...]
) -> None:
    assert "--followed" in monitor.complaint("backfill", *args, code=2)


def test_a_typing_error_is_told_before_anything_is_asked(
    monitor: Monitor, registry: Replica
) -> None:
    assert "NCT" in monitor.complaint("backfill", "NCT637722800000", code=2)
    assert len(registry.log) == 0
