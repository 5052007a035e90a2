"""The ``files`` source: a folder into which people and programs put files, watched for new ones.

A file is read when it has stopped growing: nobody says when the last byte is there, and what
is read too early is cut off in the middle.
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
from monitor.sources.base import Page, SourceState
from monitor.sources.file_states import (
    FileState,
    Sightings,
    first_state,
    next_state,
    sightings,
    state_of,
)
from monitor.sources.files import read_paths
from monitor.sources.folders import list_files
from monitor.sources.read_progress import LIMITS, Limits, Reading, Unreadable

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

Found = RawVersion | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedFolderSource:
    """A folder tree as a followed source; each pass is one look at it.

    Read is what is new or changed, once its size and its time of change were the same at two
    looks at least ``settle_s`` seconds apart, and that time is as long ago; a time that lies in
    the future does not count. Names as in ``folders.list_files``, but for those that tell of a
    transfer under way (``.part``, ``.tmp``, ``~``), of folders too. What a link brings in from
    outside the folder is left alone. Long files come last, and while one is read the folder is
    looked at again: what has come meanwhile does not wait for its end. A file beyond
    ``limits.file_bytes`` is not read but told, once. ``now`` gives an aware time.
    """

    settings: FilesSourceSettings
    now: Callable[[], datetime]
    limits: Limits = LIMITS

    @property
    def name(self) -> str:
        """What the versions of this source are marked with."""
        return self.settings.name

    def pages(self, memory: SourceState) -> Iterator[Page]:
        """Yield what is to be read, at most 200 records or 8 MB a page, several files in one.

        The state is {"files": {path below the folder: how it was seen}}; a file counts as taken
        with the page that brings its last record. First sights are no news in files that the
        very first look finds. A file that cannot be opened is yielded as Unreadable and tried
        again with every pass. SourceError when the folder itself is not there or cannot be listed.
        """
        state = memory.state()
        before = sightings(state)
        look = self._look(before, is_first=state is None)
        basket = _PageBuilder(look.files)
        yield from basket.take(look.problems)
        # Sorting keeps the order of names among those that are short, and among the long.
        # A bulk download of hours at the head would hold up the one record that somebody waits for.
        for key in sorted(look.ready, key=lambda one: look.files[one].size > LONG_BYTES):
            yield from self._file(key, look, basket)
        if basket.found or look.files != before or state is None:
            # Also without records: that a file was seen with this size is what the next look
            # compares with.
            yield basket.page()

    def _file(self, key: str, look: "_Scan", basket: "_PageBuilder") -> Iterator[Page]:
        """Read a file, and between its pages what has come since the last look."""
        looked_ns = self._now_ns()
        for page in self._whole(key, look.ready[key], look, basket):
            yield page
            if self._now_ns() - looked_ns < max(_LEAST_LOOK_S, self.settings.settle_s) * _NS:
                continue
            looked_ns = self._now_ns()
            for other in self._come_since(look):
                yield from self._whole(other, look.ready[other], look, basket)

    def _come_since(self, look: "_Scan") -> list[str]:
        """Look at the folder again; return the short files that can be read now and could not."""
        new = self._look(look.files, is_first=False)
        for key in look.ready.keys() & new.files.keys():
            new.files[key] = look.files.get(key, new.files[key])  # read, or in line to be read
        for key, sighting in new.files.items():
            was = look.files.get(key)
            if sighting.aside and (was is None or not was.aside):
                new.files[key] = replace(sighting, aside=False)  # the next pass tells it
        look.files.clear()
        look.files.update(new.files)
        come = [k for k in new.ready if k not in look.ready and new.files[k].size <= LONG_BYTES]
        look.ready.update((key, new.ready[key]) for key in come)
        return come

    def _whole(self, key: str, path: Path, look: "_Scan", basket: "_PageBuilder") -> Iterator[Page]:
        sighting = look.files.get(key)
        if sighting is None:  # it went away
            return
        found = _Watched(self._read(path))
        yield from basket.take(found, is_news=not sighting.from_start)
        # After the reading: what changed while it was read is read again, not taken for whole.
        status = _status(path)
        if status is None:
            look.files.pop(key, None)
        elif not sighting.is_of(status):
            look.files[key] = next_state(sighting, status, self._now_ns())  # it grew under our eyes
        elif not found.failed:
            look.files[key] = first_state(status, 0, taken=True)

    def _look(self, before: Sightings, *, is_first: bool) -> "_Scan":
        """List the tree; no file is opened."""
        folder = Path(self.settings.path)
        _check(folder)
        look = _Scan()
        now_ns = self._now_ns()
        top = folder.resolve()
        for file in list_files(folder):
            # Whoever may write into the folder could else have any file of the monitor's user read,
            # by a link, and find its first megabyte in the quarantine.
            if not file.path.resolve().is_relative_to(top):
                continue  # a link leads out of the folder
            below = file.path.relative_to(folder)
            if any(_is_unfinished(part) for part in below.parts):
                continue
            key = _key(below)
            if file.problem is not None:
                look.problems.append(self._refusal(file.path, file.problem))
                # What lies behind it is still there, for all that is known.
                look.files |= {k: v for k, v in before.items() if k.startswith(f"{key}/")}
            elif (status := _status(file.path)) is not None:
                sighting = next_state(before.get(key), status, now_ns)
                look.files[key] = sighting = replace(
                    sighting, from_start=is_first or sighting.from_start
                )
                if not sighting.taken and self._is_settled(sighting, now_ns):
                    self._settled(key, file.path, look)
        return look

    def _settled(self, key: str, path: Path, look: "_Scan") -> None:
        """Put a file in line to be read, or into the quarantine where it is beyond the limit."""
        sighting = look.files[key]
        is_beyond = sighting.size > self.limits.file_bytes
        if not is_beyond:
            look.ready[key] = path
        elif not sighting.aside:
            limit = self.limits.file_bytes >> 20
            reason = (
                f"it has {sighting.size >> 20:,} MB, more than [ingest] file_limit_mb ({limit:,}),"
                " and was set aside unread; raise the limit, or cut the file into several"
            )
            reading = Reading(source=self.name, place=_key(path), now=self.now)
            look.problems.append(reading.refusal(b"", size=sighting.size, reason=reason))
        look.files[key] = replace(sighting, aside=is_beyond)

    def _is_settled(self, sighting: FileState, now_ns: int) -> bool:
        settle_ns = int(self.settings.settle_s * _NS)
        # `cp -p` and unpackers give a new file an old time: so it has to be seen twice as well.
        is_old = not now_ns - settle_ns < sighting.mtime_ns <= now_ns
        return is_old and now_ns - sighting.since_ns >= settle_ns

    def _read(self, path: Path) -> Iterator[Found]:
        try:
            yield from read_paths([path], source=self.name, now=self.now, limits=self.limits)
        except SourceError as exc:
            if _status(path) is not None:  # else it went away before it could be opened
                yield self._refusal(path, f"{_NOT_READ}: {exc}")

    def _refusal(self, path: Path, reason: str) -> Unreadable:
        reading = Reading(source=self.name, place=_key(path), now=self.now)
        return reading.refusal(b"", reason=reason)

    def _now_ns(self) -> int:
        return int(self.now().timestamp() * _NS)


@dataclass(slots=True)
class _Scan:
    """What one look at the folder found: all files, those to read, places without entry."""

    files: Sightings = field(default_factory=dict)
    ready: dict[str, Path] = field(default_factory=dict)
    problems: list[Found] = field(default_factory=list)


class _PageBuilder:
    """Collects records into pages; ``files`` is what the state of the next page tells.

    What is news and what is not comes in pages of its own.
    """

    def __init__(self, files: Sightings) -> None:
        self.found: list[Found] = []
        self._files = files
        self._bytes = 0
        self._is_news: bool | None = None

    def take(self, found: Iterable[Found], *, is_news: bool = True) -> Iterator[Page]:
        """Yield a page whenever the next record would be too much for it."""
        for one in found:
            size = len(one.content)
            full = len(self.found) >= PAGE_RECORDS or self._bytes + size > PAGE_BYTES
            is_record = isinstance(one, RawVersion)
            other = is_record and self._is_news not in (None, is_news)
            if self.found and (full or other):
                yield self.page()
            if is_record:
                self._is_news = is_news
            self.found.append(one)
            self._bytes += size

    def page(self) -> Page:
        """Return a page of what was taken since the last one."""
        page = Page(
            found=tuple(self.found),
            announces_new_trials=self._is_news is not False,
            state=state_of(self._files),
        )
        self.found, self._bytes, self._is_news = [], 0, None
        return page


class _Watched:
    """Passes on what is read of a file; ``failed``: the disk did not give all of it."""

    def __init__(self, found: Iterator[Found]) -> None:
        self._found = found
        self.failed = False

    def __iter__(self) -> Iterator[Found]:
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
