"""The clock that the scheduler's tests set."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.scheduler.stage import NOON


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Return a wall clock that stands at noon until it is set."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
