"""``monitor db backup``: a whole copy of the store, whoever uses it meanwhile."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from monitor.store.backup import back_up
from monitor.store.revisions import HEAD
from tests.cli.calls import Monitor
from tests.cli.studies import OTHER, study
from tests.store.test_upgrades import migrate_new


def store_of(monitor: Monitor) -> Path:
    """Return the file of a command line's store."""
    return Path(monitor.url.removeprefix("sqlite:///"))


def fill(store: Path, megabytes: int = 3) -> None:
    """Give a store so much content that copying it takes several steps."""
    with closing(sqlite3.connect(store)) as connection, connection:
        for number in range(megabytes):
            connection.execute(
                "INSERT INTO quarantine (sha256, source, origin, reason, size, content,"
                " first_seen_at, last_seen_at) VALUES (?, 's', 'o', 'r', 1, ?, 't', 't')",
                (number.to_bytes(32, "big"), os.urandom(1_000_000)),
            )


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Make files with this mask during the block."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_backup_holds_what_the_store_holds(monitor: Monitor, tmp_path: Path) -> None:
    monitor.ingest(study(), study(nct_id=OTHER))
    file = tmp_path / "copy.db"
    made = monitor.json("db", "backup", str(file))
    size = file.stat().st_size
    assert made == {"store": monitor.url, "file": str(file), "bytes": size, "schema": HEAD,
                    "trials": 2, "versions": 2}  # fmt: skip
    assert Monitor(f"sqlite:///{file}", tmp_path).json("trials") == monitor.json("trials")
    assert "2 trials, 2 versions" in monitor.answer("db", "backup", str(file), "--force")


