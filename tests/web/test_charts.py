"""Charts over versions: step lines within the drawing, few ticks, whatever the registry says."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model.facts import VersionFacts
from monitor.web import charts
from monitor.web.charts import Chart, enrollment_chart, sites_chart, slip_chart

DAY = date(2024, 1, 1)


def history(*facts: VersionFacts) -> list[tuple[date, VersionFacts]]:
    """Return versions a hundred days apart."""
    return [(DAY + timedelta(days=100 * number), one) for number, one in enumerate(facts)]


def planned(written: str | None, kind: str | None = "ESTIMATED") -> VersionFacts:
    return VersionFacts(primary_completion_date=written, primary_completion_date_type=kind)


def assert_within(chart: Chart) -> None:
    for line in chart.lines:
        xs = [float(one) for one in re.findall(r"[MH](-?[\d.]+)", line.path)]
        ys = [float(one) for one in re.findall(r"V(-?[\d.]+)|M\S+ (-?[\d.]+)", line.path)
              for one in one if one]  # fmt: skip
        assert all(charts.LEFT <= x <= charts.RIGHT for x in xs), line.path
        assert all(charts.TOP <= y <= charts.BOTTOM for y in ys), line.path
    assert all(charts.LEFT <= tick.at <= charts.RIGHT for tick in chart.x_ticks)
    assert len(chart.x_ticks) <= 5
    assert len(chart.y_ticks) <= 5


def test_a_date_that_slips_steps_up_and_is_marked_as_the_registry_says() -> None:
    chart = slip_chart(
        history(planned("2025-01"), planned("2025-01"), planned("2025-07-01"),
                planned("2025-08-01", "ACTUAL"))
    )  # fmt: skip
    assert chart is not None
    assert_within(chart)
    [line] = chart.lines
    assert (line.name, line.now) == ("Primary completion", "2025-08-01 (actual)")
    assert [mark.actual for mark in line.marks] == [False, False, True]
    assert [mark.y for mark in line.marks] == sorted((mark.y for mark in line.marks), reverse=True)
    assert line.path.count("V") == 2
    assert chart.rows == (
        ("2024-01-01", "2025-01 (estimated)"),
        ("2024-07-19", "2025-07-01 (estimated)"),
        ("2024-10-27", "2025-08-01 (actual)"),
    )
    assert "from 2025-01 (estimated) in 2024-01-01 to 2025-08-01" in chart.description


def test_a_chart_ends_soon_after_its_last_change() -> None:
    still = [VersionFacts(enrollment=120)] * 50
    chart = enrollment_chart(history(VersionFacts(enrollment=100), *still))
    assert chart is not None
    [line] = chart.lines
    change = float(re.findall(r"H([\d.]+)", line.path)[0])
    assert change > (charts.LEFT + charts.RIGHT) / 2  # the 49 versions behind it take no room


def test_what_is_taken_back_leaves_a_gap() -> None:
    chart = slip_chart(history(planned("2025-01"), planned(None, None), planned("2026-01")))
    assert chart is not None
    [line] = chart.lines
    assert line.path.count("M") == 2
    assert chart.rows[1] == ("2024-04-10", "no longer stated")


def test_countries_with_few_sites_are_told_together() -> None:
    counts = {"France": 9, "Spain": 7, "Italy": 5, "Japan": 3, "Chile": 2, "Peru": 1}
    chart = sites_chart(history(VersionFacts(sites_by_country=counts)))
    assert chart is not None
    names = [(line.name, line.now) for line in chart.lines]
    assert names == [("France", "9"), ("Spain", "7"), ("Italy", "5"), ("Japan", "3"),
                     ("2 others", "3")]  # fmt: skip


def test_a_country_that_was_renamed_is_one() -> None:
    chart = sites_chart(
        history(VersionFacts(sites_by_country={"Turkey": 2}),
                VersionFacts(sites_by_country={"Turkey (Türkiye)": 3}))
    )  # fmt: skip
    assert chart is not None
    assert [line.name for line in chart.lines] == ["Turkey (Türkiye)"]


def test_without_values_there_is_no_chart() -> None:
    empty = history(VersionFacts(), VersionFacts())
    assert [slip_chart(empty), enrollment_chart(empty), sites_chart(empty)] == [None, None, None]
    assert slip_chart([]) is None
    assert sites_chart([]) is None


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.dates(),
            st.one_of(st.none(), st.dates().map(date.isoformat), st.just("2024-13"), st.text()),
            st.one_of(st.none(), st.integers(0, 10**12)),
            st.dictionaries(st.text(max_size=9), st.integers(0, 10**6), max_size=7),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_versions_state_stays_within_the_drawing(
    versions: list[tuple[date, str | None, int | None, dict[str, int]]],
) -> None:
    found = [
        (day, VersionFacts(completion_date=written, enrollment=count, sites_by_country=sites))
        for day, written, count, sites in sorted(versions, key=lambda one: one[0])
    ]
    for draw in (slip_chart, enrollment_chart, sites_chart):
        chart = draw(found)
        if chart is not None:
            assert_within(chart)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_the_ends_of_the_calendar_are_days_like_others(day: date) -> None:
    chart = slip_chart([(day, planned(day.isoformat()))])
    assert chart is not None
    assert_within(chart)
