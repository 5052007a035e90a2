"""The drop box: a folder into which people and programs put files, watched for what is new.

A file is read when it has stopped growing: nobody says when the last byte is there, and what
is read too early is cut off in the middle.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.errors import SourceError
from monitor.model.record import RawVersion
from monitor.sources.base import Memory, Page
from monitor.sources.files import read_paths
from monitor.sources.folders import listed
from monitor.sources.reading import LIMITS, Limits, Reading, Unreadable

PAGE_RECORDS = 200
PAGE_BYTES = 8 << 20

_UNFINISHED = (".part", ".tmp", "~")
# How reading tells that the disk, and not what is on it, is at fault.
_NOT_READ = "it cannot be read"
_NS = 1_000_000_000

Found = RawVersion | Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A file as it was last seen.

    ``since_ns``: when it was first seen with this size and time of change, as its own clock's
    nanoseconds since 1970. ``taken``: it was read to its end just so. ``from_start``: it lay there
    when the source began, and was not yet taken.
    """

    size: int
    mtime_ns: int
    since_ns: int = 0
    taken: bool = False
    from_start: bool = False

    def is_of(self, status: os.stat_result) -> bool:
        """Tell whether the file is still as it was."""
        return (self.size, self.mtime_ns) == (status.st_size, status.st_mtime_ns)


Sightings = dict[str, Sighting]


@dataclass(frozen=True, slots=True, kw_only=True)
class DropBoxSource:
    """A folder tree as a followed source; each pass is one look at it.

    Read is what is new or changed, once its size and its time of change were the same at two
    looks at least ``settle_s`` seconds apart, and that time is as long ago; a time that lies in
    the future does not count. Names as in ``folders.listed``, but for those that tell of a
    transfer under way (``.part``, ``.tmp``, ``~``), of folders too. What a link brings in from
    outside the folder is left alone. ``now`` gives an aware time.
    """

    name: str
    folder: Path
    settle_s: float
    now: Callable[[], datetime]
    limits: Limits = LIMITS

    def pages(self, memory: Memory) -> Iterator[Page]:
        """Yield what is to be read, at most 200 records or 8 MB a page, several files in one.

        The state is {"files": {path below the folder: how it was seen}}; a file counts as taken
        with the page that brings its last record. First sights are no news in files that the
        very first look finds. A file that cannot be opened is yielded as Unreadable and tried
        again with every pass. SourceError when the folder itself is not there or cannot be listed.
        """
        state = memory.state()
        before = _sightings(state)
        look = self._look(before, is_first=state is None)
        basket = _Basket(look.files)
        yield from basket.take(look.problems)
        for key, path in look.ready.items():
            sighting = look.files[key]
            found = _Watched(self._read(path))
            yield from basket.take(found, is_news=not sighting.from_start)
            status = _status(path)
            if status is None:
                del look.files[key]
            elif not sighting.is_of(status):
                look.files[key] = _again(sighting, status, self._now_ns())  # it grew under our eyes
            elif not found.failed:
                look.files[key] = _seen(status, 0, taken=True)
        if basket.found or look.files != before or state is None:
            yield basket.page()

    def _look(self, before: Sightings, *, is_first: bool) -> "_Look":
        """List the tree; no file is opened."""
        _check(self.folder)
        look = _Look()
        now_ns = self._now_ns()
        top = self.folder.resolve()
        for file in listed(self.folder):
            if not file.path.resolve().is_relative_to(top):
                continue  # a link leads out of the folder
            below = file.path.relative_to(self.folder)
            if any(_is_unfinished(part) for part in below.parts):
                continue
            key = _key(below)
            if file.problem is not None:
                look.problems.append(self._refusal(file.path, file.problem))
                # What lies behind it is still there, for all that is known.
                look.files |= {k: v for k, v in before.items() if k.startswith(f"{key}/")}
            elif (status := _status(file.path)) is not None:
                sighting = _again(before.get(key), status, now_ns)
                look.files[key] = sighting = replace(
                    sighting, from_start=is_first or sighting.from_start
                )
                if not sighting.taken and self._is_settled(sighting, now_ns):
                    look.ready[key] = file.path
        return look

    def _is_settled(self, sighting: Sighting, now_ns: int) -> bool:
        settle_ns = int(self.settle_s * _NS)
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
class _Look:
    """What one look at the folder found: all files, those to read, places without entry."""

    files: Sightings = field(default_factory=dict)
    ready: dict[str, Path] = field(default_factory=dict)
    problems: list[Found] = field(default_factory=list)


class _Basket:
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
        """Return what is in the basket, which is empty then."""
        page = Page(
            found=tuple(self.found),
            first_sights_are_news=self._is_news is not False,
            state=_state(self._files),
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


def _again(before: Sighting | None, status: os.stat_result, now_ns: int) -> Sighting:
    """Return what was known of the file if it is as it was, else a first sight of it."""
    # A clock that was set back must not keep a file waiting until it is where it was.
    if before is None or not before.is_of(status) or before.since_ns > now_ns:
        from_start = before is not None and before.from_start
        return replace(_seen(status, now_ns), from_start=from_start)
    return before


def _seen(status: os.stat_result, since_ns: int, *, taken: bool = False) -> Sighting:
    return Sighting(
        size=status.st_size, mtime_ns=status.st_mtime_ns, since_ns=since_ns, taken=taken
    )


def _key(path: Path) -> str:
    """Write a path as text that can be stored, and that no other path has."""
    return os.fsencode(path).decode(errors="backslashreplace")


def _state(files: Sightings) -> dict[str, Any]:
    return {"files": {key: _written(sighting) for key, sighting in files.items()}}


def _written(sighting: Sighting) -> dict[str, Any]:
    seen = {"size": sighting.size, "mtime_ns": sighting.mtime_ns, "taken": sighting.taken}
    if not sighting.taken:
        seen["since_ns"] = sighting.since_ns
    if sighting.from_start:
        seen["from_start"] = True
    return seen


def _sightings(state: Mapping[str, Any] | None) -> Sightings:
    """Read a state; what is not understood is not known."""
    files = state.get("files") if state is not None else None
    if not isinstance(files, dict):
        return {}
    read = ((key, _sighting(one)) for key, one in files.items())
    return {key: sighting for key, sighting in read if sighting is not None}


def _sighting(written: Any) -> Sighting | None:
    try:
        return Sighting(
            size=int(written["size"]),
            mtime_ns=int(written["mtime_ns"]),
            since_ns=int(written.get("since_ns", 0)),
            taken=written["taken"] is True,
            from_start=written.get("from_start") is True,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
