"""Several writers at once: nothing is lost, and nobody waits for ever."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from itertools import pairwise

import psycopg
import pytest

from monitor.store.reader import open_reader
from monitor.store.writer import StoreWriter, open_store
from tests.forked import FORKING
from tests.store.examples import (
    NCT_ID,
    add_series,
    add_version,
    document,
    quarantine_entry,
    status_event,
)

NCT_IDS = [f"NCT0000000{number}" for number in range(1, 4)]
WORKERS = 4
ROUNDS = 12


def count_on(store: StoreWriter, worker: int) -> None:
    """Read each trial's latest number and write the next, many times."""
    for turn in range(ROUNDS):
        # Every worker asks for the trials in an order of its own.
        order = NCT_IDS[worker % 3 :] + NCT_IDS[: worker % 3]
        with store.transaction() as transaction:
            transaction.lock_trials(order)
            latest = transaction.latest(order)
            for nct_id in order:
                version = latest[nct_id]
                number = (version.registry_version or 0) + 1
                add_version(
                    transaction,
                    document(nct_id, status=f"STATUS {number}"),
                    nct_id,
                    base_snapshot_id=version.snapshot_id,
                    version_date=date(2026, 2, 1),
                    registry_version=number,
                )
            transaction.quarantine(quarantine_entry(origin=f"turn {turn}"))


def open_and_count_on(url: str, worker: int) -> None:
    with open_store(url, busy_timeout_s=60) as store:
        count_on(store, worker)


def processes() -> Executor:
    return ProcessPoolExecutor(WORKERS, mp_context=FORKING)


def threads() -> Executor:
    return ThreadPoolExecutor(WORKERS)


@pytest.mark.parametrize("workers", [threads, processes])
def test_writers_that_read_first_lose_no_update(
    store_url: str, workers: Callable[[], Executor]
) -> None:
    with open_store(store_url, busy_timeout_s=60) as store:
        with store.transaction() as transaction:
            for nct_id in NCT_IDS:
                content = document(nct_id, status="STATUS 0")
                add_version(transaction, content, nct_id, registry_version=0)
        with workers() as pool:
            if isinstance(pool, ThreadPoolExecutor):
                done = [pool.submit(count_on, store, number) for number in range(WORKERS)]
            else:
                done = [
                    pool.submit(open_and_count_on, store_url, number) for number in range(WORKERS)
                ]
            for future in done:
                future.result(timeout=100)
    with open_reader(store_url) as reader:
        for nct_id in NCT_IDS:
            versions = reader.versions(nct_id)
            numbers = [version.registry_version for version in versions]
            assert numbers == list(range(WORKERS * ROUNDS + 1))
            for version in versions:
                record = reader.record(version)
                assert record.overall_status == f"STATUS {version.registry_version}"
        assert len(reader.quarantine()) == ROUNDS
        assert reader.sources.counts().versions == len(NCT_IDS) * (WORKERS * ROUNDS + 1)


def test_a_reader_sees_one_moment_of_the_store(store_url: str) -> None:
    with open_store(store_url) as store:
        add_series(store, [document()])
        with open_reader(store_url) as reader:
            before = reader.counts()["versions"]
            add_series(store, [document("NCT00000002")], "NCT00000002")
            assert reader.counts()["versions"] == before
            assert reader.trial("NCT00000002") is None
        with open_reader(store_url) as reader:
            assert reader.counts()["versions"] == before + 1


def test_ids_are_given_out_once(store_url: str) -> None:
    with open_store(store_url) as one, open_store(store_url) as other:
        for number, store in enumerate([one, other, one, other]):
            add_series(store, [document()] * 3, f"NCT0000000{number}")
    with open_reader(store_url) as reader:
        ids = [v.id for number in range(4) for v in reader.versions(f"NCT0000000{number}")]
    assert all(first < second for first, second in pairwise(sorted(ids)))


def write_a_version_with_an_event(store: StoreWriter) -> None:
    with store.transaction() as transaction:
        version_id, _ = add_version(transaction, document())
        transaction.replace_events(version_id, NCT_ID, [status_event()], backfilled=False)


def wait_until_somebody_waits(looker: "psycopg.Connection[tuple[object, ...]]") -> None:
    deadline = time.monotonic() + 30
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    while looker.execute(waiting).fetchone() == (0,):
        assert time.monotonic() < deadline, "nobody waits for the row that is locked"
        time.sleep(0.01)


def test_writers_lock_the_numbers_of_rows_in_one_order_wherever_they_lie(postgres_url: str) -> None:
    """In two orders they would wait for each other, and PostgreSQL would end one of them."""
    row = "SELECT number FROM row_counts WHERE name = '{}' FOR UPDATE NOWAIT"
    with (
        open_store(postgres_url, busy_timeout_s=60) as store,
        psycopg.connect(postgres_url) as holder,
        psycopg.connect(postgres_url, autocommit=True) as looker,
        ThreadPoolExecutor(1) as pool,
    ):
        # A row that is written anew lies behind the other one.
        holder.execute("UPDATE row_counts SET number = number WHERE name = 'events'")
        holder.commit()
        holder.execute(row.format("versions"))
        writing = pool.submit(write_a_version_with_an_event, store)
        wait_until_somebody_waits(looker)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            looker.execute(row.format("events"))
        holder.rollback()
        writing.result(timeout=60)
