"""Fixtures of the delivery tests."""

from collections.abc import Iterator

import pytest

from monitor.store.writer import open_store
from tests.deliver.rig import DeliveryRig


@pytest.fixture
def rig(store_url: str) -> Iterator[DeliveryRig]:
    """Return a delivery rig on an empty store, once on SQLite and once on PostgreSQL."""
    with open_store(store_url) as store:
        yield DeliveryRig(url=store_url, store=store)


@pytest.fixture
def one_rig(sqlite_url: str) -> Iterator[DeliveryRig]:
    """Return a delivery rig on SQLite, for what does not depend on the database."""
    with open_store(sqlite_url) as store:
        yield DeliveryRig(url=sqlite_url, store=store)