def test_a_backup_is_one_file_that_its_owner_alone_can_read(
    monitor: Monitor, tmp_path: Path
) -> None:
    monitor.ingest(study())
    folder = tmp_path / "backups"
    folder.mkdir()
    with umask(0):
        monitor.answer("db", "backup", str(folder / "copy.db"))
    assert [one.name for one in folder.iterdir()] == ["copy.db"]
    assert stat.S_IMODE((folder / "copy.db").stat().st_mode) == 0o600
    folder.chmod(0o500)  # it can be read where nothing can be written beside it
    with closing(sqlite3.connect(f"file:{folder}/copy.db?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_nobody_waits_for_a_backup_and_it_is_of_one_moment(
    monitor: Monitor, tmp_path: Path
) -> None:
    monitor.ingest(study())
    fill(store_of(monitor))
    steps: list[object] = []
    with closing(sqlite3.connect(store_of(monitor), timeout=0, isolation_level=None)) as writer:

        def written(*step: object) -> None:
            writer.execute("BEGIN IMMEDIATE")  # with timeout 0: fails when it had to wait
            writer.execute("DELETE FROM quarantine WHERE id = (SELECT max(id) FROM quarantine)")
            writer.execute("UPDATE trials SET title = title || '!'")
            writer.execute("COMMIT")
            steps.append(step)

        made = back_up(monitor.url, tmp_path / "copy.db", on_step=written)
    assert len(steps) > 3
    assert made.holds.rows["quarantine"] == 3
    [trial] = Monitor(f"sqlite:///{tmp_path}/copy.db", tmp_path).json("trials")
    assert not trial["title"].endswith("!")
    [trial] = monitor.json("trials")
    assert trial["title"].endswith("!" * len(steps))


def test_a_store_that_is_not_in_wal_mode_is_copied_too(monitor: Monitor, tmp_path: Path) -> None:
    monitor.ingest(study())
    fill(store_of(monitor))
    with closing(sqlite3.connect(store_of(monitor), timeout=0, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=DELETE")
        writes = iter(range(2))

        def written(*_: object) -> None:
            if next(writes, None) is not None:
                writer.execute("UPDATE trials SET title = title || '!'")

        back_up(monitor.url, tmp_path / "copy.db", on_step=written)
        kept = Monitor(f"sqlite:///{tmp_path}/copy.db", tmp_path)
        assert kept.json("trials") == monitor.json("trials")
        refused = back_up_while_others_write(monitor, tmp_path / "other.db", writer)
    assert "not in WAL mode" in refused
    assert not (tmp_path / "other.db").exists()


def back_up_while_others_write(monitor: Monitor, file: Path, writer: sqlite3.Connection) -> str:
    """Return how a backup is refused while somebody writes between all of its steps."""

    def written(*_: object) -> None:
        writer.execute("UPDATE trials SET title = title || '!'")

    with pytest.raises(Exception, match="WAL") as refused:
        back_up(monitor.url, file, on_step=written)
    return str(refused.value)


@pytest.mark.parametrize("step", [0, 2, 4], ids=["first step", "copying", "checking"])
def test_a_backup_that_is_interrupted_leaves_nothing(
    monitor: Monitor, tmp_path: Path, step: int
) -> None:
    monitor.ingest(study())
    fill(store_of(monitor))
    file = tmp_path / "backups" / "copy.db"
    file.parent.mkdir()
    steps = []

    def interrupted(what: str, *_: object) -> None:
        assert not file.exists()
        steps.append(what)
        if len(steps) > step:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(monitor.url, file, on_step=interrupted)
    assert steps[-1] == ("checking" if step == 4 else "copying")
    assert list(file.parent.iterdir()) == []


def test_a_file_is_replaced_only_when_that_is_asked_for(monitor: Monitor, tmp_path: Path) -> None:
    monitor.ingest(study())
    file = tmp_path / "copy.db"
    file.write_text("mine")
    assert "--force" in monitor.complaint("db", "backup", str(file), code=2)
    assert file.read_text() == "mine"
    file.chmod(0o644)
    monitor.answer("db", "backup", str(file), "--force")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Monitor(f"sqlite:///{file}", tmp_path).json("trials") == monitor.json("trials")


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["plain", "forced"])
@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"], ids=["store", "log", "index"])
def test_the_store_itself_is_never_overwritten(
    monitor: Monitor, suffix: str, force: tuple[str, ...]
) -> None:
    monitor.ingest(study())
    before = monitor.json("trials")
    place = f"{store_of(monitor)}{suffix}"
    assert "the store itself" in monitor.complaint("db", "backup", place, *force, code=2)
    assert monitor.json("trials") == before


def test_what_is_no_place_for_a_backup_is_one_clear_line(monitor: Monitor, tmp_path: Path) -> None:
    file = str(tmp_path / "copy.db")
    assert "there is no store" in monitor.complaint("db", "backup", file, code=1)
    monitor.ingest(study())
    text = monitor.complaint("db", "backup", str(tmp_path / "nowhere" / "copy.db"), code=2)
    assert "there is no folder" in text
    text = monitor.complaint("db", "backup", str(tmp_path), "--force", code=2)
    assert "no regular file" in text
    os.mkfifo(tmp_path / "pipe")
    text = monitor.complaint("db", "backup", str(tmp_path / "pipe"), "--force", code=2)
    assert "no regular file" in text


def test_a_damaged_or_foreign_store_makes_no_backup(monitor: Monitor, tmp_path: Path) -> None:
    monitor.ingest(study())
    file = tmp_path / "copy.db"
    with closing(sqlite3.connect(store_of(monitor))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        question = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_versions_raw_sha256'"
        (root,) = connection.execute(question).fetchone()
    with store_of(monitor).open("r+b") as opened:
        opened.seek((root - 1) * 4096)
        opened.write(b"\xff" * 4096)
    assert "damaged" in monitor.complaint("db", "backup", str(file), code=1)
    store_of(monitor).unlink()
    with closing(sqlite3.connect(store_of(monitor))) as connection:
        connection.execute("CREATE TABLE addresses (name TEXT)")
    assert "another program" in monitor.complaint("db", "backup", str(file), code=1)
    assert not file.exists()


def test_a_store_of_an_older_schema_is_backed_up_before_its_upgrade(
    monitor: Monitor, tmp_path: Path
) -> None:
    migrate_new(monitor.url, "0002")
    made = monitor.json("db", "backup", str(tmp_path / "copy.db"))
    assert made["schema"] == "0002"


def test_for_postgresql_its_own_tool_is_named(monitor: Monitor, tmp_path: Path) -> None:
    monitor.url = "postgresql://reader:s3cret@db.example.org/trials"
    for command, tool in (("backup", "pg_dump"), ("restore", "pg_restore")):
        text = monitor.complaint("db", command, str(tmp_path / "copy"), code=2)
        assert tool in text
        assert "postgresql://db.example.org/trials" in text
        assert "s3cret" not in text
