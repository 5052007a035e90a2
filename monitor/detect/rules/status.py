"""Rules for the overall status, the reason for stopping, and expanded access."""

from collections.abc import Iterator, Sequence

from monitor.detect.rules.base import Context, EventDraft, change_at, changes_below
from monitor.detect.rules.reasons import reason_classes
from monitor.detect.rules.values import arrow, value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.record import TrialRecord

STOPPED = {
    "WITHDRAWN": ChangeKind.TRIAL_WITHDRAWN,
    "TERMINATED": ChangeKind.TRIAL_TERMINATED,
    "SUSPENDED": ChangeKind.TRIAL_SUSPENDED,
}
WITHHELD = "WITHHELD"
RECRUITING = frozenset({"RECRUITING", "ENROLLING_BY_INVITATION"})
ONGOING = RECRUITING | {"NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING"}
# Statuses of a record of study type EXPANDED_ACCESS, in the same field as those of trials.
EXPANDED_ACCESS = frozenset(
    {"AVAILABLE", "NO_LONGER_AVAILABLE", "TEMPORARILY_NOT_AVAILABLE", "APPROVED_FOR_MARKETING"}
)
# For patients the programme has ended, if only for a time.
_ENDED_ACCESS = EXPANDED_ACCESS - {"AVAILABLE"}
# The order in which a trial passes its statuses; going back is news of its own.
_ORDER = {
    "NOT_YET_RECRUITING": 0, "RECRUITING": 1, "ENROLLING_BY_INVITATION": 1,
    "ACTIVE_NOT_RECRUITING": 2, "COMPLETED": 3,
}  # fmt: skip


def is_withheld(record: TrialRecord) -> bool:
    """Return whether the registry shows no more of the record than that it exists."""
    return record.overall_status == WITHHELD


def draft_withheld(changes: Sequence[FieldChange], ctx: Context) -> EventDraft:
    """Return the one event of a record that the registry withholds, or shows again.

    All that goes with it (sites, outcomes, the title) was not changed by the sponsor.
    """
    gone = is_withheld(ctx.new)
    before, after = ctx.old.overall_status, ctx.new.overall_status
    words = "Record withheld by the registry" if gone else "Record shown again by the registry"
    return EventDraft(
        kind=ChangeKind.RECORD_VANISHED if gone else ChangeKind.RECORD_RESTORED,
        path=fields.OVERALL_STATUS,
        changes=tuple(changes),
        before=before,
        after=after,
        summary=f"{words}: {arrow(before, after)}",
        facts={"reason": "withheld"},
    )


