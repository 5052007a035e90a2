"""Work that ends in time, is ended, or is given up."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest

from monitor.deadlines.threads import (
    AbandonedError,
    AbandonedThreads,
    BoundedThread,
    LateError,
    TooManyAbandonedError,
    run_bounded,
)


def bounded(work: threading.Event, abandoned: AbandonedThreads, within_s: float = 0.05) -> bool:
    return run_bounded(lambda: work.wait(60), name="a test", within_s=within_s, abandoned=abandoned)


def settled(abandoned: AbandonedThreads, count: int) -> bool:
    end = time.monotonic() + 30
    while abandoned.count != count and time.monotonic() < end:
        time.sleep(0.005)
    return abandoned.count == count


def test_what_ends_in_time_returns_and_raises_as_it_does() -> None:
    abandoned = AbandonedThreads(1)
    assert run_bounded(lambda: 7, name="a test", within_s=30, abandoned=abandoned) == 7
    with pytest.raises(KeyError):
        run_bounded(lambda: os.environ["NO_SUCH"], name="a test", within_s=30, abandoned=abandoned)
    assert abandoned.count == 0


def test_what_does_not_end_is_given_up_and_its_result_comes_late() -> None:
    abandoned, event = AbandonedThreads(2), threading.Event()
    with pytest.raises(AbandonedError) as caught:
        bounded(event, abandoned)
    assert (abandoned.count, caught.value.is_last) == (1, False)
    event.set()
    assert caught.value.late.result(30) is True
    assert settled(abandoned, 0)


def test_who_is_told_to_stop_waits_no_longer() -> None:
    abandoned, event, stop = AbandonedThreads(1), threading.Event(), threading.Event()

    def cut(event: threading.Event) -> bool:
        event.set()
        return True

    thread = BoundedThread(lambda: nullcontext(event), name="t", abandoned=abandoned, cut=cut)
    threading.Timer(0.05, stop.set).start()
    assert thread.run(lambda event: event.wait(60), within_s=60, stop=stop)
    thread.stop()
    assert settled(abandoned, 0)


def test_no_more_threads_are_given_up_than_allowed_and_one_that_ends_makes_room() -> None:
    abandoned, event, other = AbandonedThreads(2), threading.Event(), threading.Event()
    with pytest.raises(AbandonedError):
        bounded(event, abandoned)
    with pytest.raises(AbandonedError) as caught:
        bounded(other, abandoned)
    assert caught.value.is_last
    with pytest.raises(TooManyAbandonedError):
        bounded(other, abandoned)
    assert sum(one.name == "a test" for one in threading.enumerate()) == 2
    event.set()
    assert settled(abandoned, 1)
    other.set()
    assert bounded(other, abandoned, within_s=30) is True
    assert settled(abandoned, 0)


def test_the_last_right_to_give_up_is_waited_for() -> None:
    """Two at once with room for one: never are two given up."""
    abandoned, event = AbandonedThreads(1), threading.Event()
    outcomes: list[str] = []

    def one() -> None:
        try:
            bounded(event, abandoned, within_s=0.2)
        except (AbandonedError, TooManyAbandonedError) as exc:
            outcomes.append(type(exc).__name__)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["AbandonedError", *["TooManyAbandonedError"] * 2]
    event.set()
    assert settled(abandoned, 0)


class Line:
    """Something that is opened once, waits, and can be cut."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.is_cut = threading.Event()

    @contextmanager
    def opened(self) -> Iterator["Line"]:
        self.log.append("opened")
        yield self
        self.log.append("closed")

    def cut(self) -> bool:
        self.is_cut.set()
        return True

    def hang(self) -> None:
        self.is_cut.wait(60)
        raise OSError("it was cut")

    def thread(self, abandoned: AbandonedThreads) -> BoundedThread["Line"]:
        return BoundedThread(self.opened, name="a test", abandoned=abandoned, cut=Line.cut)


def test_what_can_be_cut_is_ended_and_the_thread_goes_on() -> None:
    line, abandoned = Line(), AbandonedThreads(1)
    thread = line.thread(abandoned)
    with pytest.raises(LateError) as caught:
        thread.run(Line.hang, within_s=0.05)
    assert str(caught.value.__cause__) == "it was cut"
    assert thread.run(lambda one: one is line, within_s=30)
    thread.close(within_s=30)
    assert (line.log, abandoned.count) == (["opened", "closed"], 0)


def test_a_success_that_the_cut_brings_about_is_one() -> None:
    line = Line()
    thread = line.thread(AbandonedThreads(1))
    assert thread.run(lambda one: one.is_cut.wait(60), within_s=0.05)
    thread.close(within_s=30)


def test_a_thread_that_was_given_up_closes_what_it_opened() -> None:
    line, abandoned, event = Line(), AbandonedThreads(1), threading.Event()
    thread = line.thread(abandoned)
    with pytest.raises(AbandonedError):
        thread.run(lambda _: event.wait(60), within_s=0.05)
    thread.close(within_s=30)
    assert line.log == ["opened"]
    event.set()
    assert settled(abandoned, 0)
    end = time.monotonic() + 30
    while "closed" not in line.log and time.monotonic() < end:
        time.sleep(0.005)
    assert line.log == ["opened", "closed"]


def test_a_thread_that_was_given_up_keeps_no_process_alive() -> None:
    script = (
        "import threading\n"
        "from monitor.deadlines.threads import *\n"
        "try:\n"
        "    run_bounded(threading.Event().wait, name='x', within_s=0.05,"
        " abandoned=AbandonedThreads(1))\n"
        "except AbandonedError:\n"
        "    print('given up')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "given up\n", "")
