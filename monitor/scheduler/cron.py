"""Cron expressions: read by APScheduler's trigger, on the wall clocks of a time zone.

APScheduler's trigger counts wall times without a zone. Given the zone, it leaves out what is due
in the first hour of the day after the clocks went forward, of a month after they did, and runs
a daily time twice in the night in which they go back (docs/decisions/2026-11-30-cron-times.md).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger

from monitor.errors import ConfigError
from monitor.model.wall_clock import clock_change, instant_of, wall_time

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY_ITEM = re.compile(r"(?P<first>[0-7])(?:-(?P<last>[0-7]))?(?:/(?P<step>[0-9]+))?")
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
# 29 February comes at least once in nine of these years; what does not come in them never does.
_TRIED_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_TRIED_TO = datetime(2009, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """Due when the wall clocks of the time zone show what the expression of five fields names.

    Where the hour is ``*`` (or ``0-23``), or the minute or hour begins with ``*``, it is due
    whenever the clocks show such a time, as in cron(8) of Debian: an hour that comes twice counts
    twice, one that is skipped not at all. Any other time is due once: the first time that the
    clocks show it, and where they skip it, at the first instant after the gap.
    """

    expression: str
    timezone: str = "UTC"

    def check(self) -> None:
        """Raise ConfigError where the expression is wrong; it says what to write."""
        _wall_trigger(self.expression)

    def next_time(self, after: datetime) -> datetime:
        """Return the first instant (UTC) later than ``after`` (aware) at which it is due."""
        zone = ZoneInfo(self.timezone)
        if self._follows_real_time():
            return self._next_clock_time(after + _TICK, zone)
        wall = wall_time(after, zone)
        while True:
            wall = self._next_wall_time(wall + _TICK)
            found = instant_of(wall, zone)
            # While the clocks show an hour again, its times lie before this instant.
            if found > after:
                return found

    def _follows_real_time(self) -> bool:
        minute, hour = self.expression.split()[:2]
        return minute.startswith("*") or hour.startswith("*") or hour == "0-23"

    def _next_clock_time(self, start: datetime, zone: ZoneInfo) -> datetime:
        """Return the first instant, from ``start`` on, at which clocks show a time it names."""
        wall = wall_time(start, zone)
        found = start.astimezone(UTC) + (self._next_wall_time(wall) - wall)
        # An hour that comes again within the next day would be passed over on the way to a time
        # in another year, when the clocks have long been set forward and back again.
        offset = start.astimezone(zone).utcoffset()
        for seen in (min(found, start + _DAY), found):
            if seen.astimezone(zone).utcoffset() != offset:
                return self._next_clock_time(clock_change(start, seen, zone), zone)
        return found

    def _next_wall_time(self, wall: datetime) -> datetime:
        trigger = _wall_trigger(self.expression)
        found: datetime = trigger.get_next_fire_time(None, wall.replace(tzinfo=UTC))
        return found.replace(tzinfo=None)


@lru_cache(maxsize=256)
def _wall_trigger(expression: str) -> BaseTrigger:
    """Return APScheduler's trigger; the expression names a time whenever it does.

    Day of the month and day of the week: either is enough when both are given, as in every cron.
    """
    try:
        minute, hour, day, month, weekday = expression.lower().split()
        # As in Vixie's cron: a field that begins with `*`, as `*/2` does, does not count as
        # given.
        either = not day.startswith("*") and not weekday.startswith("*")
        month, weekday = _to_numbers(month, _MONTHS, 1), _weekdays(_to_numbers(weekday, _DAYS, 0))
        days = [(day, "*"), ("*", weekday)] if either else [(day, weekday)]
        triggers = [
            CronTrigger(
                minute=minute, hour=hour, day=one_day, month=month, day_of_week=one_weekday,
                timezone=UTC,
            )
            for one_day, one_weekday in days
        ]  # fmt: skip
    except ValueError as exc:
        message = (
            f"cron = {expression!r} is invalid ({exc}); expected minute, hour, day of the month, "
            'month and day of the week, for example "30 14 * * 1-5"'
        )
        raise ConfigError(message) from exc
    coming = [trigger for trigger in triggers if _ever_comes(trigger)]
    if not coming:
        message = f"cron = {expression!r} is invalid: there is no such day"
        raise ConfigError(message)
    return OrTrigger(coming)


def _ever_comes(trigger: CronTrigger) -> bool:
    # Without an end, looking for 30 February would go through thousands of years.
    trigger.end_date = _TRIED_TO
    comes = trigger.get_next_fire_time(None, _TRIED_FROM) is not None
    trigger.end_date = None
    return comes


def _to_numbers(field: str, names: tuple[str, ...], first: int) -> str:
    """Return the field with numbers for names: APScheduler passes over a step after a name."""

    def number(found: re.Match[str]) -> str:
        if found[0] not in names:
            raise ValueError(f"{found[0]!r} is none of {', '.join(names)}")
        return str(first + names.index(found[0]))

    return re.sub("[a-z]+", number, field)


def _weekdays(field: str) -> str:
    """Return a field of days, 0 or 7 for Sunday, in APScheduler's numbers, 0 for Monday."""
    if field == "*":
        return field
    chosen: set[int] = set()
    for item in field.split(","):
        found = _WEEKDAY_ITEM.fullmatch(item.replace("*", "0-6", 1))
        if found is None:
            raise ValueError(f"{item!r} is no day of the week")
        first, step = int(found["first"]), int(found["step"] or 1)
        if step == 0:
            raise ValueError(f"{item!r} has a step of 0")
        last = int(found["last"] or (6 if found["step"] else first))
        if last < first:  # fri-sun, sat-mon
            last += 7
        chosen |= {(day - 1) % 7 for day in range(first, last + 1, step)}
    return ",".join(str(day) for day in sorted(chosen))
