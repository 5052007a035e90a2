"""A comparison that takes long is made before the transaction: nobody waits for it meanwhile."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from monitor.detect.diff import diff as compare
from monitor.errors import StoreError
from monitor.ingest import derivations
from monitor.model.changes import FieldChange
from monitor.model.record import TrialRecord
from monitor.store.writer import open_store
from tests.ingest.world import NCT, World, raw, study

OTHER = "NCT09000002"
_AT_ONCE_S = 0.2  # where another has the store to itself


_LARGE_BYTES = 64 * 1024


def long_study(updated: str, last_line: str, **other: Any) -> dict[str, Any]:
    """Return a study whose criteria have more than half of what is large on one line."""
    words = "patients with a prior therapy within 28 days "
    criteria = words * (_LARGE_BYTES // 2 // len(words) + 1) + last_line
    return study(updated, eligibilityModule={"eligibilityCriteria": criteria}, **other)


@pytest.fixture(autouse=True)
def _less_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let less count as large: to compare two large records takes seconds."""
    assert derivations.LARGE_BYTES > _LARGE_BYTES
    monkeypatch.setattr(derivations, "LARGE_BYTES", _LARGE_BYTES)


@pytest.fixture
def while_compared(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], list[int]]:
    """Return what has something done during each comparison, and counts them."""

    def set_up(act: Callable[[], None]) -> list[int]:
        done: list[int] = []

        def diff(old: TrialRecord, new: TrialRecord) -> Sequence[FieldChange]:
            done.append(len(done))
            act()
            return compare(old, new)

        monkeypatch.setattr(derivations, "diff", diff)
        return done

    return set_up


def test_others_write_about_the_same_trial_while_a_long_record_is_compared(
    store_url: str, while_compared: Callable[[Callable[[], None]], list[int]]
) -> None:
    world = World(store_url)
    world.take(raw(long_study("2026-02-01", "one")))

    def write() -> None:
        with (
            open_store(store_url, busy_timeout_s=5) as store,  # as long as nobody holds it
            store.transaction() as tx,
        ):
            tx.lock_trials([NCT])

    compared = while_compared(write)
    report = world.take(raw(long_study("2026-02-02", "another")))
    assert (report.stored, report.quarantined) == (1, 0)
    assert len(compared) == 1
    assert world.history()[-1].news == ["eligibility_changed"]


def test_what_was_stored_meanwhile_is_what_a_long_record_is_compared_with(
    store_url: str, while_compared: Callable[[Callable[[], None]], list[int]]
) -> None:
    world = World(store_url)
    world.take(raw(long_study("2026-02-01", "one")))
    between = [raw(long_study("2026-02-02", "one", enrollment=7))]

    def write() -> None:
        if between:
            world.take(between.pop())

    while_compared(write)
    world.take(raw(long_study("2026-02-03", "another", enrollment=7)))
    assert [seen.news for seen in world.history()] == [
        ["trial_registered"], ["enrollment_target_changed"], ["eligibility_changed"],
    ]  # fmt: skip


def test_a_store_that_changes_again_and_again_is_not_waited_for_for_ever(
    sqlite_url: str,
    while_compared: Callable[[Callable[[], None]], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(derivations, "_MOST_ROUNDS", 2)
    world = World(sqlite_url)
    world.take(raw(long_study("2026-02-01", "one")))
    enrollments = [7, 8]

    def write() -> None:
        if enrollments:
            count = enrollments.pop(0)
            day = f"2026-02-{count:02d}"
            world.take(raw(study(day, enrollment=count)))

    while_compared(write)
    world.take(raw(long_study("2026-02-20", "another", enrollment=9)))
    assert enrollments == []
    assert "eligibility_changed" in world.history()[-1].kinds


def series() -> list[dict[str, Any]]:
    """Return versions of two trials, in the midst of which one comes twice."""
    return [
        study(f"2026-02-{day:02d}", nct_id=nct_id, enrollment=count, status=status)
        for day, count, status in (
            (1, 100, "RECRUITING"), (2, 90, "RECRUITING"), (3, 90, "SUSPENDED"),
            (4, 80, "RECRUITING"), (5, 70, "TERMINATED"),
        )
        for nct_id in (NCT, OTHER)
    ]  # fmt: skip


@pytest.mark.parametrize("order", ["in order", "latest first"])
def test_however_much_is_compared_before_the_history_is_the_same(
    store_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    found = [raw(document) for document in series()]
    if order == "latest first":
        found.reverse()
    plain = World(f"sqlite:///{tmp_path / 'plain.db'}")
    plain.take(*found)
    monkeypatch.setattr(derivations, "LARGE_BYTES", 0)
    monkeypatch.setattr(derivations, "_MOST_HELD", 2)
    world = World(store_url)
    report = world.take(*found)
    assert report.stored == len(found)
    for nct_id in (NCT, OTHER):
        reported, expected = world.history(nct_id), plain.history(nct_id)
        assert [seen.kinds for seen in reported] == [seen.kinds for seen in expected]
        assert [seen.version.identity for seen in reported] == [
            seen.version.identity for seen in expected
        ]


def test_what_takes_long_in_all_is_not_compared_in_the_transaction(
    sqlite_url: str,
    while_compared: Callable[[Callable[[], None]], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seconds = [0.0]
    monkeypatch.setattr(derivations, "thread_time", lambda: seconds[0])
    world = World(sqlite_url)
    trials = [f"NCT0900{number:04d}" for number in range(1, 6)]
    world.take(*(raw(study("2026-02-01", nct_id=nct_id)) for nct_id in trials))
    locked: list[bool] = []

    def take_long() -> None:
        seconds[0] += 1.5  # of which two fit into a transaction
        try:
            with (
                open_store(sqlite_url, busy_timeout_s=_AT_ONCE_S) as store,
                store.transaction(),
            ):
                locked.append(False)
        except StoreError:
            locked.append(True)

    while_compared(take_long)
    changed = (study("2026-02-02", nct_id=nct_id, enrollment=7) for nct_id in trials)
    assert world.take(*map(raw, changed)).stored == len(trials)
    assert locked == [True, True, False, False, False]
