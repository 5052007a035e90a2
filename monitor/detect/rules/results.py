"""Rules for results: submitted, posted, changed, withdrawn."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from monitor.detect.rules import items
from monitor.detect.rules.base import (
    Context,
    EventDraft,
    all_except,
    change_at,
    changes_below,
    count_text,
    has_results,
)
from monitor.detect.rules.values import value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange

_GROUPS = 3


def derive_results(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of hasResults, results dates and the results section into events."""
    # Submitted and posted may lie months apart, or come with one version: then they are two events.
    submitted = change_at(changes, fields.RESULTS_FIRST_SUBMIT)
    left = tuple(changes)
    submitted_before = ctx.old.results_submit_date is not None
    if submitted is not None and submitted.op == "added" and not submitted_before:
        own = changes_below(changes, fields.RESULTS_FIRST_SUBMIT, fields.RESULTS_FIRST_SUBMIT_QC)
        left = all_except(changes, own)
        yield EventDraft(
            kind=ChangeKind.RESULTS_SUBMITTED,
            path=fields.RESULTS_FIRST_SUBMIT,
            changes=own,
            summary=f"Results submitted: {value_text(submitted.after)}",
        )
    if left:
        yield _draft_results(left, ctx)


def _draft_results(changes: tuple[FieldChange, ...], ctx: Context) -> EventDraft:
    had, has = has_results(ctx.old), has_results(ctx.new)
    posted = ctx.new.text(fields.RESULTS_FIRST_POST)
    # The clearest sign first.
    lead = (
        change_at(changes, fields.HAS_RESULTS)
        or change_at(changes, fields.RESULTS_FIRST_POST)
        or changes[0]
    )
    if has and not had:
        kind, summary = ChangeKind.RESULTS_POSTED, "Results posted"
        summary += f": {posted}" if posted else ""
    elif had and not has:
        kind, summary = ChangeKind.RESULTS_WITHDRAWN, "Results no longer on the record"
    else:
        kind, summary = ChangeKind.RESULTS_CHANGED, _describe_changes(changes)
    return EventDraft(kind=kind, path=lead.field, changes=changes, label="Results", summary=summary)


def _describe_changes(changes: tuple[FieldChange, ...]) -> str:
    """Say in which parts of the results something changed; of a date alone, from what to what.

    The same edit of several measures is reported first, the titles of groups last.
    """
    if len(changes) == 1 and not changes_below(changes, fields.RESULTS):
        return items.describe_items(changes)[1]
    parts = [
        *items.describe_repeated_edits(changes)[:2],
        *sorted({_part(change) for change in changes}),
    ]
    groups = _groups(changes)
    of = f"; {'groups' if len(groups) > 1 else 'group'} {_list_titles(groups)}" if groups else ""
    return f"Results: {count_text(len(changes), 'field')} changed ({', '.join(parts)}{of})"


def _groups(changes: Sequence[FieldChange]) -> list[str]:
    """Return the titles of the groups that the changes are of."""
    titles = {
        name
        for change in changes
        for holder, name in pairwise(change.path)
        # A title is a name in the path, but not in the field, which has no names of items.
        if holder in fields.GROUP_VALUES and holder in change.field and name not in change.field
    }
    return sorted(titles)


def _list_titles(titles: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in titles[:_GROUPS]) + (", …" * (len(titles) > _GROUPS))


def _part(change: FieldChange) -> str:
    inside = fields.under(change.field, (fields.RESULTS,))
    return fields.label(change.field[:2] if inside else change.field).removesuffix(" module")
