"""Retry-After: seconds or an HTTP date (RFC 9110, section 10.2.3)."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime, parsedate_tz

# As long as a server likes: a pause beyond all bounds is one for the caller to cut, not nothing.
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")  # some servers send fractions
_DATE_CHARS = 64  # the longest of the three formats has 33
_LAST_YEAR = 9998  # dates of later years can overflow once they are brought to UTC


def retry_after_s(value: str | None, *, now: datetime, date: str | None = None) -> float | None:
    """Return the seconds to wait, at least 0; None when there is nothing readable.

    They are ``math.inf`` for a number or a year that is too large to count with, so callers
    have to cut them. ``date`` is the answer's own Date header: a date is counted from it, so
    that a wrong clock on either side does not matter. Without it, it is counted from ``now``
    (aware).
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    if _is_beyond_count(text):
        return math.inf
    until = _http_date(text)
    if until is None:
        return None
    start = (_http_date(date.strip()) if date is not None else None) or now
    return max(0.0, (until - start).total_seconds())


def _is_beyond_count(text: str) -> bool:
    """Return whether this is a date of a year that no request will ever wait for."""
    parts = parsedate_tz(text) if len(text) <= _DATE_CHARS else None
    return parts is not None and parts[0] > _LAST_YEAR


def _http_date(text: str) -> datetime | None:
    if len(text) > _DATE_CHARS:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone is in UTC: HTTP knows no other.
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for huge zones
        return None
