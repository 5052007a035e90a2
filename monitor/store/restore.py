"""Putting a backup in the place of a SQLite store (docs/deployment.md, "Restore").

What takes long or may fail is done on a copy beside the store; what is left is one rename.
"""

import os
import sqlite3
import stat
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from monitor.errors import StoreError, UsageError
from monitor.store.address import StoreAddress
from monitor.store.copying import (
    Contents,
    OnStep,
    check_database,
    copy_database,
    ignore_steps,
    require_room,
    side_files,
    unfinished_file,
)
from monitor.store.errors import translate
from monitor.store.in_use import exclusive, require_unused
from monitor.store.leases import drop_all_leases
from monitor.store.migrate import make_folder
from monitor.store.readonly import open_at_rest, open_read_only
from monitor.store.revisions import require_ours
from monitor.store.swapping import swap

_POSTGRES = (
    "`monitor db restore` is for SQLite; put a backup back with PostgreSQL's own tool, for"
    " example: pg_restore --clean --if-exists --single-transaction --dbname={url} {file}"
)
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A store that was put back.

    ``replaced``: where the store lies that was there before; None when there was none, or it was
    not to be kept.
    """

    store: Path
    replaced: Path | None
    holds: Contents


def restore(
    url: str,
    file: Path,
    *,
    now: datetime,
    keep: bool = True,
    busy_timeout_s: float = 10.0,
    on_step: OnStep = ignore_steps,
) -> Restored:
    """Check a backup and put it in the place of the store, at once and as a whole.

    The store that was there is kept beside it, unless ``keep`` is False. UsageError for PostgreSQL
    and when the file is the store itself; StoreError when the file is no backup of a store, is
    damaged or of a newer program, or when the store is in use: nothing has changed then.
    """
    address = StoreAddress.parse(url)
    if address.path is None:
        raise UsageError(_POSTGRES.format(file=file, url=address.shown))
    store = address.path
    _check_file(file, store)
    if store.exists():
        with suppress(sqlite3.Error), closing(open_read_only(store, busy_timeout_s)) as connection:
            require_unused(connection, store, now=now)  # before a long copy; and again after it
    make_folder(address)
    # A relative path may lead through links: the file itself is replaced, not a link to it.
    address = replace(address, path=store.resolve())
    try:
        return _put_back(address, file, now, keep, busy_timeout_s, on_step)
    except sqlite3.Error as exc:
        raise translate(exc, address) from exc
    except OSError as exc:
        raise StoreError(f"the store {address.shown} cannot be replaced: {exc.strerror}") from exc


def _put_back(
    address: StoreAddress,
    file: Path,
    now: datetime,
    keep: bool,
    busy_timeout_s: float,
    on_step: OnStep,
) -> Restored:
    store = address.path
    assert store is not None  # noqa: S101  # only SQLite comes here
    require_room(store.parent, file.stat().st_size)
    with unfinished_file(store) as new:
        found = _checked_copy(file, new, busy_timeout_s, on_step)
        _make_ready(new)
        _own_like(new, store)
        kept, is_replaced = _kept_name(store, now), store.exists()
        # As short as can be: only the second look and the rename happen while others are kept out.
        with exclusive(store, busy_timeout_s=busy_timeout_s) as connection:
            if connection is not None:
                require_unused(connection, store, now=now)
            swap(new, store, kept)
    if not keep:
        for one in (kept, *side_files(kept)):
            one.unlink(missing_ok=True)
    return Restored(store=store, replaced=kept if keep and is_replaced else None, holds=found)


def _check_file(file: Path, store: Path) -> None:
    """Raise the error that the file's first bytes show."""
    try:
        if file.exists() and store.exists() and file.samefile(store):
            raise UsageError(f"{file} is the store itself; name a backup of it")
        if not stat.S_ISREG(file.stat().st_mode):
            raise StoreError(f"{file} is no regular file")
        size = file.stat().st_size
        with file.open("rb") as opened:
            head = opened.read(_HEADER_BYTES)
    except OSError as exc:
        raise StoreError(f"the backup {file} cannot be read: {exc.strerror}") from exc
    if not head:
        raise StoreError(f"the backup {file} is empty; nothing was changed")
    if not head.startswith(_MAGIC):
        raise StoreError(f"{file} is no backup of a SQLite store; nothing was changed")
    # SQLite itself notices a cut file only when it comes to a page that is missing.
    whole = _stated_bytes(head)
    if size < whole and not any(one.exists() for one in side_files(file)):
        raise StoreError(
            f"the backup {file} is cut short: {size:,} of {whole:,} bytes; nothing was changed"
        )


def _stated_bytes(head: bytes) -> int:
    """Return how long the file is by its own header (https://www.sqlite.org/fileformat.html)."""
    if len(head) < _HEADER_BYTES:
        return _HEADER_BYTES
    page_size = int.from_bytes(head[16:18], "big")
    pages = int.from_bytes(head[28:32], "big")
    return pages * (65536 if page_size == 1 else page_size)


def _checked_copy(file: Path, new: Path, busy_timeout_s: float, on_step: OnStep) -> Contents:
    """Copy the backup beside the store and check the copy: the file may change meanwhile."""
    try:
        with closing(open_at_rest(file, busy_timeout_s)) as source:
            copy_database(source, new, on_step=on_step)
        found = check_database(new, on_step=on_step)
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        raise StoreError(f"the backup {file} is damaged ({exc}); nothing was changed") from exc
    require_ours(found.schema, StoreAddress(path=file, url="", shown=str(file)))
    if found.schema.status == "unknown":
        raise StoreError(
            f"the backup {file} has schema {found.schema.revision}, which this program does not"
            " know; a newer version of the monitor made it: restore it with that one"
        )
    return found


def _make_ready(new: Path) -> None:
    """Make a store of a copy: in WAL mode, and without leases of processes of its time."""
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if ("leases",) in tables.fetchall():
            # They are of processes of the backup's time: a new one would wait for them forever.
            drop_all_leases(connection)
        connection.execute("PRAGMA journal_mode=WAL")


def _own_like(new: Path, store: Path) -> None:
    """Give the new file the owner and mode of the store that it replaces.

    Where there is none it belongs to the owner of the folder, and only that one can read it.
    """
    like = store.stat() if store.exists() else store.parent.stat()
    if (like.st_uid, like.st_gid) != (new.stat().st_uid, new.stat().st_gid):
        try:
            os.chown(new, like.st_uid, like.st_gid)
        except PermissionError as exc:
            if like.st_uid == os.geteuid():
                return  # a group that this user is not in
            raise StoreError(
                f"{store if store.exists() else store.parent} belongs to uid {like.st_uid}; run"
                " this as that user, or as root"
            ) from exc
    if store.exists():
        new.chmod(stat.S_IMODE(like.st_mode))


def _kept_name(store: Path, now: datetime) -> Path:
    stem = f"{store.name}.replaced-{now:%Y%m%dT%H%M%SZ}"
    names = (stem if number == 1 else f"{stem}-{number}" for number in range(1, 1000))
    return next(path for path in map(store.with_name, names) if not path.exists())
