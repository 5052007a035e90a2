"""Backing up a SQLite store while others use it (docs/deployment.md, "Backup").

Not by copying the file: what is in its log (``-wal``) would be missing, and pages that are written
meanwhile would be of two moments.
"""

import os
import sqlite3
import stat
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from monitor.errors import StoreError, UsageError
from monitor.store.address import StoreAddress
from monitor.store.copying import (
    Contents,
    OnStep,
    check_database,
    contents,
    copy_database,
    held_snapshot,
    ignore_steps,
    require_room,
    side_files,
    sync,
    unfinished_file,
)
from monitor.store.errors import translate
from monitor.store.readonly import open_read_only
from monitor.store.revisions import require_ours

_POSTGRES = (
    "`monitor db backup` is for SQLite; of PostgreSQL make a backup with its own tool, for"
    " example: pg_dump --format=custom --file={file} {url}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was written and checked."""

    file: Path
    holds: Contents


def back_up(
    url: str,
    file: Path,
    *,
    overwrite: bool = False,
    busy_timeout_s: float = 10.0,
    on_step: OnStep = ignore_steps,
) -> Backup:
    """Write a copy of a SQLite store as of one moment, and check what was written.

    Others read and write meanwhile. The file is there as the whole copy or not at all; only this
    user can read it. UsageError when the file is there already (unless ``overwrite``), is the store
    itself or no regular file, and for PostgreSQL; StoreError when the store cannot be
    read or is damaged, or the copy cannot be written.
    """
    address = StoreAddress.parse(url)
    if address.path is None:
        raise UsageError(_POSTGRES.format(file=file, url=address.shown))
    _check_place(file, address.path, overwrite=overwrite)
    try:
        with closing(open_read_only(address.path, busy_timeout_s)) as source:
            size = source.execute(
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            ).fetchone()[0]
            require_room(file.parent, size)
            with unfinished_file(file) as new:
                found = _copy(source, new, address, on_step)
                _publish(new, file, overwrite=overwrite)
    except (sqlite3.Error, UnicodeDecodeError) as exc:
        raise translate(exc, address) from exc
    except OSError as exc:
        raise StoreError(f"the backup {file} cannot be written: {exc.strerror}") from exc
    return Backup(file=file, holds=found)


def _check_place(file: Path, store: Path, *, overwrite: bool) -> None:
    if not store.exists():
        raise StoreError(f"there is no store at {store}")
    if not file.parent.is_dir():
        raise UsageError(f"there is no folder {file.parent}; make it first")
    # Resolved, because a link to the store is the store.
    if file.resolve() in [one.resolve() for one in (store, *side_files(store))]:
        raise UsageError(f"{file} is the store itself; name another file for its backup")
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise UsageError(f"{file} is no regular file; name another one")
    if not overwrite:
        raise UsageError(f"{file} is there already; name another file, or replace it with --force")


def _copy(
    source: sqlite3.Connection, new: Path, address: StoreAddress, on_step: OnStep
) -> Contents:
    assert address.path is not None  # noqa: S101  # only SQLite comes here
    with held_snapshot(source):
        before = contents(source, address.path)
        require_ours(before.schema, address)
        copy_database(source, new, on_step=on_step)
        is_held = source.in_transaction
    try:
        # The copy is checked, not the store: a fault of the disk that is written to shows only
        # there.
        after = check_database(new, on_step=on_step)
    except sqlite3.DatabaseError as exc:
        raise StoreError(
            f"the copy of the store {address.shown} is damaged ({exc}), so no backup was made;"
            " `monitor db verify` says whether the store is"
        ) from exc
    # Only where the read transaction lasted to the end: without one others may have written
    # meanwhile.
    if is_held and after.rows != before.rows:
        raise StoreError(f"the copy of the store {address.shown} holds other rows than the store")
    return after


def _publish(new: Path, file: Path, *, overwrite: bool) -> None:
    """Give the file its name, at once and as a whole."""
    if overwrite:
        new.replace(file)
    else:
        try:
            os.link(new, file)  # unlike a rename it overwrites nothing that came meanwhile
        except FileExistsError as exc:
            raise UsageError(f"{file} was made by another program meanwhile") from exc
        except OSError:  # a file system without hard links
            new.rename(file)
    sync(file.parent)
