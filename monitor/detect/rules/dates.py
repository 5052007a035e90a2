"""Rules for dates that move: the start, primary completion and completion of a trial."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.detect.rules.base import Context, EventDraft, change_at, changes_below, count_text
from monitor.detect.rules.values import arrow, value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.dates import PartialDate
from monitor.model.fields import Path
from monitor.settings import ThresholdSettings

_DATES: tuple[tuple[ChangeKind, Path, Path], ...] = (
    (ChangeKind.START_DATE_MOVED, fields.START_DATE, fields.START_DATE_TYPE),
    (ChangeKind.PRIMARY_COMPLETION_MOVED, fields.PRIMARY_COMPLETION,
     fields.PRIMARY_COMPLETION_TYPE),
    (ChangeKind.COMPLETION_MOVED, fields.COMPLETION, fields.COMPLETION_TYPE),
)  # fmt: skip

_BOTH = "Primary completion and completion"
# Kinds of events about primary completion and completion that can be one event.
# Why both dates are one event: docs/decisions/2026-11-30-dates-that-move.md.
_JOINT = (
    (ChangeKind.PRIMARY_COMPLETION_MOVED, ChangeKind.COMPLETION_MOVED),
    (ChangeKind.DATE_BECAME_ACTUAL, ChangeKind.DATE_BECAME_ACTUAL),
)

# The words for a planned date that became the actual one.
_REACHED = {
    fields.START_DATE: "started",
    fields.PRIMARY_COMPLETION: "reached",
    fields.COMPLETION: "completed",
}


def derive_dates(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of start, primary completion and completion date into events.

    Primary completion and completion that move together are one event.
    """
    drafts = {kind: one for kind, *paths in _DATES if (one := _draft_of(kind, changes, paths, ctx))}
    joint = _joint_draft(
        drafts.get(ChangeKind.PRIMARY_COMPLETION_MOVED), drafts.get(ChangeKind.COMPLETION_MOVED)
    )
    for kind, draft in drafts.items():
        if joint is None or kind is ChangeKind.START_DATE_MOVED:
            yield draft
    if joint is not None:
        yield joint
    moved_start = change_at(changes, fields.START_DATE)
    if moved_start is not None:
        yield from _retroactively_prospective(moved_start, ctx)


def _draft_of(
    kind: ChangeKind, changes: Sequence[FieldChange], paths: Sequence[Path], ctx: Context
) -> EventDraft | None:
    """Return what became of one date; None when nothing of it changed."""
    date_path, type_path = paths
    own = changes_below(changes, date_path[:-1])
    moved, type_change = change_at(own, date_path), change_at(own, type_path)
    if moved is not None:
        return _draft_move(kind, own, moved, type_change, ctx)
    return _type_only(kind, own, type_change, ctx) if type_change is not None else None


def _draft_move(
    kind: ChangeKind,
    own: tuple[FieldChange, ...],
    moved: FieldChange,
    type_change: FieldChange | None,
    ctx: Context,
) -> EventDraft:
    before, after = PartialDate.parse(moved.before), PartialDate.parse(moved.after)
    days = before.days_until(after) if before and after else None
    became_actual = type_change is not None and type_change.after == "ACTUAL"
    facts: dict[str, object] = {"days": days}
    if type_change is not None:
        facts["type"] = type_change.after
        facts["type_before"] = type_change.before
    if before and after and type_change is None and _is_actual(moved, ctx):
        facts["corrected"] = True
    severity = None
    # "2026-07" → "2026-07-15".
    if days == 0:
        # The same month or year, stated more (or less) precisely, is not a move.
        kind = ChangeKind.DATE_BECAME_ACTUAL if became_actual else kind
        severity = Severity.LOW
        facts["precision_only"] = True
    elif before is not None and days is not None:
        planned = not (became_actual or facts.get("corrected"))
        # The first possible day: a plan for "2026-07" lies ahead until the end of June.
        lay_ahead = planned and before.first_day() > ctx.version_date
        severity = _severity_of(abs(days), ctx.thresholds, lay_ahead=lay_ahead)
    return EventDraft(
        kind=kind,
        path=moved.field,
        changes=own,
        summary=_describe_move(moved, days, facts),
        facts=facts,
        severity=severity,
    )


