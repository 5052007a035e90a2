"""Holding the lease: renewed while the store confirms it, lost when it does not."""

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.app import App, utc_now
from monitor.daemon import SCHEDULER
from monitor.daemon.scheduler_lease import SchedulerLease, wait_until_lost
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.model.tracking import SourceRow
from monitor.settings import Settings, StoreSettings
from monitor.store.lease_keeper import LeaseLostError, require_lease
from monitor.store.writer import open_store
from monitor.threads import in_thread

PATIENCE_S = 30.0
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class WallClock:
    """A wall clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> WallClock:
    """Return a clock at noon."""
    return WallClock()


def app_on(url: str, clock: WallClock, busy_timeout_s: float = 10) -> App:
    """Return a monitor on a store."""
    store = StoreSettings(url=url, busy_timeout_s=busy_timeout_s)
    return App(settings=Settings(store=store), now=clock)


@pytest.fixture
def pair(store_url: str, clock: WallClock) -> tuple[SchedulerLease, SchedulerLease]:
    """Return the books of two processes on one store."""
    app = app_on(store_url, clock)
    return tuple(SchedulerLease(app, holder=one, ttl_s=lambda: 30) for one in ("first", "second"))  # type: ignore[return-value]  # two


def test_one_holds_the_lease_and_the_other_sees_who(
    pair: tuple[SchedulerLease, SchedulerLease],
) -> None:
    first, second = pair
    assert first.take()
    assert not second.take()
    assert second.rival is not None
    assert (second.rival.holder, second.rival.ttl_s) == ("first", 30)
    assert first.keeper.rival() is None
    second.release()
    assert not second.take(), "releasing gives back one's own only"


def test_no_clock_on_the_wall_ends_a_lease(
    pair: tuple[SchedulerLease, SchedulerLease], clock: WallClock
) -> None:
    first, second = pair
    assert first.take()
    for days in (2, 400, -1_000):
        clock.now += timedelta(days=days)
        assert not second.take()
    first.keeper.renew()
    assert first.keeper.is_held


def test_due_times_are_stored_by_the_holder_alone(
    pair: tuple[SchedulerLease, SchedulerLease],
) -> None:
    first, second = pair
    later = NOON + timedelta(hours=1)
    assert first.take()
    first.note_due({"lupus": ("ctgov", later)})
    with pytest.raises(LeaseLostError):
        second.note_due({"lupus": ("ctgov", NOON)})
    assert second.sources() == {"lupus": SourceRow(name="lupus", type="ctgov", next_due_at=later)}


def test_noting_when_a_source_is_due_keeps_what_else_is_known(
    store_url: str, clock: WallClock, pair: tuple[SchedulerLease, SchedulerLease]
) -> None:
    first, _ = pair
    row = SourceRow(name="lupus", type="ctgov", failures=2, last_reason="no", cursor="2026-03-01")
    with open_store(store_url) as store, store.transaction() as tx:
        tx.sources.store_row(row)
    assert first.take()
    first.note_due({"lupus": ("ctgov", clock.now)})
    found = first.sources()["lupus"]
    assert (found.failures, found.cursor, found.next_due_at) == (2, "2026-03-01", NOON)


def hold_lease(scheduler_lease: SchedulerLease, *, within_s: float) -> str | None:
    """Take the lease and keep it for some time; return why it was lost, None when it was not."""

    async def scene() -> str | None:
        assert scheduler_lease.take()
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(wait_until_lost(scheduler_lease.keeper), within_s)
        return None

    try:
        return asyncio.run(scene())
    finally:
        scheduler_lease.release()


def settle(scheduler_lease: SchedulerLease) -> None:
    """Keep the lease no longer; let what was asked of the store last be answered."""
    scheduler_lease.release()
    for thread in threading.enumerate():
        if thread.name.startswith("lease"):
            thread.join(PATIENCE_S)


def test_it_is_kept_as_long_as_the_store_confirms_it(store_url: str, clock: WallClock) -> None:
    scheduler_lease = SchedulerLease(app_on(store_url, clock), holder="first", ttl_s=lambda: 4.5)
    assert hold_lease(scheduler_lease, within_s=5.0) is None


def test_it_is_lost_when_the_store_does_not_confirm_it_for_as_long_as_it_lasts(
    sqlite_url: str, clock: WallClock
) -> None:
    scheduler_lease = SchedulerLease(
        app_on(sqlite_url, clock, 0.1), holder="first", ttl_s=lambda: 0.9
    )
    assert scheduler_lease.take()
    began = time.monotonic()
    with locked(sqlite_url):
        reason = lost(scheduler_lease)
    settle(scheduler_lease)
    assert "is locked" in reason
    assert 0.85 <= time.monotonic() - began < PATIENCE_S


def test_it_is_kept_while_a_pass_keeps_the_store_to_itself_and_renews_it_with_its_pages(
    store_url: str,
) -> None:
    ttl_s, over = 3.0, threading.Event()

    def pages(scheduler_lease: SchedulerLease) -> None:
        with open_store(store_url) as store:
            while not over.is_set():
                with store.transaction() as tx:
                    require_lease(tx, scheduler_lease.keeper.lease, now=utc_now())
                    over.wait(1.0)  # a page takes its time

    app = App(settings=Settings(store=StoreSettings(url=store_url, busy_timeout_s=0.1)))
    scheduler_lease = SchedulerLease(app, holder="first", ttl_s=lambda: ttl_s)
    assert scheduler_lease.take()
    passing = threading.Thread(target=pages, args=(scheduler_lease,))
    passing.start()
    try:
        with pytest.raises(TimeoutError):
            asyncio.run(asyncio.wait_for(wait_until_lost(scheduler_lease.keeper), 2 * ttl_s))
    finally:
        over.set()
        passing.join()
        settle(scheduler_lease)


def test_it_is_lost_when_the_store_hangs(sqlite_url: str, clock: WallClock) -> None:
    scheduler_lease = SchedulerLease(
        app_on(sqlite_url, clock, 5), holder="first", ttl_s=lambda: 0.6
    )
    assert scheduler_lease.take()
    with locked(sqlite_url):
        assert lost(scheduler_lease) == "the store did not answer in time"
    settle(scheduler_lease)


def test_it_is_lost_when_another_store_lies_in_the_place_of_the_first(
    tmp_path: Path, clock: WallClock
) -> None:
    path = tmp_path / "monitor.db"
    scheduler_lease = SchedulerLease(
        app_on(f"sqlite:///{path}", clock), holder="first", ttl_s=lambda: 0.6
    )
    assert scheduler_lease.take()
    for file in tmp_path.iterdir():
        file.unlink(missing_ok=True)
    open_store(f"sqlite:///{path}").close()
    assert "another one than before" in lost(scheduler_lease)
    assert scheduler_lease.take(), "it is taken anew, in the store that is there"
    settle(scheduler_lease)


def lost(scheduler_lease: SchedulerLease) -> str:
    """Keep a lease that was taken just now; return why it was lost."""
    return asyncio.run(wait_until_lost(scheduler_lease.keeper))


@contextlib.contextmanager
def locked(url: str) -> Iterator[None]:
    """Hold the write lock of a SQLite store in the block."""
    connection = sqlite3.connect(Path(url.removeprefix("sqlite:///")), isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_pieces_of_work_do_not_wait_for_one_another_and_one_name_runs_once() -> None:
    async def scene() -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
        work, go = ThreadTasks(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow() -> None:
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result()

        assert work.start("slow", slow) is not None
        again = work.start("slow", slow)
        quick = work.start("quick", lambda: 7)
        assert quick is not None
        assert await quick == 7
        under_way = await work.wait(0.01)
        go.set()
        return again is None, under_way, await work.wait(10)

    assert asyncio.run(scene()) == (True, ("slow",), ())


def test_what_breaks_in_a_thread_is_told_to_who_asks() -> None:
    def broken() -> None:
        raise ValueError("no")

    async def scene() -> str:
        try:
            await in_thread("broken", broken)
        except ValueError as exc:
            return str(exc)
        return ""

    assert asyncio.run(scene()) == "no"


def test_the_lease_of_the_scheduler_has_a_name_that_does_not_change() -> None:
    assert SCHEDULER == "scheduler"
