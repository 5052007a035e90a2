"""Rules for a record that the registry no longer shows, or shows again."""

from collections.abc import Iterator, Sequence

from monitor.detect.rules.base import Context, EventDraft
from monitor.detect.rules.values import arrow, value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange
from monitor.model.record import TrialRecord

MERGED = "MERGED"
_LABEL = fields.label(fields.REGISTRY_RECORD)


def derive_presence(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of how the registry shows the record into one event.

    Other words for the same absence are noise. What never stated how the record is shown is
    left to the other rules.
    """
    before, after = ctx.old.presence, ctx.new.presence
    own = tuple(changes)
    # Shown again. What changed while it was away is left to the other rules, field by field.
    if after is None and before is not None:
        yield _draft_restored(own, ctx)
    # Before "vanished": a merged record is not lost, its trial goes on under another NCT ID.
    elif after == MERGED and (before != after or _merged_into(ctx.old) != _merged_into(ctx.new)):
        yield _draft_merged(own, ctx)
    elif after is not None and before != after:
        yield _draft_vanished(own, ctx)
    elif after is not None:
        yield EventDraft(
            kind=ChangeKind.REGISTRY_NORMALIZATION,
            path=fields.REGISTRY_MESSAGE,
            changes=own,
            label=_LABEL,
            summary="The registry's words: "
            + arrow(_registry_words(ctx.old), _registry_words(ctx.new)),
        )


def _draft_vanished(changes: tuple[FieldChange, ...], ctx: Context) -> EventDraft:
    words_shown = _registry_words(ctx.new)
    words = f" ({value_text(words_shown)})" if words_shown else ""
    return EventDraft(
        kind=ChangeKind.RECORD_VANISHED,
        path=fields.REGISTRY_PRESENCE,
        changes=changes,
        label=_LABEL,
        summary=f"Record no longer in the registry{words}",
        # The registry's own words ("NCT number … not found"), since they may be all there is to
        # judge by.
        facts={"reason": "not found", "said": words_shown},
    )


def _draft_merged(changes: tuple[FieldChange, ...], ctx: Context) -> EventDraft:
    other = _merged_into(ctx.new)
    return EventDraft(
        kind=ChangeKind.RECORD_MERGED,
        path=fields.REGISTRY_MERGED_INTO,
        changes=changes,
        label=_LABEL,
        summary=f"Record merged into {value_text(other)}",
        facts={"merged_into": other, "said": _registry_words(ctx.new)},
    )


def _draft_restored(changes: tuple[FieldChange, ...], ctx: Context) -> EventDraft:
    merged = ctx.old.presence == MERGED
    reason = {"reason": "merged", "merged_into": _merged_into(ctx.old)}
    return EventDraft(
        kind=ChangeKind.RECORD_RESTORED,
        path=fields.REGISTRY_PRESENCE,
        changes=changes,
        label=_LABEL,
        summary="Record in the registry again",
        facts=reason if merged else {"reason": "not found"},
    )


def _merged_into(record: TrialRecord) -> str | None:
    return record.text(fields.REGISTRY_MERGED_INTO)


def _registry_words(record: TrialRecord) -> str | None:
    return record.text(fields.REGISTRY_MESSAGE)
