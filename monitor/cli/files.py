"""Writing exported records: whole files or none, and only below the folder that was named."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from monitor.errors import UsageError
from monitor.model.history import StoredVersion


def write_version(
    folder: Path, number: int, version: StoredVersion, document: Mapping[str, Any]
) -> Path | None:
    """Write a version as ``folder/NCT…/2026-02-19_v3.json``; None when it stands there already.

    The file appears whole or not at all. UsageError when a link leads out of the folder, or
    something that is no folder stands in the way.
    """
    place = folder / version.nct_id
    file = place / f"{version.version_date.isoformat()}_v{number}.json"
    content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as exc:
        raise UsageError(f"{exc.filename} is no folder; name another one with --to") from exc
    if not place.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{place} is a link that leads out of {folder}; nothing was written there")
    if _holds(file, content):
        return None
    _write_whole(file, content)
    return file


def _holds(file: Path, content: bytes) -> bool:
    try:
        return not file.is_symlink() and file.read_bytes() == content
    except OSError:
        return False


def _write_whole(file: Path, content: bytes) -> None:
    """Write beside the file and put it in its place; a link there is replaced, not followed."""
    descriptor, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(beside).chmod(0o666 & ~_umask())
        Path(beside).replace(file)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
