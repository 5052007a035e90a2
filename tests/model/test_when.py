"""When subscriptions are served: what people write, and which moments it means."""

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.when import (
    AtOnce,
    Hourly,
    LocalTime,
    QuietHours,
    next_cutoff,
    parse_quiet,
    parse_when,
)


def utc(text: str) -> datetime:
    """Return a moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("at once", AtOnce()),
        ("  At  Once ", AtOnce()),
        ("hourly", Hourly()),
        ("daily 08:00", LocalTime(at=time(8))),
        ("Daily 8:05 Europe/Madrid", LocalTime(at=time(8, 5), zone="Europe/Madrid")),
        ("weekly mon 08:00 UTC", LocalTime(at=time(8), weekday=0)),
        ("weekly Sunday 23:59", LocalTime(at=time(23, 59), weekday=6)),
    ],
)
def test_what_people_write_is_understood(written: str, meant: object) -> None:
    assert parse_when(written) == meant
    assert parse_when(str(meant)) == meant


@pytest.mark.parametrize(
    "written",
    ["", "sometimes", "daily", "daily 25:00", "daily 8", "daily 08:00 Mars/Olympus",
     "weekly 08:00", "weekly someday 08:00", "weekly t 08:00", "daily 08:00 ../../etc/passwd"],
)  # fmt: skip
def test_what_nobody_means_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match=r"write|day|zone"):
        parse_when(written)


def test_an_hour_ends_at_the_full_hour() -> None:
    assert next_cutoff(Hourly(), utc("2026-03-02T08:00:00")) == utc("2026-03-02T09:00:00")
    assert next_cutoff(Hourly(), utc("2026-03-02T08:59:59")) == utc("2026-03-02T09:00:00")


def test_a_day_ends_at_its_local_time_all_the_year() -> None:
    madrid = LocalTime(at=time(8), zone="Europe/Madrid")
    assert next_cutoff(madrid, utc("2026-01-10T06:59:00")) == utc("2026-01-10T07:00:00")
    assert next_cutoff(madrid, utc("2026-01-10T07:00:00")) == utc("2026-01-11T07:00:00")
    assert next_cutoff(madrid, utc("2026-07-10T07:00:00")) == utc("2026-07-11T06:00:00")


def test_a_week_ends_on_its_day() -> None:
    monday = LocalTime(at=time(8), weekday=0)
    assert next_cutoff(monday, utc("2026-03-02T07:59:00")) == utc("2026-03-02T08:00:00")
    assert next_cutoff(monday, utc("2026-03-02T08:00:00")) == utc("2026-03-09T08:00:00")


def test_a_time_that_a_spring_night_leaves_out_is_taken_after_the_gap() -> None:
    night = LocalTime(at=time(2, 30), zone="Europe/Madrid")
    assert next_cutoff(night, utc("2026-03-28T12:00:00")) == utc("2026-03-29T01:00:00")


def test_a_time_that_an_autumn_night_has_twice_is_taken_once() -> None:
    night = LocalTime(at=time(2, 30), zone="Europe/Madrid")
    first = next_cutoff(night, utc("2026-10-24T12:00:00"))
    assert first == utc("2026-10-25T00:30:00")
    assert next_cutoff(night, first) == utc("2026-10-26T01:30:00")


@given(
    moment=st.datetimes(
        datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone itself
        datetime(2035, 1, 1),  # noqa: DTZ001 - likewise
        timezones=st.just(UTC),
    ),
    at=st.times(timezones=st.none()).map(lambda t: t.replace(second=0, microsecond=0)),
    zone=st.sampled_from(["UTC", "Europe/Madrid", "America/New_York", "Asia/Kathmandu",
                          "Australia/Lord_Howe"]),
    weekday=st.none() | st.integers(0, 6),
)  # fmt: skip
def test_cutoffs_follow_each_other_and_none_is_left_out(
    moment: datetime, at: time, zone: str, weekday: int | None
) -> None:
    when = LocalTime(at=at, zone=zone, weekday=weekday)
    first = next_cutoff(when, moment)
    second = next_cutoff(when, first)
    days = 1 if weekday is None else 7
    assert moment < first < second
    assert (first - moment).total_seconds() <= (days + 1 / 12) * 86_400
    assert abs((second - first).total_seconds() - days * 86_400) <= 2 * 3_600


def test_quiet_hours_end_in_the_morning_whichever_side_of_midnight() -> None:
    quiet = parse_quiet("22:00-07:00 Europe/Madrid")
    assert str(quiet) == "22:00-07:00 Europe/Madrid"
    assert quiet.end_after(utc("2026-01-10T22:00:00")) == utc("2026-01-11T06:00:00")
    assert quiet.end_after(utc("2026-01-11T05:59:00")) == utc("2026-01-11T06:00:00")
    assert quiet.end_after(utc("2026-01-11T06:00:00")) is None
    assert quiet.end_after(utc("2026-01-11T12:00:00")) is None


def test_quiet_hours_within_a_day() -> None:
    quiet = QuietHours(start=time(12), end=time(14))
    assert quiet.end_after(utc("2026-01-11T12:00:00")) == utc("2026-01-11T14:00:00")
    assert quiet.end_after(utc("2026-01-11T14:00:00")) is None


def test_quiet_hours_that_nobody_means_are_refused() -> None:
    with pytest.raises(ValueError, match="22:00-07:00"):
        parse_quiet("at night")
