"""Circles that comparing leaves behind go once there are many of them."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from monitor.ingest.garbage import clear_circles


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
