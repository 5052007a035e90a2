"""Open SQLite files for reading alone: the store (``engine``), and backups (``restore``)."""

import sqlite3
from pathlib import Path


def open_read_only(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """Open a database file that others may be writing to; sqlite3.Error when it is none."""
    place = path.absolute().as_uri() + "?mode=ro"
    try:
        return _open(place, busy_timeout_s)
    except sqlite3.OperationalError:
        # Where the folder may not be written, SQLite cannot make the index of its log; without
        # a log nobody is writing, and the file can be read as it is.
        if path.with_name(path.name + "-wal").exists():
            raise
        # "immutable" makes SQLite lock nothing and look at no log: wrong answers where a process
        # writes.
        return _open(place + "&immutable=1", busy_timeout_s)


def open_at_rest(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    """Open a database file that has no log beside it, and leave nothing beside it.

    Where a log lies beside it, that is read as well.
    """
    logs = (path.with_name(path.name + suffix) for suffix in ("-wal", "-journal"))
    if any(log.exists() for log in logs):
        return open_read_only(path, busy_timeout_s)
    return _open(path.absolute().as_uri() + "?mode=ro&immutable=1", busy_timeout_s)


def _open(place: str, busy_timeout_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(place, uri=True, timeout=busy_timeout_s, isolation_level=None)
    try:
        # sqlite3.connect opens nothing: only the first statement finds out whether it is a
        # database.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except (sqlite3.Error, UnicodeDecodeError):
        connection.close()
        raise
    return connection
