"""The ``files`` source: a folder into which people and programs put files, watched for new ones.

A file is read when it has stopped growing: nothing announces its last byte, and a file that is read
too early is cut off in the middle. ``app.sources`` makes the source, ``file_states`` has its state.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.settings import FilesSourceSettings
from monitor.sources.base import SourcePage, SourceState
from monitor.sources.file_states import (
    FileState,
    FileStates,
    first_state,
    next_state,
    read_states,
    state_of,
)
from monitor.sources.files import read_paths
from monitor.sources.folders import list_files
from monitor.sources.read_progress import LIMITS, Limits, Reading, SourceItem, Unreadable

PAGE_RECORDS = 200
PAGE_BYTES = 8 << 20
LONG_BYTES = 64 << 20
"""A longer file waits for the others, and others do not wait for it."""

# A settle time of 0 must not list 100,000 files after every page of a long one.
_LEAST_LOOK_S = 1.0

# As browsers, rsync, editors and copy tools name a file until it is whole and renamed.
_UNFINISHED = (".part", ".tmp", "~")
# How reading tells that the disk, and not what is on it, is at fault.
_NOT_READ = "it cannot be read"
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFolderSource:
    """A folder tree as a followed source; each pass is one scan of it.

    New and changed files are read once their size and modification time were the same at two scans
    at least ``settle_s`` seconds apart, and that time is as long ago; a time in the future is
    ignored. Names as in ``folders.list_files``, except those of unfinished transfers (``.part``,
    ``.tmp``, ``~``), of folders too. Links that lead out of the folder are not followed. Long files
    come last, and while one is read the folder is scanned again, so that files that arrive
    meanwhile do not wait for its end. A file beyond ``limits.file_bytes`` is not read but
    quarantined, once. ``now`` gives an aware time.
    """

    settings: FilesSourceSettings
    now: Callable[[], datetime]
    limits: Limits = LIMITS

    @property
    def name(self) -> str:
        """What the versions of this source are marked with."""
        return self.settings.name

    def pages(self, source_state: SourceState) -> Iterator[SourcePage]:
        """Yield the files to read, at most 200 records or 8 MB a page, several files in one.

        The state is {"files": {path below the folder: its FileState}}; a file counts as taken
        with the page that brings its last record. The files of the very first scan
        announce no new trials. A file that cannot be opened is yielded as Unreadable and tried
        again with every pass. SourceError when the folder itself is not there or cannot be listed.
        """
        state = source_state.state()
        before = read_states(state)
        scan = self._scan(before, is_first=state is None)
        builder = _PageBuilder(scan.files)
        yield from builder.add(scan.problems)
        # Sorting keeps the order of names among those that are short, and among the long.
        # A bulk download of hours at the head would delay a single record behind it.
        for key in sorted(scan.ready, key=lambda one: scan.files[one].size > LONG_BYTES):
            yield from self._file(key, scan, builder)
        if builder.items or scan.files != before or state is None:
            # Also without records: that a file was seen with this size is what the next scan
            # compares with.
            yield builder.page()

    def _file(self, key: str, scan: "_Scan", builder: "_PageBuilder") -> Iterator[SourcePage]:
        """Read a file, and between its pages the files that have arrived since the last scan."""
        looked_ns = self._now_ns()
        for page in self._read_whole(key, scan.ready[key], scan, builder):
            yield page
            if self._now_ns() - looked_ns < max(_LEAST_LOOK_S, self.settings.settle_s) * _NS:
                continue
            looked_ns = self._now_ns()
            for other in self._rescan(scan):
                yield from self._read_whole(other, scan.ready[other], scan, builder)

    def _rescan(self, scan: "_Scan") -> list[str]:
        """Scan the folder again; return the short files that became readable."""
        new = self._scan(scan.files, is_first=False)
        for key in scan.ready.keys() & new.files.keys():
            new.files[key] = scan.files.get(key, new.files[key])  # read, or in line to be read
        for key, file_state in new.files.items():
            was = scan.files.get(key)
            if file_state.aside and (was is None or not was.aside):
                new.files[key] = replace(file_state, aside=False)  # the next pass reports it
        scan.files.clear()
        scan.files.update(new.files)
        come = [k for k in new.ready if k not in scan.ready and new.files[k].size <= LONG_BYTES]
        scan.ready.update((key, new.ready[key]) for key in come)
        return come

    def _read_whole(
        self, key: str, path: Path, scan: "_Scan", builder: "_PageBuilder"
    ) -> Iterator[SourcePage]:
        file_state = scan.files.get(key)
        if file_state is None:  # it went away
            return
        items = _DiskErrorWatch(self._read_items(path))
        yield from builder.add(items, announces_new_trials=not file_state.from_start)
        # After the reading: what changed while it was read is read again, not taken for whole.
        status = _status(path)
        if status is None:
            scan.files.pop(key, None)
        elif not file_state.is_of(status):
            scan.files[key] = next_state(
                file_state, status, self._now_ns()
            )  # it grew under our eyes
        elif not items.failed:
            scan.files[key] = first_state(status, 0, taken=True)

    def _scan(self, before: FileStates, *, is_first: bool) -> "_Scan":
        """List the tree; no file is opened."""
        folder = Path(self.settings.path)
        _check(folder)
        scan = _Scan()
        now_ns = self._now_ns()
        top = folder.resolve()
        for file in list_files(folder):
            # Security: by a link, a user who may write into the folder could otherwise make the
            # monitor read any file of its user, and find its first megabyte in the quarantine.
            if not file.path.resolve().is_relative_to(top):
                continue  # a link leads out of the folder
            below = file.path.relative_to(folder)
            if any(_is_unfinished(part) for part in below.parts):
                continue
            key = _key(below)
            if file.problem is not None:
                scan.problems.append(self._unreadable(file.path, file.problem))
                # The files below it are still there, as far as is known.
                scan.files |= {k: v for k, v in before.items() if k.startswith(f"{key}/")}
            elif (status := _status(file.path)) is not None:
                file_state = next_state(before.get(key), status, now_ns)
                scan.files[key] = file_state = replace(
                    file_state, from_start=is_first or file_state.from_start
                )
                if not file_state.taken and self._is_settled(file_state, now_ns):
                    self._enqueue(key, file.path, scan)
        return scan

    def _enqueue(self, key: str, path: Path, scan: "_Scan") -> None:
        """Queue a file to be read, or quarantine it where it is beyond the limit."""
        file_state = scan.files[key]
        is_beyond = file_state.size > self.limits.file_bytes
        if not is_beyond:
            scan.ready[key] = path
        elif not file_state.aside:
            limit = self.limits.file_bytes >> 20
            reason = (
                f"it has {file_state.size >> 20:,} MB, more than [ingest] file_limit_mb"
                f" ({limit:,}), and was not read; raise the limit, or cut the file into several"
            )
            reading = Reading(source=self.name, place=_key(path), now=self.now)
            scan.problems.append(reading.unreadable(b"", size=file_state.size, reason=reason))
        scan.files[key] = replace(file_state, aside=is_beyond)

    def _is_settled(self, file_state: FileState, now_ns: int) -> bool:
        settle_ns = int(self.settings.settle_s * _NS)
        # `cp -p` and unpackers give a new file an old time: so it has to be seen twice as well.
        is_old = not now_ns - settle_ns < file_state.mtime_ns <= now_ns
        return is_old and now_ns - file_state.since_ns >= settle_ns

    def _read_items(self, path: Path) -> Iterator[SourceItem]:
        try:
            yield from read_paths([path], source=self.name, now=self.now, limits=self.limits)
        except SourceError as exc:
            if _status(path) is not None:  # else it went away before it could be opened
                yield self._unreadable(path, f"{_NOT_READ}: {exc}")

    def _unreadable(self, path: Path, reason: str) -> Unreadable:
        reading = Reading(source=self.name, place=_key(path), now=self.now)
        return reading.unreadable(b"", reason=reason)

    def _now_ns(self) -> int:
        return int(self.now().timestamp() * _NS)


@dataclass(slots=True)
class _Scan:
    """Result of scanning the folder: all files, those to read, folders that cannot be listed."""

    files: FileStates = field(default_factory=dict)
    ready: dict[str, Path] = field(default_factory=dict)
    problems: list[SourceItem] = field(default_factory=list)


class _PageBuilder:
    """Collects items into pages; ``files``: the state that goes with the next page.

    What announces new trials and what does not comes in pages of its own.
    """

    def __init__(self, files: FileStates) -> None:
        self.items: list[SourceItem] = []
        self._files = files
        self._bytes = 0
        self._announces_new_trials: bool | None = None

    def add(
        self, items: Iterable[SourceItem], *, announces_new_trials: bool = True
    ) -> Iterator[SourcePage]:
        """Add items; yield a page whenever the next item would make it too large."""
        for one in items:
            size = len(one.content)
            full = len(self.items) >= PAGE_RECORDS or self._bytes + size > PAGE_BYTES
            is_record = isinstance(one, RawVersion)
            other = is_record and self._announces_new_trials not in (None, announces_new_trials)
            if self.items and (full or other):
                yield self.page()
            if is_record:
                self._announces_new_trials = announces_new_trials
            self.items.append(one)
            self._bytes += size

    def page(self) -> SourcePage:
        """Return a page of what was taken since the last one."""
        page = SourcePage(
            found=tuple(self.items),
            announces_new_trials=self._announces_new_trials is not False,
            state=state_of(self._files),
        )
        self.items, self._bytes, self._announces_new_trials = [], 0, None
        return page


class _DiskErrorWatch:
    """Passes on the items of a file; ``failed``: the disk could not be read."""

    def __init__(self, items: Iterator[SourceItem]) -> None:
        self._found = items
        self.failed = False

    def __iter__(self) -> Iterator[SourceItem]:
        for one in self._found:
            self.failed |= isinstance(one, Unreadable) and one.reason.startswith(_NOT_READ)
            yield one


def _check(folder: Path) -> None:
    """Raise SourceError unless the folder is one and can be listed."""
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        raise SourceError(f"{_key(folder)}: the watched folder is not there") from None
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or exc
        message = f"{_key(folder)}: the watched folder cannot be listed: {why}"
        raise SourceError(message) from exc


def _is_unfinished(name: str) -> bool:
    return name.lower().endswith(_UNFINISHED) or name.startswith("~")


def _status(path: Path) -> os.stat_result | None:
    """Return the status of a file; None when it is gone, or out of reach."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def _key(path: Path) -> str:
    """Write a path as text that can be stored, and that no other path has."""
    # "replace" would give two names that differ in one such byte the same key, and one file would
    # never be read.
    return os.fsencode(path).decode(errors="backslashreplace")
