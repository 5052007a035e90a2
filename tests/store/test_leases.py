"""Leases: one holder at a time, whoever asks, and whatever the clocks on the wall say."""

import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from monitor.model.lease import Lease
from monitor.store.writer import StoreWriter, open_store
from tests.forked import FORKING
from tests.store.examples import SEEN
from tests.store.leasing import lease_of

NAME = "scheduler"
TTL_S = 30.0
PATIENCE_S = 60


def at(seconds: float) -> datetime:
    return SEEN + timedelta(seconds=seconds)


def take(
    store: StoreWriter, holder: str, now: datetime = SEEN, *, over: Lease | None = None
) -> Lease | None:
    with store.transaction() as transaction:
        return transaction.leases.take(NAME, holder, now=now, ttl_s=TTL_S, over=over)


def taken(store: StoreWriter, holder: str, *, over: Lease | None = None) -> Lease:
    lease = take(store, holder, over=over)
    assert lease is not None
    return lease


def renew(store: StoreWriter, lease: Lease, now: datetime = SEEN) -> bool:
    with store.transaction() as transaction:
        return transaction.leases.renew(lease, now=now)


def release(store: StoreWriter, lease: Lease) -> None:
    with store.transaction() as transaction:
        transaction.leases.release(lease)


def read_lease(url: str) -> Lease:
    lease = lease_of(url, NAME)
    assert lease is not None
    return lease


@pytest.fixture
def store(store_url: str) -> Iterator[StoreWriter]:
    with open_store(store_url, busy_timeout_s=PATIENCE_S) as store:
        yield store


def test_a_free_lease_is_taken_and_told(store: StoreWriter, store_url: str) -> None:
    assert lease_of(store_url, NAME) is None
    lease = taken(store, "one")
    assert (lease.name, lease.holder, lease.ttl_s, lease.renewals) == (NAME, "one", TTL_S, 0)
    assert lease.expires_at == lease.renewed_at + timedelta(seconds=TTL_S)
    assert (read_lease(store_url).holder, read_lease(store_url).fence) == ("one", lease.fence)


def test_no_time_that_passes_lets_another_take_it(store: StoreWriter, store_url: str) -> None:
    taken(store, "one")
    assert take(store, "other", at(10**9)) is None
    assert read_lease(store_url).holder == "one"


def test_who_saw_it_lost_takes_it_as_long_as_it_stands_as_it_was_seen(store: StoreWriter) -> None:
    lease = taken(store, "one")
    assert renew(store, lease)
    assert take(store, "other", over=lease) is None, "it was renewed since"
    with store.transaction() as transaction:
        seen = transaction.leases.find(NAME, now=SEEN)
    later = taken(store, "other", over=seen)
    assert later.fence > lease.fence
    assert take(store, "third", over=seen) is None


def test_the_holder_that_takes_it_again_has_another_fence(store: StoreWriter) -> None:
    first = taken(store, "one")
    again = taken(store, "one")
    assert again.fence > first.fence
    assert not renew(store, first), "what an earlier time of it left writes nothing"
    assert renew(store, again)


def test_a_fence_is_never_had_twice_even_when_the_lease_was_given_back(store: StoreWriter) -> None:
    fences = []
    for _ in range(3):
        lease = taken(store, "one")
        fences.append(lease.fence)
        release(store, lease)
    assert fences == sorted(set(fences))


def test_the_holder_renews_it_even_late(store: StoreWriter, store_url: str) -> None:
    lease = taken(store, "one")
    assert renew(store, lease, at(10))
    assert renew(store, lease, at(500))
    assert (read_lease(store_url).renewals, read_lease(store_url).acquired_at) == (
        2,
        lease.acquired_at,
    )


def test_who_lost_it_cannot_renew_it(store: StoreWriter, store_url: str) -> None:
    lease = taken(store, "one")
    taken(store, "other", over=lease)
    assert not renew(store, lease)
    assert take(store, "one") is None
    assert read_lease(store_url).holder == "other"


def test_it_is_given_back_by_its_holder_only(store: StoreWriter, store_url: str) -> None:
    lease = taken(store, "one")
    other = taken(store, "other", over=lease)
    release(store, lease)
    assert lease_of(store_url, NAME) is not None
    release(store, other)
    assert lease_of(store_url, NAME) is None


