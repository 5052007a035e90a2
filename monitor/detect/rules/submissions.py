"""Results before they are posted: submitted, returned to the sponsor, withdrawn; or certified late.

Until results are posted the registry keeps their way beside the record, in two places, one of which
may be days ahead of the other: events of the annotation, and the submission tracking that it
derives. A step that either stated before is not reported again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.detect.rules.base import Context, EventDraft, change_at, changes_below
from monitor.detect.rules.values import value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.record import TrialRecord

_RELEASE, _RESET, _UNRELEASE = "RELEASE", "RESET", "UNRELEASE"
_TRACKED = {"releaseDate": _RELEASE, "resetDate": _RESET, "unreleaseDate": _UNRELEASE}
# Of one day: a submission comes before its return.
_ORDER = (_RELEASE, _RESET, _UNRELEASE)
_KINDS = {
    _RELEASE: (ChangeKind.RESULTS_SUBMITTED, "Results submitted, not posted yet"),
    _RESET: (ChangeKind.RESULTS_RETURNED, "Results returned to the sponsor for corrections"),
    _UNRELEASE: (ChangeKind.RESULTS_SUBMISSION_WITHDRAWN, "Submission of results withdrawn"),
}
UNKNOWN = "date unknown"


@dataclass(frozen=True, slots=True)
class _SubmissionStep:
    """One step of a submission; ``date`` is the registry's, "" where it is unknown."""

    type: str
    date: str


def derive_submissions(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn new steps of a submission into an event each; what tells no step is left over.

    Nothing is derived once results are posted: that is the event then.
    """
    if ctx.new.get(fields.HAS_RESULTS) is True:
        return
    known = _steps(ctx.old)
    new = sorted(
        (step for step in _steps(ctx.new) if step not in known and step.type in _KINDS),
        # A withdrawal without a date came after whatever is dated.
        key=lambda step: (step.date or "9999", _ORDER.index(step.type)),
    )
    left = list(changes)
    submitted = any(step.type == _RELEASE for step in known)
    for step in new:
        # Changes that name no step (a derived count) go with the last one: none may be left
        # unreported.
        last = step is new[-1]
        own = [change for change in left if last or step in _steps_in(change.after)]
        left = [change for change in left if change not in own]
        if own:
            yield _draft(step, tuple(own), again=submitted)
        submitted = submitted or step.type == _RELEASE


def _draft(step: _SubmissionStep, changes: tuple[FieldChange, ...], *, again: bool) -> EventDraft:
    kind, words = _KINDS[step.type]
    facts: dict[str, Any] = {"date": step.date or None}
    severity = None
    if step.type == _RELEASE:
        facts["again"] = again
        if again:
            words, severity = "Results submitted again, not posted yet", Severity.MEDIUM
    return EventDraft(
        kind=kind,
        path=fields.UNPOSTED_EVENTS,
        changes=changes,
        label="Results",
        before=None,
        after=step.date or None,
        summary=f"{words}: {step.date or UNKNOWN}",
        facts=facts,
        severity=severity,
    )


def _steps(record: TrialRecord) -> list[_SubmissionStep]:
    """Return the steps of a record's results submissions as the registry lists them, each once."""
    entries = [*record.items(fields.UNPOSTED_EVENTS), *record.items(fields.SUBMISSION_INFOS)]
    return list(dict.fromkeys(step for item in entries for step in _steps_in(item)))


def _steps_in(value: Any) -> list[_SubmissionStep]:
    """Return the steps that an event, an entry of the tracking, or a date of it tells."""
    if isinstance(value, str):
        return [_SubmissionStep(kind, value) for kind in _ORDER]
    if not isinstance(value, Mapping):
        return []
    if isinstance(kind := value.get("type"), str):
        return [_SubmissionStep(kind, _date(value.get("date")))]
    found = [
        _SubmissionStep(kind, _date(value[name]))
        for name, kind in _TRACKED.items()
        if name in value
    ]
    # A withdrawal of which the registry does not know the day.
    unknown = value.get("unreleaseDateUnknown") is True and "unreleaseDate" not in value
    return [*found, *([_SubmissionStep(_UNRELEASE, "")] if unknown else [])]


def _date(value: Any) -> str:
    return value if isinstance(value, str) else ""


def derive_certification(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn a certification that results come later into an event.

    Its other dates follow it; alone they say that the registry checked and posted it.
    """
    own = changes_below(changes, *fields.CERTIFICATION)
    certified = change_at(own, fields.DISP_FIRST_SUBMIT)
    if certified is None and ctx.new.get(fields.DISP_FIRST_SUBMIT) is not None:
        yield EventDraft(
            kind=ChangeKind.ADMINISTRATIVE_UPDATE,
            path=own[0].field,
            changes=own,
            label="Results",
            summary="Certification of delayed results: checked or posted by the registry",
        )
        return
    lead = certified or change_at(own, fields.DISP_FIRST_POST) or own[0]
    yield EventDraft(
        kind=ChangeKind.RESULTS_DELAY_CERTIFIED,
        path=lead.field,
        changes=own,
        label="Results",
        summary="Certification of delayed results taken back"
        if lead.after is None
        else f"Delay of results certified: {value_text(lead.after)}",
    )
