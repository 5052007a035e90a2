"""Rules for the number of participants: the target, and the number that was reached."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.detect.rules.base import Context, EventDraft, change_at, percent, percent_words
from monitor.detect.rules.values import arrow, value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity


def derive_enrollment(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of enrollment count and type into one event."""
    type_change = change_at(changes, fields.ENROLLMENT_TYPE)
    if type_change is None and not change_at(changes, fields.ENROLLMENT_COUNT):
        return
    before, after = ctx.old.enrollment, ctx.new.enrollment
    counts = ctx.old.get(fields.ENROLLMENT_COUNT), ctx.new.get(fields.ENROLLMENT_COUNT)
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
    yield EventDraft(
        kind=kind,
        path=fields.ENROLLMENT_COUNT,
        changes=tuple(changes),
        before=counts[0],
        after=counts[1],
        label="Actual enrollment" if actual else "Enrollment target",
        summary=_enrollment_summary(
            actual, counts, percent_words(change, least=least) if change else None, type_change
        ),
        facts=facts,
        severity=_enrollment_severity(actual, before, after, ctx),
    )


def _enrollment_summary(
    actual: bool, counts: tuple[Any, Any], change: str | None, type_change: FieldChange | None
) -> str:
    """Write the registry's own values; ``change``: in percent, where both are numbers."""
    name = "Actual enrollment" if actual else "Enrollment target"
    if type_change is not None and counts[0] == counts[1]:
        return f"{name} {value_text(counts[1])}: {arrow(type_change.before, type_change.after)}"
    text = f"{name}: {arrow(*counts)}"
    return f"{text} ({change})" if change else text


def _enrollment_severity(
    actual: bool, before: int | None, after: int | None, ctx: Context
) -> Severity | None:
    if before is None or after is None:
        return None
    if actual:
        # A target of 0 was reached by any number.
        reached = after / before * 100 if before else 100.0
        return Severity.HIGH if reached < ctx.thresholds.enrollment_actual_percent_low else None
    if before == after:
        # Only the type was added to a number that had none.
        return Severity.LOW if ctx.old.text(fields.ENROLLMENT_TYPE) is None else None
    large = abs(after - before) * 100 >= ctx.thresholds.enrollment_percent_high * before
    return Severity.HIGH if large else None
