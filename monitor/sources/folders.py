"""List the files of a folder tree that are read: by name, in a steady order, each folder once.

For what `monitor ingest` is given and for the watched folder; archives ask for the names alone.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_RECORD_SUFFIXES = (".json", ".jsonl", ".ndjson", ".txt", ".gz", ".zst", ".zip")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A file of a tree, or (``problem``) a place in it that cannot be looked into."""

    path: Path
    size: int = 0
    problem: str | None = None


def is_record_name(name: str) -> bool:
    """Return whether a file of this name is read when it is met in a folder or an archive.

    ``.json``, ``.jsonl``, ``.ndjson``, ``.txt``, and whatever is packed: ``.gz``, ``.zst``,
    ``.zip``; upper or lower case.
    """
    return name.lower().endswith(_RECORD_SUFFIXES)


def list_files(folder: Path, on_skipped: Callable[[], None] | None = None) -> Iterator[ListedFile]:
    """Yield the files to read below the folder, sorted by name, folder by folder.

    Skipped: names that begin with a dot, files whose name is not a record's
    (``on_skipped`` is called for each), and what is no regular file (devices, sockets,
    pipes). Links are followed, but no folder is entered twice,
    so a link to a folder above ends there. A problem is yielded, never raised.
    """
    # By device and inode, not by path: a link to a folder above makes endlessly many paths.
    entered: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            status = place.stat()
            if stat.S_ISREG(status.st_mode):
                yield ListedFile(path=place, size=status.st_size)
            if not stat.S_ISDIR(status.st_mode):
                continue
            if (identity := (status.st_dev, status.st_ino)) in entered:
                continue
            entered.add(identity)
            inside = sorted(_record_names(place, on_skipped))
        except OSError as exc:
            yield ListedFile(path=place, problem=f"it cannot be opened: {exc.strerror or exc}")
            continue
        waiting.extend(place / name for name in reversed(inside))


def _record_names(place: Path, on_skipped: Callable[[], None] | None) -> Iterator[str]:
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            # A folder may be called "2026.json": the name alone does not tell, and the caller looks
            # again.
            if is_record_name(entry.name) or _is(entry.is_dir):
                yield entry.name
            elif on_skipped is not None and _is(entry.is_file):
                on_skipped()


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:  # a link that leads nowhere: nothing says that it was a record
        return False
