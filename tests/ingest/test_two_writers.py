"""Two processes write the same trial at the same time: nothing is lost, nothing is told twice."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg

from monitor.model.record import RawVersion
from monitor.store.writer import open_store
from tests.daemon.processes import eventually
from tests.ingest.world import NCT, World, raw, study

VERSIONS = 40
PATIENCE_S = 60


def versions() -> list[RawVersion]:
    """Return so many versions of one trial, each with another enrollment."""
    return [
        raw(study(f"2026-{1 + at // 28:02d}-{1 + at % 28:02d}", enrollment=100 + 20 * at))
        for at in range(VERSIONS)
    ]


def waiting(url: str) -> int:
    """Return how many connections to the database wait for a lock that a program made up."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_who_writes_a_trial_waits_until_another_writer_of_it_is_done(postgres_url: str) -> None:
    world = World(postgres_url)
    with ThreadPoolExecutor(1) as thread, open_store(postgres_url) as store:
        with store.transaction() as tx:
            tx.lock_trials([NCT])
            world.take(raw(study("2026-01-01", nct_id="NCT09000009")))
            written = thread.submit(world.take, raw(study("2026-01-01")))
            eventually(lambda: written.done() or waiting(postgres_url))
            assert not written.done()
            assert world.history() == []
        assert written.result(PATIENCE_S).stored == 1


def test_two_writers_of_one_trial_make_the_history_that_one_makes(
    postgres_url: str, tmp_path: Path
) -> None:
    open_store(postgres_url).close()
    both = World(postgres_url, batch_records=1)
    start = Barrier(2)

    def write(found: list[RawVersion]) -> int:
        start.wait(PATIENCE_S)
        return both.take_all(found).stored

    found = versions()
    with ThreadPoolExecutor(2) as threads:
        stored = list(threads.map(write, (found[::2], found[1::2])))
    alone = World(f"sqlite:///{tmp_path / 'alone.db'}", batch_records=1)
    alone.take_all(found)
    assert sum(stored) == VERSIONS
    assert both.summary() == alone.summary()
    assert both.quarantine() == []
