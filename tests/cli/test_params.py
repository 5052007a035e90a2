"""What people write for dates, times and kinds."""

from datetime import UTC, date, datetime

import pytest

from monitor.cli.params import days, kind, moment, severity
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


@pytest.mark.parametrize("text", ["", "26", "2026-13", "2026-02-30", "19.02.2026", "2026-2-9"])
def test_what_is_no_date_is_asked_wrongly(text: str) -> None:
    with pytest.raises(UsageError, match="is no date; write 2026"):
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
    with pytest.raises(UsageError, match="is no time; write 2026"):
        moment(text)


@pytest.mark.parametrize("text", ["site_added", "SITE_ADDED", "site-added", " Site added "])
def test_a_kind_may_be_spelt_in_any_way(text: str) -> None:
    assert kind(text) is ChangeKind.SITE_ADDED


def test_of_what_is_no_kind_the_nearest_or_the_page_is_named() -> None:
    with pytest.raises(UsageError, match="did you mean site_added"):
        kind("site_aded")
    with pytest.raises(UsageError, match=r"docs/events\.md"):
        kind("zzzzzz")


def test_a_severity_may_be_spelt_in_any_way() -> None:
    assert severity(" High ") is Severity.HIGH
    with pytest.raises(UsageError, match="noise, low, medium, high, critical"):
        severity("urgent")
