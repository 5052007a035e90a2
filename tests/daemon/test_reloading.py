"""SIGHUP: the configuration is read again."""

import signal
from pathlib import Path

import pytest

from tests.daemon.processes import Scripted, configure, eventually, folder_source


def test_sources_come_and_go_without_disturbing_a_pass_that_runs(
    tmp_path: Path, sqlite_url: str
) -> None:
    slow, old, new = (folder_source(n, tmp_path) for n in ("slow one", "quick old", "quick new"))
    config = configure(tmp_path, sqlite_url, slow, old)
    with Scripted(config) as daemon:
        daemon.wait_for("scripted pass begins", source="slow one")
        daemon.wait_for("scripted pass ends", source="quick old")
        configure(tmp_path, sqlite_url, slow, new)
        daemon.send(signal.SIGHUP)
        line = daemon.wait_for("configuration read again")
        assert line["sources"] == ["slow one", "quick new"]
        seen = len(daemon.entries("scripted pass begins", source="quick old"))
        daemon.wait_for("scripted pass ends", source="quick new", times=2)
        # One may have begun while the new configuration was taken up.
        assert len(daemon.entries("scripted pass begins", source="quick old")) <= seen + 1
        assert len(daemon.entries("scripted pass begins", source="slow one")) == 1
        assert not daemon.entries("scripted pass ends", source="slow one")
        assert daemon.page("/healthz")[1]["sources"] == ["slow one", "quick new"]
        assert daemon.stop() == 0


def test_a_source_that_runs_may_go(tmp_path: Path, sqlite_url: str) -> None:
    slow, quick = folder_source("slow one", tmp_path), folder_source("quick one", tmp_path)
    with Scripted(configure(tmp_path, sqlite_url, slow)) as daemon:
        daemon.wait_for("scripted pass begins", source="slow one")
        configure(tmp_path, sqlite_url, quick)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("scripted pass ends", source="quick one")
        assert not daemon.entries("scripted pass ends", source="slow one")
        assert daemon.stop() == 0
        assert daemon.entries("scripted pass ends", source="slow one", outcome="stopped")


def test_another_interval_counts_from_now_on(tmp_path: Path, sqlite_url: str) -> None:
    config = configure(tmp_path, sqlite_url, folder_source("quick one", tmp_path, "1d"))
    with Scripted(config) as daemon:
        daemon.wait_for("scripted pass ends")
        configure(tmp_path, sqlite_url, folder_source("quick one", tmp_path, "1s"))
        daemon.send(signal.SIGHUP)
        daemon.wait_for("scripted pass ends", times=3)


def test_an_invalid_one_is_refused_with_its_reason_and_the_old_one_stays(
    tmp_path: Path, sqlite_url: str
) -> None:
    source = folder_source("quick one", tmp_path)
    with Scripted(configure(tmp_path, sqlite_url, source)) as daemon:
        daemon.wait_for("scripted pass ends")
        configure(tmp_path, sqlite_url, source + "\nevry = 3")
        daemon.send(signal.SIGHUP)
        refused = daemon.wait_for("configuration refused")
        assert refused["level"] == "error"
        assert "evry" in str(refused["reason"])
        passes = len(daemon.entries("scripted pass ends"))
        daemon.wait_for("scripted pass ends", times=passes + 1)
        status, facts = daemon.page("/readyz")
        assert (status, facts["role"]) == (503, "leader")
        assert "evry" in facts["problems"]["configuration"]
        assert daemon.page("/healthz")[0] == 200
        configure(tmp_path, sqlite_url, source)
        daemon.send(signal.SIGHUP)
        eventually(lambda: daemon.page("/readyz")[0] == 200)
        assert daemon.stop() == 0


SOURCES_THAT_CANNOT_BE = {
    "at a time that never comes": ('type = "files"\npath = "box"\ncron = "99 * * * *"', "99 *"),
    "of a status that there is not": (
        'type = "ctgov"\nevery = "1s"\nfilter = { overallStatus = "NOSUCH" }',
        "no status 'NOSUCH'",
    ),
}


@pytest.mark.parametrize("case", SOURCES_THAT_CANNOT_BE)
def test_a_source_that_cannot_be_is_refused_and_the_old_ones_stay(
    tmp_path: Path, sqlite_url: str, case: str
) -> None:
    lines, word = SOURCES_THAT_CANNOT_BE[case]
    old = folder_source("quick old", tmp_path)
    with Scripted(configure(tmp_path, sqlite_url, old)) as daemon:
        daemon.wait_for("scripted pass ends")
        new = f'name = "quick new"\n{lines}'
        configure(tmp_path, sqlite_url, old, new)
        daemon.send(signal.SIGHUP)
        refused = daemon.wait_for("configuration refused")
        assert "quick new" in str(refused["reason"])
        assert word in str(refused["reason"])
        passes = len(daemon.entries("scripted pass ends", source="quick old"))
        daemon.wait_for("scripted pass ends", source="quick old", times=passes + 2)
        assert daemon.page("/healthz")[1]["sources"] == ["quick old"]
        assert daemon.stop() == 0
        assert not daemon.entries("scripted pass begins", source="quick new")


def test_the_level_of_the_log_can_change(tmp_path: Path, sqlite_url: str) -> None:
    source = folder_source("quick one", tmp_path)
    with Scripted(configure(tmp_path, sqlite_url, source)) as daemon:
        daemon.wait_for("scripted pass ends")
        file = configure(tmp_path, sqlite_url, folder_source("breaks", tmp_path))
        file.write_text(file.read_text().replace('"json"', '"json"\nlevel = "error"'))
        daemon.send(signal.SIGHUP)
        daemon.wait_for("pass broken", times=2)
        assert daemon.stop() == 0
        assert not daemon.entries("stopping")


def test_another_store_takes_a_new_start_and_says_so(tmp_path: Path, sqlite_url: str) -> None:
    source = folder_source("quick one", tmp_path)
    with Scripted(configure(tmp_path, sqlite_url, source)) as daemon:
        daemon.wait_for("scripted pass ends")
        configure(tmp_path, f"sqlite:///{tmp_path / 'other.db'}", source)
        daemon.send(signal.SIGHUP)
        assert daemon.wait_for("section needs a new start")["section"] == "store"
        daemon.wait_for("configuration read again")
        passes = len(daemon.entries("scripted pass ends"))
        daemon.wait_for("scripted pass ends", times=passes + 1)
        assert daemon.stop() == 0
    assert not (tmp_path / "other.db").exists()


def test_a_configuration_that_follows_nothing_says_so(tmp_path: Path, sqlite_url: str) -> None:
    off = folder_source("off", tmp_path) + "\nenabled = false"
    with Scripted(configure(tmp_path, sqlite_url, off)) as daemon:
        assert daemon.wait_for("nothing is followed")["level"] == "warning"
        configure(tmp_path, sqlite_url, folder_source("quick one", tmp_path))
        daemon.send(signal.SIGHUP)
        daemon.wait_for("configuration read again", sources=["quick one"])
        configure(tmp_path, sqlite_url)
        daemon.send(signal.SIGHUP)
        daemon.wait_for("nothing is followed", times=2)
        assert daemon.stop() == 0
