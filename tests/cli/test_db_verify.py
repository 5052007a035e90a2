"""``monitor db verify``: all that is damaged in a store is named, and nothing else."""
# ruff: noqa: S608  # its SQL is put together from the constants here

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine

from monitor.store.schema import outbox
from monitor.store.verify import verify
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_db_backup import store_of

OF_LATEST = "(SELECT latest_version_id FROM trials WHERE nct_id = '{}')"
LATEST = f"(SELECT max(id) FROM snapshots WHERE nct_id = '{NCT}')"
FIRST = f"(SELECT min(id) FROM versions WHERE nct_id = '{NCT}')"
IDENTITY = f"(SELECT identity FROM versions WHERE id = {FIRST})"
ANNOUNCED = f"version_id = {OF_LATEST.format(NCT)}"
SNAPSHOT = f"(SELECT snapshot_id FROM versions WHERE id = {OF_LATEST})"


def fill(monitor: Monitor) -> Monitor:
    """Give a store two trials, people, messages to them and an entry of the quarantine."""
    with time_machine.travel(NOON - timedelta(days=1)):  # before what they hear of
        monitor.answer("subscription", "add", "--subscriber", "ana", "--name", "all", "--all")
    monitor.answer(
        "silence", "add", "--subscriber", "ana", "--nct-id", OTHER, "--until", "2099-01-01"
    )
    monitor.ingest(study(), study(nct_id=OTHER))
    monitor.ingest(study("2026-02-20", status="COMPLETED"), b'{"protocolSection": {}}')
    monitor.ingest(study("2026-02-25", status="WITHDRAWN"))
    return monitor


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a full SQLite store."""
    folder = tmp_path_factory.mktemp("full")
    fill(Monitor(f"sqlite:///{folder}/monitor.db", folder))
    damage(f"sqlite:///{folder}/monitor.db", "PRAGMA wal_checkpoint(TRUNCATE)")
    return folder / "monitor.db"


@pytest.fixture
def full(filled: Path, tmp_path: Path) -> Monitor:
    """Return the command line on a full SQLite store."""
    shutil.copy(filled, tmp_path / "monitor.db")
    return Monitor(f"sqlite:///{tmp_path}/monitor.db", tmp_path)


def damage(url: str, *statements: str) -> None:
    """Change a store by SQL that looks at no reference."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    with psycopg.connect(url) as server:
        server.execute("SET session_replication_role = replica")
        for statement in statements:
            server.execute(statement.encode())


def problems(monitor: Monitor) -> list[dict[str, Any]]:
    """Return what the command finds, which is something."""
    result = monitor("db", "verify", "--json")
    assert (result.exit_code, result.stderr) == (1, ""), result.stderr
    found = json.loads(result.stdout)
    assert found["ok"] is False
    listed: list[dict[str, Any]] = found["problems"]
    return listed


def test_nothing_is_wrong_with_a_store_that_is_in_use(full: Monitor) -> None:
    text = full.json("db", "verify")
    assert text["ok"]
    assert text["problems"] == []
    assert "nothing is damaged" in full.answer("db", "verify")


def test_a_snapshot_that_is_not_what_was_written_is_named_with_its_versions(full: Monitor) -> None:
    damage(full.url, f"UPDATE snapshots SET sha256 = content WHERE id = {SNAPSHOT.format(NCT)}")
    [found] = problems(full)
    assert (found["check"], found["nct_id"], found["version"]) == ("snapshots", NCT, 3)
    assert "2026-02-25" in found["detail"]
    assert "sha256" in found["detail"]
    assert "put a" in found["fix"]
    result = full("db", "verify")
    assert f"{NCT} version 3" in result.stdout
    assert "1 problem" in result.stdout


def test_what_is_built_upon_a_damaged_snapshot_is_named_too(full: Monitor) -> None:
    first = f"(SELECT min(id) FROM snapshots WHERE nct_id = '{NCT}')"
    damage(full.url, f"UPDATE snapshots SET content = sha256 WHERE id = {first}")
    found = problems(full)
    assert [(one["nct_id"], one["version"]) for one in found] == [(NCT, 1), (NCT, 2), (NCT, 3)]


