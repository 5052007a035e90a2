"""Dates that move and numbers of participants."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.detect.rules.base import (
    Context,
    Draft,
    Thresholds,
    arrow,
    at,
    below,
    percent,
    percent_words,
    shown,
)
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.dates import PartialDate
from monitor.model.fields import Path

_DATES: tuple[tuple[ChangeKind, Path, Path], ...] = (
    (ChangeKind.START_DATE_MOVED, fields.START_DATE, fields.START_DATE_TYPE),
    (ChangeKind.PRIMARY_COMPLETION_MOVED, fields.PRIMARY_COMPLETION,
     fields.PRIMARY_COMPLETION_TYPE),
    (ChangeKind.COMPLETION_MOVED, fields.COMPLETION, fields.COMPLETION_TYPE),
)  # fmt: skip

# What is said once a date that was planned is the actual one.
_CAME = {
    fields.START_DATE: "started",
    fields.PRIMARY_COMPLETION: "reached",
    fields.COMPLETION: "completed",
}


def derive_dates(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of start, primary completion and completion date into events."""
    for kind, date_path, type_path in _DATES:
        own = below(changes, date_path[:-1])
        if not own:
            continue
        moved, type_change = at(own, date_path), at(own, type_path)
        if moved is None:
            if type_change is not None:
                yield _type_only(kind, own, type_change, ctx)
            continue
        yield _moved(kind, own, moved, type_change, ctx)
        if kind is ChangeKind.START_DATE_MOVED:
            yield from _retroactively_prospective(moved, ctx)


def _moved(
    kind: ChangeKind,
    own: tuple[FieldChange, ...],
    moved: FieldChange,
    type_change: FieldChange | None,
    ctx: Context,
) -> Draft:
    before, after = PartialDate.parse(moved.before), PartialDate.parse(moved.after)
    days = before.days_until(after) if before and after else None
    actualised = type_change is not None and type_change.after == "ACTUAL"
    facts: dict[str, object] = {"days": days}
    if type_change is not None:
        facts["type"] = type_change.after
        facts["type_before"] = type_change.before
    if before and after and type_change is None and _is_actual(moved, ctx):
        facts["corrected"] = True
    severity = None
    if days == 0:
        # The same month or year told more (or less) exactly is no move.
        kind = ChangeKind.DATE_ACTUALISED if actualised else kind
        severity = Severity.LOW
        facts["precision_only"] = True
    elif days is not None:
        severity = _step(abs(days), ctx.thresholds, came=actualised)
    return Draft(
        kind=kind,
        path=moved.field,
        changes=own,
        summary=_move_words(moved, days, facts),
        facts=facts,
        severity=severity,
    )


def _step(days: int, thresholds: Thresholds, *, came: bool) -> Severity:
    """Return what a move by so many days weighs; a date that came is no longer critical."""
    if days >= thresholds.date_days_critical and not came:
        return Severity.CRITICAL
    if days >= thresholds.date_days_high:
        return Severity.HIGH
    return Severity.MEDIUM if days >= thresholds.date_days_medium else Severity.LOW


def _is_actual(moved: FieldChange, ctx: Context) -> bool:
    """Tell whether the date was the actual one before and after."""
    type_path = (*moved.field[:-1], "type")
    return ctx.old.text(type_path) == ctx.new.text(type_path) == "ACTUAL"


def _move_words(moved: FieldChange, days: int | None, facts: Mapping[str, object]) -> str:
    """Say that a date moved, that an actual one was corrected, or that what was planned came."""
    name = fields.label(moved.field)
    by = f"{days:+d} {'day' if abs(days) == 1 else 'days'}" if days else ""
    if facts.get("type") == "ACTUAL" and moved.after is not None:
        planned = [f"planned for {shown(moved.before)}"] if moved.before is not None else []
        aside = ", ".join([*planned, *filter(None, [by])])
        return f"{name}: {_CAME[moved.field]} on {shown(moved.after)}" + f" ({aside})" * bool(aside)
    corrected = " corrected" if facts.get("corrected") else ""
    return f"{name}{corrected}: {arrow(moved.before, moved.after)}" + f" ({by})" * bool(by)


