"""Charts over a trial's versions, as shapes that a template draws: step lines, few ticks, a table.

A line holds its value until the next version changes it. A chart ends soon after its last change.
Sizes are in units of the drawing, WIDTH by HEIGHT.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.model.countries import country_now
from monitor.model.dates import PartialDate
from monitor.model.facts import VersionFacts

WIDTH, HEIGHT = 360, 216
LEFT, RIGHT, TOP, BOTTOM = 62, 336, 10, 190
_MOST_TICKS = 4
# Steps between ticks, in months: up to 5,000 years, because a typing error may say 9202.
_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400, 6_000, 12_000, 24_000, 60_000)
_COUNTRIES = 4
_SHORTEST_DAYS = 30
_PADDING = 0.06
# A date that hardly moved gets an axis of some months, or a day would look like a year.
_FEWEST_DAYS = 200

FactsOnDay = tuple[date, VersionFacts]


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and what is written there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A change of a value; ``actual``: as the registry says, None where it says neither."""

    x: float
    y: float
    actual: bool | None


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A line: its name, the value that it ends with, the path to draw, a mark for each change."""

    name: str
    now: str
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart; ``diagonal``: where the planned date is the date of the version.

    ``rows``: the same as a table under ``head``.
    """

    name: str
    title: str
    description: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[ChartLine, ...]
    diagonal: str = ""
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def has_types(self) -> bool:
        """Whether some values are marked as estimated or actual."""
        return any(mark.actual is not None for line in self.lines for mark in line.marks)


@dataclass(frozen=True, slots=True)
class _Value:
    """A value from a day on: where it stands on the axis (None: it is not stated), in words."""

    day: date
    at: int | None
    text: str
    type: str | None = None


_Series = tuple[str, Sequence[_Value]]


def slip_chart(history: Sequence[FactsOnDay]) -> Chart | None:
    """Return planned dates of completion against the date of the version that states them."""
    series = [
        (name, _changes(history, lambda facts, key=key: _planned(facts, key)))  # type: ignore[misc]
        for name, key in (
            ("Primary completion", "primary_completion_date"),
            ("Completion", "completion_date"),
        )
    ]
    return _chart("slip", "Planned completion", series, history, of_dates=True)


def enrollment_chart(history: Sequence[FactsOnDay]) -> Chart | None:
    """Return the number of participants, planned or actual."""
    found = _changes(
        history,
        lambda facts: (
            facts.enrollment,
            "" if facts.enrollment is None else f"{facts.enrollment:,}",
            facts.enrollment_type,
        ),
    )
    return _chart("enrollment", "Enrollment", [("Participants", found)],
                  history)  # fmt: skip


def sites_chart(history: Sequence[FactsOnDay]) -> Chart | None:
    """Return how many sites the countries with most of them have, and all others together."""
    counts = [(day, _by_country(facts)) for day, facts in history]
    most: dict[str, int] = {}
    for _, by_country in counts:
        for name, count in by_country.items():
            most[name] = max(most.get(name, 0), count)
    newest = counts[-1][1] if counts else {}
    # By the newest version first: a country that lost its sites comes after those that have some.
    ranked = sorted(most, key=lambda name: (-newest.get(name, 0), -most[name], name))
    # With five all are shown: a line of "1 others" would take the same room.
    if len(ranked) > _COUNTRIES + 1:
        ranked = ranked[:_COUNTRIES]
    series = [(name, _counts(counts, (name,))) for name in ranked]
    others = [name for name in most if name not in ranked]
    if others:
        series.append((f"{len(others)} others", _counts(counts, others)))
    return _chart("sites", "Sites by country", series, history)


def _by_country(facts: VersionFacts) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in facts.sites_by_country.items():
        # Registries rename countries (Turkey, Türkiye): that is one line, not two.
        found[country_now(name)] = found.get(country_now(name), 0) + count
    return found


def _counts(counts: Iterable[tuple[date, dict[str, int]]], names: Iterable[str]) -> list[_Value]:
    found: list[_Value] = []
    for day, by_country in counts:
        count = sum(by_country.get(name, 0) for name in names)
        if not found or found[-1].at != count:
            found.append(_Value(day, count, f"{count:,}"))
    return found


def _planned(facts: VersionFacts, key: str) -> tuple[int | None, str, str | None]:
    written, kind = getattr(facts, key), getattr(facts, f"{key}_type")
    found = PartialDate.parse(written)
    return (found.first_day().toordinal() if found else None), written or "", kind


def _changes(
    history: Iterable[FactsOnDay],
    value: Callable[[VersionFacts], tuple[int | None, str, str | None]],
) -> list[_Value]:
    """Return a value where it is first stated and wherever it or its type changes."""
    found: list[_Value] = []
    for day, facts in history:
        one = _Value(day, *value(facts))
        # What is not stated yet begins no line.
        if not found and one.at is None:
            continue
        if not found or (found[-1].text, found[-1].type) != (one.text, one.type):
            found.append(one)
    return found


