"""Cron expressions, read by APScheduler's fields on wall time that has no zone."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from monitor.errors import ConfigError

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY_ITEM = re.compile(r"(?P<first>[a-z]+|[0-7])(?:-(?P<last>[a-z]+|[0-7]))?(?:/(?P<step>[0-9]+))?")
_ALL_DAYS = re.compile(r"\*(?:/(?P<step>[0-9]+))?")
_TICK = timedelta(microseconds=1)
# 29 February comes at least once in nine of these years; what does not come in them never does.
_TRIED_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_TRIED_TO = datetime(2009, 1, 1, tzinfo=UTC)


def next_wall_time(expression: str, after: datetime) -> datetime:
    """Return the first wall time (without a zone) later than ``after`` that the expression names.

    Day of the month and day of the week: either is enough when both are given, as in every
    cron. ConfigError says what is wrong with the expression.
    """
    start = after.replace(tzinfo=UTC) + _TICK
    found = [trigger.get_next_fire_time(None, start) for trigger in _triggers(expression)]
    came: list[datetime] = [moment.replace(tzinfo=None) for moment in found if moment is not None]
    return min(came)


@lru_cache(maxsize=256)
def _triggers(expression: str) -> tuple[Any, ...]:
    """Return APScheduler's triggers; the expression comes whenever one of them does."""
    try:
        minute, hour, day, month, weekday = expression.lower().split()
        weekdays = _weekdays(weekday)
        either = not day.startswith("*") and not weekday.startswith("*")
        days = [(day, "*"), ("*", weekdays)] if either else [(day, weekdays)]
        kept = []
        for one_day, one_weekday in days:
            fields = {
                "minute": minute, "hour": hour, "day": one_day, "month": month,
                "day_of_week": one_weekday, "timezone": UTC,
            }  # fmt: skip
            trial = CronTrigger(**fields, end_date=_TRIED_TO)
            if trial.get_next_fire_time(None, _TRIED_FROM) is not None:
                kept.append(CronTrigger(**fields))
    except ValueError as exc:
        message = (
            f"cron = {expression!r} will not do ({exc}); write minute, hour, day of the month, "
            'month and day of the week, for example "30 14 * * 1-5"'
        )
        raise ConfigError(message) from exc
    if not kept:
        message = f"cron = {expression!r} will not do: there is no such day; write one that comes"
        raise ConfigError(message)
    return tuple(kept)


def _weekdays(field: str) -> str:
    """Return the days by name: cron counts from Sunday, APScheduler from Monday."""
    if field == "*":
        return field
    chosen: set[str] = set()
    for item in field.split(","):
        if every := _ALL_DAYS.fullmatch(item):
            first, last, step = 0, 6, every["step"]
        elif found := _DAY_ITEM.fullmatch(item):
            step = found["step"]
            first = _day(found["first"])
            last = _day(found["last"]) if found["last"] else (6 if step else first)
        else:
            raise ValueError(f"{item!r} is no day of the week")
        if step == "0":
            raise ValueError(f"{item!r} has a step of 0")
        if last < first:  # fri-sun, sat-mon
            last += 7
        chosen |= {_DAYS[day % 7] for day in range(first, last + 1, int(step or 1))}
    return ",".join(day for day in _DAYS if day in chosen)


def _day(text: str) -> int:
    if text.isdigit():
        return int(text)
    if text not in _DAYS:
        raise ValueError(f"{text!r} is no day of the week")
    return _DAYS.index(text)
