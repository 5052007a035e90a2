"""Unpack compressed files, which are recognized by their first bytes.

The first step of reading a file: ``files`` takes its bytes from here and gives them to ``layouts``.
Everything is unpacked in pieces, in memory; nothing is ever written to disk. RecordError says why a
stream cannot be read on: damaged, cut off, or over a limit.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

import zstandard

from monitor.errors import RecordError
from monitor.sources.read_progress import Limits

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # an archive; an empty one
# Zstandard's format description (RFC 8878): skippable frames, and the largest block.
_ZSTD_SKIPPABLE = tuple(bytes([0x50 + kind, 0x2A, 0x4D, 0x18]) for kind in range(16))
_ZSTD_BLOCK_BYTES = 128 << 10
# A block of one repeated byte: its size field counts what comes out, only one byte is stored.
_ZSTD_RLE = 1

MAGIC_BYTES = 4


def is_zip(head: bytes) -> bool:
    """Return whether a file that begins like this is a zip archive."""
    return head.startswith(_ZIP)


def is_packed(head: bytes) -> bool:
    """Return whether a file that begins like this is compressed or an archive."""
    return head.startswith((_GZIP, _ZSTD, *_ZSTD_SKIPPABLE, *_ZIP))


def unpack(file: BinaryIO, head: bytes, limits: Limits) -> Iterator[bytes]:
    """Yield the content of a plain, gzip or zstandard file in pieces.

    All members of a gzip file and all frames of a zstandard file are read. ``head`` is how the
    file begins; the file stands at its start.
    """
    # By content, never by name: a download that was saved as "trials.json" may well be gzipped.
    if head.startswith(_GZIP):
        return _gunzip(_CountingReader(file), limits)
    if head.startswith((_ZSTD, *_ZSTD_SKIPPABLE)):
        return _unzstd(_CountingReader(file), limits)
    return _pieces(file.read, limits)


class _CountingReader:
    """Reads a file, and counts the bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.count = 0

    def read(self, size: int) -> bytes:
        data = _read_chunk(self._file.read, size)
        self.count += len(data)
        return data

    def read_exactly(self, size: int) -> bytes:
        data = self.read(size)
        if len(data) < size:
            raise RecordError("the zstandard data is cut off")
        return data


class BombWatch:
    """Stops data that unpacks to too much from too little; ``tripped`` then says why."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.unpacked = 0
        self.tripped: str | None = None

    def count(self, unpacked: int, packed: int) -> None:
        """Add what came out; ``packed`` is what has gone in so far. RecordError when too much."""
        self.add(unpacked, packed)
        if self.tripped:
            raise RecordError(self.tripped)

    def add(self, unpacked: int, packed: int) -> None:
        """Add what came out, and only note when it is too much."""
        self.unpacked += unpacked
        limits = self._limits
        # Both limits have to be passed. By the ratio alone small, highly regular files would be
        # bombs; by the size alone the registry's own bulk download (some 700 MB packed) would be
        # one.
        if self.unpacked > max(limits.unpacked_bytes, limits.unpacked_ratio * packed):
            self.tripped = (
                f"it unpacks to more than the limit of {limits.unpacked_bytes:,} bytes "
                f"and to more than {limits.unpacked_ratio} times its size"
            )


def _read_chunk(read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except OSError as exc:
        raise RecordError(f"it cannot be read on: {exc.strerror or exc}") from exc


def _pieces(read: Callable[[int], bytes], limits: Limits) -> Iterator[bytes]:
    while piece := _read_chunk(read, limits.chunk_bytes):
        yield piece


# gzip.GzipFile is not used: it neither bounds what one read unpacks, nor says how much packed input
# that took, and the limit on bombs needs both.
def _gunzip(file: _CountingReader, limits: Limits) -> Iterator[bytes]:
    watch = BombWatch(limits)
    data = file.read(limits.chunk_bytes)
    # A file may be several members one behind the other (`cat a.gz b.gz` makes one). Reading the
    # first alone would lose records in silence.
    while data:
        member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        while not member.eof:
            data = data or file.read(limits.chunk_bytes)
            try:
                piece = member.decompress(data, limits.chunk_bytes)
            except zlib.error as exc:
                raise RecordError(f"the gzip data is damaged ({exc})") from exc
            # zlib says nothing of an end that comes too early; it only asks for more, for ever.
            if not data and not piece and not member.eof:
                raise RecordError("the gzip data is cut off")
            data = member.unconsumed_tail
            watch.count(len(piece), file.count)
            if piece:
                yield piece
        # Zero bytes behind a member are padding (gzip's own manual), anything else the next one.
        data = member.unused_data.lstrip(b"\0")
        while not data and (more := file.read(limits.chunk_bytes)):
            data = more.lstrip(b"\0")


def _unzstd(file: _CountingReader, limits: Limits) -> Iterator[bytes]:
    # The library's own stream reader neither reports a frame that is cut off nor, in its other
    # form, bounds what one call returns. So the frames' blocks are handed over one by one.
    watch = BombWatch(limits)
    while magic := file.read(len(_ZSTD)):
        if magic in _ZSTD_SKIPPABLE:
            _skip(file, int.from_bytes(file.read_exactly(4), "little"), limits)
        elif magic == _ZSTD:
            for piece in _zstd_frame(file):
                watch.count(len(piece), file.count)
                yield piece
        elif len(magic) < len(_ZSTD) and _ZSTD.startswith(magic):
            raise RecordError("the zstandard data is cut off")
        else:
            raise RecordError("the zstandard data is damaged (something else follows it)")


def _zstd_frame(file: _CountingReader) -> Iterator[bytes]:
    header = _ZSTD + file.read_exactly(1)
    try:
        header += file.read_exactly(zstandard.frame_header_size(header) - len(header))
        has_checksum = zstandard.get_frame_parameters(header).has_checksum
        frame = zstandard.ZstdDecompressor().decompressobj()
        frame.decompress(header)
        last = False
        while not last:
            # Three bytes, little-endian (RFC 8878, 3.1.1.2): bit 0 is "last", two bits of kind, 21
            # of size.
            mark = file.read_exactly(3)
            fields = int.from_bytes(mark, "little")
            last, kind, size = bool(fields & 1), fields >> 1 & 3, fields >> 3
            if size > _ZSTD_BLOCK_BYTES:
                raise RecordError("the zstandard data is damaged (a block is too large)")
            body = file.read_exactly(1 if kind == _ZSTD_RLE else size)
            if piece := frame.decompress(mark + body):
                yield piece
        # Given to the decompressor, which compares it: a changed byte would else pass for a record.
        if has_checksum:
            frame.decompress(file.read_exactly(4))
    except zstandard.ZstdError as exc:
        raise RecordError(f"the zstandard data is damaged ({exc})") from exc


def _skip(file: _CountingReader, size: int, limits: Limits) -> None:
    while size:
        size -= len(file.read_exactly(min(size, limits.chunk_bytes)))
