"""Writing exported records: whole files or none, and only below the folder that was named."""

import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from monitor.errors import UsageError
from monitor.model.history import StoredVersion

# The names that an export gives; after a late version the same one has a higher number.
_OURS = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}_v[0-9]+\.json")


@dataclass(slots=True)
class Exported:
    """What an export did to the files of trials; paths in the order in which they were met.

    ``removed``: the files under a number that a version no longer has. ``strange``: files under
    such a name that hold no version of the store; they were left.
    """

    written: list[Path] = field(default_factory=list)
    unchanged: int = 0
    removed: list[Path] = field(default_factory=list)
    strange: list[Path] = field(default_factory=list)


def write_versions(
    folder: Path,
    nct_id: str,
    versions: Iterable[tuple[StoredVersion, Mapping[str, Any]]],
    done: Exported,
) -> None:
    """Write all versions of a trial, oldest first, as ``folder/NCT…/2026-02-19_v3.json``.

    Each file appears whole or not at all. What an earlier export wrote under another number is
    removed where it holds, byte for byte, a version that now has a file of its own; no other
    file is. Adds to ``done``. UsageError when a link leads out of the folder, or something that
    is no folder is in the way; OSError when nothing can be written.
    """
    place = _place(folder, nct_id)
    digests: dict[str, bytes] = {}
    for number, (version, document) in enumerate(versions, start=1):
        file = place / f"{version.version_date.isoformat()}_v{number}.json"
        content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        # Digests instead of contents: all versions of a trial may not fit into memory.
        digests[file.name] = sha256(content).digest()
        if _holds(file, content):
            done.unchanged += 1
        else:
            _write_whole(file, content)
            done.written.append(file)
    # After all are written: a kill in between leaves a file too many, never one too few.
    for file in sorted(place.iterdir()):
        if file.name in digests or not _OURS.fullmatch(file.name):
            continue
        if _digest(file) in digests.values():
            file.unlink()
            done.removed.append(file)
        else:
            done.strange.append(file)


def _place(folder: Path, nct_id: str) -> Path:
    """Make the folder of a trial."""
    place = folder / nct_id
    try:
        place.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as exc:
        raise UsageError(f"{exc.filename} is no folder; name another one with --to") from exc
    # `--to` may be a link itself; a folder below it must not lead out of it.
    if not place.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{place} is a link that leads out of {folder}; nothing was written there")
    return place


def _digest(file: Path) -> bytes | None:
    """Return the digest of a file's content; None for a link and what cannot be read."""
    try:
        # A link is not followed: it may name any file of this user.
        return None if file.is_symlink() else sha256(file.read_bytes()).digest()
    except OSError:
        return None


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
            # Before the rename: otherwise a power cut can leave an empty file under the final name
            # (https://lwn.net/Articles/457667/).
            os.fsync(stream.fileno())
        # `mkstemp` gives 0600; an export has the mode of any new file.
        Path(beside).chmod(0o666 & ~_umask())
        Path(beside).replace(file)
    # Also on ^C: a temporary file would look like part of the export.
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    # The umask can only be read by setting it.
    mask = os.umask(0)
    os.umask(mask)
    return mask
