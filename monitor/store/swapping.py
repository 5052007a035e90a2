"""Put one SQLite file in the place of another: the last step of ``restore``."""

import errno
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from monitor.store.copying import side_files, sync

_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)


def swap(new: Path, store: Path, kept: Path) -> None:
    """Move a file, by itself without side files, to the place of a store.

    What was there goes to ``kept``, with its side files. The name of the store means the old
    or the new file at every moment. Whoever calls keeps others out of the old one. Undone when
    anything fails before the new one is in its place.
    """
    undo: list[Callable[[], object]] = []
    # By the inode, which a rename keeps: so it shows which file has the name.
    number = new.stat().st_ino
    try:
        # A log that stayed would be taken for the new file's. There is one only beside a store
        # that is damaged, or that was deleted.
        for beside, to in zip(side_files(store), side_files(kept), strict=True):
            if beside.exists():
                beside.rename(to)
                undo.append(partial(to.rename, beside))
        if store.exists():
            _keep(store, kept, undo)
        new.replace(store)
    except BaseException:
        # ^C may come when all is done, before Python says so.
        if not store.exists() or store.stat().st_ino != number:
            for step in reversed(undo):
                step()
        raise
    sync(store.parent)


def _keep(store: Path, kept: Path, undo: list[Callable[[], object]]) -> None:
    try:
        # A second name first, so that the store's own name is never missing, not even for a moment.
        os.link(store, kept)
        undo.append(kept.unlink)
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        store.rename(kept)  # a file system without hard links
        undo.append(partial(kept.rename, store))
