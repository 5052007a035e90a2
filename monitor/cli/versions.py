"""Which version somebody means: a number as ``monitor history`` shows it, or a date."""

from collections.abc import Sequence

from monitor.app.parameters import Days
from monitor.app.versions import by_day, by_number
from monitor.errors import NotFoundError, UsageError
from monitor.model.history import StoredVersion


def resolve_versions(
    versions: Sequence[StoredVersion], old: str | None, new: str | None
) -> tuple[int, int]:
    """Return the positions of the versions to compare; the last two when none are named."""
    if old is None and len(versions) == 1:
        raise NotFoundError(
            f"{versions[0].nct_id} has one version so far: there is nothing to compare it with"
        )
    first = len(versions) - 2 if old is None else resolve_version(versions, old)
    last = len(versions) - 1 if new is None else resolve_version(versions, new)
    return first, last


def resolve_version(versions: Sequence[StoredVersion], written: str) -> int:
    """Return the position of the version that a number or a date means.

    A number of four digits that no version bears is a year. UsageError for what is neither,
    NotFoundError for a number too high and a date before the first version.
    """
    text = written.strip()
    if text.isdecimal() and not (len(text) == 4 and int(text) > len(versions)):
        return by_number(versions, int(text))
    days = Days.parse(text)
    if days is None:
        raise UsageError(
            f"{written[:40]!r} is neither a version number nor a date; write 3, 2026-02-19 or 7d"
        )
    return by_day(versions, days.last)
