"""When something is due: once for each time, whatever was missed and however clocks are set."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.scheduler import Cron, Every, Trigger, next_due, next_run_after_restart

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}+00:00")


def runs(trigger: Trigger, clock: Iterator[datetime], last: datetime) -> list[datetime]:
    """Return the due times that are run when the clock shows this, one look after the other."""
    done = []
    for now in clock:
        due = next_due(trigger, last_due=last, now=now)
        if due <= now:
            done.append(due)
            last = due
    return done


def ticking(start: datetime, end: datetime, step: timedelta = MINUTE) -> Iterator[datetime]:
    while start <= end:
        yield start
        start += step


def test_an_interval_that_never_ran_is_due_now() -> None:
    assert next_due(Every(HOUR), last_due=None, now=NOON) == NOON


def test_a_cron_time_that_never_ran_is_due_when_it_comes() -> None:
    trigger = Cron("0 12 * * *")
    assert next_due(trigger, last_due=None, now=NOON) == NOON
    assert next_due(trigger, last_due=None, now=NOON + MINUTE) == NOON + timedelta(days=1)


@pytest.mark.parametrize(
    ("trigger", "due"),
    [
        (Every(HOUR), NOON - 20 * MINUTE),
        (Every(timedelta(days=365)), datetime(2026, 1, 5, 7, 40, tzinfo=UTC)),
        (Cron("40 * * * *"), NOON - 20 * MINUTE),
        (Cron("* * * * *"), NOON),
        (Cron("0 0 29 2 *"), datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_of_years_of_missed_times_the_latest_is_due_and_then_the_next(
    trigger: Trigger, due: datetime
) -> None:
    last = datetime(2016, 1, 8, 7, 40, tzinfo=UTC)
    assert next_due(trigger, last_due=last, now=NOON) == due
    assert next_due(trigger, last_due=due, now=NOON) > NOON


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 0 * * 1-5", "23 24 25 26 27"),
        ("0 0 * * 0", "29"),
        ("0 0 * * 7", "29"),
        ("0 0 * * 5-7", "27 28 29"),
        ("0 0 * * sat-mon", "23 28 29"),
        ("0 0 * * MON,wed", "23 25"),
        ("0 0 * * */2", "24 26 28 29"),
        ("0 0 * * 4/2", "26 28"),
        ("0 0 24 * fri", "24 27"),
        ("0 0 24,25 nov *", "24 25"),
        ("0 0 */2 * 1-5", "23 25 27"),
        ("0 0 24,25 * */2", "24"),
        ("0 0 24 feb-dec/2 *", ""),
        ("0 0 24 jan-dec/5,nov-dec *", "24"),
    ],
)
def test_days_are_counted_as_cron_counts_them(expression: str, days: str) -> None:
    week = ticking(NOON, NOON + timedelta(days=7), 6 * HOUR)
    assert [str(due.day) for due in runs(Cron(expression), week, NOON)] == days.split()


@pytest.mark.parametrize(
    ("zone", "expression", "start", "end", "expected"),
    [
        # Madrid 2026-03-29: 02:00 → 03:00 at 01:00 UTC.
        ("Europe/Madrid", "30 2 * * *", "03-28T00:00", "03-30T23:00",
         ["03-28T01:30", "03-29T01:00", "03-30T00:30"]),
        ("Europe/Madrid", "0 2-4 * * *", "03-29T00:00", "03-29T06:00",
         ["03-29T01:00", "03-29T02:00"]),
        ("Europe/Madrid", "*/20 * * * *", "03-29T00:20", "03-29T01:30",
         ["03-29T00:20", "03-29T00:40", "03-29T01:00", "03-29T01:20"]),
        # Madrid 2026-10-25: 03:00 → 02:00 at 01:00 UTC.
        ("Europe/Madrid", "30 2 * * *", "10-24T00:00", "10-26T23:00",
         ["10-24T00:30", "10-25T00:30", "10-26T01:30"]),
        ("Europe/Madrid", "0 * * * *", "10-25T00:00", "10-25T03:00",
         ["10-25T00:00", "10-25T01:00", "10-25T02:00", "10-25T03:00"]),
        # New York 2026-03-08: 02:00 → 03:00 at 07:00 UTC.
        ("America/New_York", "15 2 * * *", "03-07T00:00", "03-09T23:00",
         ["03-07T07:15", "03-08T07:00", "03-09T06:15"]),
        # New York 2026-11-01: 02:00 → 01:00 at 06:00 UTC.
        ("America/New_York", "15,45 1 * * *", "11-01T00:00", "11-01T23:00",
         ["11-01T05:15", "11-01T05:45"]),
        ("America/New_York", "30 14 * * 1-5", "10-30T00:00", "11-02T23:00",
         ["10-30T18:30", "11-02T19:30"]),
    ],
)  # fmt: skip
def test_a_night_in_which_the_clocks_are_set_skips_and_doubles_nothing(
    zone: str, expression: str, start: str, end: str, expected: list[str]
) -> None:
    clock = ticking(at(start), at(end))
    found = runs(Cron(expression, zone), clock, at(start) - MINUTE)
    assert found == [at(text) for text in expected]


def test_an_interval_does_not_see_the_clocks_of_a_zone_being_set() -> None:
    clock = ticking(at("10-25T00:00"), at("10-25T04:00"))
    found = runs(Every(HOUR), clock, at("10-24T23:00"))
    assert found == [at(f"10-25T0{hour}:00") for hour in range(5)]


@pytest.mark.parametrize("trigger", [Every(HOUR), Cron("0 * * * *")])
def test_a_clock_set_forward_makes_up_one_run(trigger: Trigger) -> None:
    clock = iter([NOON, NOON + 5 * HOUR, NOON + 5 * HOUR + MINUTE, NOON + 6 * HOUR])
    found = runs(trigger, clock, NOON - HOUR)
    assert found == [NOON, NOON + 5 * HOUR, NOON + 6 * HOUR]


def test_a_clock_set_back_delays_an_interval_by_no_more_than_itself() -> None:
    now = NOON - 5 * HOUR
    assert next_due(Every(HOUR), last_due=NOON, now=now) == now + HOUR
    assert (
        next_run_after_restart(Every(HOUR), stored=NOON + HOUR, last_due=NOON, now=now)
        == now + HOUR
    )


def test_a_cron_time_that_ran_does_not_run_again_when_the_clock_is_set_back() -> None:
    trigger = Cron("0 * * * *")
    again = ticking(NOON - 5 * HOUR, NOON + HOUR)
    assert runs(trigger, again, NOON) == [NOON + HOUR]
    found = next_run_after_restart(trigger, stored=NOON + HOUR, last_due=NOON, now=NOON - 5 * HOUR)
    assert found == NOON + HOUR


def test_a_clock_that_was_years_ahead_stops_nothing_for_years() -> None:
    trigger = Cron("0 * * * *")
    ahead = NOON + timedelta(days=800)
    assert next_due(trigger, last_due=ahead, now=NOON) == NOON + HOUR
    found = next_run_after_restart(trigger, stored=ahead + HOUR, last_due=ahead, now=NOON)
    assert found == NOON + HOUR


def test_what_was_due_while_nothing_ran_is_due_at_the_start() -> None:
    missed = NOON - 30 * HOUR
    for trigger in (Every(HOUR), Cron("0 6 * * *")):
        assert next_run_after_restart(trigger, stored=missed, last_due=None, now=NOON) == missed


def test_at_the_start_an_unknown_trigger_is_asked_like_any_other() -> None:
    assert next_run_after_restart(Every(HOUR), stored=None, last_due=None, now=NOON) == NOON
    due = next_run_after_restart(Every(HOUR), stored=None, last_due=NOON - 5 * MINUTE, now=NOON)
    assert due == NOON + 55 * MINUTE


def test_a_trigger_that_changed_meanwhile_counts_as_it_is_now() -> None:
    later = NOON + timedelta(days=20)
    assert next_run_after_restart(Every(HOUR), stored=later, last_due=None, now=NOON) == NOON + HOUR
    # The hours before now were not asked for when they came.
    now = NOON + 30 * MINUTE
    found = next_run_after_restart(
        Cron("0 * * * *"), stored=later, last_due=NOON - 9 * HOUR, now=now
    )
    assert found == NOON + HOUR


@pytest.mark.parametrize("hour", range(0, 48, 5))
def test_clocks_that_skip_a_whole_day_are_followed(hour: int) -> None:
    # Samoa had no 2011-12-30: after 23:59 of the 29th (10:00 UTC of the 30th) came the 31st.
    start = datetime(2011, 12, 29, tzinfo=UTC) + hour * HOUR
    trigger = Cron("0 12 * * *", "Pacific/Apia")
    found = runs(trigger, ticking(start, start + timedelta(days=3), 10 * MINUTE), start)
    expected = [
        datetime(2011, 12, 29, 22, tzinfo=UTC),  # noon of the 29th
        datetime(2011, 12, 30, 10, tzinfo=UTC),  # noon of the 30th, which there was not
        datetime(2011, 12, 30, 22, tzinfo=UTC),  # noon of the 31st
        datetime(2011, 12, 31, 22, tzinfo=UTC),
        datetime(2012, 1, 1, 22, tzinfo=UTC),
        datetime(2012, 1, 2, 22, tzinfo=UTC),
    ]
    assert found == [one for one in expected if start < one <= start + timedelta(days=3)]


ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
EXPRESSIONS = ["0 * * * *", "*/7 1-3 * * *", "30 2 * * 0", "0 0 1 * *", "15 2 8-14 mar,oct,nov *"]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    expression=st.sampled_from(EXPRESSIONS),
    start=st.integers(0, 60 * 24 * 365 * 3),
    minutes=st.lists(st.integers(1, 60 * 24 * 3), min_size=1, max_size=5),
)
def test_looking_seldom_finds_the_latest_of_what_looking_often_finds(
    zone: str, expression: str, start: int, minutes: list[int]
) -> None:
    trigger = Cron(expression, zone)
    last = datetime(2025, 1, 1, tzinfo=UTC) + start * MINUTE
    for gap in minutes:
        now = last + gap * MINUTE
        often = list(runs_by_hand(trigger, last, now))
        due = next_due(trigger, last_due=last, now=now)
        assert (due if due <= now else None) == (often[-1] if often else None)
        last = due if due <= now else last


def runs_by_hand(trigger: Cron, last: datetime, now: datetime) -> Iterator[datetime]:
    while (last := next_due(trigger, last_due=last, now=last)) <= now:
        local = last.astimezone(ZoneInfo(trigger.timezone))
        by_real_time = "*" in trigger.expression.split(" ", 2)[0:2] or trigger.expression[0] == "*"
        assert local.fold == 0 or by_real_time, "the second of two equal wall times"
        yield last
