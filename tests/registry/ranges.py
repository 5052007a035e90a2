"""Comparing dates, ages and numbers as the registry's RANGE does."""

import calendar
import re
from collections.abc import Callable
from datetime import date
from typing import Any

_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$")
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})$")
_AGE = re.compile(r"(?i)(\d+(?:\.\d+)?)\s*(year|month|week|day|hour|minute)s?$")
_DAYS = {"year": 365.25, "month": 30.4375, "week": 7, "day": 1, "hour": 1 / 24, "minute": 1 / 1440}
_OPEN_ENDS = {"MIN", "MAX"}


class NotComparableError(ValueError):
    """The end of a range is no value of the field's type."""


def _as_date(text: str, *, last: bool) -> float:
    """Return the ordinal of a date; a month or a year counts as its first or its last day."""
    slashed = _SLASHED.match(text)
    if slashed:
        month, day, year = (int(part) for part in slashed.groups())
        return date(year, month, day).toordinal()
    found = _DATE.match(text)
    if not found:
        raise NotComparableError(text)
    year = int(found[1])
    month = int(found[2] or (12 if last else 1))
    day = int(found[3] or (calendar.monthrange(year, month)[1] if last else 1))
    return date(year, month, day).toordinal()


def _as_age(text: str) -> float:
    found = _AGE.match(text)
    if not found:
        raise NotComparableError(text)
    return float(found[1]) * _DAYS[found[2].lower()]


def _as_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise NotComparableError(text) from None


def measure(kind: str, value: Any, *, last: bool = False) -> float:
    """Return a number by which values of a field's type are compared.

    ``kind``: date, number or age. ``last``: of a date without a day the last day is meant.
    NotComparableError for anything else.
    """
    text = str(value).strip()
    try:
        if kind == "date":
            return _as_date(text, last=last)
        return _as_age(text) if kind == "age" else _as_number(text)
    except (ValueError, OverflowError) as exc:
        raise NotComparableError(text) from exc


def between(kind: str, low: str, high: str) -> Callable[[Any], bool]:
    """Return the test for ``RANGE[low,high]``, both ends included; MIN and MAX are open.

    Text is compared as text. NotComparableError when an end is no value of the type.
    """
    if kind == "text":
        return lambda value: (
            (low in _OPEN_ENDS or low <= str(value)) and (high in _OPEN_ENDS or str(value) <= high)
        )
    least = float("-inf") if low in _OPEN_ENDS else measure(kind, low)
    most = float("inf") if high in _OPEN_ENDS else measure(kind, high, last=True)

    def test(value: Any) -> bool:
        try:
            return least <= measure(kind, value) <= most
        except NotComparableError:
            return False

    return test
