"""The rate limit: never more than allowed in any window, in the order of coming."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.http import HISTORY_PACE, Hosts, RateLimit, RequestPace, StoppedError
from monitor.sources.http.pacing import WINDOW_S, pause


class FakeTime:
    """A clock that goes on when somebody sleeps, shared by threads."""

    def __init__(self) -> None:
        self.now = 1_000_000.1
        self.lock = threading.Lock()

    def clock(self) -> float:
        with self.lock:
            return self.now

    def sleep(self, seconds: float, stop: threading.Event | None) -> None:
        del stop
        with self.lock:
            self.now += seconds


def in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def most_in_a_window(starts: list[float]) -> int:
    return max(
        sum(1 for other in starts if start <= other < start + WINDOW_S - 1e-6) for start in starts
    )


@pytest.mark.parametrize("allowed", [1, 3, 40])
def test_threads_together_never_start_more_than_allowed_in_any_window(allowed: int) -> None:
    fake = FakeTime()
    limit = RateLimit(allowed, clock=fake.clock, sleep=fake.sleep)
    starts: list[float] = []

    def work(number: int) -> None:
        for step in range(10):
            with limit.turn():
                starts.append(fake.clock())
            fake.sleep((number * 7 + step * 3) % 5, None)

    in_threads(12, work)
    assert len(starts) == 120
    assert most_in_a_window(sorted(starts)) <= allowed


@given(
    allowed=st.integers(1, 6),
    spacing_s=st.sampled_from([0.0, 0.4, 2.0, 61.0]),
    idle_s=st.lists(st.floats(0, 90), min_size=1, max_size=40),
    busy_s=st.lists(st.floats(0, 5), min_size=40, max_size=40),
)
def test_any_course_keeps_window_and_spacing(
    allowed: int, spacing_s: float, idle_s: list[float], busy_s: list[float]
) -> None:
    fake = FakeTime()
    limit = RateLimit(allowed, min_spacing_s=spacing_s, clock=fake.clock, sleep=fake.sleep)
    starts, ends = [], []
    for idle, busy in zip(idle_s, busy_s, strict=False):
        fake.sleep(idle, None)
        before = fake.clock()
        with limit.turn() as waited_s:
            starts.append(fake.clock())
            assert waited_s == pytest.approx(starts[-1] - before)
            fake.sleep(busy, None)
        ends.append(fake.clock())
    assert most_in_a_window(starts) <= allowed
    gaps = [start - end for start, end in zip(starts[1:], ends, strict=False)]
    assert all(gap >= spacing_s - 1e-6 for gap in gaps)


def test_below_the_limit_nobody_waits() -> None:
    fake = FakeTime()
    limit = RateLimit(40, clock=fake.clock, sleep=fake.sleep)
    for _ in range(40):
        with limit.turn() as waited_s:
            assert waited_s == 0
    with limit.turn() as waited_s:
        assert waited_s == pytest.approx(WINDOW_S)


def test_one_in_flight_means_one() -> None:
    limit = RateLimit(max_in_flight=1)
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            with limit.turn():
                inside.append(number)
                most.append(len(inside))
                inside.remove(number)

    in_threads(6, work)
    assert len(most) == 120
    assert max(most) == 1


def test_a_failed_request_gives_its_turn_back() -> None:
    limit = RateLimit(max_in_flight=1)
    with pytest.raises(ZeroDivisionError), limit.turn():
        _ = 1 / 0
    with limit.turn() as waited_s:
        assert waited_s < 1


def test_turns_come_in_the_order_of_coming() -> None:
    limit = RateLimit(max_in_flight=1)
    order: list[int] = []
    queued = threading.Semaphore(0)

    def work(number: int) -> None:
        with limit.turn():
            order.append(number)

    threads = []
    with limit.turn():
        for number in range(8):
            thread = threading.Thread(target=work, args=(number,), daemon=True)
            thread.start()
            threads.append(thread)
            while limit.waiting <= number:
                queued.acquire(timeout=0.001)
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))


def test_who_stops_leaves_the_queue_to_the_others() -> None:
    limit = RateLimit(max_in_flight=1)
    stop = threading.Event()
    ended: list[str] = []

    def stopped() -> None:
        try:
            with limit.turn(stop):
                ended.append("started")
        except StoppedError:
            ended.append("stopped")

    def patient() -> None:
        with limit.turn():
            ended.append("patient")

    with limit.turn():
        first = threading.Thread(target=stopped, daemon=True)
        first.start()
        second = threading.Thread(target=patient, daemon=True)
        second.start()
        stop.set()
        first.join(10)
        assert ended == ["stopped"]
    second.join(10)
    assert ended == ["stopped", "patient"]


def test_stopping_ends_a_wait_for_the_window() -> None:
    limit = RateLimit(1)
    stop = threading.Event()
    with limit.turn(stop):
        pass
    threading.Timer(0.05, stop.set).start()
    with pytest.raises(StoppedError), limit.turn(stop):
        pass


def test_a_pause_ends_when_stopped_and_not_before() -> None:
    pause(0.0, None)
    pause(0.001, threading.Event())
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        pause(60.0, stop)


def test_a_hold_lets_nobody_start() -> None:
    fake = FakeTime()
    limit = RateLimit(40, clock=fake.clock, sleep=fake.sleep)
    limit.hold(30.0)
    limit.hold(5.0)
    with limit.turn() as waited_s:
        assert waited_s == pytest.approx(30.0)


def test_all_clients_of_a_host_share_its_limits() -> None:
    hosts = Hosts()
    assert hosts.limit("a", 40) is hosts.limit("a", 40)
    assert hosts.limit("a", 40) is not hosts.limit("b", 40)
    assert hosts.pace("a", HISTORY_PACE) is hosts.pace("a", HISTORY_PACE)
    assert hosts.pace("a", HISTORY_PACE) is not hosts.pace("a", RequestPace(name="other"))
    assert hosts.pace("a", HISTORY_PACE) is not hosts.limit("a", 40)


def test_the_latest_settings_hold_for_everybody() -> None:
    fake = FakeTime()
    hosts = Hosts(clock=fake.clock, sleep=fake.sleep)
    old = hosts.limit("a", 2)
    for _ in range(2):
        with old.turn():
            pass
    hosts.limit("a", 3)
    with old.turn() as waited_s:
        assert waited_s == 0
    hosts.limit("a", 1)
    with old.turn() as waited_s:
        assert waited_s == pytest.approx(WINDOW_S)
