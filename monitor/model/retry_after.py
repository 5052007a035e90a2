"""Retry-After: seconds or an HTTP date (RFC 9110, section 10.2.3)."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")  # some servers send fractions
_DATE_CHARS = 64  # the longest of the three formats has 33


def retry_after_s(value: str | None, *, now: datetime, date: str | None = None) -> float | None:
    """Return the seconds to wait, at least 0; None when there is nothing readable.

    ``date`` is the answer's own Date header: a date is counted from it, so that a wrong clock
    on either side does not matter. Without it, it is counted from ``now`` (aware).
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    until = _http_date(text)
    if until is None:
        return None
    start = (_http_date(date.strip()) if date is not None else None) or now
    return max(0.0, (until - start).total_seconds())


def _http_date(text: str) -> datetime | None:
    if len(text) > _DATE_CHARS:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # A date without a zone is in UTC: HTTP knows no other.
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for year 9999 and huge zones
        return None
