"""Rules for primary, secondary and other outcomes, compared together to find outcome switching."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.detect.pairing import MAX_COMPARISONS
from monitor.detect.rules import items
from monitor.detect.rules.base import Context, EventDraft, all_except, changes_below
from monitor.detect.rules.outcome_pairs import (
    OutcomeMove,
    OutcomeVerdict,
    OutcomeWords,
    best_pairs,
    item_of,
    match_outcomes,
    outcome_name,
)
from monitor.detect.rules.outcome_verdicts import draft_edits, edit_groups, highest_severity, title
from monitor.detect.rules.values import arrow, value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange
from monitor.model.fields import Path
from monitor.model.record import TrialRecord

_LESSER = (fields.SECONDARY_OUTCOMES, fields.OTHER_OUTCOMES)
_THE_REST = "Secondary and other outcomes"
_MOST_NAMED = 3  # reworded outcomes in a summary
_MOST_COMPARED = MAX_COMPARISONS // 4  # pairs of outcomes with long descriptions


def derive_outcomes(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of all outcome lists into one event per primary outcome, one for the rest."""
    primary = changes_below(changes, fields.PRIMARY_OUTCOMES)
    rest = changes_below(changes, *_LESSER)
    if primary:
        # Added and removed outcomes are looked for on the other side; edited ones are known to be
        # the same.
        whole = [change for change in primary if _is_item(change)]
        sides = _lists(ctx.old), _lists(ctx.new)
        words = OutcomeWords(*([one for items in side.values() for one in items] for side in sides))
        groups, others = edit_groups(all_except(primary, whole), words)
        lesser = [change for change in rest if _is_item(change)]
        found = match_outcomes(whole, groups, lesser, words, sides)
        drafts = [_draft_move(move, ctx) for move in found.moved]
        drafts += [_left_over(change, ctx) for change in found.left]
        drafts += draft_edits(found, others, words, ctx)
        yield from drafts
        rest = all_except(rest, [change for draft in drafts for change in draft.changes])
    if rest:
        yield _of_the_rest(rest, ctx)


def _lists(record: TrialRecord) -> dict[Path, tuple[Mapping[str, Any], ...]]:
    return {path: record.items(path) for path in (fields.PRIMARY_OUTCOMES, *_LESSER)}


def _is_item(change: FieldChange) -> bool:
    return len(change.path) == 4 and change.op != "changed" and len(change.field) == 3


def _of_the_rest(changes: tuple[FieldChange, ...], ctx: Context) -> EventDraft:
    pairs = _pairs_of(changes, ctx)
    reworded = [pair for pair in pairs if pair[1].field == pair[2].field]
    moved = [pair for pair in pairs if pair[1].field != pair[2].field]
    label, summary = items.describe_items(changes, _THE_REST)
    if pairs:
        parts = [
            *(f"{len(own)} moved to {_list_name(path)} {_briefly(own)}"
              for path in _LESSER if (own := [one for one in moved if one[2].field == path])),
            *([f"{len(reworded)} reworded {_briefly(reworded)}"] if reworded else []),
        ]  # fmt: skip
        left = all_except(changes, (one for _, *pair in pairs for one in pair))
        if left:
            parts.append(items.describe_items(left, _THE_REST)[1].removeprefix(f"{label}: "))
        summary = f"{label}: {'; '.join(parts)}"
    return EventDraft(
        kind=ChangeKind.SECONDARY_OUTCOME_CHANGED,
        path=items.common_path(change.field[:3] for change in changes),
        changes=changes,
        label=label,
        summary=summary,
        facts={
            "outcomes": sorted({c.path[3] for c in changes if len(c.path) > 3}),
            "reworded": [_fact(*pair) for pair in reworded],
            "moved": [
                {**_fact(*pair), "from": fields.dotted(pair[1].field),
                 "to": fields.dotted(pair[2].field)}
                for pair in moved
            ],
        },
    )  # fmt: skip


