"""Rules of one shape: all changes below some paths make one event that tells them apart."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from monitor.detect.dosing import dosing, in_short
from monitor.detect.drugs import Drugs
from monitor.detect.likeness import tokens
from monitor.detect.limits import other_limits
from monitor.detect.rules import items
from monitor.detect.rules.base import Context, Derive, Draft, all_except, changes_below, tally
from monitor.detect.rules.values import LONG_TEXT, arrow, value_text
from monitor.detect.texts import plain
from monitor.detect.word_lists import COMMON, COUNTING, STOP, TIMES
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.fields import Path
from monitor.model.text_diff import text_diff

# What tells of an arm or intervention more than its label and type say.
_CLARIFYING = (
    fields.ARM_DESCRIPTION, fields.INTERVENTION_DESCRIPTION, fields.INTERVENTION_OTHER_NAMES,
)  # fmt: skip
# "Follow-up", "followup"; a hyphen before a number may be a sign, or a range's.
_BEFORE_LETTERS = re.compile(r"(?<=[^\W_])[ -](?=[^\W\d_])")
# Words that another order of the others needs or not.
_LINKING = frozenset({"a", "an", "of", "the"})
_TOLD = 4  # items of a list in a summary
_NAME_WORDS = 2
_SAYING_NO_DRUG = STOP | COUNTING | TIMES | COMMON | frozenset(
    {"agent", "agents", "drug", "drugs", "investigational", "it", "medication", "medications",
     "medicine", "medicines", "product", "products", "infusion", "injection", "tablets"}
)  # fmt: skip


def one_event(
    kind: ChangeKind, noun: str | None = None, severity: Severity | None = None
) -> Derive:
    """Return a rule that makes one event of all its changes, about what they all lie in.

    ``noun`` names it where that is a module or more; ``severity`` is other than the kind's.
    """

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
        del ctx
        label, summary = items.describe_items(changes, noun)
        yield Draft(
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

    def derive(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
        for path in paths:
            own = changes_below(changes, path)
            if not own:
                continue
            renamed = _reordered(own)
            left = all_except(own, (change for pair in renamed for change in pair))
            told = [arrow(gone.before, come.after) for gone, come in renamed]
            told += _replaced(left) or [_became(change) for change in left]
            more = f" and {len(told) - _TOLD} more" if len(told) > _TOLD else ""
            yield Draft(
                kind=kind,
                path=path,
                changes=own,
                before=ctx.old.get(path),
                after=ctx.new.get(path),
                summary=f"{fields.label(path)}: {', '.join(told[:_TOLD])}{more}",
                facts={
                    "added": [c.after for c in left if c.op == "added"],
                    "removed": [c.before for c in left if c.op == "removed"],
                    "renamed": [
                        {"before": gone.before, "after": come.after} for gone, come in renamed
                    ],
                },
            )

    return derive


def _reordered(changes: Sequence[FieldChange]) -> list[tuple[FieldChange, FieldChange]]:
    """Return what went and what came in the same words in another order.

    "Diabetes Mellitus, Type 2" is "Type 2 Diabetes Mellitus", "Cancer of the Lung" is "Lung
    Cancer".
    """
    gone: dict[tuple[str, ...], list[FieldChange]] = {}
    for change in changes:
        if change.op == "removed" and (words := _sorted_words(change.before)):
            gone.setdefault(words, []).append(change)
    come = [change for change in changes if change.op == "added"]
    return [
        (gone[words].pop(0), change)
        for change in come
        if gone.get(words := _sorted_words(change.after))
    ]


def _sorted_words(value: Any) -> tuple[str, ...]:
    words = tokens(value) if isinstance(value, str) else ()
    return tuple(sorted(word for word in words if word not in _LINKING))


def _replaced(changes: Sequence[FieldChange]) -> list[str]:
    """Say of one long text that went and one that came which words differ; else nothing."""
    gone, come = ([one for one in changes if one.op == op] for op in ("removed", "added"))
    if len(changes) != 2 or not (gone and come):
        return []
    before, after = gone[0].before, come[0].after
    is_long = max(len(value_text(before)), len(value_text(after))) > LONG_TEXT
    return [arrow(before, after)] if is_long else []


def _became(change: FieldChange) -> str:
    if change.op == "changed":
        return arrow(change.before, change.after)
    return f"{value_text(change.after if change.op == 'added' else change.before)} {change.op}"


def derive_arms(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of arms and interventions into at most one event each.

    Which intervention belongs to which arm is written in both lists. A new label or name moves
    it in the other list too; that is no news of its own, but belongs to one of the events. Where
    descriptions are only clarified, the event weighs less.
    """
    drugs = Drugs(one for side in (ctx.old, ctx.new) for one in side.items(fields.INTERVENTIONS))
    links = changes_below(changes, fields.ARM_INTERVENTION_NAMES, fields.INTERVENTION_ARM_LABELS)
    news = all_except(changes, links) or changes_below(links, fields.ARM_GROUPS) or links
    silent = all_except(changes, news)
    for kind, path in (
        (ChangeKind.ARM_CHANGED, fields.ARM_GROUPS),
        (ChangeKind.INTERVENTION_CHANGED, fields.INTERVENTIONS),
    ):
        own = changes_below(news, path)
        for draft in one_event(kind)(own, ctx) if own else ():
            before, after = draft.values()
            yield replace(
                draft,
                changes=(*own, *silent),
                before=before,
                after=after,
                severity=Severity.MEDIUM if all(_clarifies(one, drugs) for one in own) else None,
            )
            silent = ()


