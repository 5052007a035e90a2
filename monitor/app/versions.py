"""Finding a version of a trial: by its number, its id, or a time; NotFoundError where none is.

Versions are a trial's whole ordered history; what is returned is a position in it, from 0.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime

from monitor.app.parameters import Days
from monitor.errors import NotFoundError, UsageError
from monitor.model.bitemporal import as_of, known_at, known_since, valid_from
from monitor.model.history import StoredVersion
from monitor.model.public_ids import public_version_id
from monitor.render.values import count_text

Which = int | str | date | datetime
"""A version's number from 1, its id, a day of the registry's record, a time (aware) of ours."""

_ID = re.compile(r"(?i)[0-9a-f]{16}(?:[0-9a-f]{16})?")


def find_version(versions: Sequence[StoredVersion], which: Which) -> int:
    """Return the position of the version that is meant; UsageError for a time without a zone."""
    if isinstance(which, datetime):
        return by_time(versions, which)
    if isinstance(which, date):
        return by_day(versions, which)
    return by_number(versions, which) if isinstance(which, int) else by_id(versions, which)


def by_text(versions: Sequence[StoredVersion], written: str) -> int:
    """Return the position of the version that a number, an id or a date means.

    A number of four digits that no version bears is a year. UsageError for what is none of them.
    """
    text = written.strip()
    if _ID.fullmatch(text):
        return by_id(versions, text)
    # `2026` is a year, unless the trial has so many versions.
    if text.isdecimal() and not (len(text) == 4 and int(text) > len(versions)):
        return by_number(versions, int(text))
    days = Days.parse(text)
    if days is None:
        raise UsageError(
            f"{written[:40]!r} is no version: write its number (3), its id of 16 hexadecimal "
            "digits, or a date (2026-02-19, 7d)"
        )
    return by_day(versions, days.last)


def by_number(versions: Sequence[StoredVersion], number: int) -> int:
    """Return the position of a version by its number."""
    if 1 <= number <= len(versions):
        return number - 1
    there_are = count_text(len(versions), "version")
    raise NotFoundError(
        f"{versions[0].nct_id} has no version {number}; it has {there_are}, from 1 on"
    )


def by_id(versions: Sequence[StoredVersion], version_id: str) -> int:
    """Return the position of a version by its id."""
    wanted = version_id.strip().lower()
    for at, version in enumerate(versions):
        # The short id of URLs and exports, or all of it.
        if wanted in (public_version_id(version.identity), version.identity.hex()):
            return at
    raise NotFoundError(f"{versions[0].nct_id} has no version with the id {version_id[:40]!r}")


def by_day(versions: Sequence[StoredVersion], day: date) -> int:
    """Return the position of the version in which the registry's record stood on that day."""
    found = as_of(versions, day)
    if found is None:
        raise NotFoundError(
            f"{versions[0].nct_id} had no version known here on {day} yet; the earliest is "
            f"of {min(valid_from(versions))}"
        )
    return found


def by_time(versions: Sequence[StoredVersion], moment: datetime) -> int:
    """Return the position of the last version that had been read by that time (aware)."""
    if moment.tzinfo is None:
        raise UsageError(f"{moment.isoformat()} has no time zone; add one, as +00:00")
    found = known_at(versions, moment)
    if found is None:
        earliest = min(map(known_since, versions)).isoformat()
        raise NotFoundError(
            f"nothing was known here of {versions[0].nct_id} at {moment.isoformat()}; "
            f"it was first read at {earliest}"
        )
    return found
