"""``monitor db restore``: a backup takes the store's place as a whole, or nothing changes."""

import gzip
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.store.restore import restore
from monitor.store.revisions import HEAD
from monitor.store.writer import open_store
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import OTHER, study
from tests.cli.test_db_backup import store_of
from tests.daemon.processes import Scripted, configure, folder_source

AT_ONCE_S = 0.3


@pytest.fixture(scope="module")
def gone_on(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a store of two trials, and a backup from when it had one."""
    folder = tmp_path_factory.mktemp("gone-on")
    monitor = Monitor(f"sqlite:///{folder}/stores/monitor.db", folder)
    monitor.ingest(study())
    monitor.answer("db", "backup", str(folder / "copy.db"))
    monitor.ingest(study(nct_id=OTHER))
    return folder


@pytest.fixture
def copy(monitor: Monitor, gone_on: Path, tmp_path: Path) -> Path:
    """Return a backup of a store with one trial; the store has gone on and has two."""
    monitor.environ["MONITOR_STORE__BUSY_TIMEOUT_S"] = str(AT_ONCE_S)
    shutil.copytree(gone_on, tmp_path, dirs_exist_ok=True)
    return tmp_path / "copy.db"


def files(monitor: Monitor) -> dict[str, bytes]:
    """Return all files where the store lies, but SQLite's index of its log and a log of nothing."""
    found = store_of(monitor).parent.iterdir()
    read = {one.name: one.read_bytes() for one in found if not one.name.endswith("-shm")}
    return {name: content for name, content in read.items() if content}


def ids(url: str, folder: Path) -> list[str]:
    """Return the NCT IDs of the trials in a store."""
    return [trial["nct_id"] for trial in Monitor(url, folder).json("trials")]


def test_the_backup_is_the_store_and_what_was_there_is_kept_beside_it(
    monitor: Monitor, copy: Path, tmp_path: Path
) -> None:
    done = monitor.json("db", "restore", str(copy))
    kept = Path(done.pop("replaced"))
    assert done == {"store": monitor.url, "file": str(copy), "schema": HEAD,
                    "status": "current", "trials": 1, "versions": 1}  # fmt: skip
    assert kept.parent == store_of(monitor).parent
    assert re.fullmatch(r"monitor\.db\.replaced-\d{8}T\d{6}Z", kept.name)
    assert len(monitor.json("trials")) == 1
    assert len(ids(f"sqlite:///{kept}", tmp_path)) == 2
    assert sorted(files(monitor)) == ["monitor.db", kept.name]
    assert copy.is_file()
    monitor.ingest(study(nct_id=OTHER))  # and it goes on from there
    assert len(monitor.json("trials")) == 2
    with closing(sqlite3.connect(store_of(monitor))) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_it_says_what_comes_next_and_what_may_repeat(monitor: Monitor, copy: Path) -> None:
    text = monitor.answer("db", "restore", str(copy))
    for words in ("replaced-", "monitor doctor", "monitor run", "sent again", "forgotten"):
        assert words in text
    assert "db upgrade" not in text


def test_two_stores_replaced_at_one_second_are_both_kept(monitor: Monitor, copy: Path) -> None:
    first, second = (
        restore(monitor.url, copy, now=NOON).replaced,
        restore(monitor.url, copy, now=NOON).replaced,
    )
    assert first is not None
    assert second is not None
    assert first.name == "monitor.db.replaced-20260302T120000Z"
    assert second.name == "monitor.db.replaced-20260302T120000Z-2"
    assert first.is_file()


def test_what_is_replaced_is_deleted_when_that_is_asked_for(monitor: Monitor, copy: Path) -> None:
    assert monitor.json("db", "restore", "--discard", str(copy))["replaced"] is None
    assert list(files(monitor)) == ["monitor.db"]
    assert len(monitor.json("trials")) == 1


def test_a_store_that_is_gone_comes_back(monitor: Monitor, copy: Path) -> None:
    shutil.rmtree(store_of(monitor).parent)
    assert monitor.json("db", "restore", str(copy))["replaced"] is None
    assert len(monitor.json("trials")) == 1
    assert stat.S_IMODE(store_of(monitor).stat().st_mode) == 0o600


def test_the_log_of_a_store_that_was_deleted_is_not_taken_for_the_new_one_s(
    monitor: Monitor, copy: Path
) -> None:
    leave_a_log(monitor)
    store_of(monitor).unlink()
    monitor.answer("db", "restore", str(copy))
    assert len(monitor.json("trials")) == 1
    with closing(sqlite3.connect(store_of(monitor))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def leave_a_log(monitor: Monitor) -> None:
    """Leave a log with content beside the store, as a process does that is killed."""
    script = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute(\"UPDATE trials SET title = 'of the log'\")\n"
        "os._exit(0)\n"
    )
    store = str(store_of(monitor))
    subprocess.run([sys.executable, "-c", script, store], check=True)
    assert Path(f"{store}-wal").stat().st_size


def test_what_stood_in_the_log_alone_is_in_the_store_that_is_kept(
    monitor: Monitor, copy: Path, tmp_path: Path
) -> None:
    leave_a_log(monitor)
    kept = monitor.json("db", "restore", str(copy))["replaced"]
    titles = {one["title"] for one in Monitor(f"sqlite:///{kept}", tmp_path).json("trials")}
    assert titles == {"of the log"}
    assert {one["title"] for one in monitor.json("trials")} == {"A study of a thing"}


def test_a_damaged_store_is_kept_with_its_log_as_it_is(monitor: Monitor, copy: Path) -> None:
    leave_a_log(monitor)
    with store_of(monitor).open("r+b") as opened:
        opened.write(b"\xff" * 4096)
    before = files(monitor)
    kept = Path(monitor.json("db", "restore", str(copy))["replaced"])
    assert kept.read_bytes() == before["monitor.db"]
    assert Path(f"{kept}-wal").read_bytes() == before["monitor.db-wal"]
    assert len(monitor.json("trials")) == 1


@pytest.mark.parametrize("mode", [0o600, 0o640], ids=oct)
def test_mode_and_owner_are_those_of_the_store_before(
    monitor: Monitor, copy: Path, mode: int
) -> None:
    store = store_of(monitor)
    store.chmod(mode)
    if os.geteuid() == 0:
        os.chown(store, 10_001, 10_002)
    owner = store.stat().st_uid, store.stat().st_gid
    copy.chmod(0o644)
    monitor.answer("db", "restore", str(copy))
    status = store.stat()
    assert stat.S_IMODE(status.st_mode) == mode
    assert (status.st_uid, status.st_gid) == owner


def test_an_older_backup_says_that_it_is_to_be_upgraded(monitor: Monitor, copy: Path) -> None:
    change(copy, "UPDATE alembic_version SET version_num = '0002'")
    assert "`monitor db upgrade`" in monitor.answer("db", "restore", str(copy))
    assert monitor.json("db", "status")["status"] == "old"


# --- files that are no backups ------------------------------------------------------------------


def change(file: Path, sql: str) -> None:
    """Run SQL on a database file."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executescript(sql)


def cut(size: Callable[[int], int]) -> Callable[[Path], None]:
    """Return what cuts a file to a size, given its own."""
    return lambda file: os.truncate(file, size(file.stat().st_size))


def overwrite(file: Path) -> None:
    """Write over a page in the middle of a file."""
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 4096 // 2 * 4096)
        opened.write(b"\xff" * 4096)


def foreign(file: Path) -> None:
    """Put another program's database in the place of a file."""
    file.unlink()
    change(file, "CREATE TABLE addresses (name TEXT)")


def without_tables(file: Path) -> None:
    """Put a database without tables in the place of a file."""
    file.unlink()
    change(file, "CREATE TABLE one (name TEXT); DROP TABLE one")


def folder(file: Path) -> None:
    """Make a folder of a file."""
    file.unlink()
    file.mkdir()


def pipe(file: Path) -> None:
    """Make a pipe of a file."""
    file.unlink()
    os.mkfifo(file)


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (cut(lambda _: 0), "is empty"),
    "cut within its header": (cut(lambda _: 50), "cut short"),
    "only its header": (cut(lambda _: 100), "cut short"),
    "one page": (cut(lambda _: 4096), "cut short"),
    "half": (cut(lambda size: size // 2), "cut short"),
    "without its last byte": (cut(lambda size: size - 1), "cut short"),
    "without its last page": (cut(lambda size: size - 4096), "cut short"),
    "overwritten in the middle": (overwrite, "is damaged"),
    "text": (lambda file: file.write_text("not a database\n" * 500), "is no backup"),
    "packed": (lambda file: file.write_bytes(gzip.compress(file.read_bytes())), "is no backup"),
    "another program's": (foreign, "another program"),
    "without tables": (without_tables, "no tables"),
    "a newer program's": (
        lambda file: change(file, "UPDATE alembic_version SET version_num = '9999'"),
        "newer version",
    ),
    "missing": (Path.unlink, "No such file"),
    "a folder": (folder, "no regular file"),
    "a pipe": (pipe, "no regular file"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_good_backup_changes_nothing(
    monitor: Monitor, copy: Path, name: str
) -> None:
    spoil, words = BAD[name]
    spoil(copy)
    before = files(monitor)
    assert words in monitor.complaint("db", "restore", str(copy), code=1)
    assert files(monitor) == before
    assert len(monitor.json("trials")) == 2


@pytest.mark.parametrize("by_link", [False, True], ids=["itself", "link"])
def test_the_store_is_no_backup_of_itself(
    monitor: Monitor, copy: Path, tmp_path: Path, by_link: bool
) -> None:
    place = store_of(monitor)
    if by_link:
        place = tmp_path / "link.db"
        place.symlink_to(store_of(monitor))
    assert copy.is_file()
    assert "the store itself" in monitor.complaint("db", "restore", str(place), code=2)


def test_a_store_behind_a_link_is_replaced_where_it_lies(
    monitor: Monitor, copy: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(store_of(monitor))
    monitor.url = f"sqlite:///{link}"
    kept = Path(monitor.json("db", "restore", str(copy))["replaced"])
    assert link.is_symlink()
    assert kept.parent == link.resolve().parent
    assert len(monitor.json("trials")) == 1


# --- others that use the store ------------------------------------------------------------------


def test_it_refuses_while_a_daemon_runs_and_does_it_once_that_has_stopped(
    monitor: Monitor, copy: Path, tmp_path: Path
) -> None:
    (tmp_path / "inbox").mkdir()
    config = configure(tmp_path, monitor.url, folder_source("quick", tmp_path / "inbox", "1d"))
    with Scripted(config) as daemon:
        daemon.wait_for("leading")
        before = len(monitor.json("trials"))
        text = monitor.complaint("db", "restore", str(copy), code=1)
        assert "in use by" in text
        assert "monitor status" in text
        assert str(daemon.pid) in text
        assert len(monitor.json("trials")) == before
        assert daemon.stop() == 0
    monitor.answer("db", "restore", str(copy))
    assert len(monitor.json("trials")) == 1


def test_the_lease_of_a_process_that_was_killed_counts_until_it_ends(
    monitor: Monitor, copy: Path
) -> None:
    with open_store(monitor.url) as store, store.transaction() as transaction:
        assert transaction.leases.take("scheduler", "elsewhere:1:2", now=NOON, ttl_s=30)
    with pytest.raises(Exception, match=r"elsewhere:1:2 \(scheduler, until 2026-03-02 12:00:30"):
        restore(monitor.url, copy, now=NOON + timedelta(seconds=29))
    assert restore(monitor.url, copy, now=NOON + timedelta(seconds=31)).replaced


@pytest.mark.usefixtures("copy")
def test_a_backup_made_while_a_daemon_ran_brings_no_lease_of_it_along(
    monitor: Monitor, tmp_path: Path
) -> None:
    with open_store(monitor.url) as store, store.transaction() as transaction:
        assert transaction.leases.take("scheduler", "here:1:2", now=NOON, ttl_s=30)
    file = tmp_path / "led.db"
    monitor.answer("db", "backup", str(file))
    restore(monitor.url, file, now=NOON + timedelta(days=1))
    with open_store(monitor.url) as store, store.transaction() as transaction:
        assert transaction.leases.take("scheduler", "other:1:2", now=NOON, ttl_s=30)


@pytest.mark.parametrize("what", ["reading", "writing", "damaged"])
def test_it_refuses_while_another_process_has_the_store_open(
    monitor: Monitor, copy: Path, what: str
) -> None:
    script = (
        "import sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('BEGIN IMMEDIATE' if sys.argv[2] == 'writing' else 'BEGIN')\n"
        "c.execute('SELECT count(*) FROM trials').fetchone()\n"
        "print(flush=True)\n"
        "sys.stdin.read()\n"
    )
    store = store_of(monitor)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with subprocess.Popen(
        [sys.executable, "-c", script, str(store), what],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        if what == "damaged":
            with store.open("r+b") as opened:
                opened.write(b"\xff" * 4096)
        before = store.read_bytes()
        assert "has it open" in monitor.complaint("db", "restore", str(copy), code=1)
        assert store.read_bytes() == before
        other.stdin.close()
    monitor.answer("db", "restore", str(copy))
    assert len(monitor.json("trials")) == 1


# --- interrupted --------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [1, 2], ids=["copying", "checking"])
def test_interrupted_in_the_middle_it_leaves_the_old_store_whole(
    monitor: Monitor, copy: Path, step: int
) -> None:
    before, steps = files(monitor), []

    def interrupted(what: str, *_: object) -> None:
        steps.append(what)
        if what == ["copying", "checking"][step - 1]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(monitor.url, copy, now=NOON, on_step=interrupted)
    assert files(monitor) == before


@pytest.mark.parametrize("is_damaged", [False, True], ids=["whole", "damaged"])
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
def test_interrupted_at_the_very_replacement_one_whole_store_is_there(
    monitor: Monitor,
    copy: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_after: bool,
    is_damaged: bool,
) -> None:
    leave_a_log(monitor)
    if is_damaged:
        with store_of(monitor).open("r+b") as opened:
            opened.write(b"\xff" * 4096)
    replace = Path.replace

    def interrupted(self: Path, target: Path) -> Path:
        if is_after:
            replace(self, target)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        restore(monitor.url, copy, now=NOON)
    monkeypatch.undo()
    found = files(monitor)
    if is_after:
        assert len(monitor.json("trials")) == 1
        assert any("replaced-" in name for name in found)
    elif is_damaged:
        assert not any("replaced-" in name for name in found)
        assert b"of the log" in b"".join(found.values())
    else:
        assert list(found) == ["monitor.db"]
        assert len(monitor.json("trials")) == 2
        with closing(sqlite3.connect(store_of(monitor))) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_there_is_a_whole_store_at_every_moment(monitor: Monitor, copy: Path) -> None:
    """Somebody looks all the time, and sees the store of before or that of after."""
    monitor.environ["MONITOR_STORE__BUSY_TIMEOUT_S"] = "10"
    over, seen, missing = threading.Event(), set(), []

    def look() -> None:
        while not over.is_set():
            try:
                with closing(sqlite3.connect(f"file:{store_of(monitor)}?mode=ro", uri=True)) as one:
                    seen.add(one.execute("SELECT count(*) FROM trials").fetchone()[0])
            except sqlite3.OperationalError as exc:
                if "locked" not in str(exc):
                    missing.append(str(exc))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        monitor.answer("db", "restore", str(copy))
    finally:
        over.set()
        looking.join()
    assert missing == []
    assert seen <= {1, 2}
