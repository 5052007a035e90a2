"""Making files and folders that only this user can read, from their first moment on.

What is there already keeps its mode.
"""

import contextlib
import os
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def make_private_folder(path: Path) -> None:
    """Make a folder and those above it that are missing, each of mode 0700; OSError as mkdir's."""
    if path.is_dir():
        return
    if path.parent != path:
        make_private_folder(path.parent)
    with contextlib.suppress(FileExistsError):  # another process was quicker
        path.mkdir(mode=FOLDER_MODE)
    if not path.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(path))


def open_private(path: str | Path, flags: int) -> int:
    """Open a file as ``open``'s ``opener``: what is new has the mode 0600."""
    return os.open(path, flags, FILE_MODE)


def touch_private(path: Path) -> None:
    """Make an empty file of mode 0600 where there is none; OSError as open's."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))


def is_open_to_others(path: Path) -> bool:
    """Return whether the mode of a file or folder lets its group or everybody read it."""
    try:
        return bool(path.stat().st_mode & 0o044)
    except OSError:
        return False
