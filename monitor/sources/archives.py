"""Read zip archives: entry after entry, unpacked in memory, never onto the disk.

``files`` calls it, and splits each entry as it splits a file. An archive is untrusted: it may be
damaged, lie about its sizes, or name places outside itself.
"""

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import BinaryIO

from monitor.errors import RecordError
from monitor.model.foreign_formats import of_archive
from monitor.sources.containers import BombWatch
from monitor.sources.folders import is_record_name
from monitor.sources.read_progress import Limits

_ENCRYPTED = 0x1  # flag bit 0 of an entry (PKWARE's APPNOTE, 4.4.4)
# zipfile bounds what one read unpacks for these alone: with bzip2 or LZMA a few bytes may become a
# gigabyte in a single call.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile is known to raise on damaged input, besides its own error.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveEntry:
    """A file of an archive: its pieces, or (``problem``) why it is not to be read.

    ``size``: its unpacked size as the archive states it.
    """

    name: str
    size: int
    chunks: Iterator[bytes]
    problem: str | None = None


def entries(file: BinaryIO, limits: Limits) -> Iterator[ArchiveEntry]:
    """Yield the entries with a record's name, in the archive's order, and those with a bad name.

    An entry's pieces have to be consumed before the next entry. RecordError when the
    archive itself cannot be read, or not to its end.
    """
    if not file.seekable():
        raise RecordError("a zip archive cannot be read from a pipe")
    # The file's own length: the sizes in an archive's directory are the archive's claim, and a
    # bomb's are a lie.
    size = file.seek(0, os.SEEK_END)
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGE as exc:
        raise RecordError(f"the zip archive is damaged ({exc})") from exc
    # Entries may overlap: many names for the same packed bytes, each small enough by itself. So
    # what all entries unpack to is held against the size of the archive as a whole.
    watch = BombWatch(limits)
    taken = 0
    with archive:
        for info in archive.infolist():
            problem = _problem(info)
            if problem is None and not _is_record(info):
                continue
            if watch.tripped:
                raise RecordError(f"the rest of the archive is not read: in all, {watch.tripped}")
            taken += 1
            chunks = iter(()) if problem else _unpack_entry(archive, info, size, watch, limits)
            yield ArchiveEntry(
                name=info.filename, size=info.file_size, chunks=chunks, problem=problem
            )
    if not taken:
        raise RecordError(of_archive(info.filename for info in archive.infolist()))


def _problem(info: zipfile.ZipInfo) -> str | None:
    """Return why the entry must not be read; None when it may."""
    name = PureWindowsPath(info.filename)  # takes both kinds of slashes, and drive letters
    # Nothing is unpacked onto the disk, so "../x.json" could do no harm here; but the name becomes
    # the origin of a record, and an archive that carries such names was made to deceive.
    if name.is_absolute() or name.root or name.drive or ".." in name.parts:
        return "the entry's name leads out of the archive"
    if not _is_record(info):
        return None
    if info.flag_bits & _ENCRYPTED:
        return "the entry is encrypted"
    # Unix keeps the file's mode in the upper half of these attributes. A link's content is the path
    # that it leads to, which would be read as if it were a record.
    if stat.S_ISLNK(info.external_attr >> 16):
        return "the entry is a link, not a file"
    if info.compress_type not in _METHODS:
        return "the entry is compressed by a method other than deflate"
    return None


def _is_record(info: zipfile.ZipInfo) -> bool:
    parts = PureWindowsPath(info.filename).parts
    # macOS adds "__MACOSX/._trial.json" beside every "trial.json": a few bytes that are no record.
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return not info.is_dir() and not hidden and is_record_name(info.filename)


def _unpack_entry(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int, watch: BombWatch, limits: Limits
) -> Iterator[bytes]:
    """Yield an entry's pieces; ``watch`` counts the archive's entries, but for bombs among them."""
    # One bomb costs its own entry alone: its bytes are not added to the archive's sum, so that the
    # honest entries behind it are read.
    own_watch = BombWatch(limits)
    packed = min(info.compress_size, size)  # as stated; never more than the whole archive
    try:
        with archive.open(info) as entry:
            while piece := entry.read(limits.chunk_bytes):
                own_watch.count(len(piece), packed)
                yield piece
        watch.add(own_watch.unpacked, size)
    except _DAMAGE as exc:
        raise RecordError(f"the zip entry is damaged ({exc})") from exc
