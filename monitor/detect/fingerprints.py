"""Hashes that identify contents: a record's fingerprint, and the hash of a raw slice, unparsed.

Ingest compares them first: most of what a poll brings is known by its hash.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.fields import Path

# Part of what is hashed: fingerprints of another definition can never be taken for equal ones.
FINGERPRINT_VERSION = b"1"
_MODULE_KEY, _HOLDER_KEY = (f'"{name}":'.encode() for name in fields.VERSION_HOLDER[-2:])
# How the registry writes a study: compact, the protocol first, and the stamp of the data load
# at the head of the derived section. No text can hold the latter: its quotes would be escaped.
_STUDY = f'{{"{fields.PROTOCOL[0]}":'.encode()
_STAMP = "{".join(f'"{name}":' for name in fields.VERSION_HOLDER).encode() + b'"'
_STAMP_LENGTH = len("2026-02-19")


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """Return the document as JSON with sorted keys and no white space, in UTF-8.

    RecordError when it cannot be written (nested too deep, an integer beyond 64 bits).
    """
    try:
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, RecursionError) as exc:
        raise RecordError(f"the record cannot be written in canonical form: {exc}") from exc


def fingerprint(canonical: bytes) -> bytes:
    """Return the sha256 of canonical bytes without the stamp of the data load.

    ``derivedSection.miscInfoModule.versionHolder`` moves on every record with every load;
    its value is blanked here without parsing anything again. The fingerprint is versioned:
    when its definition changes, so does every value.
    """
    digest = sha256(FINGERPRINT_VERSION)
    start = canonical.find(_HOLDER_KEY)
    sole = canonical.find(_HOLDER_KEY, start + 1) < 0
    if start >= 0 and not (sole and canonical.rfind(_MODULE_KEY, 0, start) >= 0):
        # The name stands elsewhere too: only the parsed document tells which is the stamp.
        digest.update(
            canonical_bytes(_without_stamp(orjson.loads(canonical), fields.VERSION_HOLDER))
        )
        return digest.digest()
    value = start + len(_HOLDER_KEY)
    if start < 0 or canonical[value : value + 1] != b'"':
        digest.update(canonical)
        return digest.digest()
    digest.update(canonical[:value])
    digest.update(canonical[canonical.find(b'"', value + 1) :])
    return digest.digest()


def _without_stamp(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the document without the value at ``path``."""
    name, *below = path
    inner = document.get(name)
    if not below:
        return {key: value for key, value in document.items() if key != name}
    if not isinstance(inner, dict):
        return document
    return {**document, name: _without_stamp(inner, tuple(below))}


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
    # From the end: the derived section comes last.
    start = content.rfind(_STAMP) + len(_STAMP)
    end = start + _STAMP_LENGTH
    loaded = _day(content[start:end]) if start >= len(_STAMP) else None
    if loaded is None:
        return RawHash(sha256(content).digest(), None)
    digest = sha256(memoryview(content)[:start])
    digest.update(memoryview(content)[end:])
    return RawHash(digest.digest(), loaded)


def absence_hash(content: bytes, loaded: date) -> RawHash:
    """Return what identifies an absence: the same words of a later load are news.

    A record can go, come back and go again, and nothing in the bytes tells the one from the other.
    """
    return RawHash(sha256(content).digest(), loaded)


def is_stamped_once(content: bytes) -> bool:
    """Return whether what ``raw_hash`` took for the stamp is the only thing that could be it."""
    return content.count(_STAMP) == 1


@lru_cache
def _day(stamp: bytes) -> date | None:
    try:
        day = date.fromisoformat(stamp.decode("ascii"))
    except ValueError:
        return None
    # Python 3.11 also reads "20260219" and "2026-W08-4", which are no stamps of the registry.
    return day if str(day).encode() == stamp else None
