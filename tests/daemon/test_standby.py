"""One process schedules a store at a time; the others stand by and take over."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.daemon import SCHEDULER
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.daemon.processes import Scripted, configure, folder_source
from tests.store.leasing import lose, take
from tests.web.serving import ask_json

LEASE_S = 6.0


def scripted(folder: Path, url: str, *names: str, lease_s: float = LEASE_S) -> Path:
    """Write a configuration with scripted sources of these names."""
    return configure(folder, url, *(folder_source(one, folder) for one in names), lease_s=lease_s)


def holder(url: str) -> str | None:
    """Return who holds the lease."""
    with open_reader(url) as reader:
        lease = reader.leases.find(SCHEDULER, now=datetime.now(UTC))
    return lease.holder if lease else None


def test_a_stand_by_takes_over_when_the_first_is_killed(tmp_path: Path, store_url: str) -> None:
    config = scripted(tmp_path, store_url, "slow one")
    with (
        Scripted(config, name="first") as first,
        Scripted(config, name="second") as second,
    ):
        leader, other = by_role(first, second)
        assert other.page("/readyz") == (200, {"status": "ok", "role": "standby", "problems": {}})
        assert other.page("/healthz")[1]["role"] == "standby"
        assert leader.page("/readyz")[1]["role"] == "leader"
        leader.send(signal.SIGKILL)
        other.wait_for("leading")
        other.wait_for("scripted pass begins", source="slow one")
        assert len(other.entries("standing by")) == 1, "told once, however long it lasts"
        assert other.stop() == 0
    assert holder(store_url) is None


def test_who_takes_over_does_so_by_the_configuration_of_now(
    tmp_path: Path, sqlite_url: str
) -> None:
    config = scripted(tmp_path, sqlite_url, "slow one", lease_s=600)
    with (
        Scripted(config, name="first") as first,
        Scripted(config, name="second") as second,
    ):
        leader, other = by_role(first, second)
        scripted(tmp_path, sqlite_url, "quick new", lease_s=600)
        assert leader.stop() == 0
        line = other.wait_for("configuration read again")
        assert line["sources"] == ["quick new"]
        other.wait_for("scripted pass ends", source="quick new", times=2)
        assert not other.entries("scripted pass begins", source="slow one")
        assert other.stop() == 0


def test_who_takes_over_stays_with_the_old_configuration_when_the_new_one_is_wrong(
    tmp_path: Path, sqlite_url: str
) -> None:
    config = scripted(tmp_path, sqlite_url, "slow one", lease_s=600)
    with (
        Scripted(config, name="first") as first,
        Scripted(config, name="second") as second,
    ):
        leader, other = by_role(first, second)
        configure(tmp_path, sqlite_url, folder_source("quick new", tmp_path) + "\nevry = 3")
        assert leader.stop() == 0
        assert "evry" in str(other.wait_for("configuration refused")["reason"])
        other.wait_for("scripted pass begins", source="slow one")
        status, facts = other.page("/readyz")
        assert (status, facts["role"]) == (503, "leader")
        assert other.stop() == 0


def by_role(first: Scripted, second: Scripted) -> tuple[Scripted, Scripted]:
    """Wait until one leads and the other stands by; return them in this order."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for leader, other in ((first, second), (second, first)):
            if leader.entries("scripted pass begins") and other.entries("standing by"):
                assert not other.entries("leading")
                return leader, other
        time.sleep(0.02)
    raise AssertionError(first.written + second.written)


def test_a_lease_that_is_given_back_is_not_waited_for(tmp_path: Path, sqlite_url: str) -> None:
    config = scripted(tmp_path, sqlite_url, "slow one", lease_s=600)
    with (
        Scripted(config, name="first") as first,
        Scripted(config, name="second") as second,
    ):
        leader, other = by_role(first, second)
        assert leader.stop() == 0
        other.wait_for("leading")


