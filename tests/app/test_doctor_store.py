"""The doctor tries real stores, and leaves them as they are."""

import sqlite3
import threading
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from monitor.app import App
from monitor.app.doctor_store import store_findings
from monitor.model.checks import CheckStatus, Finding
from monitor.settings import Settings, StoreSettings
from monitor.store.revisions import HEAD
from monitor.store.writer import open_store
from tests.registry import closed_port
from tests.store.examples import NCT_ID, SEEN, add_series, document
from tests.store.test_failures import path_of, read_only_url
from tests.store.test_snapshots import run_sql
from tests.users import as_plain_user

__all__ = ["read_only_url"]  # a fixture

FINE, WARNING, FAILED, SKIPPED = CheckStatus


def tried(url: str, *, patience_s: float = 5) -> list[Finding]:
    store = StoreSettings(url=url, busy_timeout_s=patience_s)
    return list(store_findings(App(settings=Settings(store=store))))


def failure(url: str, *, patience_s: float = 5) -> Finding:
    """Return the one thing that is wrong; it is said with what to do."""
    (found,) = [one for one in tried(url, patience_s=patience_s) if one.verdict is FAILED]
    assert found.fix
    assert "\n" not in found.detail
    return found


@pytest.fixture
def filled_url(store_url: str) -> str:
    """Return the URL of a store with a trial."""
    with open_store(store_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
    return store_url


@pytest.fixture
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let there be room, however full this machine's disk is."""
    room = SimpleNamespace(free=100 * 10**9)
    monkeypatch.setattr("monitor.app.doctor_store.shutil.disk_usage", lambda _: room)


@pytest.mark.usefixtures("_room")
def test_a_good_store_is_told_with_its_schema_and_what_it_holds(filled_url: str) -> None:
    findings = tried(filled_url)
    assert {one.verdict for one in findings} == {FINE}
    opened, writable, *room = findings
    assert f"schema {HEAD}" in opened.detail
    assert "1 trial" in opened.detail
    assert writable.detail == "can be written"
    if filled_url.startswith("sqlite"):
        assert "its structure sound" in opened.detail
        assert "GB free" in room[0].detail


def test_trying_changes_nothing(filled_url: str) -> None:
    tables = ("trials", "versions", "leases", "sources")
    before = [run_sql(filled_url, f"SELECT * FROM {table}") for table in tables]  # noqa: S608
    tried(filled_url)
    assert [run_sql(filled_url, f"SELECT * FROM {table}") for table in tables] == before  # noqa: S608


def test_a_store_that_is_not_there_yet_is_not_made(sqlite_url: str) -> None:
    first, room = tried(sqlite_url)
    assert (first.verdict, room.verdict) == (FINE, FINE)
    assert "is not there yet; `monitor run` makes it" in first.detail
    assert not path_of(sqlite_url).parent.exists()


def test_an_empty_database_is_told(new_postgres_url: str) -> None:
    (only,) = tried(new_postgres_url)
    assert (only.verdict, "has no tables yet" in only.detail) == (FINE, True)


def test_an_empty_store_is_told(store_url: str) -> None:
    open_store(store_url).close()
    assert "empty: it holds no trial yet" in tried(store_url)[0].detail


def test_a_folder_that_cannot_be_made_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    found = failure(f"sqlite:///{tmp_path}/file/stores/monitor.db")
    assert f"{tmp_path}/file cannot be written" in found.detail
    assert "[store] url" in found.fix


def test_a_folder_that_may_not_be_written_is_a_failure(shared_folder: Path) -> None:
    shared_folder.chmod(0o555)
    text = as_plain_user(lambda: failure(f"sqlite:///{shared_folder}/new/monitor.db").detail)
    assert f"{shared_folder} cannot be written" in text


def test_a_read_only_store_is_a_failure(read_only_url: str) -> None:
    def describe_failure() -> str:
        found = failure(read_only_url)
        return f"{found.detail} → {found.fix}"

    text = as_plain_user(describe_failure)
    assert "is read-only for this program" in text
    assert "give this user leave to write" in text


def test_a_read_only_postgresql_store_is_a_failure(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        add_series(store, [document()])
    name = urlsplit(postgres_url).path.strip("/")
    run_sql(postgres_url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert "is read-only for this program" in failure(postgres_url).detail


@pytest.mark.parametrize(
    ("revision", "text", "fix"),
    [
        ("0001", "run `monitor db upgrade`", "`monitor db backup`"),
        ("9999", "a newer version of the monitor made it", "upgrade the monitor"),
    ],
)
def test_another_schema_is_a_failure(filled_url: str, revision: str, text: str, fix: str) -> None:
    run_sql(filled_url, "UPDATE alembic_version SET version_num = :to", to=revision)
    found = failure(filled_url)
    assert text in found.detail
    assert fix in found.fix


def test_a_damaged_store_is_a_failure(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
    with sqlite3.connect(path_of(sqlite_url)) as connection:
        (root, size), *_ = connection.execute(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master"
            " WHERE name = 'versions'"
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with path_of(sqlite_url).open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    found = failure(sqlite_url)
    assert "is damaged" in found.detail
    assert "`monitor db restore`" in found.fix


def test_a_file_that_is_no_database_is_a_failure(sqlite_url: str) -> None:
    path_of(sqlite_url).parent.mkdir()
    path_of(sqlite_url).write_text("Not a database, though long enough to have a header. " * 40)
    assert "is not a SQLite database" in failure(sqlite_url).detail


def test_another_programs_database_is_a_failure(sqlite_url: str) -> None:
    path_of(sqlite_url).parent.mkdir()
    with sqlite3.connect(path_of(sqlite_url)) as connection:
        connection.execute("CREATE TABLE recipes (id INTEGER)")
    connection.close()
    assert "another program" in failure(sqlite_url).detail


def test_a_locked_store_is_a_failure_after_waiting(sqlite_url: str) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with open_store(sqlite_url) as store, store.transaction() as transaction:
            transaction.lock_trials([NCT_ID])
            entered.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert entered.wait(30)
        found = failure(sqlite_url, patience_s=0.2)
    finally:
        leave.set()
        holder.join()
    assert "is locked" in found.detail
    assert "which other program" in found.fix


def test_a_server_that_does_not_answer_is_a_failure_that_shows_no_password() -> None:
    with closed_port() as place:
        host = place.removeprefix("http://")
        found = failure(f"postgresql://monitor:pa55word@{host}/monitor")
    assert "cannot be reached" in found.detail
    assert "pa55word" not in found.detail + found.fix


def test_a_database_that_does_not_exist_is_a_failure(postgres_url: str) -> None:
    assert "does not exist" in failure(f"{postgres_url}_other").detail


def test_damage_that_the_daily_check_found_is_a_failure(sqlite_url: str) -> None:
    state = {"at": "2026-03-02T12:00:00+00:00", "damage": "the store is damaged: page 35"}
    with open_store(sqlite_url) as store, store.transaction() as transaction:
        transaction.sources.put_state("store/check", "", state, at=SEEN)
    found = failure(sqlite_url)
    assert (
        "the check of 2026-03-02 12:00 UTC found damage: the store is damaged: page 35"
        in found.detail
    )
    assert "`monitor db verify`" in found.fix
    assert "`monitor db restore`" in found.fix
