"""Items that sources yield, limits of what one input may cost, and progress of reading.

All sources share it; ``monitor.ingest.places`` takes apart the origins that ``Reading`` writes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from monitor.model.record import RawVersion
from monitor.settings.sections import INGEST_DEFAULTS, IngestSettings

HEAD_BYTES = 1 << 20  # of an unreadable piece, stored for the person who investigates it


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A piece of input that holds no version, or none that can be cut out of it.

    ``content``: the head of what was there, at most 1 MiB; ``size``: how many bytes it had in
    all, as far as they could be read. ``source``, ``origin`` and ``retrieved_at`` are those of a
    RawVersion. ``reason``: one clear sentence.
    """

    content: bytes
    size: int
    source: str
    origin: str
    retrieved_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one input may cost.

    ``record_bytes``: the longest line, item, document or text page that is held in memory.
    ``unpacked_bytes`` and ``unpacked_ratio``: compressed data that unpacks to more than so many
    bytes AND to more than so many times its own size is taken for a bomb; large files that are
    merely well compressed pass. ``chunk_bytes``: how much is read at a time. ``file_bytes``: the
    largest file of a watched folder that is read.
    """

    record_bytes: int
    unpacked_bytes: int
    unpacked_ratio: int
    file_bytes: int
    chunk_bytes: int = 256 << 10

    @classmethod
    def of(cls, settings: IngestSettings) -> "Limits":
        """Return the limits of the settings, in bytes."""
        return cls(
            record_bytes=settings.record_limit_mb << 20,
            unpacked_bytes=settings.unpacked_limit_mb << 20,
            unpacked_ratio=settings.unpacked_limit_ratio,
            file_bytes=settings.file_limit_mb << 20,
        )


SourceItem = RawVersion | Unreadable
"""What a source yields: a version of a record, or a piece that holds none."""

LIMITS = Limits.of(INGEST_DEFAULTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProgress:
    """How far a reading is.

    ``bytes_read`` and ``total_bytes`` count the files as they lie on disk (compressed);
    ``total_bytes`` is None when a size is unknown (a pipe). ``records``: versions and unreadable
    pieces yielded so far. ``skipped``: files of folders whose names are not a record's.
    """

    bytes_read: int
    total_bytes: int | None
    records: int
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Makes the items of one file, with their source, origin and time of reading.

    ``place`` is the file as the user named it, or the entry of an archive. The ``at`` of the
    methods is the place inside it: ``:17`` (line), ``[3]`` (item of a list, from 0), ``#2``
    (second document of a file that holds several), or nothing.
    """

    source: str
    place: str
    now: Callable[[], datetime]

    def entry(self, name: str) -> "Reading":
        """Return the reading of an archive's entry."""
        # As Java and many unpackers write it: "studies.zip!NCT01234567.json".
        return Reading(source=self.source, place=f"{self.place}!{name}", now=self.now)

    def version(
        self,
        content: bytes,
        *,
        at: str = "",
        media: str = "json",
        registry_version: int | None = None,
        is_whole: bool = False,
    ) -> RawVersion:
        """Return the slice as a version of a record."""
        return RawVersion(
            content=content,
            media=media,
            source=self.source,
            # Example: "studies.zip!page1.json[3]", the fourth study of a page within an archive.
            origin=self.place + at,
            retrieved_at=self.now(),
            registry_version=registry_version,
            is_whole=is_whole,
        )

    def unreadable(
        self, content: bytes, *, reason: str, at: str = "", size: int | None = None
    ) -> Unreadable:
        """Return the piece as unreadable; ``size`` when it is larger than ``content``."""
        return Unreadable(
            content=content[:HEAD_BYTES],
            size=len(content) if size is None else size,
            source=self.source,
            origin=self.place + at,
            retrieved_at=self.now(),
            reason=reason,
        )
