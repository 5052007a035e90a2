"""Cron times in the nights in which the clocks of a zone are set, for summer time and otherwise.

What recurs in every hour, or within one, runs by real time; what has its time of the day runs once.
"""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.scheduler import Cron, next_due

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# A zone, the first instant of each new offset in 2026 (UTC), and by how much the clocks are set.
SUMMER_BEGINS = {
    "Europe/Madrid": "2026-03-29T01:00",
    "Europe/London": "2026-03-29T01:00",
    "America/New_York": "2026-03-08T07:00",
    "America/Havana": "2026-03-08T05:00",  # 00:00 → 01:00: the day has no midnight
    "Africa/Cairo": "2026-04-23T22:00",  # 00:00 → 01:00
    "Australia/Lord_Howe": "2026-10-03T15:30",  # by half an hour
    "Asia/Kolkata": "2026-03-29T01:00",  # a zone without summer time
    "UTC": "2026-03-29T01:00",
}
SUMMER_ENDS = {
    "Europe/Madrid": "2026-10-25T01:00",
    "Europe/London": "2026-10-25T01:00",
    "America/New_York": "2026-11-01T06:00",
    "America/Havana": "2026-11-01T05:00",  # 01:00 → 00:00: midnight comes twice
    "Africa/Cairo": "2026-10-29T21:00",  # 00:00 → 23:00 of the day before
    "Australia/Lord_Howe": "2026-04-04T15:00",  # by half an hour
    "Asia/Kolkata": "2026-10-25T01:00",
    "UTC": "2026-10-25T01:00",
}
CHANGES = [*SUMMER_BEGINS.items(), *SUMMER_ENDS.items()]
WHOLE_HOURS = [(zone, change) for zone, change in CHANGES if zone != "Australia/Lord_Howe"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due_times(cron: Cron, after: datetime, until: datetime) -> list[datetime]:
    found = []
    while (after := next_due(cron, last_due=after, now=after)) <= until:
        found.append(after.astimezone(UTC))
    return found


def around(cron: Cron, change: str, days: int) -> list[datetime]:
    """Return the due times from noon, so many days before a change of the clocks, to noon."""
    noon = at(change).astimezone(ZoneInfo(cron.timezone)).replace(hour=12, minute=0, fold=0)
    return due_times(cron, (noon - days * DAY).astimezone(UTC), (noon + days * DAY).astimezone(UTC))


@pytest.mark.parametrize(("zone", "change"), WHOLE_HOURS)
@pytest.mark.parametrize(
    ("expression", "minutes"),
    [("31 * * * *", 60), ("0 0-23 * * *", 60), ("5,35 * * * *", 30), ("*/20 * * * *", 20),
     ("* * * * *", 1)],
)  # fmt: skip
def test_what_recurs_every_hour_or_more_often_keeps_its_distance(
    zone: str, change: str, expression: str, minutes: int
) -> None:
    found = around(Cron(expression, zone), change, 2)
    distances = {later - earlier for earlier, later in itertools.pairwise(found)}
    assert distances == {minutes * MINUTE}
    assert len(found) >= (4 * 24 - 1) * 60 // minutes


def test_an_hour_in_madrid_is_not_skipped_when_the_clocks_go_back() -> None:
    found = due_times(
        Cron("31 * * * *", "Europe/Madrid"), at("2026-10-24T23:00"), at("2026-10-25T03:00")
    )
    assert [f"{due:%H:%M}" for due in found] == ["23:31", "00:31", "01:31", "02:31"]


@pytest.mark.parametrize(
    ("expression", "begins", "ends"),
    [
        # 02:00 (15:30 UTC) became 02:30 in October, 02:00 (15:00 UTC) became 01:30 in April.
        ("*/15 * * * *", "15:00 15:15 15:30 15:45 16:00", "14:30 14:45 15:00 15:15 15:30 15:45"),
        ("*/20 * * * *", "14:50 15:10 15:40 16:00", "14:20 14:40 15:10 15:30 15:50"),
        ("40 * * * *", "15:10 15:40 16:40", "14:40 15:10 16:10"),
        ("15 * * * *", "14:45 16:15 17:15", "14:15 15:45 16:45"),
    ],
)
def test_half_an_hour_is_told_by_what_the_clocks_show(
    expression: str, begins: str, ends: str
) -> None:
    cron = Cron(expression, "Australia/Lord_Howe")
    for day, expected in (("2026-10-03", begins), ("2026-04-04", ends)):
        times = expected.split()
        first = at(f"{day}T{times[0]}")
        found = due_times(cron, first - MINUTE, at(f"{day}T{times[-1]}"))
        assert [f"{due:%H:%M}" for due in found] == times


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize("time", ["30 0", "15 1", "45 1", "0 2", "15 2", "30 2", "59 23", "0 12"])
def test_a_daily_time_comes_once_on_every_day(zone: str, change: str, time: str) -> None:
    found = around(Cron(f"{time} * * *", zone), change, 3)
    days = [due.astimezone(ZoneInfo(zone)).date() for due in found]
    assert days == [days[0] + count * DAY for count in range(6)]


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize("time", ["0 0", "30 0", "30 1", "15 2", "0 6"])
def test_a_weekly_time_comes_once_a_week(zone: str, change: str, time: str) -> None:
    for weekday in range(7):
        found = around(Cron(f"{time} * * {weekday}", zone), change, 14)
        assert len(found) == 4, (weekday, found)
        assert all(
            6 * DAY < later - earlier < 8 * DAY for earlier, later in itertools.pairwise(found)
        )


@pytest.mark.parametrize("zone", SUMMER_BEGINS)
@pytest.mark.parametrize("time", ["0 0", "30 0", "30 2"])
def test_no_month_of_a_year_is_left_out(zone: str, time: str) -> None:
    found = due_times(Cron(f"{time} 1 * *", zone), at("2026-01-01T20:00"), at("2027-01-02T00:00"))
    local = [due.astimezone(ZoneInfo(zone)) for due in found]
    assert [(due.month, due.day) for due in local] == [*((m, 1) for m in range(2, 13)), (1, 1)]


def test_each_minute_of_an_hour_that_comes_twice_is_due_twice_and_in_no_other_year() -> None:
    # A year later the clocks go back on another day: the next time is a year away, not an hour.
    cron = Cron("* 2 25 10 *", "Europe/Madrid")
    found = due_times(cron, at("2026-10-25T00:58"), at("2027-10-25T00:01"))
    assert [f"{due:%y %H:%M}" for due in found] == [
        "26 00:59", *(f"26 01:{minute:02}" for minute in range(60)), "27 00:00", "27 00:01",
    ]  # fmt: skip


def named(field: str, value: int, least: int, most: int) -> bool:
    """Return whether a field of an expression names the value, read as the manual says."""
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = (f"{least}-{most}" if span == "*" else span).partition("-")
        end = int(last or (most if step else first))
        if value in range(int(first), end + 1, int(step or 1)):
            return True
    return False


def by_hand(cron: Cron, after: datetime, until: datetime) -> Iterator[datetime]:
    """Look at the zone's clocks minute by minute."""
    zone = ZoneInfo(cron.timezone)
    minute, hour = cron.expression.split()[:2]
    recurs = minute.startswith("*") or hour.startswith("*")
    reached = after.astimezone(zone).replace(tzinfo=None)
    for count in range(1, (until - after) // MINUTE + 1):
        instant = after + count * MINUTE
        local = instant.astimezone(zone)
        wall = local.replace(tzinfo=None, fold=0)
        # Where clocks were set forward, this minute stands for all that they skipped.
        shown = [reached + MINUTE * ahead for ahead in range(1, (wall - reached) // MINUTE + 1)]
        reached = max(reached, wall)
        if any(named(minute, one.minute, 0, 59) and named(hour, one.hour, 0, 23)
               for one in ([wall] if recurs else shown)):  # fmt: skip
            yield instant


def fields(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    span = st.tuples(number, number).map(lambda two: f"{min(two)}-{max(two)}")
    step = st.integers(2, 15).map(lambda every: f"*/{every}")
    some = st.lists(number | span, min_size=1, max_size=3)
    return st.just("*") | step | some.map(lambda items: ",".join(map(str, items)))


@given(
    change=st.sampled_from(CHANGES),
    minute=fields(0, 59),
    hour=fields(0, 22) | fields(0, 4).filter(lambda field: "/" not in field),
    start=st.integers(-30 * 60, 6 * 60),
)
@example(change=("Europe/Madrid", "2026-10-25T01:00"), minute="31", hour="*", start=-120)
@example(change=("Africa/Cairo", "2026-10-29T21:00"), minute="15", hour="23", start=-120)
def test_cron_times_are_what_a_look_at_the_clocks_each_minute_finds(
    change: tuple[str, str], minute: str, hour: str, start: int
) -> None:
    zone, instant = change
    cron = Cron(f"{minute} {hour} * * *", zone)
    after = at(instant) + start * MINUTE
    until = after + DAY + 2 * HOUR
    # Within an hour that comes again the look by hand has to know what went before.
    expected = [due for due in by_hand(cron, after - 3 * HOUR, until) if due > after]
    assert due_times(cron, after, until) == expected