def test_a_stand_by_waits_for_the_port_that_the_first_one_listens_on(
    tmp_path: Path, sqlite_url: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        place = f"127.0.0.1:{free.getsockname()[1]}"
    config = scripted(tmp_path, sqlite_url, "slow one")
    config.write_text(config.read_text().replace("127.0.0.1:0", place))
    with Scripted(config, name="first") as leader:
        assert leader.wait_for("daemon started")["listen"] == f"http://{place}"
        leader.wait_for("leading")
        with Scripted(config, name="second") as other:
            _takes_the_port(place, config, leader, other)


def _takes_the_port(place: str, config: Path, leader: Scripted, other: Scripted) -> None:
    assert place in str(other.wait_for("port taken")["reason"])
    assert leader.page("/readyz")[1]["role"] == "leader"
    leader.send(signal.SIGKILL)
    assert other.wait_for("listening")["listen"] == f"http://{place}"
    other.wait_for("leading")
    assert ask_json(("127.0.0.1", int(place.rpartition(":")[2])), "/readyz")[0] == 200
    with Scripted(config, name="third") as third:
        third.wait_for("standing by")
        assert third.stop() == 0, "it ends while it waits, too"
    assert other.stop() == 0


def test_a_stand_by_ends_in_good_order_too(tmp_path: Path, sqlite_url: str) -> None:
    config = scripted(tmp_path, sqlite_url, "slow one", lease_s=600)
    with (
        Scripted(config, name="first") as first,
        Scripted(config, name="second") as second,
    ):
        leader, other = by_role(first, second)
        assert other.stop() == 0
        assert str(holder(sqlite_url)).split(":")[1] == str(leader.pid)


def test_whose_lease_was_taken_stops_its_passes_and_stands_by(
    tmp_path: Path, store_url: str
) -> None:
    with Scripted(scripted(tmp_path, store_url, "slow one")) as daemon:
        daemon.wait_for("scripted pass begins")
        with open_store(store_url) as store:
            take(store, SCHEDULER, "another", ttl_s=600, now=datetime.now(UTC))
            lost = daemon.wait_for("lease lost")
            assert (lost["level"], lost["reason"]) == ("error", "another process has taken it")
            daemon.wait_for("scripted pass ends", outcome="stopped")
            daemon.wait_for("standing by")
            assert daemon.page("/readyz")[1]["role"] == "standby"
            with store.transaction() as tx:
                lose(tx, SCHEDULER)
        daemon.wait_for("leading", times=2)
        daemon.wait_for("scripted pass begins", times=2)
        assert daemon.stop() == 0


def test_it_goes_on_in_a_store_that_was_put_in_the_place_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "store" / "monitor.db"
    config = scripted(tmp_path, f"sqlite:///{path}", "quick one", lease_s=1.5)
    with Scripted(config) as daemon:
        daemon.wait_for("scripted pass ends")
        for file in path.parent.iterdir():
            file.unlink(missing_ok=True)
        assert daemon.wait_for("lease lost")["level"] == "error"
        daemon.wait_for("leading", times=2)
        assert str(holder(f"sqlite:///{path}")).split(":")[1] == str(daemon.pid)
        assert daemon.stop() == 0


def test_who_stands_by_on_a_full_disk_is_not_ready(tmp_path: Path) -> None:
    """A disk of its own: a file system in memory."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or not mounted(mount, disk):
        pytest.skip("this user cannot mount a disk to fill")
    filler = disk / "filler"
    try:
        config = scripted(tmp_path, f"sqlite:///{disk / 'monitor.db'}", "slow one", lease_s=60)
        with (
            Scripted(config, name="first") as first,
            Scripted(config, name="second") as second,
        ):
            leader, other = by_role(first, second)
            assert [one.page("/readyz")[0] for one in (leader, other)] == [200, 200]
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while file.write(bytes(100_000)):
                    pass
            for one, role in ((leader, "leader"), (other, "standby")):
                status, facts = one.page("/readyz")
                assert (status, facts["role"]) == (503, role)
                assert "No space left on device" in facts["problems"]["store"]
                assert one.page("/healthz")[0] == 200, "to start it again would not help"
            filler.unlink()
            assert other.page("/readyz")[0] == 200
            assert [one.stop() for one in (other, leader)] == [0, 0]
    finally:
        subprocess.run([umount, "--lazy", str(disk)], check=True)


def mounted(mount: str, disk: Path) -> bool:
    """Mount a small disk; tell whether that could be done."""
    command = [mount, "-t", "tmpfs", "-o", "size=16m", "none", str(disk)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