def derive_status(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of overallStatus, lastKnownStatus and whyStopped into at most two events."""
    status, why = change_at(changes, fields.OVERALL_STATUS), change_at(changes, fields.WHY_STOPPED)
    # The reason alone: it may be written, or corrected, long after the status.
    if status is None:
        if why is not None:
            yield _draft_reason(why)
        yield from _draft_last_known(changes_below(changes, fields.LAST_KNOWN_STATUS))
        return
    kind = status_kind(_known_status(ctx), ctx.new.overall_status)
    reason = ctx.new.text(fields.WHY_STOPPED)
    facts: dict[str, object] = {}
    # The last known status comes and goes with UNKNOWN; alone it would be another event of the
    # same.
    taken = [status, *changes_below(changes, fields.LAST_KNOWN_STATUS)]
    summary = f"Overall status: {arrow(status.before, status.after)}"
    if kind in STOPPED.values() or (why is not None and why.op != "changed"):
        taken += [why] if why is not None else []
        if reason:
            facts |= {"why_stopped": reason, **_reason(reason)}
            summary += f" ({value_text(reason)})"
    elif why is not None:
        yield _draft_reason(why)
    ended = kind is ChangeKind.EXPANDED_ACCESS_CHANGED and status.after in _ENDED_ACCESS
    yield EventDraft(
        kind=kind,
        path=fields.OVERALL_STATUS,
        changes=tuple(taken),
        summary=summary,
        facts=facts | _about(kind, ctx),
        severity=Severity.HIGH if ended else None,
    )


def _about(kind: ChangeKind, ctx: Context) -> dict[str, object]:
    """Return what the statuses before and after tell beside the kind."""
    if kind is ChangeKind.STATUS_UNKNOWN:
        return {"last_known_status": ctx.new.text(fields.LAST_KNOWN_STATUS)}
    if kind is ChangeKind.RECRUITMENT_OPENED and ctx.old.overall_status == "ACTIVE_NOT_RECRUITING":
        return {"reopened": True}
    if kind is ChangeKind.TRIAL_COMPLETED and _known_status(ctx) in STOPPED:
        return {"was_stopped": True}
    return {}


def status_kind(old: str | None, new: str | None) -> ChangeKind:
    """Return what a change of overall status means.

    ``old`` is the last status that was really known (lastKnownStatus where the registry had
    set UNKNOWN).
    """
    # The registry's own, for a study that nobody verified for two years (NCT05294952).
    if new == "UNKNOWN":
        return ChangeKind.STATUS_UNKNOWN
    # Before the restarts: SUSPENDED → TERMINATED is an end.
    if new in STOPPED:
        return STOPPED[new]
    if new in EXPANDED_ACCESS or old in EXPANDED_ACCESS:
        return ChangeKind.EXPANDED_ACCESS_CHANGED
    if old in STOPPED and new in ONGOING:
        return ChangeKind.TRIAL_RESTARTED
    if new == "COMPLETED":
        return ChangeKind.TRIAL_COMPLETED
    return _ongoing_kind(old, new)


def _ongoing_kind(old: str | None, new: str | None) -> ChangeKind:
    # RECRUITING ↔ ENROLLING_BY_INVITATION: nothing opened or closed.
    if old in RECRUITING and new in RECRUITING:
        return ChangeKind.STATUS_CHANGED
    if new in RECRUITING and old in {"NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING"}:
        return ChangeKind.RECRUITMENT_OPENED
    if old in RECRUITING and new == "ACTIVE_NOT_RECRUITING":
        return ChangeKind.RECRUITMENT_CLOSED
    if old in _ORDER and new in _ORDER and _ORDER[new] < _ORDER[old]:
        return ChangeKind.STATUS_REVERSED
    return ChangeKind.STATUS_CHANGED


def _known_status(ctx: Context) -> str | None:
    old = ctx.old.overall_status
    # RECRUITING → UNKNOWN → COMPLETED ends what recruited, not what was unknown.
    return ctx.old.text(fields.LAST_KNOWN_STATUS) if old == "UNKNOWN" else old


def _draft_reason(why: FieldChange) -> EventDraft:
    after = why.after if isinstance(why.after, str) else None
    before = why.before if isinstance(why.before, str) else None
    return EventDraft(
        kind=ChangeKind.WHY_STOPPED_CHANGED,
        path=fields.WHY_STOPPED,
        changes=(why,),
        summary=f"Why stopped: {arrow(before, after)}",
        facts=_reason(after) | _reason(before, "_before"),
    )


def _reason(words: str | None, when: str = "") -> dict[str, object]:
    """Return the facts of a reason: the leading class, and all of them."""
    classes = reason_classes(words)
    leading = next(iter(classes), None)
    return {f"reason_class{when}": leading, f"reason_classes{when}": list(classes)}


def _draft_last_known(changes: tuple[FieldChange, ...]) -> Iterator[EventDraft]:
    for change in changes:
        yield EventDraft(
            kind=ChangeKind.REGISTRY_NORMALIZATION,
            path=change.field,
            changes=(change,),
            summary=f"Last known status: {arrow(change.before, change.after)}",
        )


def derive_expanded_access(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Gather changes of expanded access in one event."""
    del ctx
    lead = change_at(changes, fields.HAS_EXPANDED_ACCESS) or changes[0]
    ended = lead.field == fields.HAS_EXPANDED_ACCESS and lead.before is True
    yield EventDraft(
        kind=ChangeKind.EXPANDED_ACCESS_CHANGED,
        path=lead.field,
        changes=tuple(changes),
        summary=f"{fields.label(lead.field)}: {arrow(lead.before, lead.after)}",
        severity=Severity.HIGH if ended else None,
    )
