"""Fixtures of the ingest tests."""

import pytest

from tests.ingest.world import World


@pytest.fixture
def world(store_url: str) -> World:
    """Return an empty world, once on SQLite and once on PostgreSQL."""
    return World(store_url)


@pytest.fixture
def small_world(sqlite_url: str) -> World:
    """Return an empty world on SQLite, for what does not depend on the database."""
    return World(sqlite_url)
