"""Connections to PostgreSQL that readers of a process share, one after another."""

import http.client
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from monitor.store.engine import ReaderPool
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.cli.calls import Monitor
from tests.cli.studies import NCT, study
from tests.daemon.processes import eventually
from tests.web.pages.site import get, site_of

SIZE = 2
REQUESTS_AT_A_TIME = 4


class Server:
    """A database with an empty store, and who is connected to it."""

    def __init__(self, url: str, connection: psycopg.Connection) -> None:
        self.url = url
        self._connection = connection
        self._others = self._connected()

    def sessions(self) -> set[int]:
        """Return the server's processes for those who connected since."""
        return self._connected() - self._others

    def end(self, session: int) -> None:
        """End a session, as a restart of the server would."""
        self._connection.execute("SELECT pg_terminate_backend(%s, 10000)", [session])

    def wait_for(self, count: int) -> None:
        """Wait until so many sessions are left: a closed one takes the server a moment."""
        eventually(lambda: len(self.sessions()) == count, what=f"{count} sessions", within_s=20)

    def blocked(self) -> int:
        """Return how many sessions wait for a lock."""
        [found] = self._connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ).fetchall()
        return int(found[0])

    def _connected(self) -> set[int]:
        rows = self._connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        )
        return {pid for (pid,) in rows}


@pytest.fixture
def server(postgres_url: str) -> Iterator[Server]:
    """Return a server that can tell how many sessions there are."""
    open_store(postgres_url).close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield Server(postgres_url, connection)


def look(url: str, pool: ReaderPool) -> list[str]:
    """Look something up."""
    with open_reader(url, pool=pool) as reader:
        return [trial.nct_id for trial in reader.trials()]


def test_readers_one_after_another_share_a_connection(server: Server) -> None:
    pool = ReaderPool(SIZE)
    seen: set[int] = set()
    for _ in range(5):
        assert look(server.url, pool) == []
        seen |= server.sessions()
    assert len(seen) == 1


def test_no_more_are_kept_than_allowed_and_none_after_closing(server: Server) -> None:
    pool = ReaderPool(SIZE)
    with ExitStack() as stack:
        for _ in range(SIZE + 2):
            stack.enter_context(open_reader(server.url, pool=pool)).trials()
        assert len(server.sessions()) == SIZE + 2
    server.wait_for(SIZE)
    pool.close()
    server.wait_for(0)


def test_a_connection_that_the_server_ended_is_replaced_unseen(server: Server) -> None:
    pool = ReaderPool(SIZE)
    look(server.url, pool)
    [before] = server.sessions()
    server.end(before)
    assert look(server.url, pool) == []
    [after] = server.sessions()
    assert after != before


def test_a_reader_sees_what_was_written_since_the_one_before(
    postgres_url: str, tmp_path: Path
) -> None:
    pool = ReaderPool(SIZE)
    monitor = Monitor(postgres_url, tmp_path)
    monitor.answer("db", "upgrade")
    with open_reader(postgres_url, pool=pool) as reader:
        assert reader.trials() == []
        monitor.ingest(study("2026-02-02"))
        assert reader.trials() == []  # as of its first question
    assert look(postgres_url, pool) == [NCT]


def test_behind_a_pooler_in_transaction_mode_readers_share_too(pooled_url: str) -> None:
    open_store(pooled_url).close()
    pool = ReaderPool(SIZE)
    assert [look(pooled_url, pool) for _ in range(5)] == [[]] * 5


def test_requests_one_after_another_share_a_connection(server: Server) -> None:
    with site_of(server.url) as site:
        seen = []
        for _ in range(3):
            assert get(site, "/trials").status == 200
            seen.append(server.sessions())
    assert seen == [seen[0]] * 3
    assert len(seen[0]) == 1


def test_requests_at_once_take_turns_by_a_few_connections(server: Server) -> None:
    with ExitStack() as stack:
        lock = stack.enter_context(psycopg.connect(server.url))
        site = stack.enter_context(site_of(server.url))
        waiting = [
            stack.enter_context(closing(http.client.HTTPConnection(*site.address, timeout=60)))
            for _ in range(3 * REQUESTS_AT_A_TIME)
        ]
        own = server.sessions()
        lock.execute("LOCK TABLE trials IN ACCESS EXCLUSIVE MODE")
        for one in waiting:
            one.request("GET", "/trials", headers={"Accept": "text/html"})
        eventually(
            lambda: server.blocked() == REQUESTS_AT_A_TIME, what="requests wait", within_s=20
        )
        assert get(site, "/healthz").status == 200  # those before it have been read
        lock.rollback()
        assert [one.getresponse().status for one in waiting] == [200] * len(waiting)
        assert len(server.sessions() - own) == REQUESTS_AT_A_TIME
