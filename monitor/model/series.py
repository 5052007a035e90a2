"""A field of a trial's record over all its versions: one point for each change of its value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Literal

from monitor.model import fields
from monitor.model.countries import country_now
from monitor.model.dates import PartialDate
from monitor.model.fields import Path
from monitor.model.record import TrialRecord

Value = int | str | None
Kind = Literal["number", "date", "words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesField:
    """What can be followed over time; ``kind`` says how its values compare.

    ``path``: where the record states it, so that silence is told from absence. ``value`` and
    ``type_path``: what it says, and where the registry keeps ``ACTUAL`` or ``ESTIMATED``.
    """

    name: str
    label: str
    kind: Kind
    path: Path
    value: Callable[[TrialRecord], Value]
    type_path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """A version to take values of: its number from 1, its identity, from when it holds."""

    number: int
    identity: bytes
    day: date
    record: TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value from the version on that first has it.

    ``type``: ``ACTUAL`` or ``ESTIMATED`` where the registry says so. ``until``: the day of the
    next point, of the last one None. ``change``: of numbers the signed difference to the point
    before, of dates the signed days; None where either is missing.
    """

    number: int
    identity: bytes
    day: date
    value: Value
    type: str | None = None
    until: date | None = None
    change: int | None = None


def series(field: SeriesField, versions: Iterable[VersionRecord]) -> list[Point]:
    """Return the points of a field, oldest first; versions in their order.

    A version whose source does not state the field is no change of it.
    """
    points: list[Point] = []
    for version in versions:
        record = version.record
        value = field.value(record)
        # A saved page that has no room for a field is no gap in its history.
        if value is None and not record.coverage.states(field.path):
            continue
        kind = record.text(field.type_path) if field.type_path else None
        last = points[-1] if points else None
        if last is not None and (last.value, last.type) == (value, kind):
            continue
        points.append(
            Point(
                number=version.number,
                identity=version.identity,
                day=version.day,
                value=value,
                type=kind,
                change=None if last is None else _change(field.kind, last.value, value),
            )
        )
    ends = [*(point.day for point in points[1:]), None][: len(points)]
    return [replace(point, until=end) for point, end in zip(points, ends, strict=True)]


def _change(kind: Kind, before: Value, after: Value) -> int | None:
    if kind == "number" and isinstance(before, int) and isinstance(after, int):
        return after - before
    old, new = PartialDate.parse(before), PartialDate.parse(after)
    # To the precision that both have: "2026-07" → "2026-07-15" is no move.
    return old.days_until(new) if kind == "date" and old and new else None


def _status(record: TrialRecord) -> Value:
    return record.presence or record.overall_status


def _count(path: Path) -> Callable[[TrialRecord], Value]:
    def counted(record: TrialRecord) -> Value:
        items = record.items(path)
        # Where the source states the list at all, that it is missing means 0.
        return len(items) if items or record.coverage.states(path) else None

    return counted


def _countries(record: TrialRecord) -> Value:
    named = {one["country"] for one in record.locations if isinstance(one.get("country"), str)}
    return ", ".join(sorted({country_now(name) for name in named})) or None


def _results(record: TrialRecord) -> Value:
    if record.get(fields.HAS_RESULTS) is True:
        return "POSTED"
    return "SUBMITTED" if record.results_submit_date else "NONE"


def _text(path: Path) -> Callable[[TrialRecord], Value]:
    return lambda record: record.text(path)


_ALL = (
    SeriesField(name="status", label="Overall status", kind="words",
                path=fields.OVERALL_STATUS, value=_status),
    SeriesField(name="why_stopped", label="Why stopped", kind="words",
                path=fields.WHY_STOPPED, value=_text(fields.WHY_STOPPED)),
    SeriesField(name="start", label="Start date", kind="date",
                path=fields.START_DATE, value=_text(fields.START_DATE),
                type_path=fields.START_DATE_TYPE),
    SeriesField(name="primary_completion", label="Primary completion date", kind="date",
                path=fields.PRIMARY_COMPLETION, value=_text(fields.PRIMARY_COMPLETION),
                type_path=fields.PRIMARY_COMPLETION_TYPE),
    SeriesField(name="completion", label="Completion date", kind="date",
                path=fields.COMPLETION, value=_text(fields.COMPLETION),
                type_path=fields.COMPLETION_TYPE),
    SeriesField(name="enrollment", label="Enrollment", kind="number",
                path=fields.ENROLLMENT_COUNT, value=lambda record: record.enrollment,
                type_path=fields.ENROLLMENT_TYPE),
    SeriesField(name="sites", label="Sites", kind="number",
                path=fields.LOCATIONS, value=_count(fields.LOCATIONS)),
    SeriesField(name="countries", label="Countries", kind="words",
                path=fields.LOCATIONS, value=_countries),
    SeriesField(name="arms", label="Arms", kind="number",
                path=fields.ARM_GROUPS, value=_count(fields.ARM_GROUPS)),
    SeriesField(name="primary_outcomes", label="Primary outcomes", kind="number",
                path=fields.PRIMARY_OUTCOMES, value=_count(fields.PRIMARY_OUTCOMES)),
    SeriesField(name="secondary_outcomes", label="Secondary outcomes", kind="number",
                path=fields.SECONDARY_OUTCOMES, value=_count(fields.SECONDARY_OUTCOMES)),
    SeriesField(name="phases", label="Phases", kind="words", path=fields.PHASES,
                value=lambda record: ", ".join(record.phases) or None),
    SeriesField(name="sponsor", label="Lead sponsor", kind="words",
                path=fields.LEAD_SPONSOR_NAME, value=_text(fields.LEAD_SPONSOR_NAME)),
    SeriesField(name="results", label="Results", kind="words",
                path=fields.HAS_RESULTS, value=_results),
)  # fmt: skip

SERIES_FIELDS: Mapping[str, SeriesField] = MappingProxyType({one.name: one for one in _ALL})
"""By name, in the order in which they are shown."""
