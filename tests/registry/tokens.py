"""Page tokens: opaque, and bound to nothing but a place in a list.

Used with other parameters a token answers with rows of another list, as the registry's do.
"""

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass
from datetime import date

from tests.registry.errors import Refused
from tests.registry.world import Load

_LAYOUT = struct.Struct(">IIIH")
_PAD = bytes.fromhex("655b74edc18792f236c1193608977cfcb2ea")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A place in a list: the rows before it, the order of an unsorted list, the data load."""

    offset: int
    order: int
    load: Load

    def write(self) -> str:
        """Return the token as the registry hands it out."""
        packed = _LAYOUT.pack(self.offset, self.order, self.load.day.toordinal(), self.load.again)
        return base64.urlsafe_b64encode(_mask(packed + _check(packed))).decode().rstrip("=")


def read(text: str) -> Token:
    """Return a token handed out before; Refused for any other text."""
    try:
        padded = text + "=" * (-len(text) % 4)
        whole = _mask(base64.urlsafe_b64decode(padded.encode("ascii")))
        packed, check = whole[:-4], whole[-4:]
        if check != _check(packed):
            raise ValueError(text)
        offset, order, day, again = _LAYOUT.unpack(packed)
        load = Load(day=date.fromordinal(day), again=again)
    except (ValueError, binascii.Error, struct.error) as exc:
        raise refusal() from exc
    return Token(offset=offset, order=order, load=load)


def refusal() -> Refused:
    """Return the answer to a token that is not, or no longer, good (its words are assumed)."""
    return Refused(400, "Invalid value in parameter `pageToken`")


def _check(packed: bytes) -> bytes:
    return zlib.crc32(packed).to_bytes(4, "big")


def _mask(content: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(content, _PAD, strict=False))
