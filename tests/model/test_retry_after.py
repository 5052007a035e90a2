"""Retry-After: whatever a server writes, it is a number of seconds or nothing."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.retry_after import retry_after_s

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

moments = st.integers(0, 250_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@given(st.integers(min_value=0, max_value=10**11))
def test_seconds_are_seconds(seconds: int) -> None:
    assert retry_after_s(f" {seconds} ", now=NOW) == seconds


@given(moments, moments)
def test_a_date_is_counted_from_now_and_never_negative(until: datetime, now: datetime) -> None:
    expected = max(0.0, (until - now).total_seconds())
    assert retry_after_s(format_datetime(until, usegmt=True), now=now) == expected


@given(moments, moments, st.timedeltas(timedelta(days=-900), timedelta(days=900)))
def test_a_date_is_counted_from_the_servers_own_clock_where_it_tells_it(
    until: datetime, served: datetime, skew: timedelta
) -> None:
    ours = NOW + skew
    date = format_datetime(served, usegmt=True)
    expected = max(0.0, (until - served).total_seconds())
    assert retry_after_s(format_datetime(until, usegmt=True), now=ours, date=date) == expected


@given(st.text(), st.none() | st.text())
def test_no_text_is_an_error(value: str, date: str | None) -> None:
    seconds = retry_after_s(value, now=NOW, date=date)
    assert seconds is None or seconds >= 0


@given(
    st.from_regex(
        r"[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]{0,9} ([+-][0-9]{1,9}|[A-Z]{3})",
        fullmatch=True,
    )
)
def test_no_near_date_is_an_error(value: str) -> None:
    seconds = retry_after_s(value, now=NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 02 Mar 2026 14:00:30 GMT",
        "Monday, 02-Mar-26 14:00:30 GMT",
        "Mon Mar  2 14:00:30 2026",
        "Mon, 02 Mar 2026 15:00:30 +0100",
        "30",
        "30.0",
    ],
)
def test_all_formats_of_the_standard_are_read(value: str) -> None:
    assert retry_after_s(value, now=NOW) == 30


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "-1",
        "+1",
        "1e3",
        "1_000",
        "٣٠",
        "NaN",
        "inf",
        "soon",
        "a" * 10_000,
        "Fri, 31 Dec 1999 23:59:59 +99999999999999",
    ],
)
def test_what_is_none_of_them_is_nothing(value: str | None) -> None:
    assert retry_after_s(value, now=NOW) is None


@pytest.mark.parametrize(
    "value",
    [
        "99999999999999999999",
        "1" + "0" * 30 + ".5",
        "9" * 5000,
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 12026 23:59:59 GMT",
    ],
    ids=["20 digits", "a fraction", "5,000 digits", "the last minute", "year 9999", "year 12026"],
)
def test_what_is_beyond_all_bounds_is_a_long_time_and_not_nothing(value: str) -> None:
    seconds = retry_after_s(value, now=NOW)
    assert seconds is not None
    assert seconds > 10 * 365 * 86_400


def test_a_date_header_that_is_none_does_not_matter() -> None:
    assert retry_after_s("Mon, 02 Mar 2026 14:00:30 GMT", now=NOW, date="yesterday") == 30
