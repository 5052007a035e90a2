"""What is remembered of texts is bounded in bytes, whatever their length."""

import sys
import threading
import tracemalloc
from collections.abc import Callable

import pytest

from monitor.detect.texts import plain, wording
from monitor.model.memoize import SHORT, memoize

LONG = "x" * (SHORT + 1)


@pytest.fixture
def calls() -> list[str]:
    """Return what ``doubled`` was really called with."""
    return []


@pytest.fixture
def doubled(calls: list[str]) -> Callable[[str], str]:
    """Return a function that remembers two long texts with their results."""
    once = sys.getsizeof(LONG) + sys.getsizeof(LONG * 2)

    @memoize(entries=2, long_bytes=2 * once)
    def doubled(text: str) -> str:
        """Return the text twice."""
        calls.append(text)
        return text * 2

    return doubled


@pytest.mark.parametrize("text", ["short", LONG], ids=["short", "long"])
def test_a_text_is_worked_out_once(
    doubled: Callable[[str], str], calls: list[str], text: str
) -> None:
    assert [doubled(text), doubled(text)] == [text * 2] * 2
    assert calls == [text]


def test_of_long_texts_those_used_last_are_kept(
    doubled: Callable[[str], str], calls: list[str]
) -> None:
    first, second, third = (letter + LONG[1:] for letter in "abc")
    for text in (first, second, first, third, first, second):
        assert doubled(text) == text * 2
    assert calls == [first, second, third, second]


def test_a_text_beyond_the_bound_is_worked_out_each_time(
    doubled: Callable[[str], str], calls: list[str]
) -> None:
    for text in (LONG, LONG * 9, LONG * 9, LONG):
        doubled(text)
    assert calls == [LONG, LONG * 9, LONG * 9, LONG], "and leaves none of those before"


@pytest.mark.parametrize("function", [plain, wording], ids=["plain", "wording"])
def test_normal_forms_of_many_long_texts_take_little_memory(
    function: Callable[[str], str],
) -> None:
    tracemalloc.start()
    try:
        for number in range(120):
            function(f"{number}  " + "criteria " * 12_000)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 12 * 1024 * 1024, "of 25 MB"


def test_threads_may_share_it(doubled: Callable[[str], str]) -> None:
    texts = [f"{number:03}" + LONG for number in range(8)]
    wrong: list[str] = []

    def ask() -> None:
        for _ in range(200):
            wrong.extend(text for text in texts if doubled(text) != text * 2)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
