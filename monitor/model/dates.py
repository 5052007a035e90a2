"""Dates as registries state them: a day, only a month, or only a year."""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

# ASCII: without it `\d` takes the digits of every script.
_SHAPE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_LONGEST = len("2024-11-05")


@dataclass(frozen=True, slots=True, order=True)
class PartialDate:
    """A date of which the day, or day and month, may be unknown; none is invented.

    Orders by its first possible day, an unknown part before a known one, so
    ``2024-11`` < ``2024-11-01``.
    """

    year: int
    month: int = 0
    day: int = 0

    @classmethod
    def parse(cls, text: object) -> "PartialDate | None":
        """Read ``2024``, ``2024-11`` or ``2024-11-05``; None for anything else.

        A date that the calendar does not have (``2024-13``) is None too: the caller keeps
        the registry's text as it is.
        """
        if not isinstance(text, str) or len(text) > _LONGEST:
            return None  # the cache keeps only short texts
        return _parse(text)

    def first_day(self) -> date:
        """Return the earliest day that this date can mean."""
        return date(self.year, self.month or 1, self.day or 1)

    def days_until(self, other: "PartialDate") -> int:
        """Return the signed number of days from this date to the other.

        A part that either date leaves out is compared as its first day on both sides,
        so ``2024-11-20`` to ``2024-12`` is counted from month to month: +30.
        """
        if not (self.month and other.month):
            return (date(other.year, 1, 1) - date(self.year, 1, 1)).days
        if not (self.day and other.day):
            return (date(other.year, other.month, 1) - date(self.year, self.month, 1)).days
        return (other.first_day() - self.first_day()).days

    def __str__(self) -> str:
        parts = [f"{self.year:04d}"]
        if self.month:
            parts.append(f"{self.month:02d}")
        if self.day:
            parts.append(f"{self.day:02d}")
        return "-".join(parts)


@lru_cache(maxsize=4096)
def _parse(text: str) -> PartialDate | None:
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    found = PartialDate(*(int(part or 0) for part in match.groups()))
    try:
        found.first_day()
    except ValueError:
        return None
    # To PartialDate 0 is "not stated"; "2024-00" is a mistake, not a year.
    if match.group(2) == "00" or match.group(3) == "00":
        return None
    return found
