"""How the daemon ends: in good order, at once, or because a part of it broke."""

import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.daemon.processes import (
    Scripted,
    Started,
    configure,
    eventually,
    folder_source,
)
from tests.forked import REPO


def scripted(folder: Path, url: str, *names: str, grace_s: float = 20) -> Path:
    """Write a configuration with scripted sources of these names."""
    return configure(folder, url, *(folder_source(one, folder) for one in names), grace_s=grace_s)


def leases(url: str) -> int:
    """Return how many leases are held in a SQLite store."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return int(connection.execute("SELECT count(*) FROM leases").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_a_signal_ends_it_in_good_order(
    tmp_path: Path, sqlite_url: str, number: signal.Signals
) -> None:
    with Scripted(scripted(tmp_path, sqlite_url, "slow one")) as daemon:
        daemon.wait_for("scripted pass begins")
        assert leases(sqlite_url) == 1
        daemon.send(number)
        assert daemon.ended() == 0
        events = [line["event"] for line in daemon.lines]
    assert events[-3:] == ["stopping", "scripted pass ends", "stopped"]
    assert leases(sqlite_url) == 0


def sleeping(process_id: int, looks: int = 10) -> bool:
    """Return whether every thread of a process slept, however often one looks in a while."""
    for _ in range(looks):
        for stat in Path(f"/proc/{process_id}/task").glob("*/stat"):
            if stat.read_text().rpartition(")")[2].split()[0] != "S":
                return False
        time.sleep(0.02)
    return True


def test_a_crash_tells_where_it_was(tmp_path: Path, sqlite_url: str) -> None:
    config = configure(tmp_path, sqlite_url, folder_source("here", tmp_path, every="1h"))
    with Started(config) as daemon:
        daemon.wait_for("pass finished")
        # What walks the stacks takes no lock: a thread that runs meanwhile can crash the report.
        eventually(lambda: sleeping(daemon.pid), what="a moment of rest")
        daemon.send(signal.SIGSEGV)
        assert daemon.ended() == -signal.SIGSEGV
        assert "Fatal Python error: Segmentation fault" in daemon.written
        assert daemon.written.count("most recent call first") > 1  # of every thread


def test_what_hangs_is_left_behind_after_the_grace_period(tmp_path: Path, sqlite_url: str) -> None:
    config = scripted(tmp_path, sqlite_url, "hangs", "slow one", grace_s=0.5)
    with Scripted(config) as daemon:
        for name in ("hangs", "slow one"):
            daemon.wait_for("scripted pass begins", source=name)
        began = time.monotonic()
        assert daemon.stop() == 0
        assert 0.5 <= time.monotonic() - began < 20
        assert daemon.entries("still hanging")[0]["work"] == ["hangs"]
        assert daemon.entries("scripted pass ends", source="slow one")
    assert leases(sqlite_url) == 0


def test_while_it_stops_it_is_alive_and_not_ready(tmp_path: Path, sqlite_url: str) -> None:
    with Scripted(scripted(tmp_path, sqlite_url, "hangs")) as daemon:
        daemon.wait_for("scripted pass begins")
        assert daemon.page("/readyz")[0] == 200
        daemon.send(signal.SIGTERM)
        daemon.wait_for("stopping")
        status, facts = daemon.page("/readyz")
        assert (status, facts["reason"]) == (503, "process: it is stopping")
        status, facts = daemon.page("/healthz")
        assert (status, facts["role"], facts["running"]) == (200, "stopping", ["hangs"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
def test_a_second_signal_ends_it_at_once(
    tmp_path: Path, sqlite_url: str, number: signal.Signals
) -> None:
    config = scripted(tmp_path, sqlite_url, "hangs", grace_s=600)
    with Scripted(config) as daemon:
        daemon.wait_for("scripted pass begins")
        daemon.send(signal.SIGTERM)
        daemon.wait_for("stopping")

        def sent() -> bool:
            if daemon.alive:
                daemon.send(number)
            return not daemon.alive

        eventually(sent)
        assert daemon.ended() == 128 + number
        assert daemon.entries("ended at once", signal=number.name)


def test_signals_that_come_together_are_one(tmp_path: Path, sqlite_url: str) -> None:
    with Scripted(scripted(tmp_path, sqlite_url, "slow one")) as daemon:
        daemon.wait_for("scripted pass begins")
        daemon.send(signal.SIGTERM)
        daemon.send(signal.SIGINT)
        assert daemon.ended() == 0


def test_a_broken_part_ends_the_whole_with_a_line_and_an_exit_code(
    tmp_path: Path, sqlite_url: str
) -> None:
    with Scripted(scripted(tmp_path, sqlite_url, "slow one")) as daemon:
        daemon.wait_for("scripted pass begins")
        (tmp_path / "break").touch()
        daemon.send(signal.SIGHUP)
        assert daemon.ended() == 1
        (line,) = daemon.entries("daemon broken")
        assert (line["part"], line["level"]) == ("configuration", "critical")
        assert "a mistake in the reading" in str(line["exception"])
        assert daemon.entries("scripted pass ends", outcome="stopped"), "in good order all the same"
    assert leases(sqlite_url) == 0


def test_a_store_that_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "no.db").write_bytes(b"this is no database at all" * 100)
    config = configure(tmp_path, f"sqlite:///{tmp_path / 'no.db'}")
    found = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", str(config), "run"],
        cwd=REPO, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.startswith("monitor: the store ")
    assert found.stderr.count("\n") == 1
