"""The leader has the store's file checked once a day; damage is the operator's to hear of."""

import json
import sqlite3
import threading
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.app import App
from monitor.app.store_checks import check_store, due_in, last_check
from monitor.settings import DaemonSettings, Settings, StoreSettings
from monitor.store.integrity import check_pages
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.cli.calls import NOON, Monitor
from tests.daemon.processes import Running, configure, eventually
from tests.store.test_failures import path_of

NEVER = threading.Event()
DAY = timedelta(days=1)


def app_of(url: str, every_s: float = 86_400, now: datetime = NOON) -> App:
    """Return a monitor on a store at a time."""
    daemon = DaemonSettings(quick_check_every_s=every_s)
    return App(settings=Settings(store=StoreSettings(url=url), daemon=daemon), now=lambda: now)


def test_the_operator_hears_of_damage_and_that_it_is_over(tmp_path: Path, sqlite_url: str) -> None:
    open_store(sqlite_url).close()
    good = damage_index(path_of(sqlite_url))
    more = (
        'quick_check_every_s = 1\n[delivery]\noperator = "ops"\n'
        f'[[channel]]\nname = "ops"\ntype = "folder"\npath = "{tmp_path}/ops"\nformats = ["json"]\n'
    )
    config = configure(tmp_path, sqlite_url, more=more)
    monitor = Monitor(sqlite_url, tmp_path, {"MONITOR_CONFIG": str(config)})
    with Running(config) as daemon:
        daemon.wait_for("store damaged")
        eventually(lambda: "The store is damaged" in notices(tmp_path), what="the notice")
        assert "monitor db verify" in notices(tmp_path)
        assert "the store is damaged" in monitor.answer("status")
        found = monitor.json("status")
        assert found["damage"]
        assert found["checked_at"]
        with path_of(sqlite_url).open("r+b") as file:
            file.seek(good[0])
            file.write(good[1])
        eventually(lambda: "The store is sound again" in notices(tmp_path), what="the all-clear")
        assert monitor.json("status")["damage"] is None
        assert daemon.stop() == 0
    assert len(list((tmp_path / "ops").glob("*.json"))) == 2, "each was told once"


def damage_index(file: Path) -> tuple[int, bytes]:
    """Write over a page that a daemon without messages reads never; return where and what."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        question = "SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_message_id'"
        (root,) = connection.execute(question).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    at = (root - 1) * size
    with file.open("r+b") as opened:
        opened.seek(at)
        good = opened.read(size)
        opened.seek(at)
        opened.write(b"\xff" * size)
    return at, good


def notices(folder: Path) -> str:
    """Return all that the operator was told."""
    files = sorted((folder / "ops").glob("*.json"))
    return "".join(json.dumps(json.loads(file.read_text("utf-8"))) for file in files)


def test_a_check_is_due_a_day_after_the_last_one_and_at_first_at_once(sqlite_url: str) -> None:
    open_store(sqlite_url).close()
    app = app_of(sqlite_url)
    assert due_in(app) == timedelta()
    check_store(app, stop=NEVER)
    assert due_in(app) == DAY
    for later, left in ((DAY / 2, DAY / 2), (DAY, timedelta()), (3 * DAY, timedelta())):
        assert due_in(app_of(sqlite_url, now=NOON + later)) == left
    ahead = app_of(sqlite_url, now=NOON - timedelta(hours=1))
    assert due_in(ahead) == timedelta(), "the last one was by a clock that stood ahead"
    assert due_in(app_of(sqlite_url, every_s=3600)) == timedelta(hours=1)


def test_no_check_is_due_where_it_is_switched_off_and_on_postgresql(sqlite_url: str) -> None:
    assert due_in(app_of(sqlite_url, every_s=0)) is None
    assert due_in(app_of("postgresql://nobody@127.0.0.1:1/nowhere")) is None


def test_a_sound_store_is_noted_as_such(sqlite_url: str) -> None:
    open_store(sqlite_url).close()
    check_store(app_of(sqlite_url), stop=NEVER)
    with open_reader(sqlite_url) as reader:
        check = last_check(reader)
    assert check is not None
    assert (check.at, check.damage) == (NOON, "")


def test_a_check_ends_when_the_daemon_does_and_notes_nothing(sqlite_url: str) -> None:
    fill(sqlite_url)
    stopped = threading.Event()
    stopped.set()
    check_store(app_of(sqlite_url), stop=stopped)
    with open_reader(sqlite_url) as reader:
        assert last_check(reader) is None


def test_no_writer_waits_for_a_check(sqlite_url: str) -> None:
    fill(sqlite_url)
    writes = []
    with closing(sqlite3.connect(path_of(sqlite_url), timeout=0, isolation_level=None)) as writer:

        def write() -> bool:
            writer.execute("INSERT INTO properties VALUES (hex(randomblob(8)), '')")
            writes.append(1)
            return False

        assert check_pages(sqlite_url, busy_timeout_s=1, give_up=write) is True
    assert writes


def fill(url: str) -> None:
    """Give a store so many rows that a check takes many steps."""
    open_store(url).close()
    with closing(sqlite3.connect(path_of(url))) as connection, connection:
        numbers = ((str(number), "x" * 20) for number in range(20_000))
        connection.executemany("INSERT INTO properties VALUES (?, ?)", numbers)


@pytest.mark.parametrize("every_s", [-1, 40_000_000], ids=["negative", "over a year"])
def test_an_interval_that_cannot_be_is_refused(tmp_path: Path, every_s: int) -> None:
    (tmp_path / "monitor.toml").write_text(f"[daemon]\nquick_check_every_s = {every_s}\n")
    monitor = Monitor(f"sqlite:///{tmp_path}/monitor.db", tmp_path)
    text = monitor.complaint("--config", str(tmp_path / "monitor.toml"), "status", code=2)
    assert "quick_check_every_s" in text
