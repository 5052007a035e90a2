"""When a subscription sends: at once, hourly, or at a local time of the day or the week."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor.model.wall_clock import instant_of

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXAMPLES = '"at once", "hourly", "daily 08:00 Europe/Madrid", "weekly monday 08:00 UTC"'

_WRITTEN = re.compile(
    r"(?:daily|weekly\s+(?P<day>[a-z]+))\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?:\s+(?P<zone>\S+))?",
    re.IGNORECASE,
)
# A dash too: mail programs and word processors turn the hyphen of "22:00-07:00" into one.
_QUIET = re.compile(r"(?P<from>\d{1,2}:\d{2})\s*[-–]\s*(?P<to>\d{1,2}:\d{2})(?:\s+(?P<zone>\S+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtOnce:
    """Every change by itself, as soon as it is stored."""

    def __str__(self) -> str:
        return "at once"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hourly:
    """What an hour brought, at its end."""

    def __str__(self) -> str:
        return "hourly"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTime:
    """What a day or a week brought, at a local time; ``weekday`` 0 is Monday, None every day."""

    at: time
    zone: str = "UTC"
    weekday: int | None = None

    def __str__(self) -> str:
        rhythm = "daily" if self.weekday is None else f"weekly {DAYS[self.weekday]}"
        return f"{rhythm} {self.at:%H:%M} {self.zone}"


When = AtOnce | Hourly | LocalTime


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From ``start`` up to ``end``, local time, nothing is sent at once; may span midnight."""

    start: time
    end: time
    zone: str = "UTC"

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M} {self.zone}"

    def end_after(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours that hold at a moment end (UTC); None outside of them."""
        local = moment.astimezone(ZoneInfo(self.zone))
        now = local.time()
        if self.start <= self.end:
            inside, later = self.start <= now < self.end, False
        else:
            # Over midnight; before it, they end tomorrow.
            inside, later = now >= self.start or now < self.end, now >= self.start
        if not inside:
            return None
        # By date and time of day, not by adding hours: a day may have 23 or 25 of them.
        day = local.date() + timedelta(days=1) if later else local.date()
        return _instant(day, self.end, self.zone)


def parse_when(text: str, *, zone: str = "UTC") -> When:
    """Read what a person wrote; ValueError says what may be written.

    ``zone``: on whose clocks, where the text names none.
    """
    written = " ".join(text.split()).lower()
    if written in {"at once", "now", "immediately"}:
        return AtOnce()
    if written == "hourly":
        return Hourly()
    found = _WRITTEN.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(f"expected {EXAMPLES}")
    weekday = None
    if found["day"] is not None:
        matching = [n for n, day in enumerate(DAYS) if day.startswith(found["day"].lower())]
        # "t" may be Tuesday or Thursday.
        if len(matching) != 1 or len(found["day"]) < 3:
            raise ValueError(f"{found['day']!r} is no day of the week; write {EXAMPLES}")
        (weekday,) = matching
    at = _time(f"{found['hour']}:{found['minute']}")
    return LocalTime(at=at, zone=_zone(found["zone"] or zone), weekday=weekday)


def parse_quiet(text: str, *, zone: str = "UTC") -> QuietHours:
    """Read quiet hours; ValueError says what may be written.

    ``zone``: on whose clocks, where the text names none.
    """
    found = _QUIET.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError('expected "22:00-07:00 Europe/Madrid"')
    zone = _zone(found["zone"] or zone)
    return QuietHours(start=_time(found["from"]), end=_time(found["to"]), zone=zone)


def next_cutoff(when: Hourly | LocalTime, after: datetime) -> datetime:
    """Return the first end of a digest later than a moment (aware; the answer is UTC).

    A local time that a spring night leaves out is taken right after the gap; one that an autumn
    night has twice, the first time.
    """
    if isinstance(when, Hourly):
        # Hours of UTC: on the clocks of a zone with +05:30 they end at half past, all year.
        hour = after.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return hour + timedelta(hours=1)
    # From yesterday on: where clocks skip midnight, yesterday's time may come today.
    day = after.astimezone(ZoneInfo(when.zone)).date() - timedelta(days=1)
    while True:
        if when.weekday is None or day.weekday() == when.weekday:
            found = _instant(day, when.at, when.zone)
            if found > after:
                return found
        day += timedelta(days=1)


def _instant(day: date, at: time, zone: str) -> datetime:
    return instant_of(datetime.combine(day, at), ZoneInfo(zone))


def _time(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError(f"{text} is no time of the day") from None


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write one like UTC or Europe/Madrid") from None
