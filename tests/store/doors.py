"""The doors of the store that a user comes through, and what they say when they stay shut."""

from collections.abc import Callable

import pytest

from monitor.errors import StoreError
from monitor.store.migrate import upgrade
from monitor.store.reader import open_reader
from monitor.store.writer import open_store

PATIENCE_S = 0.2

DOORS: dict[str, Callable[[str], object]] = {
    "reader": lambda url: open_reader(url, busy_timeout_s=PATIENCE_S),
    "writer": lambda url: open_store(url, busy_timeout_s=PATIENCE_S),
    "upgrade": lambda url: upgrade(url, busy_timeout_s=PATIENCE_S),
}
doors = pytest.mark.parametrize("door", DOORS)


def refusal(action: Callable[[], object]) -> str:
    """Return what a StoreError says; it must be one line."""
    with pytest.raises(StoreError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)
