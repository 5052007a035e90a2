"""The canonical bytes of a document and the fingerprint that tells contents apart."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from monitor.errors import RecordError
from monitor.model import fields

FINGERPRINT_VERSION = b"1"
_HOLDER_KEY = b'"' + fields.VERSION_HOLDER[-1].encode() + b'":'


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
    digest = hashlib.sha256(FINGERPRINT_VERSION)
    start = canonical.rfind(_HOLDER_KEY)
    if start < 0:
        digest.update(canonical)
        return digest.digest()
    value = start + len(_HOLDER_KEY)
    end = canonical.find(b'"', value + 1) if canonical[value : value + 1] == b'"' else value
    digest.update(canonical[:value])
    digest.update(canonical[end:])
    return digest.digest()


def raw_hash(content: bytes) -> bytes:
    """Return the sha256 of a raw slice: equal slices need not even be parsed."""
    return hashlib.sha256(content).digest()
