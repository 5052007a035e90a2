"""The canonical bytes of a document and the fingerprint that tells contents apart."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from monitor.errors import RecordError
from monitor.model import fields
from monitor.model.fields import Path

FINGERPRINT_VERSION = b"1"
_MODULE_KEY, _HOLDER_KEY = (f'"{name}":'.encode() for name in fields.VERSION_HOLDER[-2:])


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
    start = canonical.find(_HOLDER_KEY)
    sole = canonical.find(_HOLDER_KEY, start + 1) < 0
    if start >= 0 and not (sole and canonical.rfind(_MODULE_KEY, 0, start) >= 0):
        # The name stands elsewhere too: only the parsed document tells which is the stamp.
        digest.update(canonical_bytes(_unstamped(orjson.loads(canonical), fields.VERSION_HOLDER)))
        return digest.digest()
    value = start + len(_HOLDER_KEY)
    if start < 0 or canonical[value : value + 1] != b'"':
        digest.update(canonical)
        return digest.digest()
    digest.update(canonical[:value])
    digest.update(canonical[canonical.find(b'"', value + 1) :])
    return digest.digest()


def _unstamped(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the document without the value at ``path``."""
    name, *below = path
    inner = document.get(name)
    if not below:
        return {key: value for key, value in document.items() if key != name}
    if not isinstance(inner, dict):
        return document
    return {**document, name: _unstamped(inner, tuple(below))}
