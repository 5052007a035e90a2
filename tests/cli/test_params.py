"""What people write for dates, times and kinds."""

from datetime import UTC, date, datetime

import pytest
import time_machine

from monitor.app.parameters import days, kind, moment, moment_ahead, severity
from monitor.errors import UsageError
from monitor.model.changes import ChangeKind, Severity


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-02-19", date(2026, 2, 19), date(2026, 2, 19)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        (" 2026-11 ", date(2026, 11, 1), date(2026, 11, 30)),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
        ("9999-12", date(9999, 12, 1), date(9999, 12, 31)),
        ("9999-02", date(9999, 2, 1), date(9999, 2, 28)),
    ],
)
def test_a_date_means_its_days(text: str, first: date, last: date) -> None:
    assert (days(text).first, days(text).last) == (first, last)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("today", date(2026, 3, 31)),
        ("Yesterday", date(2026, 3, 30)),
        ("tomorrow", date(2026, 4, 1)),
        ("0d", date(2026, 3, 31)),
        ("7d", date(2026, 3, 24)),
        (" 7 days ago ", date(2026, 3, 24)),
        ("2w", date(2026, 3, 17)),
        ("1 week", date(2026, 3, 24)),
        ("1mo", date(2026, 2, 28)),
        ("3 months", date(2025, 12, 31)),
        ("15mo", date(2024, 12, 31)),
        ("2y", date(2024, 3, 31)),
    ],
)
def test_a_date_may_be_counted_from_today_in_utc(text: str, meant: date) -> None:
    with time_machine.travel(datetime(2026, 3, 31, 23, 30, tzinfo=UTC), tick=False):
        assert (days(text).first, days(text).last) == (meant, meant)


@pytest.mark.parametrize(
    ("text", "ago", "ahead"),
    [
        ("7d", "2026-02-22T23:59:59.999999", "2026-03-08T23:59:59.999999"),
        ("1mo", "2026-02-01T23:59:59.999999", "2026-04-01T23:59:59.999999"),
        ("12h", "2026-03-01T00:05:00", "2026-03-02T00:05:00"),
        ("30 min", "2026-03-01T11:35:00", "2026-03-01T12:35:00"),
        ("now", "2026-03-01T12:05:00", "2026-03-01T12:05:00"),
        ("2026-05-01", "2026-05-01T23:59:59.999999", "2026-05-01T23:59:59.999999"),
    ],
)
def test_a_time_may_be_counted_from_now(text: str, ago: str, ahead: str) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 12, 5, tzinfo=UTC), tick=False):
        assert moment(text) == datetime.fromisoformat(f"{ago}+00:00")
        assert moment_ahead(text) == datetime.fromisoformat(f"{ahead}+00:00")


@pytest.mark.parametrize(
    "text", ["3m", "7", "d", "-7d", "9999y", "999999d", "1.5w", "7d 2h", "7dd"]
)
def test_what_cannot_be_counted_from_today_is_no_date(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not a date; write .*3mo"):
        days(text)


@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-02-30", "19.02.2026", "2026-2-9"])
def test_what_is_no_date_is_asked_wrongly(text: str) -> None:
    with pytest.raises(UsageError, match="is not a date; write 2026"):
        days(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-02-19T14:05", datetime(2026, 2, 19, 14, 5, tzinfo=UTC)),
        ("2026-02-19 14:05:30Z", datetime(2026, 2, 19, 14, 5, 30, tzinfo=UTC)),
        ("2026-02-19T14:05+02:00", datetime(2026, 2, 19, 12, 5, tzinfo=UTC)),
        ("2026-02-19", datetime(2026, 2, 19, 23, 59, 59, 999999, tzinfo=UTC)),
        ("2026-02", datetime(2026, 2, 28, 23, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_time_is_utc_unless_it_names_a_zone(text: str, meant: datetime) -> None:
    assert moment(text) == meant


@pytest.mark.parametrize("text", ["", "noon", "2026-02-19T25:00", "0001-01-01T00:00+14:00"])
def test_what_is_no_time_is_asked_wrongly(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time; write 2026"):
        moment(text)


@pytest.mark.parametrize("text", ["site_added", "SITE_ADDED", "site-added", " Site added "])
def test_a_kind_may_be_spelt_in_any_way(text: str) -> None:
    assert kind(text) == ChangeKind.SITE_ADDED


def test_a_group_of_kinds_is_taken_as_a_kind_is() -> None:
    assert kind(" Sites") == "sites"


def test_of_what_is_no_kind_the_nearest_or_the_groups_are_named() -> None:
    with pytest.raises(UsageError, match="did you mean site_added"):
        kind("site_aded")
    with pytest.raises(UsageError, match="the groups are status, dates, "):
        kind("zzzzzz")


def test_a_severity_may_be_spelt_in_any_way() -> None:
    assert severity(" High ") is Severity.HIGH
    with pytest.raises(UsageError, match="noise, low, medium, high, critical"):
        severity("urgent")
