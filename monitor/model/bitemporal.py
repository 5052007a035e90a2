"""Select versions by two clocks: the registry's dates, and the times at which they were read.

"As of D" means the registry's record on D; "known at T" what this store had read by T. Bitemporal
history (https://martinfowler.com/articles/bitemporal-history.html): a late version changes the
former and not the latter.
"""

from collections.abc import Sequence
from datetime import date, datetime

from monitor.model.history import NewVersion, VersionKey


def valid_from(versions: Sequence[NewVersion]) -> list[date]:
    """Return the date from which each version of a trial's ordered history holds."""
    found: list[date] = []
    before: date | None = None
    for version in versions:
        found.append(holds_from(version.first_key, before, known_since(version)))
        before = version.version_date
    return found


def holds_from(key: VersionKey, before: date | None, known: datetime) -> date:
    """Return the date from which a version holds; ``before``: its predecessor's version date.

    That is the registry's date of the version. The registry also edits a record without moving
    that date; such a version holds from the date of the data load that showed it, else from the
    day on which it was read. Two versions of one date that the registry counts are no such edit.
    """
    # The second of one date is the registry's own edit (docs/architecture.md, "Versions"), unless
    # the registry numbers it: then the sponsor submitted twice.
    if before != key.version_date or key.registry_version is not None:
        return key.version_date
    return key.data_date or known.date()


def as_of(versions: Sequence[NewVersion], day: date) -> int | None:
    """Return the position of the version that the registry's record had on that day.

    The last one in order that held by then; None before the first.
    """
    # The last in order, not the latest date: an edit of the registry's can hold from before its
    # neighbor.
    dates = valid_from(versions)
    return max((at for at, since in enumerate(dates) if since <= day), default=None)


def known_at(versions: Sequence[NewVersion], moment: datetime) -> int | None:
    """Return the position of the last version in order that had been read by that moment.

    None when none had been.
    """
    return max(
        (at for at, version in enumerate(versions) if known_since(version) <= moment),
        default=None,
    )


def known_since(version: NewVersion) -> datetime:
    """Return when the version was first read.

    Its observations are ordered by the registry's dates, and an earlier load may be read later:
    either end of the interval can be the one that was read first.
    """
    return min(version.retrieved_at, version.last_retrieved_at)


def last_known(version: NewVersion) -> datetime:
    """Return when the version's content was last read."""
    return max(version.retrieved_at, version.last_retrieved_at)
