"""The ``files`` source: what people have on their disk, read once by `monitor ingest`.

From bytes to records: ``folders`` lists, ``containers`` and ``archives`` unpack, ``layouts`` cuts.
``watched_folder`` reads each of its files through ``read_paths`` too.
"""

import contextlib
import io
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from monitor.errors import RecordError, SourceError
from monitor.model.record import RawVersion
from monitor.sources.archives import entries
from monitor.sources.containers import MAGIC_BYTES, is_zip, unpack
from monitor.sources.folders import ListedFile, list_files
from monitor.sources.layouts import split_records
from monitor.sources.read_progress import LIMITS, Limits, Reading, ReadProgress, Unreadable
from monitor.sources.window import LookAhead

_REPORT_BYTES = 1 << 20  # progress is reported after so much has been read
_REPORT_RECORDS = 500  # or after so many records

_BUFFER_BYTES = 128 << 10

OnReadProgress = Callable[[ReadProgress], None]


def read_paths(
    paths: Sequence[Path],
    *,
    source: str = "files",
    now: Callable[[], datetime],
    limits: Limits = LIMITS,
    on_progress: OnReadProgress | None = None,
) -> Iterator[RawVersion | Unreadable]:
    """Yield the versions in the files and folder trees, in order, and what cannot be read.

    A file named here is always tried; which files of a folder are, ``folders`` says. It reads:
    one study, search pages ``{"studies": […]}``, lists of studies, JSON lines (a study, or an
    object with a ``study``, a line), history answers, text pages; each of them plain, gzipped,
    zstandard-compressed or in a zip archive. SourceError, at the call, for a path that does not
    exist or cannot be opened. After that nothing is raised for what a file holds.

    ``now`` gives an aware time. ``on_progress`` is called after about every megabyte, and at
    the end.
    """
    # All of them before any is read: a slip in the last name must not show after an hour's work.
    for path in paths:
        _check(path)
    meter = _ReadMeter(paths, on_progress)
    return _read_all(paths, source, now, limits, meter)


class _ReadMeter:
    """Counts bytes and records and reports them."""

    def __init__(self, paths: Sequence[Path], on_progress: OnReadProgress | None) -> None:
        self._on_progress = on_progress
        self._total = _total_bytes(paths) if on_progress else None
        self._bytes = 0
        self._records = 0
        self._skipped = 0
        self._next_bytes = _REPORT_BYTES
        self._next_records = _REPORT_RECORDS

    def count_bytes(self, count: int) -> None:
        self._bytes += count
        if self._bytes >= self._next_bytes:
            self.report()

    def count_record(self) -> None:
        self._records += 1
        if self._records >= self._next_records:
            self.report()

    def poll(self) -> None:
        self._skipped += 1

    def report(self) -> None:
        self._next_bytes = self._bytes + _REPORT_BYTES
        self._next_records = self._records + _REPORT_RECORDS
        if self._on_progress is None:
            return
        # A zip archive's directory is read twice, a growing file to its new end.
        done = self._bytes if self._total is None else min(self._bytes, self._total)
        self._on_progress(
            ReadProgress(
                bytes_read=done,
                total_bytes=self._total,
                records=self._records,
                skipped=self._skipped,
            )
        )


class _MeteredFile(io.FileIO):
    """A file that counts what is read from it in the meter."""

    def __init__(self, path: Path, meter: _ReadMeter) -> None:
        super().__init__(path)
        self._meter = meter

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]  # narrower than any buffer
        count = super().readinto(buffer)
        self._meter.count_bytes(count or 0)
        return count


def _check(path: Path) -> None:
    """Raise SourceError unless the path can be opened."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
        elif stat.S_ISREG(mode):  # opening a pipe here would take what it holds
            path.open("rb").close()
    except FileNotFoundError:
        raise SourceError(f"{_storable_path(path)}: no such file or folder") from None
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise SourceError(f"{_storable_path(path)}: cannot be opened: {why}") from exc


def _total_bytes(paths: Sequence[Path]) -> int | None:
    total = 0
    for path in paths:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            total += sum(file.size for file in list_files(path))
        elif stat.S_ISREG(status.st_mode):
            total += status.st_size
        else:
            return None
    return total


def _read_all(
    paths: Sequence[Path],
    source: str,
    now: Callable[[], datetime],
    limits: Limits,
    meter: _ReadMeter,
) -> Iterator[RawVersion | Unreadable]:
    for path in paths:
        files = list_files(path, meter.poll) if path.is_dir() else iter((ListedFile(path=path),))
        for file in files:
            reading = Reading(source=source, place=_storable_path(file.path), now=now)
            if file.problem is not None:
                found: Iterator[RawVersion | Unreadable] = iter(
                    (reading.unreadable(b"", reason=file.problem),)
                )
            else:
                found = _read_file(file.path, reading, limits, meter)
            for one in found:
                meter.count_record()
                yield one
    meter.report()


def _read_file(
    path: Path, reading: Reading, limits: Limits, meter: _ReadMeter
) -> Iterator[RawVersion | Unreadable]:
    with contextlib.ExitStack() as opened:
        try:
            file = opened.enter_context(_open(path, meter))
            head = file.peek(MAGIC_BYTES)[:MAGIC_BYTES]
        except OSError as exc:
            reason = f"it cannot be read: {exc.strerror or exc}"
            yield reading.unreadable(b"", reason=reason)
            return
        if is_zip(head):
            yield from _read_archive(file, reading, limits)
        else:
            yield from split_records(LookAhead(unpack(file, head, limits), limits), reading, limits)


def _open(path: Path, meter: _ReadMeter) -> io.BufferedReader:
    return io.BufferedReader(_MeteredFile(path, meter), _BUFFER_BYTES)


def _read_archive(
    file: BinaryIO, reading: Reading, limits: Limits
) -> Iterator[RawVersion | Unreadable]:
    try:
        for entry in entries(file, limits):
            inside = reading.entry(entry.name)
            # One entry that is not to be read costs itself; one that breaks while it is read is
            # noted by `split_records`, and the archive goes on behind it.
            if entry.problem is not None:
                yield inside.unreadable(b"", size=entry.size, reason=entry.problem)
            else:
                yield from split_records(LookAhead(entry.chunks, limits), inside, limits)
    except RecordError as exc:
        size = file.seek(0, os.SEEK_END) if file.seekable() else 0
        yield reading.unreadable(b"", size=size, reason=str(exc))


def _storable_path(path: Path) -> str:
    """Write a path as text that can be stored, also where its name is no UTF-8."""
    return os.fsencode(path).decode(errors="replace")
