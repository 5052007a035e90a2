"""The schema: built from migrations alone, and never behind what the program thinks it is."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from monitor.errors import StoreError
from monitor.store import migrate
from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine
from monitor.store.migrate import MIGRATIONS, upgrade
from monitor.store.reader import open_reader, schema_status
from monitor.store.revisions import HEAD, REVISIONS, SchemaStatus, require_current
from monitor.store.schema import messages
from monitor.store.writer import open_store
from tests.databases import RecordedTables
from tests.forked import FORKING, Forked
from tests.store.at_once import make_and_write
from tests.store.examples import NCT_ID, add_series, document
from tests.store.test_snapshots import run_sql

pytestmark = pytest.mark.usefixtures("own_revisions")


def test_the_program_knows_its_migrations() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert tuple(script.revision for script in scripts.walk_revisions())[::-1] == REVISIONS
    assert scripts.get_heads() == [HEAD]


def test_migrations_build_the_tables_that_the_program_expects(new_store_url: str) -> None:
    upgrade(new_store_url)
    engine = make_engine(StoreAddress.parse(new_store_url), busy_timeout_s=5)
    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": _is_declared}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, messages.metadata) == []
    engine.dispose()


def _is_declared(name: str | None, kind: str, _parents: object) -> bool:
    # The table of the search is another one on each database; ``store.search`` knows it.
    return kind != "table" or not (name or "").startswith("trial_search")


def everything_in(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield a line for all that was made in a store, and for each row."""
    master = "SELECT name, type, tbl_name, sql FROM sqlite_master ORDER BY name"
    for name, kind, *more in connection.execute(master).fetchall():
        yield f"{kind} {name} {more}"
        if kind == "table" and "VIRTUAL" not in str(more):
            yield from map(str, connection.execute(f"SELECT * FROM {name}"))  # noqa: S608 - ours


def test_what_other_tests_make_new_stores_from_is_what_alembic_makes(
    tmp_path: Path, sqlite_tables: RecordedTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(name: str) -> tuple[list[str], list[str]]:
        upgrade(f"sqlite:///{tmp_path / name}")
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            lines = list(everything_in(connection))
        return [re.sub(r"[0-9a-f-]{36}", "random", line) for line in lines], lines

    by_alembic, _ = made("alembic.db")
    monkeypatch.setattr(migrate, "_run_alembic", sqlite_tables)
    (recorded, first), (again, second) = made("first.db"), made("second.db")
    assert recorded == again == by_alembic
    assert first != second, "each store names its messages in its own way"


def test_an_upgrade_makes_an_empty_store_and_leaves_a_current_one(new_store_url: str) -> None:
    assert schema_status(new_store_url) == SchemaStatus(status="empty", revision=None)
    assert upgrade(new_store_url).status == "empty"
    assert schema_status(new_store_url) == SchemaStatus(status="current", revision=HEAD)
    with open_store(new_store_url, create=False) as store:
        add_series(store, [document()])
    assert upgrade(new_store_url).status == "current"
    with open_reader(new_store_url) as reader:
        assert len(reader.versions(NCT_ID)) == 1


def test_an_older_store_is_not_used_before_it_is_upgraded() -> None:
    status = SchemaStatus(status="old", revision="0000")
    with pytest.raises(StoreError, match="monitor db upgrade"):
        require_current(status, StoreAddress.parse("sqlite:///monitor.db"))


def test_migrations_can_be_undone(new_store_url: str) -> None:
    from alembic import command
    from alembic.config import Config

    upgrade(new_store_url)
    engine = make_engine(StoreAddress.parse(new_store_url), busy_timeout_s=5)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    engine.dispose()
    assert schema_status(new_store_url).status == "empty"
    assert upgrade(new_store_url).status == "empty"
    assert schema_status(new_store_url).status == "current"


def test_a_sqlite_store_logs_ahead_and_checks_references(sqlite_url: str) -> None:
    open_store(sqlite_url).close()
    assert run_sql(sqlite_url, "PRAGMA journal_mode") == [("wal",)]
    engine = make_engine(StoreAddress.parse(sqlite_url), busy_timeout_s=5)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
    engine.dispose()


def test_a_version_without_its_trial_is_not_stored(new_store_url: str) -> None:
    from tests.store.examples import new_version

    def forget_the_trial() -> None:
        with open_store(new_store_url) as store, store.transaction() as transaction:
            snapshot = transaction.insert_snapshot(NCT_ID, document(), base_snapshot_id=None)
            transaction.insert_version(new_version(snapshot))

    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        forget_the_trial()


def test_programs_that_make_the_same_store_at_once_all_succeed(
    new_store_url: str, tmp_path: Path
) -> None:
    nct_ids = [f"NCT0000000{number}" for number in range(1, 5)]
    others = FORKING.Barrier(len(nct_ids))
    programs = [
        Forked(make_and_write, new_store_url, nct_id, others, err=tmp_path / nct_id)
        for nct_id in nct_ids
    ]
    assert [program.wait(60) for program in programs] == [0] * 4
    assert [program.complaint for program in programs] == [""] * 4
    with open_reader(new_store_url) as reader:
        assert [trial.nct_id for trial in reader.trials()] == nct_ids


LOOK = """
import sys
from datetime import UTC, datetime
from monitor.store.reader import open_reader, schema_status
with open_reader(sys.argv[1]) as reader:
    (version,) = reader.versions("NCT00000001")
    assert reader.record(version).overall_status == "RECRUITING"
    reader.events("NCT00000001"), reader.trials(), reader.quarantine(), reader.counts()
    reader.sources.all(), reader.sources.tracked_records("lupus")
    reader.leases.find("scheduler", now=datetime.now(UTC))
    reader.sources.state("lupus"), reader.sources.followed_counts(), reader.sources.counts()
    people = reader.subscribers
    people.subscriptions(), people.version(), people.export("ana")
    reader.outbox.messages(), reader.outbox.counts(), reader.outbox.oldest_due()
heavy = {"alembic", "psycopg"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_looking_into_a_sqlite_store_loads_no_migrations(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        add_series(store, [document()])
    command = [sys.executable, "-c", LOOK, sqlite_url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


OPEN = """
import sys
from monitor.store.writer import open_store
open_store(sys.argv[1]).close()
assert "alembic" not in sys.modules
"""


def test_opening_a_current_store_does_not_wait_for_alembic(new_store_url: str) -> None:
    upgrade(new_store_url)
    command = [sys.executable, "-c", OPEN, new_store_url]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
