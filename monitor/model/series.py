"""A field of a trial's record over all its versions: one point for each change of its value.

``app.series`` reads the values, `monitor series` and the API show the points.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Literal

from monitor.model import fields
from monitor.model.dates import PartialDate
from monitor.model.facts import VersionFacts
from monitor.model.fields import Path

SeriesValue = int | str | None
ValueKind = Literal["number", "date", "words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesField:
    """What can be followed over time; ``kind`` says how its values compare.

    ``path``: where the record states it, so that "not stated" differs from "absent". ``value``:
    takes it from the facts; None: they do not hold it, and it is the text at the path.
    ``type_fact``: the fact that says ``ACTUAL`` or ``ESTIMATED``.
    """

    name: str
    label: str
    kind: ValueKind
    path: Path
    value: Callable[[VersionFacts], SeriesValue] | None = None
    type_fact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedValue:
    """A field's value in a version: its number from 1, its identity, from when it holds.

    ``is_stated``: the version's sources say what it is, or that there is none.
    """

    number: int
    identity: bytes
    day: date
    value: SeriesValue
    type: str | None
    is_stated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """A value from the version on that first has it.

    ``type``: ``ACTUAL`` or ``ESTIMATED`` where the registry says so. ``until``: the day of the
    next point, of the last one None. ``change``: of numbers the signed difference to the point
    before, of dates the signed days; None where either is missing.
    """

    number: int
    identity: bytes
    day: date
    value: SeriesValue
    type: str | None = None
    until: date | None = None
    change: int | None = None


def series(field: SeriesField, values: Iterable[StatedValue]) -> list[SeriesPoint]:
    """Return the points of a field, oldest first; values of all versions in their order.

    A version whose source does not state the field is no change of it.
    """
    points: list[SeriesPoint] = []
    for one in values:
        last = points[-1] if points else None
        is_same = last is not None and (last.value, last.type) == (one.value, one.type)
        # A saved page that has no room for a field is no gap in its history.
        if is_same or not one.is_stated:
            continue
        points.append(
            SeriesPoint(
                number=one.number,
                identity=one.identity,
                day=one.day,
                value=one.value,
                type=one.type,
                change=None if last is None else _change(field.kind, last.value, one.value),
            )
        )
    # A point ends where the next begins, which is only known now.
    ends = [*(point.day for point in points[1:]), None][: len(points)]
    return [replace(point, until=end) for point, end in zip(points, ends, strict=True)]


def _change(kind: ValueKind, before: SeriesValue, after: SeriesValue) -> int | None:
    if kind == "number" and isinstance(before, int) and isinstance(after, int):
        return after - before
    old, new = PartialDate.parse(before), PartialDate.parse(after)
    # To the precision that both have: "2026-07" → "2026-07-15" is no move.
    return old.days_until(new) if kind == "date" and old and new else None


def _fact(name: str) -> Callable[[VersionFacts], SeriesValue]:
    def value(facts: VersionFacts) -> SeriesValue:
        found: SeriesValue = getattr(facts, name)
        return found

    return value


def _field(name: str, label: str, kind: ValueKind, path: Path, fact: str) -> SeriesField:
    """Return a field that is a fact as it is."""
    return SeriesField(name=name, label=label, kind=kind, path=path, value=_fact(fact))


def _typed_field(name: str, label: str, kind: ValueKind, path: Path, fact: str) -> SeriesField:
    """Return a field that is a fact with a type."""
    return replace(_field(name, label, kind, path, fact), type_fact=f"{fact}_type")


_ALL = (
    _field("status", "Overall status", "words", fields.OVERALL_STATUS, "overall_status"),
    SeriesField(name="why_stopped", label="Why stopped", kind="words", path=fields.WHY_STOPPED),
    _typed_field("start", "Start date", "date", fields.START_DATE, "start_date"),
    _typed_field("primary_completion", "Primary completion date", "date", fields.PRIMARY_COMPLETION,
           "primary_completion_date"),
    _typed_field("completion", "Completion date", "date", fields.COMPLETION, "completion_date"),
    _typed_field("enrollment", "Enrollment", "number", fields.ENROLLMENT_COUNT, "enrollment"),
    _field("sites", "Sites", "number", fields.LOCATIONS, "sites"),
    SeriesField(name="countries", label="Countries", kind="words", path=fields.LOCATIONS,
                value=lambda facts: ", ".join(facts.sites_by_country) or None),
    _field("arms", "Arms", "number", fields.ARM_GROUPS, "arms"),
    _field("primary_outcomes", "Primary outcomes", "number", fields.PRIMARY_OUTCOMES,
           "primary_outcomes"),
    _field("secondary_outcomes", "Secondary outcomes", "number", fields.SECONDARY_OUTCOMES,
           "secondary_outcomes"),
    SeriesField(name="phases", label="Phases", kind="words", path=fields.PHASES,
                value=lambda facts: ", ".join(facts.phases) or None),
    _field("sponsor", "Lead sponsor", "words", fields.LEAD_SPONSOR_NAME, "lead_sponsor"),
    _field("results", "Results", "words", fields.HAS_RESULTS, "results"),
)  # fmt: skip

SERIES_FIELDS: Mapping[str, SeriesField] = MappingProxyType({one.name: one for one in _ALL})
"""By name, in the order in which they are shown."""
