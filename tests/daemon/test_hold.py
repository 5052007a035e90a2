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
from monitor.config import Settings, StoreSettings
from monitor.daemon import SCHEDULER
from monitor.daemon.books import Books
from monitor.daemon.hold import Hold
from monitor.daemon.work import Work, in_thread
from monitor.errors import StoreError
from monitor.model.following import Lease, SourceRow
from monitor.store.writer import open_store

PATIENCE_S = 30.0
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """A wall clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock at noon."""
    return Clock()


def app_on(url: str, clock: Clock, busy_timeout_s: float = 10) -> App:
    """Return a monitor on a store."""
    store = StoreSettings(url=url, busy_timeout_s=busy_timeout_s)
    return App(settings=Settings(store=store), now=clock)


@pytest.fixture
def pair(store_url: str, clock: Clock) -> tuple[Books, Books]:
    """Return the books of two processes on one store."""
    app = app_on(store_url, clock)
    return Books(app, holder="first"), Books(app, holder="second")


def test_one_holds_the_lease_and_the_other_sees_who(pair: tuple[Books, Books]) -> None:
    first, second = pair
    assert first.take(ttl_s=30)
    assert not second.take(ttl_s=30)
    seen = second.held_by_another()
    assert isinstance(seen, Lease)
    assert (seen.holder, seen.expires_at) == ("first", NOON + timedelta(seconds=30))
    assert first.held_by_another() is None


def test_an_expired_lease_can_be_taken_and_is_not_renewed_then(
    pair: tuple[Books, Books], clock: Clock
) -> None:
    first, second = pair
    assert first.take(ttl_s=30)
    clock.now += timedelta(seconds=31)
    assert second.take(ttl_s=30)
    assert not first.renew(ttl_s=30)
    first.release()
    assert not first.take(ttl_s=30), "releasing gives back one's own only"


def test_due_times_are_stored_by_the_holder_alone(pair: tuple[Books, Books]) -> None:
    first, second = pair
    later = NOON + timedelta(hours=1)
    assert first.take(ttl_s=30)
    first.note_due({"lupus": ("ctgov", later)}, ttl_s=30)
    second.note_due({"lupus": ("ctgov", NOON)}, ttl_s=30)
    assert second.sources() == {"lupus": SourceRow(name="lupus", type="ctgov", next_due_at=later)}


def test_noting_when_a_source_is_due_keeps_what_else_is_known(
    store_url: str, clock: Clock, pair: tuple[Books, Books]
) -> None:
    first, _ = pair
    row = SourceRow(name="lupus", type="ctgov", failures=2, last_reason="no", cursor="2026-03-01")
    with open_store(store_url) as store, store.transaction() as tx:
        tx.sources.put(row)
    assert first.take(ttl_s=30)
    first.note_due({"lupus": ("ctgov", clock.now)}, ttl_s=30)
    found = first.sources()["lupus"]
    assert (found.failures, found.cursor, found.next_due_at) == (2, "2026-03-01", NOON)


def kept(books: Books, ttl_s: float, *, within_s: float) -> str | None:
    """Take the lease and keep it for some time; return why it was lost, None when it was not."""

    async def scene() -> str | None:
        taken_at = time.monotonic()
        assert books.take(ttl_s=ttl_s)
        hold = Hold(books, taken_at=taken_at, ttl_s=lambda: ttl_s)
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(hold.keep(), within_s)
        return None

    try:
        return asyncio.run(scene())
    finally:
        settle()


def settle() -> None:
    """Let what was asked of the store last be answered before the store is closed."""
    for thread in threading.enumerate():
        if thread.name.startswith("lease"):
            thread.join(PATIENCE_S)


def test_it_is_kept_as_long_as_the_store_confirms_it(pair: tuple[Books, Books]) -> None:
    assert kept(pair[0], 4.5, within_s=5.0) is None


def test_it_is_lost_when_the_store_does_not_confirm_it_for_as_long_as_it_lasts(
    sqlite_url: str, clock: Clock
) -> None:
    books = Books(app_on(sqlite_url, clock, 0.1), holder="first")
    assert books.take(ttl_s=0.9)
    began = time.monotonic()
    with locked(sqlite_url):
        reason = lost(books, 0.9)
    settle()
    assert "is locked" in reason
    assert 0.85 <= time.monotonic() - began < PATIENCE_S


def test_it_is_kept_while_a_pass_keeps_the_store_to_itself_and_renews_it_with_its_pages(
    store_url: str,
) -> None:
    ttl_s, over = 3.0, threading.Event()

    def pages(books: Books) -> None:
        with open_store(store_url) as store:
            while not over.is_set():
                with store.transaction() as tx:
                    assert tx.sources.renew_lease(
                        SCHEDULER, books.holder, now=utc_now(), ttl_s=ttl_s
                    )
                    over.wait(1.0)  # a page takes its time

    app = App(settings=Settings(store=StoreSettings(url=store_url, busy_timeout_s=0.1)))
    books = Books(app, holder="first")
    began = time.monotonic()
    assert books.take(ttl_s=ttl_s)
    passing = threading.Thread(target=pages, args=(books,))
    passing.start()
    try:
        hold = Hold(books, taken_at=began, ttl_s=lambda: ttl_s)
        with pytest.raises(TimeoutError):
            asyncio.run(asyncio.wait_for(hold.keep(), 2 * ttl_s))
    finally:
        over.set()
        passing.join()
        settle()


def test_it_is_lost_when_the_store_hangs(sqlite_url: str, clock: Clock) -> None:
    books = Books(app_on(sqlite_url, clock, 5), holder="first")
    assert books.take(ttl_s=0.6)
    with locked(sqlite_url):
        assert lost(books, 0.6) == "the store did not answer in time"
    settle()


def test_it_is_lost_when_another_store_lies_in_the_place_of_the_first(
    tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "monitor.db"
    books = Books(app_on(f"sqlite:///{path}", clock), holder="first")
    assert books.take(ttl_s=0.6)
    for file in tmp_path.iterdir():
        file.unlink(missing_ok=True)
    with pytest.raises(StoreError, match="there is no store at"):
        books.renew(ttl_s=0.6)
    open_store(f"sqlite:///{path}").close()
    assert "another one than before" in lost(books, 0.6)
    assert books.take(ttl_s=0.6), "it is taken anew, in the store that is there"
    settle()


def lost(books: Books, ttl_s: float) -> str:
    """Keep a lease that was taken just now; return why it was lost."""
    return asyncio.run(Hold(books, taken_at=time.monotonic(), ttl_s=lambda: ttl_s).keep())


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
        work, go = Work(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def slow() -> None:
            asyncio.run_coroutine_threadsafe(go.wait(), loop).result()

        assert work.start("slow", slow) is not None
        again = work.start("slow", slow)
        quick = work.start("quick", lambda: 7)
        assert quick is not None
        assert await quick == 7
        under_way = await work.settled(0.01)
        go.set()
        return again is None, under_way, await work.settled(10)

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
