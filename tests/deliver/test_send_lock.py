"""One message at a time is under way, but nobody waits for a slow service."""

import threading
from collections.abc import Callable
from functools import partial

from monitor.deliver.send_lock import SendLock
from tests.daemon.processes import eventually

LONG_S = 60.0


def aside(work: Callable[[], None]) -> threading.Thread:
    """Start something in a thread of its own."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_message_waits_for_the_one_before_it() -> None:
    send_lock, order = SendLock(patience_s=LONG_S), list[str]()

    def second() -> None:
        with send_lock.acquire():
            order.append("second")

    with send_lock.acquire() as sending:
        thread = aside(second)
        sending.mark_answered()
        order.append("first")
    thread.join(LONG_S)
    assert order == ["first", "second"]


def test_nobody_waits_for_a_slow_service() -> None:
    send_lock, gone = SendLock(patience_s=0.01), threading.Event()

    def second() -> None:
        with send_lock.acquire():
            gone.set()

    with send_lock.acquire():
        aside(second)
        assert gone.wait(LONG_S)


def test_nothing_starts_while_an_answer_is_noted() -> None:
    seconds = [0.0]
    send_lock, started = SendLock(patience_s=0.01, clock=lambda: seconds[0]), threading.Event()

    def second() -> None:
        with send_lock.acquire():
            started.set()

    with send_lock.acquire() as sending:
        sending.mark_answered()
        seconds[0] = 1_000.0
        aside(second)
        assert not started.wait(0.1)
    assert started.wait(LONG_S)


def test_who_came_first_is_served_first() -> None:
    send_lock, order = SendLock(patience_s=LONG_S), list[int]()
    waiting: list[threading.Thread] = []

    def queued(count: int) -> bool:
        return len(send_lock._queue) == count  # noqa: SLF001 - nothing else shows who waits

    def work(number: int) -> None:
        with send_lock.acquire():
            order.append(number)

    with send_lock.acquire():
        for number in range(5):
            waiting.append(aside(partial(work, number)))
            eventually(partial(queued, number + 1))
    for thread in waiting:
        thread.join(LONG_S)
    assert order == [0, 1, 2, 3, 4]
