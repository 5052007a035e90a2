"""Fixtures of the delivery tests."""

from collections.abc import Iterator

import pytest

from monitor.store.writer import open_store
from tests.deliver.post import Post


@pytest.fixture
def post(store_url: str) -> Iterator[Post]:
    """Return a post office on an empty store, once on SQLite and once on PostgreSQL."""
    with open_store(store_url) as store:
        yield Post(url=store_url, store=store)


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Post]:
    """Return a post office on SQLite, for what does not depend on the database."""
    with open_store(sqlite_url) as store:
        yield Post(url=sqlite_url, store=store)