def _type_only(
    kind: ChangeKind, own: tuple[FieldChange, ...], type_change: FieldChange, ctx: Context
) -> Draft:
    """Tell a date that became actual; one that is an estimate again has moved by no day yet."""
    date_path = (*type_change.field[:-1], "date")
    date, name = ctx.new.text(date_path), fields.label(date_path)
    facts = {"date": date, "type": type_change.after, "type_before": type_change.before}
    severity = None
    said = f" {shown(date)}: {arrow(type_change.before, type_change.after)}"
    if type_change.after == "ACTUAL":
        kind = ChangeKind.DATE_ACTUALISED
        planned = type_change.before is not None
        said = f": {_CAME[date_path]} on {shown(date)}" + ", as planned" * planned
    else:
        facts["days"] = 0
        severity = Severity.MEDIUM if type_change.before == "ACTUAL" else Severity.LOW
    return Draft(
        kind=kind,
        path=type_change.field,
        changes=own,
        summary=f"{name}{said}",
        label=name,
        facts=facts,
        severity=severity,
    )


def _retroactively_prospective(moved: FieldChange, ctx: Context) -> Iterator[Draft]:
    registered = ctx.new.date_at(fields.FIRST_SUBMIT) or ctx.old.date_at(fields.FIRST_SUBMIT)
    before, after = PartialDate.parse(moved.before), PartialDate.parse(moved.after)
    if not (registered and before and after):
        return
    # Compared to the precision that both dates have; one told less exactly has not moved.
    moved_on = before.days_until(after) > 0
    if moved_on and before.days_until(registered) > 0 >= after.days_until(registered):
        yield Draft(
            kind=ChangeKind.RETROACTIVELY_PROSPECTIVE,
            path=fields.START_DATE,
            before=moved.before,
            after=moved.after,
            summary=(
                f"Start date moved from before the first registration ({registered}) "
                f"to on or after it: {arrow(moved.before, moved.after)}"
            ),
            facts={"first_submitted": str(registered)},
        )


def derive_enrollment(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of enrollment count and type into one event."""
    type_change = at(changes, fields.ENROLLMENT_TYPE)
    if type_change is None and not at(changes, fields.ENROLLMENT_COUNT):
        return
    before, after = ctx.old.enrollment, ctx.new.enrollment
    said = ctx.old.get(fields.ENROLLMENT_COUNT), ctx.new.get(fields.ENROLLMENT_COUNT)
    type_before = ctx.old.text(fields.ENROLLMENT_TYPE)
    type_after = ctx.new.text(fields.ENROLLMENT_TYPE)
    facts: dict[str, object] = {}
    change, least = None, ctx.thresholds.enrollment_percent_high
    if before is not None and after is not None:
        change = percent(before, after, least=least)
        facts = {"difference": after - before, "percent": change}
    if type_change is not None:
        facts |= {"type": type_after, "type_before": type_before}
    actual = type_after == "ACTUAL"
    kind = ChangeKind.ENROLLMENT_ACTUAL_REPORTED if actual else ChangeKind.ENROLLMENT_TARGET_CHANGED
    if actual and type_before == "ACTUAL":
        facts["corrected"] = True
    yield Draft(
        kind=kind,
        path=fields.ENROLLMENT_COUNT,
        changes=tuple(changes),
        before=said[0],
        after=said[1],
        label="Actual enrollment" if actual else "Enrollment target",
        summary=_enrollment_summary(
            actual, said, percent_words(change, least=least) if change else None, type_change
        ),
        facts=facts,
        severity=_enrollment_severity(actual, before, after, ctx),
    )


def _enrollment_summary(
    actual: bool, said: tuple[Any, Any], change: str | None, type_change: FieldChange | None
) -> str:
    """Write the registry's own values; ``change``: in percent, where both are numbers."""
    name = "Actual enrollment" if actual else "Enrollment target"
    if type_change is not None and said[0] == said[1]:
        return f"{name} {shown(said[1])}: {arrow(type_change.before, type_change.after)}"
    text = f"{name}: {arrow(*said)}"
    return f"{text} ({change})" if change else text


def _enrollment_severity(
    actual: bool, before: int | None, after: int | None, ctx: Context
) -> Severity | None:
    if before is None or after is None:
        return None
    if actual:
        reached = after / before * 100 if before else 100.0
        return Severity.HIGH if reached < ctx.thresholds.enrollment_actual_percent_low else None
    if before == after:
        # Only the type was added to a number that had none.
        return Severity.LOW if ctx.old.text(fields.ENROLLMENT_TYPE) is None else None
    large = abs(after - before) * 100 >= ctx.thresholds.enrollment_percent_high * before
    return Severity.HIGH if large else None
