"""What a pass leaves in circles goes in time, and the collector looks less often meanwhile."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from monitor.ingest import gc_tuning, ingest
from monitor.model.record import RawVersion
from monitor.settings import ThresholdSettings
from monitor.store.writer import open_store
from tests.ingest.world import raw, study


class Circle:
    """Something that only the collector of garbage can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _thresholds_of_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_during_a_pass_few_looks_are_made_and_none_is_put_off_for_good(sqlite_url: str) -> None:
    left: list[weakref.ref[Circle]] = []
    looks: list[int] = []

    def found() -> Iterator[RawVersion]:
        yield raw(study("2026-02-01", "2026-02-02"))
        looks.append(_looks())
        objects: list[list[int]] = [[] for _ in range(100_000)]
        looks.append(_looks())
        left.append(weakref.ref(Circle()))
        yield raw(study("2026-02-03", "2026-02-04"))
        del objects

    with open_store(sqlite_url) as store:
        ingest(found(), store, thresholds=ThresholdSettings(), batch_records=1)
    assert looks[1] - looks[0] <= 100_000 / 20_000
    later: list[list[int]] = [[] for _ in range(50_000)]
    assert left[0]() is None
    del later


def test_free_memory_is_given_back_when_a_pass_is_over(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str
) -> None:
    given: list[int] = []
    monkeypatch.setattr(gc_tuning, "give_back", lambda: given.append(len(given)))

    def found() -> Iterator[RawVersion]:
        yield raw(study("2026-02-01", "2026-02-02"))
        assert given == []

    with open_store(sqlite_url) as store:
        ingest(found(), store, thresholds=ThresholdSettings())
    assert given == [0]


def _looks() -> int:
    return int(gc.get_stats()[0]["collections"])
