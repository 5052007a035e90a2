"""What the monitor makes is its user's alone to read; what was there keeps its mode."""

import os
import stat
from pathlib import Path

import pytest

from monitor.private_files import make_private_folder
from monitor.store.writer import open_store
from tests.channels.examples import message
from tests.channels.making import folder_channel
from tests.cli.calls import Monitor
from tests.cli.studies import study
from tests.cli.test_db_backup import store_of, umask


def mode(path: Path) -> int:
    """Return the permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022], ids=["umask 000", "umask 022"])
def test_a_new_store_is_private_with_its_log_its_index_and_its_folders(
    tmp_path: Path, mask: int
) -> None:
    store = tmp_path / "a" / "b" / "monitor.db"
    with umask(mask), open_store(f"sqlite:///{store}") as opened, opened.transaction():
        beside = sorted(store.parent.iterdir())
        assert [one.name for one in beside] == ["monitor.db", "monitor.db-shm", "monitor.db-wal"]
        assert {mode(one) for one in beside} == {0o600}
    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700


@pytest.mark.parametrize(
    "command", [("db", "upgrade"), ("subscriber", "add", "ana")], ids=["upgrade", "any command"]
)
def test_whatever_command_makes_the_store_makes_it_private(
    monitor: Monitor, command: tuple[str, ...]
) -> None:
    with umask(0):
        monitor.answer(*command)
    assert mode(store_of(monitor)) == 0o600
    assert mode(store_of(monitor).parent) == 0o700


def test_a_new_store_is_private_before_anything_is_in_it(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    really = os.open

    def watched(path: str, flags: int, given: int = 0o777, **other: int) -> int:
        if flags & os.O_CREAT and str(path) == str(store_of(monitor)):
            made.append(given)
        return really(path, flags, given, **other)

    monkeypatch.setattr(os, "open", watched)
    with umask(0):
        monitor.answer("db", "upgrade")
    assert made == [0o600]


def test_a_store_and_folders_that_are_there_keep_their_modes_and_doctor_names_them(
    monitor: Monitor,
) -> None:
    monitor.ingest(study())
    store = store_of(monitor)
    assert "others can read" not in monitor("doctor", "--offline").stdout
    store.chmod(0o644)
    store.parent.chmod(0o755)
    with umask(0):
        monitor.ingest(study("2026-02-20", status="COMPLETED"))
    assert (mode(store), mode(store.parent)) == (0o644, 0o755)
    text = " ".join(monitor("doctor", "--offline").stdout.split())
    assert f"others can read {store} (mode 644)" in text
    assert f"chmod 600 {store}" in text


def test_a_folder_channel_s_folders_and_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "box"
    channel = folder_channel(path=folder)
    with umask(0), channel.connect() as connection:
        connection.send(message())
    assert mode(folder) == mode(folder.parent) == 0o700
    assert {mode(file) for file in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 3


def test_a_folder_channel_s_folder_that_is_there_keeps_its_mode_and_doctor_names_what_is_open(
    monitor: Monitor, tmp_path: Path
) -> None:
    folder = tmp_path / "box"
    folder.mkdir()
    folder.chmod(0o755)
    config = tmp_path / "monitor.toml"
    config.write_text(f'[[channel]]\nname = "box"\ntype = "folder"\npath = "{folder}"\n', "utf-8")
    monitor.environ["MONITOR_CONFIG"] = str(config)
    monitor.answer("channel", "test", "box")
    assert mode(folder) == 0o755
    assert {mode(file) for file in folder.iterdir()} == {0o600}
    assert "others can read" not in monitor("doctor", "--offline").stdout
    old = next(folder.iterdir())
    old.chmod(0o644)
    text = " ".join(monitor("doctor", "--offline").stdout.split())
    assert f"others can read messages in {folder}, for example {old.name}" in text


def test_a_file_in_the_way_of_a_folder_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        make_private_folder(tmp_path / "file" / "below")
