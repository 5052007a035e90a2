"""How patiently: pauses, attempts, claims and rates."""

import math
import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deliver.rate_limiter import RateLimiter
from tests.deliver.policies import policy
from tests.ingest.world import NOON

POLICY = policy(backoff_initial_s=10, backoff_max_s=60, attempts=4)


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 10), (2, 20), (3, 40), (4, 60), (2000, 60)])
def test_a_pause_doubles_with_every_try_up_to_the_longest(attempt: int, seconds: int) -> None:
    at = POLICY.retry_at(attempt, now=NOON, jitter=1.0)
    assert at == NOON + timedelta(seconds=seconds)


@given(attempt=st.integers(1, 5_000), jitter=st.floats(0, 1, exclude_max=True))
def test_a_pause_is_anything_from_none_to_the_whole_one(attempt: int, jitter: float) -> None:
    whole = POLICY.retry_at(attempt, now=NOON, jitter=1.0) - NOON
    pause = POLICY.retry_at(attempt, now=NOON, jitter=jitter) - NOON
    assert abs(pause - jitter * whole) <= timedelta(microseconds=1)


def test_the_pause_that_a_service_asks_for_is_kept() -> None:
    assert POLICY.retry_at(1, now=NOON, jitter=0.0, retry_after_s=90) == NOON + timedelta(
        seconds=90
    )
    assert POLICY.retry_at(4, now=NOON, jitter=1.0, retry_after_s=5) == NOON + timedelta(seconds=60)


@pytest.mark.parametrize("asked_s", [1e12, math.inf], ids=["30,000 years", "infinity"])
def test_nobody_can_ask_for_a_pause_without_an_end(asked_s: float) -> None:
    at = POLICY.retry_at(1, now=NOON, jitter=0.0, retry_after_s=asked_s)
    assert at == NOON + timedelta(days=1)
    assert POLICY.pause_s(asked_s) == POLICY.rest_s(asked_s) == 86_400


def test_attempts_are_counted_from_one() -> None:
    assert [POLICY.is_last(attempt) for attempt in (1, 3, 4, 5)] == [False, False, True, True]


@pytest.mark.parametrize(("per_minute", "limit"), [(0, 50), (60, 50), (10, 20), (1, 2)])
def test_no_more_is_claimed_than_can_be_sent_within_a_lease(per_minute: int, limit: int) -> None:
    assert policy(per_minute=per_minute, lease_s=120).claim_limit == limit


def test_messages_go_at_even_distances() -> None:
    seconds = [100.0]
    paused: list[float] = []

    def wait(_: threading.Event, pause_s: float) -> bool:
        paused.append(round(pause_s, 6))
        seconds[0] += pause_s
        return False

    pace, stop = RateLimiter(clock=lambda: seconds[0], wait=wait), threading.Event()
    assert all(pace.acquire(30, stop) for _ in range(3))
    assert paused == [2.0, 2.0]
    seconds[0] += 100  # what was not used is not made up for
    assert all(pace.acquire(30, stop) for _ in range(3))
    assert paused == [2.0, 2.0, 2.0, 2.0]


def test_waiting_for_a_rate_ends_when_told_to_stop() -> None:
    stop = threading.Event()
    pace = RateLimiter(clock=lambda: 0.0)
    assert pace.acquire(1, stop)
    threading.Timer(0.05, stop.set).start()
    assert not pace.acquire(1, stop)
    assert not pace.acquire(0, stop)
