"""Rules of one shape: all changes below some paths make one event, whose summary names each."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.detect.likeness import tokens
from monitor.detect.rules import items
from monitor.detect.rules.base import (
    Context,
    Derive,
    EventDraft,
    all_except,
    changes_below,
    tally_changes,
)
from monitor.detect.rules.values import LONG_TEXT, arrow, value_text
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.fields import Path

# Words that another order of the others needs or not.
_LINKING = frozenset({"a", "an", "of", "the"})
_MOST_NAMED = 4  # items of a list in a summary


def one_event(
    kind: ChangeKind, noun: str | None = None, severity: Severity | None = None
) -> Derive:
    """Return a rule that makes one event of all its changes, about what they all lie in.

    ``noun`` names it where that is a module or more; ``severity`` is other than the kind's.
    """

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
        del ctx
        label, summary = items.describe_items(changes, noun)
        yield EventDraft(
            kind=kind,
            path=items.common_path(change.field for change in changes),
            changes=tuple(changes),
            label=label,
            summary=summary,
            severity=severity,
        )

    return derive


def derive_lists(kind: ChangeKind, *paths: Path) -> Derive:
    """Return a rule for lists of words: one event per list with the whole lists' values."""

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
        for path in paths:
            own = changes_below(changes, path)
            if not own:
                continue
            renamed = _pair_reordered(own)
            left = all_except(own, (change for pair in renamed for change in pair))
            parts = [arrow(removed.before, added.after) for removed, added in renamed]
            parts += _describe_replacement(left) or [_describe(change) for change in left]
            more = f" and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
            yield EventDraft(
                kind=kind,
                path=path,
                changes=own,
                before=ctx.old.get(path),
                after=ctx.new.get(path),
                summary=f"{fields.label(path)}: {', '.join(parts[:_MOST_NAMED])}{more}",
                facts={
                    "added": [c.after for c in left if c.op == "added"],
                    "removed": [c.before for c in left if c.op == "removed"],
                    "renamed": [
                        {"before": removed.before, "after": added.after}
                        for removed, added in renamed
                    ],
                },
            )

    return derive


def _pair_reordered(changes: Sequence[FieldChange]) -> list[tuple[FieldChange, FieldChange]]:
    """Return what went and what came in the same words in another order.

    "Diabetes Mellitus, Type 2" is "Type 2 Diabetes Mellitus", "Cancer of the Lung" is "Lung
    Cancer".
    """
    removed: dict[tuple[str, ...], list[FieldChange]] = {}
    for change in changes:
        if change.op == "removed" and (words := _sorted_words(change.before)):
            removed.setdefault(words, []).append(change)
    added = [change for change in changes if change.op == "added"]
    return [
        (removed[words].pop(0), change)
        for change in added
        if removed.get(words := _sorted_words(change.after))
    ]


def _sorted_words(value: Any) -> tuple[str, ...]:
    words = tokens(value) if isinstance(value, str) else ()
    return tuple(sorted(word for word in words if word not in _LINKING))


def _describe_replacement(changes: Sequence[FieldChange]) -> list[str]:
    """Say of one long text that went and one that came which words differ; else nothing."""
    removed, added = ([one for one in changes if one.op == op] for op in ("removed", "added"))
    if len(changes) != 2 or not (removed and added):
        return []
    before, after = removed[0].before, added[0].after
    is_long = max(len(value_text(before)), len(value_text(after))) > LONG_TEXT
    return [arrow(before, after)] if is_long else []


def _describe(change: FieldChange) -> str:
    if change.op == "changed":
        return arrow(change.before, change.after)
    return f"{value_text(change.after if change.op == 'added' else change.before)} {change.op}"


def derive_identifiers(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Separate merged records (a new alias) from other changes of identifiers."""
    merged = tuple(c for c in changes_below(changes, fields.NCT_ID_ALIASES) if c.op == "added")
    if merged:
        names = [value_text(change.after) for change in merged]
        yield EventDraft(
            kind=ChangeKind.RECORD_MERGED,
            path=fields.NCT_ID_ALIASES,
            changes=merged,
            summary=f"Merged into this record: {', '.join(names)}",
            facts={"merged": names},
        )
    rest = all_except(changes, merged)
    if rest:
        yield from one_event(ChangeKind.IDENTIFIER_CHANGED, "Identifiers")(rest, ctx)


def derive_references(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Separate references that the registry found in PubMed from the sponsor's own.

    A retracted publication is reported whichever party cites it.
    """
    derived = tuple(change for change in changes if _is_derived(change))
    derived = all_except(derived, changes_below(derived, fields.RETRACTIONS))
    own = all_except(changes, derived)
    if derived:
        label = "References found by the registry"
        yield EventDraft(
            kind=ChangeKind.REGISTRY_NORMALIZATION,
            path=fields.REFERENCES,
            changes=derived,
            label=label,
            summary=f"{label}: {items.tally(items.items_of(derived))}",
        )
    if own:
        yield from one_event(ChangeKind.REFERENCE_CHANGED)(own, ctx)


def derive_fields(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Say of every field that no other rule knows that it changed: never silence.

    One event per object or list, so that a date and its type are reported together.
    """
    groups: dict[Path, list[FieldChange]] = {}
    for change in changes:
        # Three names reach an object or list of a module: `protocolSection.designModule.bioSpec`.
        groups.setdefault(change.field[:3] if len(change.field) > 3 else change.field, []).append(
            change
        )
    for own in groups.values():
        yield from one_event(ChangeKind.FIELD_CHANGED)(own, ctx)


def by_module(kind: ChangeKind, words: str) -> Derive:
    """Return a rule that makes one event per module, for what is no news."""

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
        del ctx
        modules: dict[str, list[FieldChange]] = {}
        for change in changes:
            modules.setdefault(fields.module_label(change.field), []).append(change)
        for name, own in modules.items():
            yield EventDraft(
                kind=kind,
                path=own[0].field,
                changes=tuple(own),
                label=name,
                summary=f"{name}: {words} ({tally_changes(own)})",
            )

    return derive


def _is_derived(change: FieldChange) -> bool:
    """Return whether the change is of a reference that was never the sponsor's."""
    versions = [item for item in change.item or () if item is not None]
    # Of both versions: one that the sponsor made his own is no longer the registry's.
    return bool(versions) and all(item.get("type") == "DERIVED" for item in versions)


def derive_phases(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn any change of the phase list into one event with both lists."""
    before, after = ctx.old.get(fields.PHASES), ctx.new.get(fields.PHASES)
    yield EventDraft(
        kind=ChangeKind.PHASE_CHANGED,
        path=fields.PHASES,
        changes=tuple(changes),
        before=before,
        after=after,
        summary=f"Phase: {arrow(before, after)}",
    )
