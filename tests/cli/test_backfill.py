"""``monitor backfill``: the past of trials from the registry's history."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.calls import Monitor
from tests.registry import Replica, ReplicaServer
from tests.registry.synthetic import Script


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
    """Return a trial with a past, and how many versions the registry has of it."""
    for nct_id in script.nct_ids:
        versions = len(script.expected_history(nct_id, replica.world.day))
        if versions > 1:
            return nct_id, versions
    raise AssertionError("the script has no trial with a past")


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


def test_a_registry_that_fails_fails_the_command(monitor: Monitor, registry: Replica) -> None:
    from tests.registry import Fault

    registry.faults.add(Fault.SERVER_ERROR, times=None)
    result = monitor("backfill", "NCT00000001", "--json")
    assert result.exit_code == 1
    assert "500" in result.stderr
    assert json.loads(result.stdout)["read"] == 0


@pytest.mark.usefixtures("registry")
def test_followed_needs_something_that_is_followed(monitor: Monitor) -> None:
    monitor("backfill", "NCT00000001")  # makes the store
    assert "no source follows a record yet" in monitor.complaint("backfill", "--followed", code=3)


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
