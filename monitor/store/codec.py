"""Bytes in the store: snapshots and JSON bodies as zstandard.

A snapshot is a keyframe, compressed with the vocabulary, or a delta: compressed with an
earlier snapshot's bytes as raw dictionary. Frames carry no size and no checksum of their own; both
stand in the snapshot's row and are checked here.
"""

import threading
from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
import zstandard
from zstandard import (
    ZstdCompressionDict,
    ZstdCompressionParameters,
    ZstdCompressor,
    ZstdDecompressor,
)

from monitor.store.vocabulary import VOCABULARIES

CODEC = max(VOCABULARIES)
"""The number of the vocabulary that is written with."""

# Measured on the 1,195 real records of the tests, 20 KB in the mean: a level more saves 2 % of
# the bytes and costs a third more time.
_KEYFRAME_LEVEL = 4
_DELTA_LEVEL = 6
# Above this size no level does well: see `_large_parameters`.
_LARGE = 256 * 1024
_LARGE_DELTA_LEVEL = 3
_LARGEST_WINDOW_LOG = 27  # 128 MB: what a decompressor accepts by default
_BODY_LEVEL = 3
# A frame has a header and a checksum of its own: below this there is little to win.
_SMALL_BODY = 128
# A damaged header may state any size, and as much memory would be allocated.
_LARGEST_BODY = 64 * 1024 * 1024
_MAGIC = b"\x28\xb5\x2f\xfd"


class CorruptError(Exception):
    """Stored bytes are not what was once written."""


class Codec:
    """Compresses and restores snapshots and bodies; for one thread at a time."""

    def __init__(self) -> None:
        vocabulary = _vocabulary(CODEC)
        self._keyframes = _compressor(vocabulary, _KEYFRAME_LEVEL)
        self._bodies = ZstdCompressor(
            level=_BODY_LEVEL, dict_data=vocabulary, write_checksum=True, write_dict_id=False
        )

    def keyframe(self, content: bytes) -> bytes:
        """Compress a snapshot by itself."""
        return self._keyframes.compress(content)

    def delta(self, content: bytes, base: bytes) -> bytes:
        """Compress a snapshot against another one's (uncompressed) bytes."""
        words = ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        if len(content) <= _LARGE:
            return _compressor(words, _DELTA_LEVEL).compress(content)
        parameters = _large_parameters(len(base), len(content))
        return ZstdCompressor(dict_data=words, compression_params=parameters).compress(content)

    def body(self, value: Any) -> bytes:
        """Write a JSON value; compressed when that is worth it."""
        plain = orjson.dumps(value)
        # How it was written shows by its first bytes: JSON never begins like a zstandard frame.
        return plain if len(plain) < _SMALL_BODY else self._bodies.compress(plain)


_own = threading.local()


def thread_codec() -> Codec:
    """Return the codec of this thread; making one takes longer than compressing with it."""
    codec: Codec | None = getattr(_own, "codec", None)
    if codec is None:
        codec = _own.codec = Codec()
    return codec


def restore(stored: bytes, *, codec: int, base: bytes | None, size: int, digest: bytes) -> bytes:
    """Return a snapshot's bytes; CorruptError unless they are exactly what was written."""
    try:
        # max_output_size=0 would mean "unknown".
        content = _decompressor(codec, base).decompress(stored, max_output_size=max(1, size))
    except (zstandard.ZstdError, KeyError, ValueError, MemoryError) as exc:
        raise CorruptError("its bytes cannot be unpacked") from exc
    # Frames have no checksum (four bytes a version); SHA-256 is kept anyway and finds more.
    if len(content) != size or sha256(content).digest() != digest:
        raise CorruptError("its bytes do not match their sha256")
    return content


def read_body(stored: bytes) -> Any:
    """Read a JSON value that ``Codec.body`` wrote; CorruptError when it is not one."""
    try:
        if stored.startswith(_MAGIC):
            stored = _expand(stored, with_words=True)
        return orjson.loads(stored)
    except orjson.JSONDecodeError as exc:
        raise CorruptError("an entry cannot be read") from exc


def pack(content: bytes) -> bytes:
    """Compress bytes of any kind."""
    return ZstdCompressor(level=_BODY_LEVEL, write_checksum=True).compress(content)


def unpack(stored: bytes) -> bytes:
    """Undo ``pack``; CorruptError when the bytes are not what it made."""
    return _expand(stored, with_words=False)


def _expand(stored: bytes, *, with_words: bool) -> bytes:
    """Decompress a frame that states its own size and checksum."""
    try:
        if zstandard.get_frame_parameters(stored).content_size > _LARGEST_BODY:
            raise CorruptError("an entry states a size that it cannot have")
        # The one that knows the words is kept: making it takes longer than its work.
        made = _decompressor(CODEC, None) if with_words else ZstdDecompressor()
        return made.decompress(stored)
    except zstandard.ZstdError as exc:
        raise CorruptError("an entry cannot be unpacked") from exc


@lru_cache
def _vocabulary(number: int) -> ZstdCompressionDict:
    return ZstdCompressionDict(VOCABULARIES[number], dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _compressor(words: ZstdCompressionDict, level: int) -> ZstdCompressor:
    return ZstdCompressor(
        level=level,
        dict_data=words,
        write_checksum=False,
        write_content_size=False,
        write_dict_id=False,
    )


def _large_parameters(base: int, content: int) -> ZstdCompressionParameters:
    """Return parameters for records whose change no level finds.

    A level's window and tables end before they have reached over a base of megabytes; a
    higher one takes ten times longer to read the base in.
    """
    positions = base.bit_length()
    return ZstdCompressionParameters.from_level(
        _LARGE_DELTA_LEVEL,
        source_size=content,
        dict_size=base,
        strategy=zstandard.STRATEGY_DFAST,
        window_log=min(_LARGEST_WINDOW_LOG, (base + content).bit_length()),
        hash_log=min(23, positions),
        chain_log=min(21, positions - 1),
        min_match=6,
        write_checksum=False,
        write_content_size=False,
        write_dict_id=False,
    )


def _decompressor(codec: int, base: bytes | None) -> ZstdDecompressor:
    """Return what undoes a keyframe (one of this thread, kept) or a delta against ``base``."""
    if base is not None:
        words = ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        return ZstdDecompressor(dict_data=words)
    # By thread: a decompressor must not be used by two at once.
    kept: dict[int, ZstdDecompressor] = _own.__dict__.setdefault("keyframes", {})
    if codec not in kept:
        kept[codec] = ZstdDecompressor(dict_data=_vocabulary(codec))
    return kept[codec]
