"""Raw slices told apart without being read."""

from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from monitor.model import fields

# How the registry writes a study: compact, the protocol first, and the stamp of the data load
# at the head of the derived section. No text can hold the latter: its quotes would be escaped.
_STUDY = f'{{"{fields.PROTOCOL[0]}":'.encode()
_STAMP = "{".join(f'"{name}":' for name in fields.VERSION_HOLDER).encode() + b'"'
_STAMP_LENGTH = len("2026-02-19")


class RawHash(NamedTuple):
    """What tells a raw slice from every other: its bytes but for the data-load stamp, and that.

    ``unstamped``: sha256 of the bytes without the stamp. ``loaded``: the stamp; None for what
    is not a study as the registry writes it, of which all bytes are hashed.
    """

    unstamped: bytes
    loaded: date | None

    def under(self, loaded: date | None) -> bytes:
        """Return the hash of the same slice as it would be under another stamp."""
        if self.loaded is None:
            return self.unstamped
        return sha256(self.unstamped + str(loaded).encode()).digest()

    @property
    def whole(self) -> bytes:
        """The hash of the slice as it is: equal slices need not even be parsed."""
        return self.under(self.loaded)


def raw_hash(content: bytes) -> RawHash:
    """Return what tells this slice from others; two passes over it, none in Python."""
    if not content.startswith(_STUDY):
        return RawHash(sha256(content).digest(), None)
    return _hash(content)


def unreadable_hash(content: bytes) -> bytes:
    """Return what tells this piece from others, whatever it is; a stamp in it does not count.

    Or a record that cannot be read would be another one with every data load.
    """
    return _hash(content).unstamped


def _hash(content: bytes) -> RawHash:
    start = content.rfind(_STAMP) + len(_STAMP)
    end = start + _STAMP_LENGTH
    loaded = _day(content[start:end]) if start >= len(_STAMP) else None
    if loaded is None:
        return RawHash(sha256(content).digest(), None)
    digest = sha256(memoryview(content)[:start])
    digest.update(memoryview(content)[end:])
    return RawHash(digest.digest(), loaded)


def absence_hash(content: bytes, loaded: date) -> RawHash:
    """Return what tells an absence from others: the same words of a later load are news.

    A record can go, come back and go again, and nothing in the bytes tells the one from the other.
    """
    return RawHash(sha256(content).digest(), loaded)


def is_stamped_once(content: bytes) -> bool:
    """Tell whether what ``raw_hash`` took for the stamp is the only thing that could be it."""
    return content.count(_STAMP) == 1


@lru_cache
def _day(stamp: bytes) -> date | None:
    try:
        day = date.fromisoformat(stamp.decode("ascii"))
    except ValueError:
        return None
    return day if str(day).encode() == stamp else None
