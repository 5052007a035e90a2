"""Dates of which the day, or the month, is not known."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.dates import PartialDate

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))


def parsed(text: str) -> PartialDate:
    found = PartialDate.parse(text)
    assert found is not None
    return found


@given(DAYS, st.sampled_from([4, 7, 10]))
def test_a_date_is_written_as_it_was_read(day: date, length: int) -> None:
    text = day.isoformat()[:length]
    assert str(parsed(text)) == text
    assert parsed(text).first_day() <= day


@pytest.mark.parametrize(
    "nonsense",
    ["2024-13", "2024-00", "2024-01-00", "2023-02-29", "24-01-01", "2024-1-1", "2024-01-01T00:00",
     "January 2024", "", " 2024", "202\N{ARABIC-INDIC DIGIT FOUR}", "0000", 2024, None,
     ["2024"], True],
)  # fmt: skip
def test_what_is_no_date_of_the_calendar_is_none(nonsense: object) -> None:
    assert PartialDate.parse(nonsense) is None


@given(DAYS, DAYS)
def test_days_between_whole_dates_are_those_of_the_calendar(one: date, other: date) -> None:
    assert parsed(str(one)).days_until(parsed(str(other))) == (other - one).days


@given(DAYS, DAYS, st.sampled_from([4, 7, 10]), st.sampled_from([4, 7, 10]))
def test_days_there_are_days_back(one: date, other: date, length: int, other_length: int) -> None:
    here, there = parsed(str(one)[:length]), parsed(str(other)[:other_length])
    assert here.days_until(there) == -there.days_until(here)


@pytest.mark.parametrize(
    ("before", "after", "days"),
    [
        ("2024-11-20", "2024-11", 0),
        ("2024-11", "2024-11-30", 0),
        ("2024", "2024-12-31", 0),
        ("2024-11-20", "2024-12", 30),
        ("2026-07", "2027-09", 427),
        ("2024-12-31", "2025", 366),
        ("2024-02-28", "2024-03-01", 2),
    ],
)
def test_unknown_parts_are_not_counted(before: str, after: str, days: int) -> None:
    assert parsed(before).days_until(parsed(after)) == days


def test_an_unknown_part_sorts_before_a_known_one() -> None:
    texts = ["2024", "2024-11", "2024-11-01", "2024-11-02", "2024-12", "2025"]
    assert sorted(map(parsed, reversed(texts))) == [*map(parsed, texts)]
