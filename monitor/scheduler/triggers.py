"""When a job is due: after an interval, or at the times of a cron expression. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import ConfigError
from monitor.scheduler.cron import Cron

if TYPE_CHECKING:
    from monitor.settings import SourceSettings

# A clock that is set back by more than this had been wrong: what it had run does not count.
LONGEST_STEP_BACK = timedelta(days=1)

_TICK = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Every:
    """Due again when the interval, longer than nothing, has passed."""

    interval: timedelta


Trigger = Every | Cron


def trigger_of(source: "SourceSettings") -> Trigger:
    """Return when a source is to be looked at; ConfigError names the source and its cron."""
    if source.every is not None:
        return Every(source.every)
    trigger = Cron(source.cron or "", source.timezone)
    try:
        trigger.check()
    except ConfigError as exc:
        message = f'[[source]] "{source.name}" {exc}'
        raise ConfigError(message) from exc
    return trigger


def next_due(trigger: Trigger, *, last_due: datetime | None, now: datetime) -> datetime:
    """Return when it is due after ``last_due``, at which it ran (None: it never ran).

    When due times were missed it is the latest of them, so they are made up once, at once. An
    interval that never ran is due now, and none ends later than an interval from now. A cron
    time up to ``last_due`` does not come again when the clock is set back, by a day at most.
    Times are aware; what comes out may be in UTC or as it was given. ConfigError for a wrong
    cron expression.
    """
    if isinstance(trigger, Every):
        return _next_interval(trigger.interval, last_due, now)
    if last_due is None:
        # From just before now: a time that is exactly now counts.
        return trigger.next_time(now - _TICK)
    if last_due > now + LONGEST_STEP_BACK:
        last_due = now
    first = trigger.next_time(last_due)
    return first if first > now else _latest(trigger, first, now)


def latest_due(source: "SourceSettings", now: datetime) -> datetime:
    """Return when a source is due next at the latest, whatever is stored of it."""
    trigger = trigger_of(source)
    if isinstance(trigger, Every):
        return now + trigger.interval
    return next_due(trigger, last_due=now, now=now)


def next_run_after_restart(
    trigger: Trigger, *, stored: datetime | None, last_due: datetime | None, now: datetime
) -> datetime:
    """Return when it is due, where ``stored`` was to be the next time (None: nothing is known).

    What was due while nothing ran stays due. Else the trigger, or the clock, may not be what it
    was when the time was stored: an interval ends no later than one from now, and a cron
    expression's next time counts. ``last_due``: when it last ran, as far as that is known.
    """
    if stored is None:
        return next_due(trigger, last_due=last_due, now=now)
    if stored <= now:
        return stored
    if isinstance(trigger, Every):
        return min(stored, now + trigger.interval)
    return next_due(trigger, last_due=max(last_due or now, now), now=now)


def _next_interval(interval: timedelta, last_due: datetime | None, now: datetime) -> datetime:
    if last_due is None:
        return now
    # Example: every hour, last due at 10:00, now 13:20: due at 13:00, and only once.
    missed = (now - last_due) // interval
    if missed > 0:
        return last_due + missed * interval
    return min(last_due + interval, now + interval)


def _latest(cron: Cron, due: datetime, now: datetime) -> datetime:
    """Return the last instant up to now at which it is due, where ``due`` is one."""
    none_behind = now
    # By halves: a cron expression of every minute has half a million due times in a year's rest.
    while none_behind - due > _MINUTE:
        middle = due + (none_behind - due) / 2
        found = cron.next_time(middle)
        if found <= now:
            due = found
        else:
            none_behind = middle
    while (found := cron.next_time(due)) <= now:
        due = found
    return due
