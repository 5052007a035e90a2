"""SQLite's log after a pass that stored much: later passes write over it, not behind it."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.detect.rules.base import Thresholds
from monitor.ingest import IngestReport, ingest
from monitor.model.record import RawVersion
from monitor.store.reader import open_reader
from monitor.store.writer import Store, open_store
from tests.ingest.world import NOON, raw, study

TRIALS = 30
IDS = [f"NCT0900{number:04d}" for number in range(TRIALS)]


def read(store: Store, raws: list[RawVersion]) -> IngestReport:
    return ingest(raws, store, thresholds=Thresholds(), batch_records=10)


def first_versions() -> list[RawVersion]:
    return [raw(study("2026-02-01", "2026-02-02", nct_id=nct_id)) for nct_id in IDS]


def change(day: int) -> RawVersion:
    at = NOON + timedelta(days=day)
    return raw(study(f"2026-02-{day}", "2026-02-28", nct_id=IDS[0], enrollment=day), at=at)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "monitor.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{path}", busy_timeout_s=60) as opened:
        yield opened


def log_size(path: Path) -> int:
    return path.with_name(path.name + "-wal").stat().st_size


def test_after_a_pass_that_stored_much_the_log_grows_no_more(path: Path, store: Store) -> None:
    read(store, first_versions())
    size = log_size(path)
    for day in (10, 11, 12):
        assert read(store, [change(day)]).stored == 1
    assert log_size(path) == size


def test_a_pass_that_stored_little_leaves_the_log_alone(path: Path, store: Store) -> None:
    read(store, first_versions()[:5])
    size = log_size(path)
    read(store, [change(10)])
    assert log_size(path) > size


def test_a_reader_keeps_what_it_sees_and_nobody_waits_for_it(path: Path, store: Store) -> None:
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM trials").fetchone() == (0,)
        assert read(store, first_versions()).stored == TRIALS
        assert reader.execute("SELECT count(*) FROM trials").fetchone() == (0,)
    assert read(store, [change(10)]).stored == 1
    with open_reader(f"sqlite:///{path}") as after:
        assert len(after.trials()) == TRIALS


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_where_the_file_cannot_grow_the_log_keeps_what_was_stored(path: Path, store: Store) -> None:
    assert ingest(first_versions(), store, thresholds=Thresholds()).stored == TRIALS  # one batch
    with no_file_larger_than(path.stat().st_size):
        store.fold_log()
    with open_reader(f"sqlite:///{path}") as reader:
        assert len(reader.trials()) == TRIALS
    assert read(store, [change(10)]).stored == 1
