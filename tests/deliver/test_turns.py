"""One message at a time is under way, but nobody waits for a slow service."""

import threading
from collections.abc import Callable
from functools import partial

from monitor.deliver.send_gate import SendGate
from tests.daemon.processes import eventually

LONG_S = 60.0


def aside(work: Callable[[], None]) -> threading.Thread:
    """Start something in a thread of its own."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_a_message_waits_for_the_one_before_it() -> None:
    send_gate, order = SendGate(patience_s=LONG_S), list[str]()

    def second() -> None:
        with send_gate.flight():
            order.append("second")

    with send_gate.flight() as flight:
        thread = aside(second)
        flight.answered()
        order.append("first")
    thread.join(LONG_S)
    assert order == ["first", "second"]


def test_nobody_waits_for_a_slow_service() -> None:
    send_gate, gone = SendGate(patience_s=0.01), threading.Event()

    def second() -> None:
        with send_gate.flight():
            gone.set()

    with send_gate.flight():
        aside(second)
        assert gone.wait(LONG_S)


def test_nothing_starts_while_an_answer_is_noted() -> None:
    seconds = [0.0]
    send_gate, started = SendGate(patience_s=0.01, clock=lambda: seconds[0]), threading.Event()

    def second() -> None:
        with send_gate.flight():
            started.set()

    with send_gate.flight() as flight:
        flight.answered()
        seconds[0] = 1_000.0
        aside(second)
        assert not started.wait(0.1)
    assert started.wait(LONG_S)


def test_who_came_first_is_served_first() -> None:
    send_gate, order = SendGate(patience_s=LONG_S), list[int]()
    waiting: list[threading.Thread] = []

    def queued(count: int) -> bool:
        return len(send_gate._queue) == count  # noqa: SLF001 - nothing else shows who waits

    def work(number: int) -> None:
        with send_gate.flight():
            order.append(number)

    with send_gate.flight():
        for number in range(5):
            waiting.append(aside(partial(work, number)))
            eventually(partial(queued, number + 1))
    for thread in waiting:
        thread.join(LONG_S)
    assert order == [0, 1, 2, 3, 4]
