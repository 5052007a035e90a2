"""What people write for dates, times, kinds and severities, in options and in addresses."""

import re
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from monitor.errors import UsageError
from monitor.model.changes import Severity
from monitor.model.dates import PartialDate
from monitor.model.kind_names import kind_or_group
from monitor.model.subscriptions import FILTER_KEYS, Filter

_SEVERITIES = tuple(str(severity) for severity in Severity)

DATE_FORMS = "2026, 2026-02, 2026-02-19, today, yesterday, or 7d, 2w, 3mo, 1y"
"""The ways to write a date, for messages and help."""

# "7d", "2 weeks ago", "in 3 months"; by unit: days and months.
_LENGTH = re.compile(r"(?:in )?([0-9]{1,6}) ?([a-z]+)(?: ago)?")
_UNITS = {
    **dict.fromkeys(("d", "day", "days"), (1, 0)),
    **dict.fromkeys(("w", "week", "weeks"), (7, 0)),
    **dict.fromkeys(("mo", "month", "months"), (0, 1)),
    **dict.fromkeys(("y", "year", "years"), (0, 12)),
}
_HOURS = {
    **dict.fromkeys(("h", "hour", "hours"), timedelta(hours=1)),
    **dict.fromkeys(("min", "minute", "minutes"), timedelta(minutes=1)),
}
_NAMED_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """The days that a date may mean: one, or those of a month or year."""

    first: date
    last: date

    @classmethod
    def parse(cls, text: str, *, today: date | None = None, ahead: bool = False) -> "Days | None":
        """Read ``2026``, ``2026-02``, ``2026-02-19``, or a day counted from today's.

        Those are ``today``, ``yesterday``, ``tomorrow`` and ``7d``, ``2 weeks``, ``3mo``, ``1y``:
        that long ago, or with ``ahead`` from now on. ``today``: in UTC, by default the clock's.
        None for anything else.
        """
        found = PartialDate.parse(text.strip())
        if found is None:
            day = _relative_day(text, today or _now().date(), ahead=ahead)
            return None if day is None else cls(first=day, last=day)
        first = found.first_day()
        if found.day:
            return cls(first=first, last=first)
        # A year alone; or December, after which the year ends.
        if found.month in (0, 12):
            return cls(first=first, last=date(found.year, 12, 31))
        following = date(found.year, found.month + 1, 1)
        return cls(first=first, last=following - timedelta(days=1))


def days(text: str) -> Days:
    """Read a date, of which day and month may be left out, or one counted back from today.

    UsageError for anything else.
    """
    found = Days.parse(text)
    if found is None:
        raise UsageError(f"{text[:40]!r} is not a date; write {DATE_FORMS}")
    return found


def moment(text: str, *, ahead: bool = False) -> datetime:
    """Read a time, in UTC unless it names a zone; a date alone means its end.

    ``12h`` and ``30min`` are that long ago, or with ``ahead`` from now on; dates are read as by
    ``Days.parse``. UsageError for anything else.
    """
    day = Days.parse(text, ahead=ahead)
    if day is not None:
        # A date alone means its end: `--at 2026-02-19` includes all of that day.
        return datetime.combine(day.last, time.max, UTC)
    try:
        exact = _relative_time(text, ahead=ahead)
        found = exact or datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise UsageError(
            f"{text[:40]!r} is not a time; write 2026-02-19T14:05 (UTC), 2026-02-19T14:05+01:00, "
            f"12h, or a date: {DATE_FORMS}"
        ) from exc


def moment_from(text: str) -> datetime:
    """Read the time from which something is asked for: of a date its beginning (UTC)."""
    day = Days.parse(text)
    return datetime.combine(day.first, time.min, UTC) if day is not None else moment(text)


def moment_until(text: str) -> datetime:
    """Read the time before which something is asked for: of a date the end of its last day."""
    day = Days.parse(text)
    if day is None:
        return moment(text)
    if day.last == date.max:  # no day follows it
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day.last, time.min, UTC) + timedelta(days=1)


def moment_ahead(text: str) -> datetime:
    """Read a time that is to come: as ``moment`` does, but ``7d`` is seven days from now."""
    return moment(text, ahead=True)


def _now() -> datetime:
    return datetime.now(UTC)


def _relative_day(text: str, today: date, *, ahead: bool) -> date | None:
    """Return the day that ``yesterday`` or ``7d`` means; None for what is no such day."""
    word = text.strip().lower()
    found = _LENGTH.fullmatch(word)
    try:
        if word in _NAMED_DAYS:
            return today + timedelta(days=_NAMED_DAYS[word])
        if found is None or found[2] not in _UNITS:
            return None
        days_each, months_each = _UNITS[found[2]]
        count = int(found[1]) if ahead else -int(found[1])
        return _months_on(today, count * months_each) + timedelta(days=count * days_each)
    except (ValueError, OverflowError):
        return None  # beyond the calendar


def _months_on(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    # A month after 31 January is 28 or 29 February.
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _relative_time(text: str, *, ahead: bool) -> datetime | None:
    """Return the time that ``now``, ``12h`` or ``30min`` means; None for what is no such time."""
    word = text.strip().lower()
    found = _LENGTH.fullmatch(word)
    if word == "now":
        return _now()
    if found is None or found[2] not in _HOURS:
        return None
    length = int(found[1]) * _HOURS[found[2]]
    return _now() + length if ahead else _now() - length


def kind(text: str) -> str:
    """Read a kind or a group of changes, however it is spelled; UsageError names the nearest."""
    try:
        return kind_or_group(text)
    except ValueError as exc:
        raise UsageError(str(exc)) from exc


def severity(text: str) -> Severity:
    """Read a severity; UsageError lists them all."""
    name = text.strip().lower()
    if name in _SEVERITIES:
        return Severity(name)
    raise UsageError(f"there is no severity {text!r}; there are {', '.join(_SEVERITIES)}")


def filter_of(values: Mapping[str, Sequence[str]]) -> Filter | None:
    """Return the filter of the values of keys, ``not_condition`` for what is excluded.

    None without any. UsageError for a key that there is not; whether it can find anything is not
    looked at.
    """
    known = {*FILTER_KEYS, *(f"not_{key}" for key in FILTER_KEYS)}
    strange = next((key for key in values if key not in known), None)
    if strange is not None:
        raise UsageError(
            f"there is no filter {strange[:40]!r}; there are {', '.join(FILTER_KEYS)}, each also "
            "with not_ before it"
        )
    wanted = {key: tuple(values[key]) for key in FILTER_KEYS if key in values}
    excluded = {key: tuple(values[f"not_{key}"]) for key in FILTER_KEYS if f"not_{key}" in values}
    return Filter(wanted=wanted, excluded=excluded) if values else None
