"""What the one place that runs statements counts, on both databases."""

from datetime import UTC, datetime

import sqlalchemy as sa

from monitor.store.address import Address
from monitor.store.db import Db, insert_new
from monitor.store.engine import make_engine
from monitor.store.schema import followed_by_command
from monitor.store.writer import open_store

ROW = {"nct_id": "NCT00000001", "since": datetime(2026, 3, 2, tzinfo=UTC)}


def test_a_row_that_an_insert_did_not_make_is_not_counted(store_url: str) -> None:
    """Whoever takes a lease goes by this number."""
    address = Address.parse(store_url)
    with open_store(store_url):
        pass  # it has its tables now
    engine = make_engine(address, busy_timeout_s=5)
    try:
        with engine.connect() as connection:
            db, put = Db(connection, address), insert_new(followed_by_command)
            assert [db.run(put, ROW), db.run(put, ROW)] == [1, 0]
            assert db.run(sa.delete(followed_by_command)) == 1
    finally:
        engine.dispose()
