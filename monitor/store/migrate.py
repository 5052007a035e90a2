"""Bring a store's schema up to date with alembic: an older one, and every empty one."""

from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from monitor.errors import StoreError
from monitor.private_files import make_private_folder, touch_private
from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine, status_of, store_errors, use_wal
from monitor.store.revisions import SchemaStatus, read_status, require_current

MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK_KEY = 0x6D6F6E69746F72
"""Held by a program that builds or changes the schema of a PostgreSQL store."""
_MADE: list[str] = []
_UNICODE = ("UTF8", "SQL_ASCII")
"""Encodings of PostgreSQL that take whatever the program writes; the latter looks at nothing."""


def upgrade(url: str, *, busy_timeout_s: float = 10.0) -> SchemaStatus:
    """Bring the store's schema to the program's own and return the status it had before.

    An empty store gets all tables, a missing SQLite file is made with its folder. StoreError
    when a newer program made the store, or when the tables are another program's.
    """
    address = StoreAddress.parse(url)
    make_folder(address)
    make_file(address)
    with store_errors(address):
        engine = make_engine(address, busy_timeout_s=busy_timeout_s)
        try:
            return upgrade_engine(engine, address, busy_timeout_s=busy_timeout_s)
        finally:
            engine.dispose()


def make_folder(address: StoreAddress) -> None:
    """Make the folder of a SQLite store, for this user alone; StoreError when it cannot be made."""
    if address.path is None:
        return
    try:
        make_private_folder(address.path.parent)
    except OSError as exc:
        raise StoreError(
            f"the folder of the store {address.shown} cannot be made: {exc.strerror}"
        ) from exc


def make_file(address: StoreAddress) -> None:
    """Make an empty file of a SQLite store that is missing; SQLite makes its log and index like it.

    Where that is not possible nothing happens: opening the store says what is wrong.
    """
    if address.path is not None and not address.path.exists():
        with suppress(OSError):
            touch_private(address.path)


def upgrade_engine(engine: Engine, address: StoreAddress, *, busy_timeout_s: float) -> SchemaStatus:
    """Do the work of ``upgrade`` on an engine; one program at a time, all or nothing."""
    # Looked at without the write lock first: mostly there is nothing to do.
    status = status_of(engine)
    if status.status in ("unknown", "foreign"):
        require_current(status, address)
    if engine.dialect.name == "sqlite":
        # Outside the transaction: SQLite changes the journal mode only between two.
        use_wal(engine, busy_timeout_s=busy_timeout_s)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})"))
            _require_unicode(connection, address)
        # Once more under the lock: two programs may have found an empty store at the same time.
        status = _status_within(connection)
        if status.status != "current":
            _run_alembic(connection)
    if status.status == "empty":
        _MADE.append(address.shown)
    return status


def made_stores() -> list[str]:
    """Return which stores this process made since this was last called."""
    made = _MADE.copy()
    _MADE.clear()
    return made


def _require_unicode(connection: Connection, address: StoreAddress) -> None:
    """Raise StoreError where the database cannot hold every character of a record."""
    encoding = str(connection.exec_driver_sql("SHOW server_encoding").scalar())
    if encoding not in _UNICODE:
        raise StoreError(
            f"the store {address.shown} is a database of the encoding {encoding}, which cannot "
            "hold every character of a record; make one with ENCODING 'UTF8'"
        )


def _status_within(connection: Connection) -> SchemaStatus:
    def fetch(sql: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]

    return read_status(fetch, connection.dialect.name)


def _run_alembic(connection: Connection) -> None:
    # Imported here: it takes longer than everything else on the way to an existing store.
    from alembic import command  # noqa: PLC0415 - above
    from alembic.config import Config  # noqa: PLC0415 - likewise

    config = Config()
    # "%" begins an interpolation in this kind of configuration: a folder may be called "50%".
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
