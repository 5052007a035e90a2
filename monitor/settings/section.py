"""What the configuration's tables are made from, and the limits that many keys share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration, defined once: keys, types, limits, checks, defaults.

    Each key's type is ``Annotated``: its Meta has the limits and says in its description what may
    be written (errors and documentation use it), a ``Check`` behind it judges what limits cannot
    say, and ``HIDDEN`` keeps its value out of errors. The loader gives these objects to the parts
    that go by them; nothing copies their keys.
    """

    def contradiction(self) -> str | None:
        """Say what keys, good by themselves, cannot mean together; None when all is well.

        The sentence goes on behind the table's name: ``has both every and cron; …``.
        """
        return None


@dataclass(frozen=True, slots=True)
class Check:
    """The one validator of a key, in its ``Annotated`` type.

    ``run`` takes a value of the type and returns it as it is kept. It raises InvalidValueError
    with the reason and the fix, or another ValueError where the key's description says both.
    """

    run: Callable[[Any], Any]


class InvalidValueError(ValueError):
    """Why a value is refused, and the fix, where its key's description does not say it."""


HIDDEN = "hidden"
"""In a key's ``Annotated`` type: its value never appears in an error, not even a wrong one."""


def seconds(least: float, most: int) -> Meta:
    """Return the limits of a number of seconds."""
    return Meta(ge=least, le=most, description=f"a number of seconds from {least} to {most}")


def whole(least: int, most: int, *, of: str = "", least_means: str = "") -> Meta:
    """Return the limits of a whole number: ``a whole number of days from 0 (never) to 36500``."""
    counted, noted = of and f" of {of}", least_means and f" ({least_means})"
    description = f"a whole number{counted} from {least}{noted} to {most}"
    return Meta(ge=least, le=most, description=description)


def percent(most: int) -> Meta:
    """Return the limits of a percentage."""
    return Meta(ge=0, le=most, description=f"a percentage from 0 to {most}")


Flag = Annotated[bool, Meta(description="true or false")]
Seconds = Annotated[float, seconds(0.1, 3600)]
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9 ._-]{0,62}[A-Za-z0-9])?\Z",
        description=(
            "1 to 64 letters (A to Z), digits, spaces, dots, dashes and underscores, a letter"
            " or digit first and last"
        ),
    ),
]
"""Of a source or a channel."""
