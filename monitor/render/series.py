"""Values over time: a chart of bars, a table, JSON."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from monitor.model.dates import PartialDate
from monitor.model.history import TrialRow
from monitor.model.public_ids import public_version_id
from monitor.model.series import SeriesField, SeriesPoint
from monitor.render.code_words import plain_value, status_words
from monitor.render.lines import BLANK, Line, Span, Table, TextBlock, line
from monitor.render.values import value_text

BAR = 24
"""Columns of a bar: with date, version, value and change a row has less than 80."""
_FILLED, _EMPTY, _MARK = "█", "·", "◆"

FieldPoints = tuple[SeriesField, Sequence[SeriesPoint]]


def series_lines(trial: TrialRow, found: Sequence[FieldPoints]) -> Iterator[Line]:
    """Yield a chart for each field: one row for each change, oldest first.

    Bars of numbers are as long as the number, dates are marks between the earliest and the
    latest, and words bars from the day on which they began to the day on which they ended.
    """
    yield line(Span(trial.nct_id, "title"), "  ", Span(value_text(trial.title), "title"))
    for field, points in found:
        yield BLANK
        yield line(Span(field.label, "label"), indent=2)
        if not points:
            yield line(Span("no version states it", "dim"), indent=4)
        bars = _bars(field, points, end=max(trial.last_seen_at.date(), trial.last_version_date))
        width = max((len(str(point.number)) for point in points), default=1)
        for point, bar in zip(points, bars, strict=True):
            head = f"{point.day}  v{point.number:<{width}}  "
            spans = (
                Span(_value_words(field, point), "after"),
                Span(_change_words(field, point, points), "dim"),
            )
            yield line(head, Span(bar, "dim"), "  ", *spans, indent=4, hang=4 + len(head) + BAR + 2)


def series_table(found: Sequence[tuple[TrialRow, Sequence[FieldPoints]]]) -> Iterator[TextBlock]:
    """Yield the points of all trials and fields as one table."""
    head = ("NCT ID", "Field", "Version", "Version ID", "Date", "Value", "Type", "Change")
    rows = tuple(
        (
            trial.nct_id,
            field.name,
            str(point.number),
            public_version_id(point.identity),
            point.day.isoformat(),
            None if point.value is None else str(point.value),
            point.type,
            None if point.change is None else str(point.change),
        )
        for trial, fields in found
        for field, points in fields
        for point in points
    )
    yield Table(head=head, rows=rows)


def series_to_json(trial: TrialRow, found: Sequence[FieldPoints]) -> dict[str, Any]:
    """Return a trial's series for ``--json``; ``change``: a difference, of dates in days."""
    return {
        "nct_id": trial.nct_id,
        "title": trial.title,
        "series": [
            {"field": field.name, "points": [_point_to_json(point) for point in points]}
            for field, points in found
        ],
    }


def _point_to_json(point: SeriesPoint) -> dict[str, Any]:
    return {
        "version": point.number,
        "version_id": public_version_id(point.identity),
        "date": point.day.isoformat(),
        "until": point.until.isoformat() if point.until else None,
        "value": point.value,
        "type": point.type,
        "change": point.change,
    }


def _value_words(field: SeriesField, point: SeriesPoint) -> str:
    if point.value is None:
        return "(none)"
    if isinstance(point.value, int):
        value = f"{point.value:,}"
    else:
        write = {"status": status_words, "results": str.lower}.get(field.name, plain_value)
        value = write(value_text(point.value))
    return f"{value} {point.type.lower()}" if point.type else value


def _change_words(field: SeriesField, point: SeriesPoint, points: Sequence[SeriesPoint]) -> str:
    """Say by how much a value changed, numbers in percent too."""
    if not point.change:
        return ""
    sign = "+" if point.change > 0 else "−"
    size = f"{sign}{abs(point.change):,}"
    if field.kind == "date":
        return f"  {size} {'day' if abs(point.change) == 1 else 'days'}"
    before = points[points.index(point) - 1].value
    percent = f" ({sign}{abs(point.change) / before:.0%})" if isinstance(before, int) and before \
        else ""  # fmt: skip
    return f"  {size}{percent}"


def _bars(field: SeriesField, points: Sequence[SeriesPoint], *, end: date) -> list[str]:
    if field.kind == "number":
        highest = max((one.value for one in points if isinstance(one.value, int)), default=0)
        return [_length(one.value, highest) for one in points]
    if field.kind == "date":
        days = [found.first_day() if (found := PartialDate.parse(one.value)) else None
                for one in points]  # fmt: skip
        # A date's bar is relative: from the earliest that was ever planned to the latest.
        known = [one for one in days if one]
        return [_mark(one, min(known), max(known)) if one else _EMPTY * BAR for one in days]
    begin = min((one.day for one in points), default=end)
    last = max([end, *(one.day for one in points)])
    return [_span(one.day, max(one.until or last, one.day), begin, last) for one in points]


def _length(value: object, highest: int) -> str:
    share = value / highest if isinstance(value, int) and highest else 0
    filled = max(1, round(share * BAR)) if share else 0
    return _FILLED * filled + _EMPTY * (BAR - filled)


def _mark(day: date, first: date, last: date) -> str:
    at = _column(day, first, last)
    return _EMPTY * at + _MARK + _EMPTY * (BAR - at - 1)


def _span(begin: date, end: date, first: date, last: date) -> str:
    """Return the part of the time from ``first`` to ``last``, at least one column."""
    start, stop = _column(begin, first, last), _column(end, first, last)
    # A status of one day is still seen; the last one is open and reaches the edge.
    stop = max(stop, start + 1) if end < last else BAR
    return _EMPTY * start + _FILLED * (stop - start) + _EMPTY * (BAR - stop)


def _column(day: date, first: date, last: date) -> int:
    whole = (last - first).days
    # The last column is the last day itself, hence BAR - 1.
    return round((day - first).days / whole * (BAR - 1)) if whole else 0
