"""Circles that comparing leaves behind go once there are many of them."""

import gc
import time
import weakref
from collections.abc import Iterator

import pytest

from monitor.ingest.garbage import clear_circles, fewer_collections


class Circle:
    """Something that only the collector of garbage can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _by_call_alone() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def _left_behind(number: int) -> "weakref.ref[Circle]":
    first, *_ = [Circle() for _ in range(number)]
    return weakref.ref(first)


def test_what_many_changed_records_leave_behind_is_cleared() -> None:
    left = _left_behind(20_000)
    clear_circles()
    assert left() is None


def test_for_the_little_that_one_leaves_nothing_is_looked_through() -> None:
    left = _left_behind(10)
    clear_circles()
    assert left() is not None


def test_what_a_pass_leaves_behind_goes_with_it() -> None:
    with fewer_collections():
        left = _left_behind(10)
        assert left() is not None
    assert left() is None


def test_what_was_left_out_of_the_looks_of_passes_goes_after_a_while() -> None:
    left, now = _left_behind(10), time.monotonic()
    for _ in range(3):
        with fewer_collections(lambda: now):
            clear_circles()
    assert left() is not None
    with fewer_collections(lambda: now + 61):
        pass
    assert left() is None


def test_a_pass_within_another_ends_without_its_garbage_and_with_the_thresholds_of_before() -> None:
    before = gc.get_threshold()
    with fewer_collections():
        with fewer_collections():
            left = _left_behind(10)
        assert left() is not None
    assert left() is None
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
