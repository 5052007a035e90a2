"""Opening a store for writing; ``transaction`` does the writing.

All that writes comes through here: passes, deliveries, commands, pages.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

from sqlalchemy.engine import Connection, Engine

from monitor.errors import StoreError
from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine, status_of, store_errors
from monitor.store.migrate import make_file, make_folder, upgrade_engine
from monitor.store.revisions import require_current
from monitor.store.transaction import Transaction

__all__ = ["StoreWriter", "Transaction", "open_store"]


def open_store(url: str, *, create: bool = True, busy_timeout_s: float = 10.0) -> "StoreWriter":
    """Open a store for writing.

    An empty one gets its tables; with ``create`` a missing SQLite file is made, with its
    folder. StoreError when the store has an older schema (it tells how to upgrade it), was
    made by a newer program, is read-only or locked, or is not a monitor store at all.
    ``busy_timeout_s``: how long to wait for another writer.
    """
    address = StoreAddress.parse(url)
    if address.path is not None and not address.path.exists():
        if not create:
            raise StoreError(f"there is no store at {address.shown}")
        make_folder(address)
        make_file(address)
    engine = make_engine(address, busy_timeout_s=busy_timeout_s)
    try:
        with store_errors(address):
            # Looked at before anything is written: a newer program's store, or another's, stays
            # untouched.
            status = status_of(engine)
            if status.status == "empty" and create:
                upgrade_engine(engine, address, busy_timeout_s=busy_timeout_s)
            else:
                require_current(status, address)
    except StoreError:
        engine.dispose()
        raise
    return StoreWriter(engine, address)


class StoreWriter:
    """An open store; usable from several threads, each with transactions of its own."""

    def __init__(self, engine: Engine, address: StoreAddress) -> None:
        self._engine = engine
        self._address = address
        # Kept with its pragmas and its cache of pages: a new connection costs as much as a small
        # transaction.
        self._idle: list[Connection] = []

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run a block whose writes are stored together on leaving, or not at all.

        Any exception rolls back; a database's error becomes a StoreError. On SQLite no other
        program writes meanwhile.
        """
        with store_errors(self._address), self._connection() as connection, connection.begin():
            transaction = Transaction(connection, self._address)
            yield transaction
            transaction.finish()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """Yield a connection; one that nothing went wrong with is kept for the next."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._engine.connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            self._give_back()  # what broke one may have broken all: the pool looks at them
            raise
        self._idle.append(connection)

    def _give_back(self) -> None:
        """Give the idle connections back to the pool."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def close(self) -> None:
        """Close all connections."""
        self._give_back()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
