"""A record that the registry no longer shows, or shows again."""

from collections.abc import Iterator, Sequence

from monitor.detect.rules.base import Context, Draft
from monitor.detect.rules.values import arrow, value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange
from monitor.model.record import TrialRecord

MERGED = "MERGED"
_LABEL = fields.label(fields.REGISTRY_RECORD)


def derive_presence(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of how the registry shows the record into one event.

    Other words for the same absence are no news. What never said how the record is shown is
    left to the other rules.
    """
    before, after = ctx.old.presence, ctx.new.presence
    own = tuple(changes)
    if after is None and before is not None:
        yield _restored(own, ctx)
    elif after == MERGED and (before != after or _into(ctx.old) != _into(ctx.new)):
        yield _merged(own, ctx)
    elif after is not None and before != after:
        yield _vanished(own, ctx)
    elif after is not None:
        yield Draft(
            kind=ChangeKind.REGISTRY_NORMALIZATION,
            path=fields.REGISTRY_SAID,
            changes=own,
            label=_LABEL,
            summary=f"The registry's words: {arrow(_said(ctx.old), _said(ctx.new))}",
        )


def _vanished(changes: tuple[FieldChange, ...], ctx: Context) -> Draft:
    said = _said(ctx.new)
    words = f" ({value_text(said)})" if said else ""
    return Draft(
        kind=ChangeKind.RECORD_VANISHED,
        path=fields.REGISTRY_PRESENCE,
        changes=changes,
        label=_LABEL,
        summary=f"Record no longer in the registry{words}",
        facts={"reason": "not found", "said": said},
    )


def _merged(changes: tuple[FieldChange, ...], ctx: Context) -> Draft:
    other = _into(ctx.new)
    return Draft(
        kind=ChangeKind.RECORD_MERGED,
        path=fields.REGISTRY_MERGED_INTO,
        changes=changes,
        label=_LABEL,
        summary=f"Record merged into {value_text(other)}",
        facts={"merged_into": other, "said": _said(ctx.new)},
    )


def _restored(changes: tuple[FieldChange, ...], ctx: Context) -> Draft:
    merged = ctx.old.presence == MERGED
    reason = {"reason": "merged", "merged_into": _into(ctx.old)}
    return Draft(
        kind=ChangeKind.RECORD_RESTORED,
        path=fields.REGISTRY_PRESENCE,
        changes=changes,
        label=_LABEL,
        summary="Record in the registry again",
        facts=reason if merged else {"reason": "not found"},
    )


def _into(record: TrialRecord) -> str | None:
    return record.text(fields.REGISTRY_MERGED_INTO)


def _said(record: TrialRecord) -> str | None:
    return record.text(fields.REGISTRY_SAID)
