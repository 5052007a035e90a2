"""Rewriting a store without the remains of what was erased from it.

For `monitor db compact`: `monitor subscriber forget` erases rows, and their bytes stay in free
pages and in the log until these are written over.
"""

import sqlite3
from contextlib import closing

import sqlalchemy as sa

from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine, store_errors

_OF_PEOPLE = (
    "subscribers", "subscriptions", "silences", "tokens", "confirmed_addresses",
    "subscription_requests", "messages", "outbox", "attempts",
    "channel_states",
)  # fmt: skip


def compact(url: str, *, busy_timeout_s: float = 10.0) -> bool:
    """Rewrite a store so that its files hold nothing more of what was erased.

    Of SQLite the whole file and its log, for which the disk must have room once more; False when
    a reader keeps a part of the old log, which then goes with a later write. Of
    PostgreSQL the tables about people, while nobody else uses them; its own log and backups are
    the server's affair. StoreError when others write for too long.
    """
    address = StoreAddress.parse(url)
    with store_errors(address):
        if address.path is None:
            _rewrite_tables(address, busy_timeout_s)
            return True
        place = address.path.absolute().as_uri() + "?mode=rw"
        connection = sqlite3.connect(place, uri=True, timeout=busy_timeout_s, isolation_level=None)
        with closing(connection):
            # Writes the whole database anew, through the log: so the log has to go too, and last.
            connection.execute("VACUUM")
            [busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy


def _rewrite_tables(address: StoreAddress, busy_timeout_s: float) -> None:
    engine = make_engine(address, busy_timeout_s=busy_timeout_s)
    try:
        for table in _OF_PEOPLE:
            # VACUUM FULL does the same, but in no transaction, so nothing would bound its wait.
            with engine.begin() as connection:
                connection.execute(sa.text(f"CLUSTER {table} USING pk_{table}"))
    finally:
        engine.dispose()
