"""Lengths of time as the configuration writes them (``30s``, ``1h``, ``7d``), and time zones."""

import re
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

from monitor.settings.section import Check

_WRITTEN = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

SHORTEST = timedelta(seconds=1)
LONGEST = timedelta(days=366)

DURATION = Meta(
    description="a whole number with s, m, h or d behind it (30s, 15m, 1h, 7d), from 1s to 366d"
)
Duration = Annotated[timedelta, DURATION]


def parse_duration(text: str) -> timedelta:
    """Return the length of time that the text means; ValueError when it is none."""
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if not SHORTEST <= length <= LONGEST:
        raise ValueError(text)
    return length


def duration_text(length: timedelta) -> str:
    """Return a whole number of seconds as the configuration writes it: ``7d``, ``90m``."""
    seconds = length // timedelta(seconds=1)
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError, ValueError):  # a folder's name, one with ".." in it
        raise ValueError(name) from None
    return name


TimeZone = Annotated[
    str, Meta(description="a name of the IANA time zone database: UTC, Europe/Madrid"), Check(_zone)
]
