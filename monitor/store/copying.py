"""Copying SQLite databases whole, page by page, and checking what was written.

What ``backup`` and ``restore`` have in common.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import StoreError
from monitor.store.revisions import SchemaStatus, read_status

OnStep = Callable[[str, int, int | None], None]
"""Told what is being done ("copying"), how much of it is done, and of how much (None: unknown)."""

SIDE_FILES = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database file, under the same name with one of these behind it."""

_PAGES_A_STEP = 256  # a megabyte: short enough for ^C and a bar
_STEPS_OF_THE_MACHINE = 10_000
_RESTARTS = 5
_BUSY_STEPS = 40  # a quarter of a second each
# The search has no rows to count, and what SQLite keeps behind it is none of ours.
_COUNTED = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'trial_search%'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a database holds: its schema, the numbers of its tables' rows, its size in bytes."""

    schema: SchemaStatus
    rows: Mapping[str, int]
    size: int


def ignore_steps(what: str, done: int, total: int | None) -> None:
    """Take a report and do nothing with it."""
    del what, done, total


def side_files(path: Path) -> list[Path]:
    """Return the side files that a database file may have."""
    return [path.with_name(path.name + suffix) for suffix in SIDE_FILES]


@contextmanager
def interruptible(connection: sqlite3.Connection) -> Iterator[None]:
    """Let ^C end a long statement: SQLite alone would not stop before its end."""
    # Python runs its signal handlers only between its own instructions; the callback lets it.
    connection.set_progress_handler(lambda: 0, _STEPS_OF_THE_MACHINE)
    try:
        yield
    except sqlite3.OperationalError as exc:
        # Nobody else interrupts; the KeyboardInterrupt itself was lost in the handler.
        if exc.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise KeyboardInterrupt from exc
        raise
    finally:
        connection.set_progress_handler(None, 0)


@contextmanager
def unfinished_file(final: Path) -> Iterator[Path]:
    """Yield a new, empty file beside ``final`` that only this user can read.

    It is deleted on leaving, unless it was moved away, and so are its side files.
    """
    # In the same folder, so that it can be renamed: a rename does not reach over file systems.
    descriptor, name = tempfile.mkstemp(dir=final.parent, prefix=f".{final.name}.", suffix=".part")
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
    finally:
        for one in (path, *side_files(path)):
            one.unlink(missing_ok=True)


def require_room(folder: Path, size: int) -> None:
    """Raise StoreError when a copy of that size does not fit on the folder's disk."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise StoreError(
            f"the disk of {folder} has no room for the copy: it takes {size / 1e6:,.0f} MB,"
            f" {free / 1e6:,.0f} MB are free"
        )


class _Watch:
    """Ends a copy that does not get on: others write, or lock the source, all the time."""

    def __init__(self, on_step: OnStep) -> None:
        self._on_step = on_step
        self._least: int | None = None
        self._restarts = 0
        self._busy = 0

    def on_progress(self, status: int, left: int, total: int) -> None:
        """Take SQLite's report of a step; StoreError when it is not to go on."""
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            self._busy += 1
        else:
            # A step copies some pages, unless a write by others made it begin anew.
            self._restarts += self._least is not None and left >= self._least
            self._least = left
        if self._restarts > _RESTARTS or self._busy > _BUSY_STEPS:
            raise StoreError(
                "others write to it all the time, and it is not in WAL mode; stop them, or let"
                " `monitor db upgrade` put it into WAL mode"
            )
        self._on_step("copying", total - left, total)


def copy_database(source: sqlite3.Connection, target: Path, *, on_step: OnStep) -> None:
    """Write all pages of an open database into an empty file, and bring them to the disk.

    In WAL mode the caller holds a read transaction: all of it is then of one moment, and no
    writer waits. Without one a write by others begins the copy anew; StoreError after too many.
    """
    watch = _Watch(on_step)
    with closing(sqlite3.connect(target, isolation_level=None)) as written:
        written.execute("PRAGMA journal_mode=OFF")  # what is cut short is thrown away as a whole
        written.execute("PRAGMA synchronous=OFF")
        try:
            source.backup(written, pages=_PAGES_A_STEP, progress=watch.on_progress)
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode == sqlite3.SQLITE_FULL:
                raise StoreError(f"the disk of {target.parent} became full; nothing was kept of"
                                 " the copy") from exc  # fmt: skip
            raise
    # A single file, without a log beside it, that can be read from anywhere.
    with closing(sqlite3.connect(target, isolation_level=None)) as written:
        written.execute("PRAGMA journal_mode=DELETE")
    sync(target)


def sync(path: Path) -> None:
    """Bring a file or a folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError:
        if not path.is_dir():  # not every file system can do that with folders
            raise
    finally:
        os.close(descriptor)


def contents(connection: sqlite3.Connection, path: Path) -> Contents:
    """Return what a database holds; one transaction, so that all of it is of one moment."""
    schema = read_status(lambda sql: connection.execute(sql).fetchall(), "sqlite")
    names = connection.execute(_COUNTED).fetchall()
    rows = {}
    with interruptible(connection):
        for (name,) in names:
            quoted = name.replace('"', '""')
            [rows[name]] = connection.execute(f'SELECT count(*) FROM "{quoted}"').fetchone()  # noqa: S608
    return Contents(schema=schema, rows=rows, size=path.stat().st_size)


def check_database(path: Path, *, on_step: OnStep) -> Contents:
    """Check a file's structure and indexes whole, and return what it holds.

    sqlite3.DatabaseError when it is damaged.
    """
    on_step("checking", 0, None)
    place = path.absolute().as_uri() + "?mode=ro"
    with closing(sqlite3.connect(place, uri=True, isolation_level=None)) as connection:
        with interruptible(connection):
            # Not `quick_check`, which passes over whether indexes hold what their tables do.
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != ("ok",):
            raise sqlite3.DatabaseError(" ".join(str(found[0]).split()))
        return contents(connection, path)


@contextlib.contextmanager
def held_snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Hold a read transaction where that keeps no writer waiting: in WAL mode."""
    is_wal = connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    if not is_wal:
        yield
        return
    connection.execute("BEGIN")
    # BEGIN alone sees nothing yet: the snapshot is taken by the first read.
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