def test_leases_of_other_names_are_others(store: StoreWriter) -> None:
    lease = taken(store, "one")
    with store.transaction() as transaction:
        other = transaction.leases.take("backfill", "other", now=SEEN, ttl_s=TTL_S)
        assert other is not None
        assert [one.name for one in transaction.leases.all(now=SEEN)] == ["backfill", NAME]
        transaction.leases.release(other)
    assert renew(store, lease)


def test_postgresql_dates_leases_by_its_own_clock(postgres_url: str) -> None:
    with open_store(postgres_url) as store:
        lease = taken(store, "one")
        assert renew(store, lease, at(10**9))
    now = datetime.now(UTC)
    seen = read_lease(postgres_url)
    for moment in (seen.acquired_at, seen.renewed_at, seen.read_at):
        assert abs(moment - now) < timedelta(minutes=5)
    assert seen.fault is None


def test_sqlite_dates_leases_by_the_clock_of_the_program(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        lease = taken(store, "one")
        assert (lease.acquired_at, lease.renewed_at, lease.read_at) == (SEEN, SEEN, SEEN)
        assert renew(store, lease, SEEN + timedelta(days=2))
    fault = read_lease(sqlite_url).fault
    assert fault is not None
    assert f"{SEEN + timedelta(days=2):%Y-%m-%d %H:%M} UTC, in the future" in fault
    assert not read_lease(sqlite_url).is_current


@pytest.mark.parametrize("ttl_s", [0.0, -1.0, 1e12], ids=["none", "negative", "endless"])
def test_a_time_to_live_that_no_setting_allows_is_a_fault_and_bounded(
    store: StoreWriter, ttl_s: float
) -> None:
    with store.transaction() as transaction:
        lease = transaction.leases.take(NAME, "one", now=SEEN, ttl_s=ttl_s)
    assert lease is not None
    assert lease.fault is not None
    assert "no setting allows" in lease.fault
    assert 0 <= lease.observed_s <= 86_400


def race(url: str, worker: int) -> bool:
    with open_store(url, busy_timeout_s=PATIENCE_S) as store:
        return take(store, f"worker {worker}") is not None


def test_of_programs_that_want_it_at_once_exactly_one_gets_it(store_url: str) -> None:
    open_store(store_url).close()
    with ProcessPoolExecutor(2, mp_context=FORKING) as pool:
        futures = [pool.submit(race, store_url, worker) for worker in range(4)]
        won = [future.result(timeout=100) for future in futures]
    assert sorted(won) == [False, False, False, True]


def test_of_threads_that_see_it_lost_at_once_exactly_one_gets_it(store: StoreWriter) -> None:
    workers, rounds = 4, 15
    start = threading.Barrier(workers)

    def want(worker: int) -> list[bool]:
        won = []
        for _ in range(rounds):
            start.wait(PATIENCE_S)
            with store.transaction() as transaction:
                seen = transaction.leases.find(NAME, now=SEEN)
            start.wait(PATIENCE_S)
            won.append(take(store, f"worker {worker}", over=seen) is not None)
        return won

    with ThreadPoolExecutor(workers) as pool:
        won = list(pool.map(want, range(workers)))
    # Who held it before takes its own anew as well: at most those two, the later over the earlier.
    assert all(1 <= sum(turn) <= 2 for turn in zip(*won, strict=True))


def test_nobody_takes_it_while_its_holder_writes(sqlite_url: str) -> None:
    with (
        open_store(sqlite_url, busy_timeout_s=PATIENCE_S) as one,
        open_store(sqlite_url, busy_timeout_s=PATIENCE_S) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        lease = taken(one, "one")
        with one.transaction() as transaction:
            # The other has seen it lost; but the holder is there first.
            assert transaction.leases.renew(lease, now=SEEN)
            attempt = pool.submit(take, other, "other", over=lease)
            with pytest.raises(TimeoutError):
                attempt.result(timeout=0.3)
        assert attempt.result(timeout=PATIENCE_S) is None


def test_who_wants_it_does_not_wait_for_a_holder_that_writes(postgres_url: str) -> None:
    with open_store(postgres_url) as one, open_store(postgres_url, busy_timeout_s=0.2) as other:
        lease = taken(one, "one")
        with one.transaction() as transaction:
            assert transaction.leases.renew(lease, now=SEEN)
            assert take(other, "other") is None
            assert take(other, "other", over=lease) is None, "its holder is at it"