def _severity_of(days: int, thresholds: ThresholdSettings, *, lay_ahead: bool) -> Severity:
    """Return what a move by so many days weighs.

    ``lay_ahead``: the old date was a plan, and still in the future at the version's date.
    """
    if days >= thresholds.date_days_critical and lay_ahead:
        return Severity.CRITICAL
    if days >= thresholds.date_days_high:
        return Severity.HIGH
    return Severity.MEDIUM if days >= thresholds.date_days_medium else Severity.LOW


@dataclass(frozen=True, slots=True)
class _DateMove:
    """What a date was and is, and the signed days between; None where they are unknown."""

    before: Any
    after: Any
    days: int | None

    @classmethod
    def of(cls, draft: EventDraft) -> "_DateMove":
        """Return how the date of an event moved; one whose type alone changed has not."""
        date, days = draft.facts.get("date"), draft.facts.get("days")
        before, after = draft.values() if date is None else (date, date)
        return cls(before, after, days if isinstance(days, int) else None)

    def facts(self) -> dict[str, Any]:
        """Return it as a fact of an event."""
        return {"before": self.before, "after": self.after, "days": self.days}

    def distance(self) -> str:
        """Write how far the date moved: in years or months where these are whole, or in days."""
        before, after = PartialDate.parse(self.before), PartialDate.parse(self.after)
        # "By 1 year" is what people say; between dates of other precision only days are true.
        if before and after and before.day == after.day and bool(before.month) == bool(after.month):
            months = abs(12 * (after.year - before.year) + after.month - before.month)
            years, rest = divmod(months, 12)
            return count_text(months, "month") if rest else count_text(years, "year")
        return count_text(abs(self.days or 0), "day")


def _joint_draft(primary: EventDraft | None, completion: EventDraft | None) -> EventDraft | None:
    """Return one event of both dates where they moved together; None where they are two events.

    Together move plans, or actual dates that are corrected, in one direction, by as many days or
    not. Dates that came, or are plans again, are one piece of news only where they are one date.
    """
    if primary is None or completion is None or not _alike(primary, completion):
        return None
    first, last = _DateMove.of(primary), _DateMove.of(completion)
    if first == last:
        summary = primary.summary.replace(fields.label(fields.PRIMARY_COMPLETION), _BOTH, 1)
    # One earlier and one later, or not moved: two decisions.
    elif _is_actual_now(primary) or (first.days or 0) * (last.days or 0) <= 0:
        return None
    else:
        summary = _describe_both(
            first, last, "corrected" if "corrected" in primary.facts else "moved"
        )
    facts = {**primary.facts, "primary_completion": first.facts(), "completion": last.facts()}
    if completion.kind is not primary.kind:
        facts["also"] = [completion.kind.value]
        days = [move.days for move in (first, last) if move.days is not None]
        # Filters such as min_days compare the farther move: a subscriber to either wants the event.
        facts["days"] = max(days, key=abs, default=None)
    before, after = primary.values()
    weights = [one.severity for one in (primary, completion) if one.severity is not None]
    return replace(
        primary,
        changes=(*primary.changes, *completion.changes),
        before=before,
        after=after,
        label=_BOTH,
        summary=summary,
        facts=facts,
        severity=max(weights, key=lambda severity: severity.rank, default=None),
    )


def _alike(primary: EventDraft, completion: EventDraft) -> bool:
    """Return whether two events say the same kind of thing of their dates."""
    kinds = primary.kind, completion.kind
    return kinds in _JOINT and all(
        primary.facts.get(name) == completion.facts.get(name)
        for name in ("type", "type_before", "corrected", "precision_only")
    )


def _is_actual_now(draft: EventDraft) -> bool:
    return draft.facts.get("type") == "ACTUAL"