def _briefly(pairs: Sequence[tuple[float, FieldChange, FieldChange]]) -> str:
    """Write in parentheses which outcomes these are: what each was called and is called."""
    parts = [
        value_text(outcome_name(added.after))
        if outcome_name(removed.before) == outcome_name(added.after)
        else arrow(outcome_name(removed.before), outcome_name(added.after))
        for _, removed, added in pairs
    ]
    more = "; …" if len(parts) > _MOST_NAMED else ""
    return f"({'; '.join(parts[:_MOST_NAMED])}{more})"


def _fact(likeness: float, removed: FieldChange, added: FieldChange) -> dict[str, Any]:
    return {
        "before": outcome_name(removed.before),
        "after": outcome_name(added.after),
        **OutcomeVerdict.of(likeness).facts(),
    }


def _pairs_of(
    changes: Sequence[FieldChange], ctx: Context
) -> list[tuple[float, FieldChange, FieldChange]]:
    """Return the outcomes that went and came in other words or in the other list, surest first.

    They are compared by their content words, as primary outcomes are; many only within their
    list, and very many not at all.
    """
    whole = [change for change in changes if _is_item(change)]
    sides = [[one for path in _LESSER for one in side.items(path)] for side in (ctx.old, ctx.new)]
    pools = [_sides(whole)]
    # Hundreds of outcomes, each with a page of description: compared within their list alone.
    if not _is_few(*pools[0]):
        pools = [_sides([one for one in whole if one.field == path]) for path in _LESSER]
    found: list[tuple[float, FieldChange, FieldChange]] = []
    for removed, added in pools:
        if removed and added and _is_few(removed, added):
            found += best_pairs(removed, added, OutcomeWords(*sides))
    return found


def _sides(changes: Sequence[FieldChange]) -> tuple[list[FieldChange], list[FieldChange]]:
    removed, added = ([one for one in changes if one.op == op] for op in ("removed", "added"))
    return removed, added


def _is_few(removed: Sequence[FieldChange], added: Sequence[FieldChange]) -> bool:
    return len(removed) * len(added) <= _MOST_COMPARED


def _list_name(path: Path) -> str:
    return fields.label(path).lower().removesuffix(" outcomes")


def _draft_move(move: OutcomeMove, ctx: Context) -> EventDraft:
    """Say that an outcome left the primary list for another, or came from there."""
    own = move.changes[0]
    removed = own.op == "removed"
    lesser = _list_name(move.path)
    # It was a secondary outcome all along, and is only that now.
    if len(move.changes) == 1:
        words = f"dropped, still {lesser}"
    else:
        words = f"moved to {lesser}" if removed else f"moved here from {lesser}"
    return EventDraft(
        kind=ChangeKind.PRIMARY_OUTCOME_DEMOTED if removed else ChangeKind.PRIMARY_OUTCOME_PROMOTED,
        path=fields.PRIMARY_OUTCOMES,
        changes=tuple(move.changes),
        before=own.before if removed else move.item,
        after=move.item if removed else own.after,
        label="Primary outcome",
        summary=f"Primary outcome {words}: {title(item_of(own))}",
        facts={
            "measure": outcome_name(item_of(own)),
            "list": fields.dotted(move.path),
            **move.verdict.facts(),
        },
        severity=highest_severity(ctx),
    )


def _left_over(change: FieldChange, ctx: Context) -> EventDraft:
    """Say that an outcome is nowhere any more, or was nowhere before."""
    removed = change.op == "removed"
    return EventDraft(
        kind=ChangeKind.PRIMARY_OUTCOME_DROPPED if removed else ChangeKind.PRIMARY_OUTCOME_ADDED,
        path=fields.PRIMARY_OUTCOMES,
        changes=(change,),
        before=change.before,
        after=change.after,
        label="Primary outcome",
        summary=f"Primary outcome {'dropped' if removed else 'added'}: {title(item_of(change))}",
        facts={"measure": outcome_name(item_of(change))},
        severity=highest_severity(ctx),
    )
