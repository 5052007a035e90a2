"""Primary, secondary and other outcomes, looked at together: switching is the news."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.detect.rules import items
from monitor.detect.rules.base import Context, Draft, all_but, below
from monitor.detect.rules.outcome_pairs import Move, Words, item_of, matched, named
from monitor.detect.rules.outcome_verdicts import draft_edits, edit_groups, severest, title
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange
from monitor.model.fields import Path
from monitor.model.record import TrialRecord

_LESSER = (fields.SECONDARY_OUTCOMES, fields.OTHER_OUTCOMES)


def derive_outcomes(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of all outcome lists into one event per primary outcome, one for the rest."""
    primary = below(changes, fields.PRIMARY_OUTCOMES)
    rest = below(changes, *_LESSER)
    if primary:
        whole = [change for change in primary if _is_item(change)]
        sides = _lists(ctx.old), _lists(ctx.new)
        words = Words(*([one for items in side.values() for one in items] for side in sides))
        groups, others = edit_groups(all_but(primary, whole), words)
        lesser = [change for change in rest if _is_item(change)]
        found = matched(whole, groups, lesser, words, sides)
        drafts = [_moved(move, ctx) for move in found.moved]
        drafts += [_left_over(change, ctx) for change in found.left]
        drafts += draft_edits(found, others, words, ctx)
        yield from drafts
        rest = all_but(rest, [change for draft in drafts for change in draft.changes])
    if rest:
        yield _of_the_rest(rest)


def _lists(record: TrialRecord) -> dict[Path, tuple[Mapping[str, Any], ...]]:
    return {path: record.items(path) for path in (fields.PRIMARY_OUTCOMES, *_LESSER)}


def _is_item(change: FieldChange) -> bool:
    return len(change.path) == 4 and change.op != "changed" and len(change.field) == 3


def _of_the_rest(changes: tuple[FieldChange, ...]) -> Draft:
    label, summary = items.told(changes, "Secondary and other outcomes")
    return Draft(
        kind=ChangeKind.SECONDARY_OUTCOME_CHANGED,
        path=items.common_path(change.field[:3] for change in changes),
        changes=changes,
        label=label,
        summary=summary,
        facts={"outcomes": sorted({c.path[3] for c in changes if len(c.path) > 3})},
    )


def _moved(move: Move, ctx: Context) -> Draft:
    """Say that an outcome left the primary list for another, or came from there."""
    own = move.changes[0]
    gone = own.op == "removed"
    lesser = fields.label(move.path).lower().removesuffix(" outcomes")
    if len(move.changes) == 1:
        words = f"dropped, still {lesser}"
    else:
        words = f"moved to {lesser}" if gone else f"moved here from {lesser}"
    return Draft(
        kind=ChangeKind.PRIMARY_OUTCOME_DEMOTED if gone else ChangeKind.PRIMARY_OUTCOME_PROMOTED,
        path=fields.PRIMARY_OUTCOMES,
        changes=tuple(move.changes),
        before=own.before if gone else move.item,
        after=move.item if gone else own.after,
        label="Primary outcome",
        summary=f"Primary outcome {words}: {title(item_of(own))}",
        facts={
            "measure": named(item_of(own)),
            "list": fields.dotted(move.path),
            **move.verdict.facts(),
        },
        severity=severest(ctx),
    )


def _left_over(change: FieldChange, ctx: Context) -> Draft:
    """Say that an outcome is nowhere any more, or was nowhere before."""
    gone = change.op == "removed"
    return Draft(
        kind=ChangeKind.PRIMARY_OUTCOME_DROPPED if gone else ChangeKind.PRIMARY_OUTCOME_ADDED,
        path=fields.PRIMARY_OUTCOMES,
        changes=(change,),
        before=change.before,
        after=change.after,
        label="Primary outcome",
        summary=f"Primary outcome {'dropped' if gone else 'added'}: {title(item_of(change))}",
        facts={"measure": named(item_of(change))},
        severity=severest(ctx),
    )
