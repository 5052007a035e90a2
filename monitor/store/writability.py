"""Whether a store could be written now, found out without writing to it or locking anybody out.

For `/readyz` and the heartbeat, which ask every few seconds.
"""

import os
import tempfile
from pathlib import Path

import sqlalchemy as sa

from monitor.store.address import StoreAddress
from monitor.store.db import Db
from monitor.store.schema import versions

_PROBE_BYTES = 1 << 20
_POSTGRES = sa.select(
    sa.func.pg_is_in_recovery(),
    sa.func.current_setting("default_transaction_read_only") == "on",
    sa.func.has_table_privilege(versions.name, "INSERT"),
)


def write_problem(address: StoreAddress, db: Db) -> str | None:
    """Return in one line why nothing can be written; None when nothing is known against it.

    Of a SQLite store the file's rights are looked at, and room for 1 MB is taken in its folder
    for a moment. A PostgreSQL server is asked whether it takes writes at all.
    """
    if address.path is None:
        return _of_postgres(address, db)
    return _of_file(address.path, address.shown)


def _of_file(path: Path, shown: str) -> str | None:
    # Not by opening it: closing it again would drop the locks that SQLite holds in this process.
    if not os.access(path, os.W_OK):
        return f"the store {shown} is read-only for this program"
    folder = path.absolute().parent
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:  # it has no name that a kill could leave
            # Really taken: a file system that is full may still let a file be made.
            os.posix_fallocate(probe.fileno(), 0, _PROBE_BYTES)
    except OSError as exc:
        return f"the store {shown} cannot be written: {exc.strerror} in {folder}"
    return None


def _of_postgres(address: StoreAddress, db: Db) -> str | None:
    (row,) = db.fetch(_POSTGRES)
    is_replica, is_read_only, may_write = row
    if is_replica or is_read_only:
        return f"the store {address.shown} is read-only for this program"
    return None if may_write else f"the store {address.shown} does not allow this user to write"