WRONG = {
    "a version's trial": (
        f"DELETE FROM trials WHERE nct_id = '{OTHER}'",
        "nct_id NCT09000002 is not in trials",
        OTHER,
    ),
    "a version's snapshot": (
        f"DELETE FROM snapshots WHERE id = {SNAPSHOT.format(OTHER)}",
        "is not in snapshots",
        OTHER,
    ),
    "another trial's snapshot": (
        f"UPDATE versions SET snapshot_id = {SNAPSHOT.format(NCT)} WHERE nct_id = '{OTHER}'",
        "is another trial's",
        OTHER,
    ),
    "a trial's latest version": (
        f"UPDATE trials SET latest_version_id = {FIRST} WHERE nct_id = '{NCT}'",
        "is not the newest",
        NCT,
    ),
    "a trial without its version": (
        f"UPDATE trials SET latest_version_id = 999 WHERE nct_id = '{NCT}'",
        "latest_version_id 999 is not in versions",
        NCT,
    ),
    "a snapshot's base": (
        f"UPDATE snapshots SET base_id = {SNAPSHOT.format(OTHER)} WHERE id = {LATEST}",
        "is another trial's, or does not come before it",
        NCT,
    ),
    "a missing base": (
        f"UPDATE snapshots SET base_id = 999 WHERE id = {SNAPSHOT.format(NCT)}",
        "base_id 999 is not in snapshots",
        NCT,
    ),
    "a keyframe's number": (
        f"UPDATE snapshots SET number = 5 WHERE nct_id = '{OTHER}'",
        "contradicts",
        OTHER,
    ),
    "an event's version": (
        f"UPDATE events SET version_id = 999 WHERE nct_id = '{OTHER}'",
        "version_id 999 is not in versions",
        OTHER,
    ),
    "another trial's event": (
        f"UPDATE events SET nct_id = 'NCT00000001' WHERE nct_id = '{OTHER}'",
        "of another trial than its version",
        "NCT00000001",
    ),
    "an event's body": (
        f"UPDATE events SET body = nct_id WHERE nct_id = '{OTHER}'",
        "cannot be read",
        OTHER,
    ),
    "a version's coverage": (
        f"UPDATE versions SET coverage = content_sha256 WHERE nct_id = '{OTHER}'",
        "cannot be read",
        OTHER,
    ),
    "the quarantine": ("UPDATE quarantine SET content = sha256", "entry 1", None),
    "a version's identity": (
        f"UPDATE versions SET identity = {IDENTITY} WHERE nct_id = '{NCT}'",
        "its identity is that of the version with the id",
        NCT,
    ),
    "an announcement's body": (
        f"UPDATE announcements SET body = {IDENTITY} WHERE {ANNOUNCED}",
        "what was announced of the version",
        NCT,
    ),
    "an announcement's version": (
        f"UPDATE announcements SET version_id = 999 WHERE {ANNOUNCED}",
        "version_id 999 is not in versions",
        None,
    ),
    "an announcement's predecessor": (
        f"UPDATE announcements SET previous_id = 999 WHERE {ANNOUNCED}",
        "previous_id 999 is not in versions",
        None,
    ),
    "another trial's predecessor": (
        f"UPDATE announcements SET previous_id = {OF_LATEST.format(OTHER)} WHERE {ANNOUNCED}",
        "that it was compared with is another trial's",
        NCT,
    ),
    "an item's announcement": (
        f"DELETE FROM announcements WHERE {ANNOUNCED}",
        "is not in announcements",
        NCT,
    ),
    "an item's message": (
        f"UPDATE outbox SET message_id = 999 WHERE nct_id = '{NCT}'",
        "message_id 999 is not in messages",
        NCT,
    ),
    "an item's version": (
        f"UPDATE outbox SET version_id = 999 WHERE version_id = {OF_LATEST.format(NCT)}",
        "version_id 999 is not in versions",
        NCT,
    ),
    "an item's trial": (
        f"UPDATE outbox SET nct_id = 'NCT00000001' WHERE version_id = {OF_LATEST.format(NCT)}",
        "of another trial than its version",
        "NCT00000001",
    ),
    "an item's subscription": (
        f"UPDATE outbox SET subscription_id = 999 WHERE nct_id = '{NCT}'",
        "subscription 999 is not in subscriptions",
        NCT,
    ),
    "a subscription's subscriber": (
        "UPDATE subscriptions SET subscriber = 'nobody'",
        "subscriber nobody is not in subscribers",
        None,
    ),
    "a silence's subscriber": (
        "UPDATE silences SET subscriber = 'nobody'",
        "subscriber nobody is not in subscribers",
        OTHER,
    ),
    "an attempt's message": (
        "INSERT INTO attempts VALUES (1, 999, '2026-03-02T12:00:00.000000Z', 'sent', '')",
        "message_id 999 is not in messages",
        None,
    ),
    "the number of versions": (
        "UPDATE row_counts SET number = 7 WHERE name = 'versions'",
        "7 versions are noted, 4 are there",
        None,
    ),
    "the number of events": (
        "UPDATE row_counts SET number = 1000 WHERE name = 'events'",
        "1,000 events are noted",
        None,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_does_not_fit_together_is_named(full: Monitor, name: str) -> None:
    statement, words, nct_id = WRONG[name]
    damage(full.url, statement)
    found = [one for one in problems(full) if words in one["detail"]]
    assert found, problems(full)
    assert {one["nct_id"] for one in found} == {nct_id}
    assert all(one["fix"] for one in found)


def test_postgresql_is_verified_as_well(postgres_url: str, tmp_path: Path) -> None:
    monitor = fill(Monitor(postgres_url, tmp_path))
    assert monitor.json("db", "verify")["ok"]
    together = (
        "a version's coverage", "a version's identity", "an announcement's body",
        "another trial's event", "an item's subscription",
        "a subscription's subscriber", "an attempt's message", "the number of versions",
        "the quarantine",
    )  # fmt: skip
    damage(postgres_url, *(WRONG[name][0] for name in together))
    damage(postgres_url, f"UPDATE snapshots SET sha256 = content WHERE id = {SNAPSHOT.format(NCT)}")
    found = problems(monitor)
    for name in together:
        assert any(WRONG[name][1] in one["detail"] for one in found), name
    assert ("snapshots", NCT, 3) in {(one["check"], one["nct_id"], one["version"]) for one in found}
    assert "pg_restore" in found[0]["fix"]
    assert "file" not in {one["check"] for one in found}


def test_every_reference_of_the_schema_is_followed() -> None:
    declared = {
        f"{key.parent.table.name}.{key.parent.name}"
        for table in outbox.metadata.sorted_tables
        for key in table.foreign_keys
    }
    assert declared == {
        "snapshots.base_id", "trials.latest_version_id", "versions.nct_id",
        "versions.snapshot_id", "versions.stated_snapshot_id", "events.version_id",
        "outbox.version_id", "outbox.message_id", "attempts.message_id",
        "announcements.version_id", "announcements.previous_id",
        "subscriptions.subscriber", "silences.subscriber",
        "notices.incident_id", "notices.message_id", "version_facts.version_id",
        "tokens.subscriber", "confirmed_addresses.subscriber", "pauses.subscription_id",
    }  # fmt: skip


def test_a_damaged_page_keeps_nothing_else_from_being_looked_at(monitor: Monitor) -> None:
    monitor.ingest(study(), study(nct_id=OTHER))
    with closing(sqlite3.connect(store_of(monitor))) as connection:
        connection.execute("UPDATE row_counts SET number = 7 WHERE name = 'versions'")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        question = "SELECT rootpage FROM sqlite_master WHERE name = 'events'"
        (root,) = connection.execute(question).fetchone()
    with store_of(monitor).open("r+b") as opened:
        opened.seek((root - 1) * 4096)
        opened.write(b"\xff" * 4096)
    checks = [one["check"] for one in problems(monitor)]
    assert checks[0] == "file"
    assert "events" in checks
    assert "row counts" in checks


def test_an_index_that_lacks_a_row_is_found(monitor: Monitor) -> None:
    monitor.ingest(study())
    damage(
        monitor.url,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, '(nct_id, version_date)', '(version_date)')"
        " WHERE name = 'ix_versions_nct_id_version_date'",
    )
    assert {one["check"] for one in problems(monitor)} == {"file"}


def test_it_ends_at_once_when_it_is_interrupted(full: Monitor) -> None:
    seen = []

    def interrupted(what: str, *_: object) -> None:
        seen.append(what)
        if what == "events":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(verify(full.url, on_step=interrupted))
    assert seen[-1] == "events"


def test_what_is_no_store_is_one_clear_line(monitor: Monitor) -> None:
    assert "there is no store" in monitor.complaint("db", "verify", code=1)
    monitor.ingest(study())
    damage(monitor.url, "UPDATE alembic_version SET version_num = '0002'")
    assert "`monitor db upgrade`" in monitor.complaint("db", "verify", code=1)


FORMER = "NCT09900777"


def test_former_nct_ids_are_what_the_latest_records_say(full: Monitor) -> None:
    document = study("2026-02-26", status="WITHDRAWN")
    document["protocolSection"]["identificationModule"]["nctIdAliases"] = [FORMER]
    full.ingest(document)
    assert full.json("db", "verify")["ok"]
    damage(full.url, "DELETE FROM nct_id_aliases")
    [problem] = problems(full)
    assert (problem["check"], problem["nct_id"]) == ("former NCT IDs", NCT)
    assert problem["detail"] == (
        f"its latest version says what is not noted: {FORMER} is {NCT} now"
    )
    damage(
        full.url,
        f"INSERT INTO nct_id_aliases (alias, nct_id) VALUES ('{FORMER}', '{NCT}')",
        f"INSERT INTO nct_id_aliases (alias, nct_id) VALUES ('{FORMER}', '{OTHER}')",
    )
    [problem] = problems(full)
    assert (problem["check"], problem["nct_id"]) == ("former NCT IDs", OTHER)
    assert (
        problem["detail"] == f"{FORMER} is noted as a former NCT ID of {OTHER}; no version says so"
    )
