"""``monitor db``: the store's schema."""

import sqlite3
from pathlib import Path

from monitor.store.revisions import HEAD
from tests.cli.calls import Monitor
from tests.cli.studies import study


def test_an_empty_store_gets_its_tables(monitor: Monitor) -> None:
    assert monitor.json("db", "status")["standing"] == "empty"
    upgraded = monitor.json("db", "upgrade")
    assert (upgraded["before"], upgraded["after"]) == (None, HEAD)
    status = monitor.json("db", "status")
    assert (status["standing"], status["revision"], status["program"]) == ("current", HEAD, HEAD)
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


def test_a_stores_password_is_never_shown(monitor: Monitor) -> None:
    monitor.url = "postgresql://reader:s3cret@127.0.0.1:1/nowhere"
    for command in (("trials",), ("db", "status"), ("history", "NCT09000001")):
        assert "s3cret" not in monitor.complaint(*command, code=1)