def _chart(
    name: str,
    title: str,
    series: Iterable[_Series],
    history: Sequence[FactsOnDay],
    *,
    of_dates: bool = False,
) -> Chart | None:
    """Return the chart; None where no version states any of it."""
    stated = [(about, values) for about, values in series if values]
    levels = [one.at for _, values in stated for one in values if one.at is not None]
    if not levels:
        return None
    first = min(values[0].day for _, values in stated)
    last = max(values[-1].day for _, values in stated)
    # Nothing ever changed: the line goes on to the newest version.
    if all(len(values) == 1 for _, values in stated):
        last = max(last, history[-1][0])
    begin, end = first.toordinal(), last.toordinal()
    x = _Axis(begin, end + max(_SHORTEST_DAYS, round((end - begin) * _PADDING)), LEFT, RIGHT)
    low, high = (min(levels), max(levels)) if of_dates else (0, max(*levels, 1))
    room = max(1, round((high - low) * _PADDING), _FEWEST_DAYS if of_dates else 0)
    y = _Axis(low - room if of_dates else 0, high + room, BOTTOM, TOP)
    head, rows = _table(stated)
    return Chart(
        name=name, title=title, description=_description(stated),
        x_ticks=_date_ticks(x), y_ticks=_date_ticks(y) if of_dates else _number_ticks(y),
        lines=tuple(_line(about, values, x, y) for about, values in stated),
        diagonal=_diagonal(x, y) if of_dates else "", head=head, rows=rows,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Axis:
    """From a range of values to one of the drawing."""

    low: int
    high: int
    start: float
    stop: float

    def at(self, value: float) -> float:
        """Return the place of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start), 1)


def _line(name: str, values: Sequence[_Value], x: _Axis, y: _Axis) -> ChartLine:
    path: list[str] = []
    is_drawn = False
    for one, until in zip(values, [*(v.day.toordinal() for v in values[1:]), x.high], strict=True):
        if one.at is not None:
            begin, level = x.at(one.day.toordinal()), y.at(one.at)
            # V: a step to the next level. M: a new beginning after versions that did not state
            # it.
            path.append(f"V{level}" if is_drawn else f"M{begin} {level}")
            path.append(f"H{x.at(until)}")
        is_drawn = one.at is not None
    marks = tuple(
        Mark(x.at(one.day.toordinal()), y.at(one.at), one.type == "ACTUAL")
        for one in values
        if one.at is not None and one.type
    )
    return ChartLine(name, _words(values[-1]), "".join(path), marks)


def _words(value: _Value) -> str:
    if value.at is None:
        return value.text or "no longer stated"
    return f"{value.text} ({value.type.lower()})" if value.type else value.text


def _diagonal(x: _Axis, y: _Axis) -> str:
    """Return the line of equal dates, as far as it lies in the drawing; "" where it does not."""
    low, high = max(x.low, y.low), min(x.high, y.high)
    return f"M{x.at(low)} {y.at(low)}L{x.at(high)} {y.at(high)}" if low < high else ""


def _table(series: Sequence[_Series]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return the head and a row for each day on which something changed."""
    rows: dict[date, list[str]] = {}
    for place, (_, values) in enumerate(series):
        for one in values:
            rows.setdefault(one.day, [""] * len(series))[place] = _words(one)
    head = ("Version of", *(name for name, _ in series))
    return head, tuple((day.isoformat(), *cells) for day, cells in sorted(rows.items()))


def _description(series: Iterable[_Series]) -> str:
    return "; ".join(_sentence(name, values) for name, values in series)


def _sentence(name: str, values: Sequence[_Value]) -> str:
    first, last = _words(values[0]), _words(values[-1])
    if len(values) == 1:
        return f"{name}: {first} in every version since {values[0].day}"
    return f"{name}: from {first} in {values[0].day} to {last} since {values[-1].day}"


def _date_ticks(axis: _Axis) -> tuple[Tick, ...]:
    first, last = (
        date.fromordinal(min(max(one, 1), date.max.toordinal())) for one in (axis.low, axis.high)
    )
    months = first.year * 12 + first.month, last.year * 12 + last.month - 1
    step = next(
        (one for one in _MONTHS if months[1] // one - (months[0] - 1) // one <= _MOST_TICKS),
        _MONTHS[-1],
    )
    # Rounded up to a multiple of the step.
    begin = -(-months[0] // step) * step
    return tuple(_month_tick(axis, month, step) for month in range(begin, months[1] + 1, step))


def _month_tick(axis: _Axis, month: int, step: int) -> Tick:
    day = date(month // 12, month % 12 + 1, 1)
    return Tick(axis.at(day.toordinal()), f"{day:%Y}" if step >= 12 else f"{day:%Y-%m}")


def _number_ticks(axis: _Axis) -> tuple[Tick, ...]:
    step = next(one for one in _steps() if axis.high // one < _MOST_TICKS)
    return tuple(Tick(axis.at(at), f"{at:,}") for at in range(0, axis.high + 1, step))


def _steps() -> Iterator[int]:
    scale = 1
    while True:
        yield from (scale, 2 * scale, 5 * scale)
        scale *= 10