def _clarifies(change: FieldChange, drugs: Drugs) -> bool:
    """Tell whether the change is of a description, or another name, of the same treatment.

    It sets no other dose and names no other drug.
    """
    if not fields.under(change.field, _CLARIFYING):
        return False
    before, after = (v if isinstance(v, str) else "" for v in (change.before, change.after))
    if not (before and after):
        return True
    one, other = in_short(before), in_short(after)
    if _without_hyphens(one) == _without_hyphens(other):
        return True
    other_dose = other_limits(one, other) or dosing(one) != dosing(other)
    return not (other_dose or _names_other_drugs(change, before, after, drugs))


def _without_hyphens(text: str) -> str:
    """Return a text without the hyphens and spaces that stand before letters."""
    return _BEFORE_LETTERS.sub("", text)


def _names_other_drugs(change: FieldChange, before: str, after: str, drugs: Drugs) -> bool:
    """Tell whether a text names one drug in the place of another, or one that is not its item's.

    That an arm's own drug is named, or no longer is, only says the same more, or less, exactly.
    """
    one, other = drugs.named_in(before), drugs.named_in(after)
    lost, gained = one - other, other - one
    if not (lost or gained):
        return False
    names = [text for item in change.item or () if item is not None for text in _names_of(item)]
    own = {drug for name in names for drug in drugs.named_in(name)}
    if lost and not gained:
        gained = _in_the_place_of(lost, before, after, drugs)
    return bool((lost and gained) or (lost | gained) - own)


def _in_the_place_of(lost: frozenset[str], before: str, after: str, drugs: Drugs) -> frozenset[str]:
    """Return a name of one or two words, of no known drug, that stands where a drug's name did."""
    segments = text_diff(plain(before), plain(after))
    for (op, old), (other_op, new) in pairwise(segments):
        if (op, other_op) == ("removed", "added") and drugs.named_in(old) & lost:
            words = tokens(new)
            if len(words) <= _NAME_WORDS and not _SAYING_NO_DRUG.issuperset(words):
                return frozenset(words)
    return frozenset()


def _names_of(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield what names an arm or intervention, and the drugs that it is of."""
    for name in ("label", "name", "interventionNames", "otherNames"):
        value = item.get(name)
        yield from (
            one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)
        )


def derive_identifiers(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Tell merged records (a new alias) from other changes of identifiers."""
    merged = tuple(c for c in changes_below(changes, fields.NCT_ID_ALIASES) if c.op == "added")
    if merged:
        names = [value_text(change.after) for change in merged]
        yield Draft(
            kind=ChangeKind.RECORD_MERGED,
            path=fields.NCT_ID_ALIASES,
            changes=merged,
            summary=f"Merged into this record: {', '.join(names)}",
            facts={"merged": names},
        )
    rest = all_except(changes, merged)
    if rest:
        yield from one_event(ChangeKind.IDENTIFIER_CHANGED, "Identifiers")(rest, ctx)


def derive_references(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Tell references that the registry found in PubMed from the sponsor's own.

    That a publication was retracted is news whoever cites it.
    """
    derived = tuple(change for change in changes if _is_derived(change))
    derived = all_except(derived, changes_below(derived, fields.RETRACTIONS))
    own = all_except(changes, derived)
    if derived:
        label = "References found by the registry"
        yield Draft(
            kind=ChangeKind.REGISTRY_NORMALIZATION,
            path=fields.REFERENCES,
            changes=derived,
            label=label,
            summary=f"{label}: {items.tally(items.items_of(derived))}",
        )
    if own:
        yield from one_event(ChangeKind.REFERENCE_CHANGED)(own, ctx)


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
        yield from one_event(ChangeKind.FIELD_CHANGED)(own, ctx)


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
    """Tell whether the change is of a reference that was never the sponsor's."""
    versions = [item for item in change.item or () if item is not None]
    return bool(versions) and all(item.get("type") == "DERIVED" for item in versions)


def derive_phases(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn any change of the phase list into one event with both lists."""
    before, after = ctx.old.get(fields.PHASES), ctx.new.get(fields.PHASES)
    yield Draft(
        kind=ChangeKind.PHASE_CHANGED,
        path=fields.PHASES,
        changes=tuple(changes),
        before=before,
        after=after,
        summary=f"Phase: {arrow(before, after)}",
    )
