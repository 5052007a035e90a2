"""Data dates: the registry loads new data from Monday to Friday."""

from collections.abc import Iterator
from datetime import date, timedelta

_SATURDAY = 5


def is_data_day(day: date) -> bool:
    """Return whether the registry loads data on the day."""
    return day.weekday() < _SATURDAY


def next_data_day(day: date, days: int = 1) -> date:
    """Return the data date that is ``days`` loads after the day."""
    for _ in range(days):
        day += timedelta(days=1)
        while not is_data_day(day):
            day += timedelta(days=1)
    return day


def data_days(first: date, count: int) -> Iterator[date]:
    """Yield ``count`` data dates in a row, from ``first`` (or the load after it) on."""
    day = first if is_data_day(first) else next_data_day(first)
    for _ in range(count):
        yield day
        day = next_data_day(day)


def as_date(day: date | str) -> date:
    """Return a date that may be written as text."""
    return day if isinstance(day, date) else date.fromisoformat(day)
