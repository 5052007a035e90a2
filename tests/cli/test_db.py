"""``monitor db``: the store's schema."""

import sqlite3
from pathlib import Path

from monitor.store.revisions import HEAD
from tests.cli.calls import Monitor
from tests.cli.studies import study


def test_an_empty_store_gets_its_tables(monitor: Monitor) -> None:
    assert monitor.json("db", "status")["status"] == "empty"
    upgraded = monitor.json("db", "upgrade")
    assert (upgraded["before"], upgraded["after"]) == (None, HEAD)
    status = monitor.json("db", "status")
    assert (status["status"], status["revision"], status["program"]) == ("current", HEAD, HEAD)
    assert monitor.json("trials") == []


def test_status_changes_nothing(monitor: Monitor) -> None:
    assert "no tables yet" in monitor.answer("db", "status")
    assert not Path(monitor.url.removeprefix("sqlite:///")).exists()


def test_an_upgrade_of_a_current_store_says_so(monitor: Monitor) -> None:
    monitor.ingest(study())
    assert f"has schema {HEAD} already" in monitor.answer("db", "upgrade")
    assert "up to date" in monitor.answer("db", "status")


def test_a_store_of_a_newer_program_is_one_clear_line(monitor: Monitor) -> None:
    monitor.ingest(study())
    with sqlite3.connect(monitor.url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    for command in (("trials",), ("db", "upgrade"), ("ingest", str(monitor.folder))):
        assert "newer" in monitor.complaint(*command, code=1)


def test_what_was_erased_is_gone_from_the_files_once_they_are_compacted(monitor: Monitor) -> None:
    monitor.ingest(study())
    monitor.answer("subscriber", "add", "bo-of-the-registry-office")
    monitor.answer("subscriber", "forget", "bo-of-the-registry-office", "--yes")
    assert monitor.json("db", "compact")["whole"]
    store = Path(monitor.url.removeprefix("sqlite:///"))
    kept = b"".join(file.read_bytes() for file in store.parent.glob(f"{store.name}*"))
    assert b"bo-of-the-registry-office" not in kept
    assert "nothing is left of what was erased" in monitor.answer("db", "compact")
    assert len(monitor.json("trials")) == 1


def test_only_a_store_of_the_monitors_own_is_compacted(monitor: Monitor) -> None:
    assert "there is no store" in monitor.complaint("db", "compact", code=1)
    store = Path(monitor.url.removeprefix("sqlite:///"))
    store.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(store) as connection:
        connection.execute("CREATE TABLE addresses (name TEXT)")
    connection.close()
    before = store.read_bytes()
    assert "tables of another program" in monitor.complaint("db", "compact", code=1)
    assert store.read_bytes() == before


def test_a_stores_password_is_never_shown(monitor: Monitor) -> None:
    monitor.url = "postgresql://reader:s3cret@127.0.0.1:1/nowhere"
    for command in (("trials",), ("db", "status"), ("history", "NCT09000001")):
        assert "s3cret" not in monitor.complaint(*command, code=1)


def test_a_key_is_rotated_and_former_ones_are_forgotten_when_asked(monitor: Monitor) -> None:
    monitor.ingest(study())
    assert monitor.json("db", "rotate-key")["former"] == 0
    assert "1 former key kept" in monitor.answer("db", "rotate-key")
    forgot = monitor.json("db", "rotate-key", "--forget-former")
    assert (forgot["former"], forgot["forgotten"]) == (0, 2)
    text = monitor.answer("db", "rotate-key", "--forget-former")
    assert "1 former key forgotten: links signed before have ended" in text


def test_a_key_needs_a_store(monitor: Monitor) -> None:
    assert "there is no store" in monitor.complaint("db", "rotate-key", code=1)
