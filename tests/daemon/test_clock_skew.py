"""A process whose clock is wrong, and the one that comes after it: real processes."""

import json
import shutil
import signal
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.daemon import SCHEDULER
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.daemon.processes import Running, Started, configure, eventually, folder_source
from tests.daemon.test_delivering import EVERYTHING, put
from tests.deliver.configured import folder_channel
from tests.forked import run_command
from tests.store.leasing import lease_of

LIBRARIES = (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
)


def shifted(by: str) -> dict[str, str]:
    """Return the environment of a process whose clock on the wall is shifted, and no other."""
    library = next((one for one in LIBRARIES if Path(one).exists()), None)
    if library is None or shutil.which("faketime") is None:
        pytest.skip("faketime is not installed (the package faketime)")
    return {
        "LD_PRELOAD": library,
        "FAKETIME": by,
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def monitor(config: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a command."""
    return run_command("--config", str(config), *arguments)


def notices(folder: Path) -> list[dict[str, Any]]:
    """Return what the operator got."""
    return [json.loads(file.read_text("utf-8"))["data"] for file in folder.glob("*.json")]


def notices_text(folder: Path) -> str:
    """Return all that the operator got as one text."""
    return json.dumps(notices(folder))


def test_after_a_clock_that_was_a_year_ahead_the_next_process_leads_delivers_and_tells(
    tmp_path: Path, sqlite_url: str
) -> None:
    environ = shifted("+400d")
    inbox, box, ops = (tmp_path / name for name in ("in", "box", "ops"))
    inbox.mkdir()
    more = (
        '[delivery]\noperator = "ops"\nwelcome = false\nbreaker_failures = 1\nbreaker_rest_s = 1\n'
        "backoff_initial_s = 0.1\nbackoff_max_s = 1\nretry_after_max_s = 10\n"
        + folder_channel(tmp_path, "box")
        + folder_channel(tmp_path, "ops")
        + EVERYTHING
    )
    source = folder_source("in", inbox) + "\nsettle_s = 0"
    config = configure(tmp_path, sqlite_url, source, lease_s=600, more=more)
    box.write_text("in the way of the folder")
    put(inbox, "a.json", "2026-02-01", 100)
    with Started(config, name="ahead", **environ) as first:
        first.wait_for("pass finished", stored=1)
        put(inbox, "b.json", "2026-02-02", 240)
        first.wait_for("channel paused")
        lease = lease_of(sqlite_url, SCHEDULER, now=datetime.now(UTC))
        assert lease is not None
        assert "in the future" in (lease.fault or "")
        first.send(signal.SIGKILL)
        first.ended()
    assert "impossible" in monitor(config, "status").stdout
    box.unlink()
    doctor = monitor(config, "doctor", "--offline")
    assert doctor.returncode == 1
    assert "impossible" in doctor.stdout
    with Running(config, name="right") as second:
        second.wait_for("leading")
        assert second.page("/readyz")[0] == 200
        eventually(lambda: list(box.glob("*.json")), what="the alert")
        eventually(lambda: "a clock was, or is, wrong" in notices_text(ops), what="the notice")
        eventually(lambda: is_due_soon(sqlite_url), what="the next run")
        assert second.stop() == 0
    assert "put right" in monitor(config, "doctor", "--offline").stdout
    assert len(list(box.glob("*.json"))) == 1


def is_due_soon(url: str) -> bool:
    """Return whether the source is due within minutes, not in the year that the clock showed."""
    with open_reader(url) as reader:
        [row] = [one for one in reader.sources.all() if one.name == "in"]
    soon = datetime.now(UTC) + timedelta(minutes=2)
    return row.next_due_at is not None and row.next_due_at < soon


def test_a_stand_by_behind_an_impossible_lease_is_not_ready_and_tells(
    tmp_path: Path, sqlite_url: str
) -> None:
    more = '[delivery]\noperator = "ops"\n' + folder_channel(tmp_path, "ops")
    config = configure(tmp_path, sqlite_url, more=more)
    ahead = datetime.now(UTC) + timedelta(days=2)
    with open_store(sqlite_url) as store, store.transaction() as tx:
        # Of a machine of which nobody here can tell whether it runs.
        lease = tx.leases.take(SCHEDULER, "elsewhere:1:a", ttl_s=600, now=ahead)
    assert lease is not None
    with Running(config) as daemon:
        reason = str(daemon.wait_for("lease impossible")["reason"])
        assert f"{ahead:%Y-%m-%d %H:%M} UTC, in the future" in reason
        status, facts = daemon.page("/readyz")
        assert (status, facts["role"]) == (503, "standby")
        assert "elsewhere:1:a" in facts["problems"]["lease"]
        assert daemon.page("/healthz")[0] == 200, "it is alive"
        health = monitor(config, "health", "--url", f"{daemon.url}/healthz")
        assert health.returncode == 1
        assert "impossible" in health.stderr
        eventually(lambda: "of elsewhere:1:a is impossible" in notices_text(tmp_path / "ops"))
        with open_store(sqlite_url) as store, store.transaction() as tx:
            tx.leases.release(lease)
        daemon.wait_for("leading")
        eventually(lambda: "is sound again" in notices_text(tmp_path / "ops"))
        eventually(lambda: daemon.page("/readyz")[0] == 200)
        assert monitor(config, "health", "--url", f"{daemon.url}/healthz").returncode == 0
        assert daemon.stop() == 0


def test_a_process_whose_clock_is_ahead_takes_no_lease_from_a_living_one(
    tmp_path: Path, sqlite_url: str
) -> None:
    environ = shifted("+400d")
    config = configure(tmp_path, sqlite_url, lease_s=6)  # more than a busy machine's stalls
    with Running(config, name="living") as living:
        living.wait_for("leading")
        with Started(config, name="ahead", **environ) as other:
            other.wait_for("standing by")
            before = lease_of(sqlite_url, SCHEDULER, now=datetime.now(UTC))
            assert before is not None

            def renewed() -> bool:
                now = lease_of(sqlite_url, SCHEDULER, now=datetime.now(UTC))
                return now is not None and now.renewals >= before.renewals + 2

            eventually(renewed)
            assert not other.entries("leading")
            assert not living.entries("lease lost")
            assert other.stop() == 0
        assert living.stop() == 0
