"""Bytes in the store: snapshots and JSON bodies as zstandard.

A snapshot is a keyframe, compressed with the vocabulary, or a delta: compressed with its
keyframe's bytes as raw dictionary. Frames carry no size and no checksum of their own; both
stand in the snapshot's row and are checked here.
"""

from functools import lru_cache
from hashlib import sha256
from typing import Any

import orjson
import zstandard
from zstandard import ZstdCompressionDict, ZstdCompressionParameters, ZstdCompressor

from monitor.store.vocabulary import VOCABULARIES

CODEC = max(VOCABULARIES)
"""The number of the vocabulary that is written with."""

DELTAS_PER_KEYFRAME = 15
_KEYFRAME_LEVEL = 6
_DELTA_LEVEL = 6
_BODY_LEVEL = 3
_SMALL_BODY = 256
_LARGEST_BODY = 64 * 1024 * 1024
_LARGEST_WINDOW_LOG = 27  # what a decompressor accepts without being told
_MAGIC = b"\x28\xb5\x2f\xfd"


class DamagedError(Exception):
    """Stored bytes are not what was once written."""


class Codec:
    """Compresses and restores snapshots and bodies; for one thread at a time."""

    def __init__(self) -> None:
        vocabulary = _vocabulary(CODEC)
        self._keyframes = _compressor(vocabulary, _KEYFRAME_LEVEL)
        self._bodies = _compressor(vocabulary, _BODY_LEVEL)

    def keyframe(self, content: bytes) -> bytes:
        """Compress a snapshot by itself."""
        return self._keyframes.compress(content)

    def delta(self, content: bytes, keyframe: bytes) -> bytes:
        """Compress a snapshot against its keyframe's (uncompressed) bytes."""
        base = ZstdCompressionDict(keyframe, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        return _compressor(base, _DELTA_LEVEL, len(content) + len(keyframe)).compress(content)

    def body(self, value: Any) -> bytes:
        """Write a JSON value; compressed when that is worth it."""
        plain = orjson.dumps(value)
        return plain if len(plain) < _SMALL_BODY else self._bodies.compress(plain)


def restore(
    stored: bytes, *, codec: int, keyframe: bytes | None, size: int, digest: bytes
) -> bytes:
    """Return a snapshot's bytes; DamagedError unless they are exactly what was written."""
    try:
        if keyframe is None:
            words = _vocabulary(codec)
        else:
            words = ZstdCompressionDict(keyframe, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        content = _decompress(stored, words, size)
    except (zstandard.ZstdError, KeyError, ValueError, MemoryError) as exc:
        raise DamagedError("its bytes cannot be unpacked") from exc
    if len(content) != size or sha256(content).digest() != digest:
        raise DamagedError("its bytes do not match their sha256")
    return content


def read_body(stored: bytes) -> Any:
    """Read a JSON value that ``Codec.body`` wrote; DamagedError when it is not one."""
    try:
        if stored.startswith(_MAGIC):
            stored = _decompress(stored, _vocabulary(CODEC), _LARGEST_BODY)
        return orjson.loads(stored)
    except (zstandard.ZstdError, orjson.JSONDecodeError) as exc:
        raise DamagedError("its bytes cannot be read") from exc


def pack(content: bytes) -> bytes:
    """Compress bytes of any kind."""
    return zstandard.ZstdCompressor(level=_BODY_LEVEL).compress(content)


def unpack(stored: bytes) -> bytes:
    """Undo ``pack``; DamagedError when the bytes are not what it made."""
    try:
        return zstandard.ZstdDecompressor().decompress(stored)
    except (zstandard.ZstdError, MemoryError) as exc:
        raise DamagedError("its bytes cannot be unpacked") from exc


@lru_cache
def _vocabulary(number: int) -> ZstdCompressionDict:
    return ZstdCompressionDict(VOCABULARIES[number], dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _compressor(words: ZstdCompressionDict, level: int, span: int = 0) -> ZstdCompressor:
    # The window must reach over the whole record back into the dictionary.
    window = {"window_log": min(_LARGEST_WINDOW_LOG, max(17, span.bit_length()))} if span else {}
    parameters = ZstdCompressionParameters.from_level(
        level,
        source_size=span // 2,
        dict_size=len(words),
        write_content_size=0,
        write_checksum=0,
        write_dict_id=0,
        **window,
    )
    return ZstdCompressor(dict_data=words, compression_params=parameters)


def _decompress(stored: bytes, words: ZstdCompressionDict, size: int) -> bytes:
    return zstandard.ZstdDecompressor(dict_data=words).decompress(stored, max_output_size=size)
