"""Types that data from outside is decoded as, safely in several threads.

Every module that reads JSON makes its types here, at import; ruff bans the direct calls.
"""

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")


class DataType(Generic[T]):
    """A type to read JSON, or what JSON holds, as. Make it at import, as a constant of a module.

    msgspec describes a struct or dataclass to itself when it first meets it, and a second thread
    that meets the half-made description ends the process with a segmentation fault. Here the
    description is complete before anybody can use it; nothing else in the program makes one.

    ``decode(bytes or text)`` returns the value; msgspec.DecodeError for what is no JSON,
    its ValidationError for another shape. ``convert(value)`` takes what JSON holds.
    """

    def __init__(self, kind: Any) -> None:
        self._kind = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(kind)  # noqa: TID251
        self.decode = self._decoder.decode

    def convert(self, value: Any) -> T:
        """Return the value as this type; msgspec.ValidationError when it is none."""
        converted: T = msgspec.convert(value, self._kind)  # noqa: TID251
        return converted
