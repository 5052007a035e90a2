"""What the one place that runs statements counts, on both databases."""

from datetime import UTC, datetime

import sqlalchemy as sa

from monitor.store.address import StoreAddress
from monitor.store.db import BulkInsert, Db, insert_new
from monitor.store.engine import make_engine
from monitor.store.schema import followed_by_command, messages
from monitor.store.writer import open_store

AT = datetime(2026, 3, 2, tzinfo=UTC)
TIMES = (AT, 0, AT)  # due, attempts, made
ROW = {"nct_id": "NCT00000001", "since": AT}


def test_a_row_that_an_insert_did_not_make_is_not_counted(store_url: str) -> None:
    """Whoever takes a lease goes by this number."""
    address = StoreAddress.parse(store_url)
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


def test_a_bulk_insert_returns_the_rows_that_it_made(store_url: str) -> None:
    """Items go into the messages that it returns; those that were there are looked for."""
    names = ("key", "uid", "subscriber", "channel", "target", "state", "closed", "due_at",
             "attempts", "created_at")  # fmt: skip
    put = BulkInsert(messages, names, returning=(messages.c.key, messages.c.id))
    rows = [(key, key, "ana", "mail", "", "waiting", False, *TIMES) for key in "abc"]
    address = StoreAddress.parse(store_url)
    with open_store(store_url):
        pass
    engine = make_engine(address, busy_timeout_s=5)
    try:
        with engine.begin() as connection:
            db = Db(connection, address)
            first = dict(map(tuple, db.insert_many(put, rows[:2])))
            then = dict(map(tuple, db.insert_many(put, rows)))
            stored = dict(map(tuple, db.fetch(sa.select(messages.c.key, messages.c.id))))
    finally:
        engine.dispose()
    assert (list(first), list(then)) == (["a", "b"], ["c"])
    assert stored == first | then
