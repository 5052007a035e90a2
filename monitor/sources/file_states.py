"""The states of the files of a watched folder, as they were last seen.

``watched_folder`` decides by them what to read; they are stored as the source's state, one object
of JSON.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FileState:
    """A file as it was last seen.

    ``since_ns``: when it was first seen with this size and time of change, as its own clock's
    nanoseconds since 1970. ``taken``: it was read to its end just so. ``from_start``: it lay there
    when the source began, and was not yet taken. ``aside``: it is beyond the limit, and was
    quarantined.
    """

    size: int
    mtime_ns: int
    since_ns: int = 0
    taken: bool = False
    from_start: bool = False
    aside: bool = False

    def is_of(self, status: os.stat_result) -> bool:
        """Return whether the file is still as it was."""
        # Not a hash: it would have to read every file of the folder at every look.
        return (self.size, self.mtime_ns) == (status.st_size, status.st_mtime_ns)


FileStates = dict[str, FileState]


def next_state(before: FileState | None, status: os.stat_result, now_ns: int) -> FileState:
    """Return the state of the file before if it is unchanged, else a first one."""
    # A clock that was set back must not keep a file waiting until it is where it was.
    if before is None or not before.is_of(status) or before.since_ns > now_ns:
        from_start = before is not None and before.from_start
        aside = before is not None and before.aside
        return replace(first_state(status, now_ns), from_start=from_start, aside=aside)
    return before


def first_state(status: os.stat_result, since_ns: int, *, taken: bool = False) -> FileState:
    """Return the state of a file as it is now."""
    return FileState(
        size=status.st_size, mtime_ns=status.st_mtime_ns, since_ns=since_ns, taken=taken
    )


def state_of(files: FileStates) -> dict[str, Any]:
    """Return the states as a source's state."""
    return {"files": {key: _to_json(file_state) for key, file_state in files.items()}}


def _to_json(file_state: FileState) -> dict[str, Any]:
    seen = {"size": file_state.size, "mtime_ns": file_state.mtime_ns, "taken": file_state.taken}
    if not file_state.taken:
        seen["since_ns"] = file_state.since_ns
    if file_state.from_start:
        seen["from_start"] = True
    if file_state.aside:
        seen["aside"] = True
    return seen


def read_states(state: Mapping[str, Any] | None) -> FileStates:
    """Read a source's state; what cannot be read is left out."""
    files = state.get("files") if state is not None else None
    if not isinstance(files, dict):
        return {}
    read = ((key, _read_state(one)) for key, one in files.items())
    return {key: file_state for key, file_state in read if file_state is not None}


def _read_state(written: Any) -> FileState | None:
    try:
        return FileState(
            size=int(written["size"]),
            mtime_ns=int(written["mtime_ns"]),
            since_ns=int(written.get("since_ns", 0)),
            taken=written["taken"] is True,
            from_start=written.get("from_start") is True,
            aside=written.get("aside") is True,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