def _describe_both(first: _DateMove, last: _DateMove, moved: str) -> str:
    """Say how both dates moved, and once by how much where that is the same."""
    words = [arrow(one.before, one.after) for one in (first, last)]
    if first.distance() == last.distance():
        later = (first.days or 0) > 0
        way = f"by {first.distance()}" if later else f"{first.distance()} earlier"
        return f"{_BOTH} {moved} {way}: {', '.join(words)}"
    each = zip(words, (first, last), strict=True)
    return f"{_BOTH} {moved}: " + ", ".join(
        f"{text} ({_signed_days(one.days)})" for text, one in each
    )


def _is_actual(moved: FieldChange, ctx: Context) -> bool:
    """Return whether the date was the actual one before and after."""
    type_path = (*moved.field[:-1], "type")
    return ctx.old.text(type_path) == ctx.new.text(type_path) == "ACTUAL"


def _describe_move(moved: FieldChange, days: int | None, facts: Mapping[str, object]) -> str:
    """Say that a date moved, that an actual one was corrected, or that what was planned came."""
    name = fields.label(moved.field)
    days_moved = _signed_days(days)
    if facts.get("type") == "ACTUAL" and moved.after is not None:
        planned = [f"planned for {value_text(moved.before)}"] if moved.before is not None else []
        aside = ", ".join([*planned, *filter(None, [days_moved])])
        return (
            f"{name}: {_REACHED[moved.field]} on {value_text(moved.after)}"
            + f" ({aside})" * bool(aside)
        )
    corrected = " corrected" if facts.get("corrected") else ""
    return f"{name}{corrected}: {arrow(moved.before, moved.after)}" + f" ({days_moved})" * bool(
        days_moved
    )


def _signed_days(days: int | None) -> str:
    """Write the signed days of a move: ``+1 day``, ``−30 days``; empty for none."""
    # A minus sign, as in signed percentages; JSON has the number in the event's facts.
    return f"{days:+d} {'day' if abs(days) == 1 else 'days'}".replace("-", "−") if days else ""


def _type_only(
    kind: ChangeKind, own: tuple[FieldChange, ...], type_change: FieldChange, ctx: Context
) -> EventDraft:
    """Report a date that became actual; one that is an estimate again has moved by no day yet.

    A type without a date dates nothing.
    """
    date_path = (*type_change.field[:-1], "date")
    date, name = ctx.new.text(date_path), fields.label(date_path)
    facts = {"date": date, "type": type_change.after, "type_before": type_change.before}
    severity = None
    text = f" {value_text(date)}: {arrow(type_change.before, type_change.after)}"
    if date is None:
        severity = Severity.LOW
        text = f": type {arrow(type_change.before, type_change.after)}, no date stated"
    elif type_change.after == "ACTUAL":
        kind = ChangeKind.DATE_BECAME_ACTUAL
        planned = type_change.before is not None
        text = f": {_REACHED[date_path]} on {value_text(date)}" + ", as planned" * planned
    else:
        facts["days"] = 0
        severity = Severity.MEDIUM if type_change.before == "ACTUAL" else Severity.LOW
    return EventDraft(
        kind=kind,
        path=type_change.field,
        changes=own,
        summary=f"{name}{text}",
        label=name,
        facts=facts,
        severity=severity,
    )


def _retroactively_prospective(moved: FieldChange, ctx: Context) -> Iterator[EventDraft]:
    registered = ctx.new.date_at(fields.FIRST_SUBMIT) or ctx.old.date_at(fields.FIRST_SUBMIT)
    before, after = PartialDate.parse(moved.before), PartialDate.parse(moved.after)
    if not (registered and before and after):
        return
    # Compared to the precision that both dates have; one stated less precisely has not moved.
    moved_on = before.days_until(after) > 0
    # Strictly before the registration, then on or after it: registration on the first day is in
    # time.
    if moved_on and before.days_until(registered) > 0 >= after.days_until(registered):
        yield EventDraft(
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
