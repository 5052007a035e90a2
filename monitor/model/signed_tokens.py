"""Signed tokens: what a link or a cookie allows whoever has it, and until when.

A token holds no secret and nothing about a person: a purpose, a subject that the store knows
(a subscriber, a message, a request), a generation and an end, signed together. So nothing has to
be stored for each link, and none can be used for another purpose or after its end. A raised
generation ends all tokens of a subject; forgetting a key, all that it signed.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from monitor.errors import NotFoundError

Purpose = Literal["confirm", "manage", "resume", "why", "operator"]

# 128 bits of HMAC-SHA-256: RFC 2104, section 5, allows half of the hash; links stay short.
_MAC_BYTES = 16
# Checked before the MAC: a token of megabytes must not be hashed once for every key.
_LONGEST = 400
# Minutes since then instead of seconds since 1970 make every link shorter.
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedToken:
    """What is signed; ``until`` is aware, and rounded up to a minute in the token."""

    purpose: Purpose
    subject: str
    generation: int = 0
    until: datetime


class TokenError(NotFoundError):
    """A token that allows nothing, and why, as its holder may hear it."""


def sign(token: SignedToken, key: str) -> str:
    """Return the token as a part of an address: letters, digits, ``-``, ``_`` and one dot."""
    # Twice negated: floor division rounds the end up, so no link ends before its time.
    minutes = -((_EPOCH - token.until) // _MINUTE)
    body = _text(json.dumps([token.subject, token.generation, minutes]).encode())
    return f"{body}.{_mac(token.purpose, body, key)}"


def read_token(text: str, *, purpose: Purpose, keys: Sequence[str], now: datetime) -> SignedToken:
    """Return what was signed for this purpose by any of the keys, and is not over.

    TokenError says whether it is over or none of ours.
    """
    body, _, mac = text.partition(".")
    given = mac.encode("utf-8", "replace")
    # All keys are tried: links of earlier keys stay valid until their key is forgotten.
    # In constant time, so that the time of a response does not tell how much of a MAC is right.
    is_ours = len(text) <= _LONGEST and any(
        hmac.compare_digest(_mac(purpose, body, key).encode(), given) for key in keys
    )
    if not is_ours:
        raise TokenError("this link is not valid; copy the whole of it, or take it of a newer mail")
    try:
        subject, generation, minutes = json.loads(_bytes(body))
        until = _EPOCH + minutes * _MINUTE
    except (ValueError, TypeError, OverflowError, binascii.Error) as exc:
        raise TokenError("this link cannot be read") from exc
    if now >= until:
        raise TokenError(f"this link ended on {until:%Y-%m-%d}; newer mails have newer ones")
    return SignedToken(purpose=purpose, subject=subject, generation=generation, until=until)


def _mac(purpose: Purpose, body: str, key: str) -> str:
    # The purpose is signed and not written: a link for one purpose is invalid for every other.
    signed = f"{purpose}.{body}".encode("utf-8", "replace")
    return _text(hmac.digest(key.encode(), signed, "sha256")[:_MAC_BYTES])


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    # `_text` cuts the padding off; the decoder wants it back.
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
