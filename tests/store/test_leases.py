"""Leases: one holder at a time, whoever asks, and whenever."""

import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context

import pytest

from monitor.model.following import Lease
from monitor.store.reader import open_reader
from monitor.store.writer import Store, open_store
from tests.store.examples import SEEN

NAME = "scheduler"
TTL_S = 30.0
PATIENCE_S = 60


def at(seconds: float) -> datetime:
    return SEEN + timedelta(seconds=seconds)


def take(store: Store, holder: str, now: datetime = SEEN) -> bool:
    with store.transaction() as transaction:
        return transaction.sources.take_lease(NAME, holder, now=now, ttl_s=TTL_S)


def renew(store: Store, holder: str, now: datetime) -> bool:
    with store.transaction() as transaction:
        return transaction.sources.renew_lease(NAME, holder, now=now, ttl_s=TTL_S)


def release(store: Store, holder: str) -> None:
    with store.transaction() as transaction:
        transaction.sources.release_lease(NAME, holder)


def lease(url: str) -> Lease | None:
    with open_reader(url) as reader:
        return reader.sources.lease(NAME)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, busy_timeout_s=PATIENCE_S) as store:
        yield store


def test_a_free_lease_is_taken_and_told(store: Store, store_url: str) -> None:
    assert lease(store_url) is None
    assert take(store, "one")
    assert lease(store_url) == Lease(
        name=NAME, holder="one", acquired_at=SEEN, expires_at=at(TTL_S)
    )


def test_a_held_lease_is_not_taken_before_it_has_run_out(store: Store, store_url: str) -> None:
    assert take(store, "one")
    assert not take(store, "other", at(TTL_S - 0.001))
    held = lease(store_url)
    assert held is not None
    assert held.holder == "one"
    assert take(store, "other", at(TTL_S))
    assert lease(store_url) == Lease(
        name=NAME, holder="other", acquired_at=at(TTL_S), expires_at=at(2 * TTL_S)
    )


def test_the_holder_may_take_it_again(store: Store, store_url: str) -> None:
    assert take(store, "one")
    assert take(store, "one", at(10))
    assert lease(store_url) == Lease(
        name=NAME, holder="one", acquired_at=SEEN, expires_at=at(10 + TTL_S)
    )
    assert take(store, "one", at(1_000))
    late = lease(store_url)
    assert late is not None
    assert late.acquired_at == at(1_000)


def test_the_holder_renews_it_even_late(store: Store, store_url: str) -> None:
    assert take(store, "one")
    assert renew(store, "one", at(10))
    assert renew(store, "one", at(500))
    assert lease(store_url) == Lease(
        name=NAME, holder="one", acquired_at=SEEN, expires_at=at(500 + TTL_S)
    )


def test_who_lost_it_cannot_renew_it(store: Store, store_url: str) -> None:
    assert take(store, "one")
    assert take(store, "other", at(TTL_S + 1))
    assert not renew(store, "one", at(TTL_S + 2))
    assert not take(store, "one", at(TTL_S + 2))
    held = lease(store_url)
    assert held is not None
    assert (held.holder, held.expires_at) == ("other", at(2 * TTL_S + 1))


def test_who_never_had_it_cannot_renew_it(store: Store, store_url: str) -> None:
    assert not renew(store, "one", SEEN)
    assert lease(store_url) is None


def test_it_is_given_back_by_its_holder_only(store: Store, store_url: str) -> None:
    assert take(store, "one")
    release(store, "other")
    assert lease(store_url) is not None
    release(store, "one")
    assert lease(store_url) is None
    assert take(store, "other", at(1))


def test_leases_of_other_names_are_others(store: Store) -> None:
    assert take(store, "one")
    with store.transaction() as transaction:
        sources = transaction.sources
        assert sources.take_lease("backfill", "other", now=SEEN, ttl_s=TTL_S)
        sources.release_lease("backfill", "other")
    assert renew(store, "one", at(1))


def race(url: str, worker: int, rounds: int) -> list[bool]:
    """Want the lease once a round, each time when the last holder's has just run out."""
    with open_store(url, busy_timeout_s=PATIENCE_S) as store:
        return [take(store, f"worker {worker}", at(TTL_S * turn)) for turn in range(rounds)]


def test_of_programs_that_want_it_at_once_exactly_one_gets_it(store_url: str) -> None:
    open_store(store_url).close()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(race, store_url, worker, 1) for worker in range(4)]
        won = [future.result(timeout=100) for future in futures]
    assert sorted(won) == [[False], [False], [False], [True]]


def test_of_threads_that_want_it_at_once_exactly_one_gets_it(store: Store) -> None:
    workers, rounds = 4, 15
    start = threading.Barrier(workers)

    def want(worker: int) -> list[bool]:
        taken = []
        for turn in range(rounds):
            start.wait(PATIENCE_S)
            taken.append(take(store, f"worker {worker}", at(TTL_S * turn)))
        return taken

    with ThreadPoolExecutor(workers) as pool:
        won = list(pool.map(want, range(workers)))
    assert [sum(turn) for turn in zip(*won, strict=True)] == [1] * rounds


def test_nobody_takes_it_while_its_holder_writes(store_url: str) -> None:
    with (
        open_store(store_url, busy_timeout_s=PATIENCE_S) as one,
        open_store(store_url, busy_timeout_s=PATIENCE_S) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        assert take(one, "one")
        with one.transaction() as transaction:
            # It has run out, and the other wants it; but the holder is there first.
            assert transaction.sources.renew_lease(NAME, "one", now=at(TTL_S + 1), ttl_s=TTL_S)
            attempt = pool.submit(take, other, "other", at(TTL_S + 2))
            with pytest.raises(TimeoutError):
                attempt.result(timeout=0.3)
        assert attempt.result(timeout=PATIENCE_S) is False


def test_a_look_at_a_held_lease_does_not_wait_for_its_holder(postgres_url: str) -> None:
    with open_store(postgres_url) as one, open_store(postgres_url, busy_timeout_s=0.2) as other:
        assert take(one, "one")
        with one.transaction() as transaction:
            assert transaction.sources.renew_lease(NAME, "one", now=at(1), ttl_s=TTL_S)
            assert not take(other, "other", at(2))
