"""Signatures as Standard Webhooks wants them, so that receivers check them with any library."""

import base64
import binascii
import hmac
from collections.abc import Sequence

_PREFIX = "whsec_"
# The bounds of the specification,
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
_LEAST_BYTES = 24
_MOST_BYTES = 64


def key_of(secret: str) -> bytes | None:
    """Return the key of a ``whsec_…`` secret; None when it is none (24 to 64 bytes, base64)."""
    if not secret.startswith(_PREFIX):
        return None
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if _LEAST_BYTES <= len(key) <= _MOST_BYTES else None


def signature(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the header's value: a ``v1`` signature for each key, blanks between them."""
    # The id and the time are signed too: a recorded body cannot be sent again under others.
    signed = f"{message_id}.{timestamp}.".encode() + body
    # Several keys while one is being replaced: the receiver accepts any that it can check.
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys
    )
