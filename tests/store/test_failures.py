"""A store that cannot serve says so in one clear line."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from monitor.store.reader import open_reader, schema_status
from monitor.store.writer import StoreWriter, open_store
from tests.store.doors import DOORS, PATIENCE_S, doors, refusal
from tests.store.examples import NCT_ID, add_series, add_version, document
from tests.store.test_snapshots import run_sql
from tests.users import as_plain_user


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def filled_url(store_url: str) -> str:
    """Return the URL of a store with one trial of two versions."""
    with open_store(store_url) as store:
        add_series(store, [document(), document(status="COMPLETED")])
    return store_url


def write_one(url: str) -> None:
    with open_store(url, busy_timeout_s=PATIENCE_S) as store, store.transaction() as transaction:
        add_version(transaction, document("NCT00000002"), "NCT00000002")


def test_a_missing_store_is_not_made_by_looking(sqlite_url: str) -> None:
    assert "there is no store at" in refusal(lambda: open_reader(sqlite_url))
    assert "there is no store at" in refusal(lambda: open_store(sqlite_url, create=False))
    assert schema_status(sqlite_url).status == "empty"
    assert not path_of(sqlite_url).parent.exists()


def test_an_empty_store_is_said_to_be_empty(new_store_url: str) -> None:
    if new_store_url.startswith("sqlite"):
        path_of(new_store_url).parent.mkdir()
        path_of(new_store_url).touch()
    for look in (
        lambda: open_reader(new_store_url),
        lambda: open_store(new_store_url, create=False),
    ):
        assert "has no tables yet" in refusal(look)


@doors
def test_a_store_of_a_newer_program_is_left_alone(filled_url: str, door: str) -> None:
    run_sql(filled_url, "UPDATE alembic_version SET version_num = '9999'")
    assert "9999" in refusal(lambda: DOORS[door](filled_url))
    assert schema_status(filled_url).status == "unknown"
    assert run_sql(filled_url, "SELECT version_num FROM alembic_version") == [("9999",)]


@doors
def test_a_file_that_is_no_database_is_left_alone(sqlite_url: str, door: str) -> None:
    path = path_of(sqlite_url)
    path.parent.mkdir()
    path.write_text("Not a database at all, though long enough to have had a header. " * 20)
    before = path.read_bytes()
    assert "is not a SQLite database" in refusal(lambda: DOORS[door](sqlite_url))
    assert path.read_bytes() == before


@doors
def test_the_database_of_another_program_is_left_alone(sqlite_url: str, door: str) -> None:
    path_of(sqlite_url).parent.mkdir()
    connection = sqlite3.connect(path_of(sqlite_url))
    connection.execute("CREATE TABLE recipes (id INTEGER)")
    connection.close()
    before = path_of(sqlite_url).read_bytes()
    assert "another program" in refusal(lambda: DOORS[door](sqlite_url))
    assert path_of(sqlite_url).read_bytes() == before


def test_a_postgresql_database_may_hold_other_tables_but_not_of_our_names(
    postgres_url: str,
) -> None:
    run_sql(postgres_url, "CREATE TABLE recipes (id int)")
    with open_store(postgres_url) as store:
        add_series(store, [document()])
    run_sql(postgres_url, "DROP TABLE alembic_version")
    assert "another program" in refusal(lambda: open_store(postgres_url))


@doors
def test_a_folder_is_no_store(tmp_path: Path, door: str) -> None:
    assert "cannot be opened" in refusal(lambda: DOORS[door](f"sqlite:///{tmp_path}"))


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    text = refusal(lambda: open_store(f"sqlite:///{tmp_path}/file/monitor.db"))
    assert "folder" in text


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no SQLite file grow beyond 80 pages."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=80")

    sa.event.listen(sa.Engine, "connect", limit)
    yield
    sa.event.remove(sa.Engine, "connect", limit)


@pytest.mark.usefixtures("small_disk")
def test_a_full_store_rolls_back_and_says_so(sqlite_url: str) -> None:
    def overfill() -> None:
        with open_store(sqlite_url) as store, store.transaction() as transaction:
            for day in range(1, 28):
                add_version(transaction, os.urandom(20_000), "NCT00000002", day)

    with open_store(sqlite_url) as store:
        add_series(store, [document()])
    assert "is full" in refusal(overfill)
    with open_reader(sqlite_url) as reader:
        assert [trial.nct_id for trial in reader.trials()] == [NCT_ID]


def test_a_locked_store_says_so_after_waiting(filled_url: str) -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with open_store(filled_url) as store, store.transaction() as transaction:
            transaction.lock_trials([NCT_ID])
            entered.set()
            leave.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert entered.wait(30)

        def write_too() -> None:
            with (
                open_store(filled_url, busy_timeout_s=PATIENCE_S) as store,
                store.transaction() as transaction,
            ):
                transaction.lock_trials([NCT_ID])

        assert "is locked" in refusal(write_too)
        with open_reader(filled_url) as reader:  # readers are not kept waiting
            assert len(reader.versions(NCT_ID)) == 2
    finally:
        leave.set()
        holder.join()


@pytest.fixture
def read_only_url(shared_folder: Path) -> str:
    """Return the URL of a filled SQLite store in a folder where nothing may be written."""
    path = shared_folder / "monitor.db"
    with open_store(f"sqlite:///{path}") as store:
        add_series(store, [document()])
    path.chmod(0o444)
    shared_folder.chmod(0o555)
    return f"sqlite:///{path}"


def test_a_read_only_store_can_be_read_but_not_written(read_only_url: str) -> None:
    def look() -> str:
        with open_reader(read_only_url) as reader:
            return reader.trials()[0].nct_id

    assert as_plain_user(look) == NCT_ID
    assert as_plain_user(lambda: schema_status(read_only_url).status) == "current"
    text = as_plain_user(lambda: refusal(lambda: write_one(read_only_url)))
    assert "is read-only" in text


def test_a_store_cannot_be_made_in_a_read_only_folder_and_says_why(shared_folder: Path) -> None:
    shared_folder.chmod(0o555)
    url = f"sqlite:///{shared_folder / 'monitor.db'}"
    text = as_plain_user(lambda: refusal(lambda: write_one(url)))
    assert "its folder is read-only" in text


def test_a_read_only_postgresql_store_can_be_read_but_not_written(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        add_series(store, [document()])
    name = urlsplit(postgres_url).path.strip("/")
    run_sql(postgres_url, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with open_reader(postgres_url) as reader:
        assert len(reader.versions(NCT_ID)) == 1
    assert "is read-only" in refusal(lambda: write_one(postgres_url))


def test_a_postgresql_server_that_restarts_costs_one_transaction(postgres_url: str) -> None:
    together = threading.Barrier(4)

    def write_beside_others(store: StoreWriter) -> None:
        with store.transaction() as transaction:
            transaction.latest([NCT_ID])
            together.wait(60)

    with open_store(postgres_url) as store:
        workers = [threading.Thread(target=write_beside_others, args=(store,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        end_connections(postgres_url)
        text = refusal(lambda: add_series(store, [document()]))
        assert "shut the connection" in text
        for number in range(1, 5):
            add_series(store, [document()], f"NCT0000000{number}")


@pytest.mark.parametrize("at_commit", [False, True])
def test_a_connection_that_breaks_within_a_transaction_is_not_used_again(
    postgres_url: str, at_commit: bool
) -> None:
    def write_while_it_breaks(store: StoreWriter) -> None:
        with store.transaction() as transaction:
            add_version(transaction, document())
            transaction.latest([NCT_ID])  # so that the row is on its way
            end_connections(postgres_url)
            if not at_commit:
                transaction.latest([NCT_ID])

    with open_store(postgres_url) as store:
        assert "shut the connection" in refusal(lambda: write_while_it_breaks(store))
        with open_reader(postgres_url) as reader:
            assert reader.versions(NCT_ID) == []
        add_series(store, [document()])


def end_connections(postgres_url: str) -> None:
    """End the connections of others, as a server does that restarts."""
    run_sql(
        postgres_url,
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )


def test_a_time_without_a_zone_is_the_callers_mistake(sqlite_url: str) -> None:
    naive = datetime(2026, 2, 1)  # noqa: DTZ001

    def write(store_url: str) -> None:
        with open_store(store_url) as store, store.transaction() as transaction:
            add_version(transaction, document(), retrieved_at=naive)

    with pytest.raises(ValueError, match="time zone"):
        write(sqlite_url)
