"""Rules of one shape: all changes below some paths make one event that tells them apart."""

from collections.abc import Iterator, Sequence

from monitor.detect.rules.base import (
    Context,
    Derive,
    Draft,
    all_but,
    arrow,
    below,
    counted,
    item_name,
    names_of,
    shown,
    tally,
)
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange
from monitor.model.fields import Path


def gather(kind: ChangeKind, noun: str | None = None) -> Derive:
    """Return a rule that makes one event of all its changes.

    A single change is told before → after; several items are named and counted.
    """

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
        del ctx
        lead = changes[0]
        name = noun or fields.label(lead.field)
        item = item_name(lead)
        if len(changes) == 1 and item and len(lead.path) > len(lead.field):
            inner = "" if lead.op != "changed" else f" ({fields.label(lead.field).lower()})"
            summary = f"{name}: {lead.op} {shown(item)}{inner}"
        elif len(changes) == 1:
            summary = f"{name}: {arrow(lead.before, lead.after)}"
        else:
            names = names_of(changes)
            named = "; ".join(shown(item)[:60] for item in names[:3])
            summary = f"{name}: {tally(changes)} ({named}{'; …' if len(names) > 3 else ''})"
        yield Draft(kind=kind, path=lead.field, changes=tuple(changes), label=name, summary=summary)

    return derive


def derive_lists(kind: ChangeKind, *paths: Path) -> Derive:
    """Return a rule for lists of words: one event per list with the whole lists' values."""

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
        for path in paths:
            own = below(changes, path)
            if not own:
                continue
            parts = [f"{shown(c.after if c.op == 'added' else c.before)} {c.op}" for c in own[:4]]
            more = f" and {len(own) - 4} more" if len(own) > 4 else ""
            yield Draft(
                kind=kind,
                path=path,
                changes=own,
                before=ctx.old.get(path),
                after=ctx.new.get(path),
                summary=f"{fields.label(path)}: {', '.join(parts)}{more}",
                facts={
                    "added": [c.after for c in own if c.op == "added"],
                    "removed": [c.before for c in own if c.op == "removed"],
                },
            )

    return derive


def derive_arms(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of arms and interventions into at most one event each.

    Which intervention belongs to which arm is written in both lists; a new label or name
    moves it in the other list too, which is no news of its own.
    """
    links = below(changes, fields.ARM_INTERVENTION_NAMES, fields.INTERVENTION_ARM_LABELS)
    own = all_but(changes, links)
    arms, interventions = below(own, fields.ARM_GROUPS), below(own, fields.INTERVENTIONS)
    if arms or not interventions:
        arms += links
    else:
        interventions += links
    if arms:
        yield from gather(ChangeKind.ARM_CHANGED, "Arms")(arms, ctx)
    if interventions:
        yield from gather(ChangeKind.INTERVENTION_CHANGED, "Interventions")(interventions, ctx)


def derive_identifiers(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Tell merged records (a new alias) from other changes of identifiers."""
    merged = tuple(c for c in below(changes, fields.NCT_ID_ALIASES) if c.op == "added")
    if merged:
        names = [shown(change.after) for change in merged]
        yield Draft(
            kind=ChangeKind.RECORD_MERGED,
            path=fields.NCT_ID_ALIASES,
            changes=merged,
            summary=f"Merged into this record: {', '.join(names)}",
            facts={"merged": names},
        )
    rest = all_but(changes, merged)
    if rest:
        yield from gather(ChangeKind.IDENTIFIER_CHANGED)(rest, ctx)


def derive_references(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Tell references that the registry found in PubMed from the sponsor's own."""
    derived = tuple(change for change in changes if _is_derived(change))
    own = all_but(changes, derived)
    if derived:
        yield Draft(
            kind=ChangeKind.REGISTRY_NORMALISATION,
            path=fields.REFERENCES,
            changes=derived,
            summary=f"{counted(len(derived), 'reference')} found by the registry",
        )
    if own:
        yield from gather(ChangeKind.REFERENCE_CHANGED)(own, ctx)


def derive_fields(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Say of every field that no other rule knows that it changed: never silence.

    One event per object or list, so that a date and its type are told together.
    """
    groups: dict[Path, list[FieldChange]] = {}
    for change in changes:
        groups.setdefault(change.field[:3] if len(change.field) > 3 else change.field, []).append(
            change
        )
    for own in groups.values():
        yield from gather(ChangeKind.FIELD_CHANGED)(own, ctx)


def by_module(kind: ChangeKind, words: str) -> Derive:
    """Return a rule that makes one event per module, for what is no news."""

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
        del ctx
        modules: dict[str, list[FieldChange]] = {}
        for change in changes:
            modules.setdefault(fields.module_label(change.field), []).append(change)
        for name, own in modules.items():
            yield Draft(
                kind=kind,
                path=own[0].field,
                changes=tuple(own),
                label=name,
                summary=f"{name}: {words} ({tally(own)})",
            )

    return derive


def _is_derived(change: FieldChange) -> bool:
    before, after = change.item or (None, None)
    return (after or before or {}).get("type") == "DERIVED"
