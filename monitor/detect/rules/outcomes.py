"""Primary, secondary and other outcomes, looked at together: switching is the news."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.detect.rules import items
from monitor.detect.rules.base import (
    Context,
    Draft,
    all_but,
    arrow,
    below,
    counted,
    shown,
)
from monitor.detect.texts import continues, likeness, plain, wording
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity

_SAME_MEASURE = 0.85
# Surer than words of which one differs ("R1 resection rate"), less sure than the same text.
_SAME_WORDS = 0.99
_LITTLE_WORDS = frozenset({"a", "an", "at", "by", "for", "in", "of", "the"})
# Between these words the order says which is which ("time from relapse to death").
_ORDERING = frozenset({
    "after", "and", "as", "before", "but", "following", "from", "into", "minus", "no", "non", "not",
    "or", "over", "per", "since", "than", "then", "to", "until", "versus", "vs", "with", "without",
})  # fmt: skip
_AROUND_WORDS = ".,;:()[]"
_ACRONYM = re.compile(r"\b[A-Z]\w*[A-Z]\w*")
_LESSER = (fields.SECONDARY_OUTCOMES, fields.OTHER_OUTCOMES)
# "See results", "Please refer to the results section for details": no outcome is edited by it.
_POINTS_TO_RESULTS = re.compile(
    r"(?i)^(?:please )?(?:see|refer to|(?:reported|presented|provided|available|posted) in)"
    r"(?: (?:the|study|trial|posted|full|detailed|outcome|measures?))* results?"
    r"(?: (?:sections?|modules?|tables?|tabs?|pages?|data|below|posted))*"
    r"(?: (?:for|of|on|at|in|with) .{0,60})?\W*$"
)


def derive_outcomes(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of all outcome lists into one event per primary outcome, one for the rest."""
    primary = [c for c in below(changes, fields.PRIMARY_OUTCOMES) if _is_item(c)]
    lesser = [c for c in below(changes, *_LESSER) if _is_item(c)]
    partners = _partners(primary, lesser)
    for index, change in enumerate(primary):
        yield _switched(change, partners.get(index), ctx)
    yield from _edited(all_but(below(changes, fields.PRIMARY_OUTCOMES), primary))
    rest = all_but(below(changes, *_LESSER), partners.values())
    if rest:
        yield Draft(
            kind=ChangeKind.SECONDARY_OUTCOME_CHANGED,
            path=items.common_path(change.field[:3] for change in rest),
            changes=rest,
            label="Secondary and other outcomes",
            summary=f"Secondary and other outcomes: {items.tally(items.items_of(rest))}",
            facts={"outcomes": sorted({c.path[3] for c in rest if len(c.path) > 3})},
        )


def _is_item(change: FieldChange) -> bool:
    return len(change.path) == 4 and change.op != "changed" and len(change.field) == 3


def _partners(primary: list[FieldChange], lesser: list[FieldChange]) -> dict[int, FieldChange]:
    """Find the measures that left the primary list for a lesser one, or the other way round.

    By the change's place in ``primary``; the surest pairs first, so that of two measures that
    differ in one word each finds its own.
    """
    ranked = sorted(
        (-_alike(_measure(change), _measure(other)), i, j)
        for i, change in enumerate(primary)
        for j, other in enumerate(lesser)
        if change.op != other.op
    )
    found: dict[int, int] = {}
    for negative, i, j in ranked:
        if -negative < _SAME_MEASURE:
            break
        if i not in found and j not in found.values():
            found[i] = j
    return {i: lesser[j] for i, j in found.items()}


def _alike(one: str, other: str) -> float:
    """Return from 0 to 1 how surely two measures are one; ALT is not AST."""
    if not (one and other):
        return 0.0
    ours, theirs = (set(_ACRONYM.findall(text)) for text in (one, other))
    for mine in ours - theirs:
        if not any(mine in name or name in mine for name in theirs) and theirs - ours:
            return 0.0
    words = one.casefold(), other.casefold()
    alike = likeness(*words) / 100
    if _same_words(*words):
        return max(alike, _SAME_WORDS)
    return max(alike, _SAME_MEASURE) if continues(*words) else alike


def _same_words(one: str, other: str) -> bool:
    """Tell whether two measures say the same words in another order that cannot matter.

    "R0 resection rate" and "Rate of R0 resections"; "ratio of A to B" is not that of B to A, nor
    are marks ("<", "+") and two numbers free to change places.
    """
    ours, theirs = (
        sorted(word for word in _words(text) if word not in _LITTLE_WORDS) for text in (one, other)
    )
    if [word.removesuffix("s") for word in ours] != [word.removesuffix("s") for word in theirs]:
        return False
    ordered = any(word in _ORDERING or not word[:1].isalnum() for word in (*ours, *theirs))
    return not ordered and sum(word[:1].isdigit() for word in ours) < 2


def _words(text: str) -> list[str]:
    return [word.strip(_AROUND_WORDS) or word for word in text.split()]


def _measure(change: FieldChange) -> str:
    value = change.after if change.op == "added" else change.before
    measure = value.get("measure") if isinstance(value, Mapping) else None
    return plain(measure) if isinstance(measure, str) else ""


def _switched(change: FieldChange, partner: FieldChange | None, ctx: Context) -> Draft:
    gone = change.op == "removed"
    if partner is None:
        kind = ChangeKind.PRIMARY_OUTCOME_DROPPED if gone else ChangeKind.PRIMARY_OUTCOME_ADDED
        words = "dropped" if gone else "added"
    else:
        kind = ChangeKind.PRIMARY_OUTCOME_DEMOTED if gone else ChangeKind.PRIMARY_OUTCOME_PROMOTED
        lesser = fields.label(partner.field).lower().removesuffix("s")
        words = f"demoted to {lesser}" if gone else f"promoted from {lesser}"
    item = change.before if gone else change.after
    facts: dict[str, Any] = {"measure": item.get("measure") if isinstance(item, dict) else item}
    if partner is not None:
        facts["list"] = fields.dotted(partner.field)
    return Draft(
        kind=kind,
        path=fields.PRIMARY_OUTCOMES,
        changes=(change,) if partner is None else (change, partner),
        before=change.before if partner is None or gone else partner.before,
        after=change.after if partner is None or not gone else partner.after,
        label="Primary outcome",
        summary=f"Primary outcome {words}: {shown(facts['measure'])}",
        facts=facts,
        severity=Severity.CRITICAL if ctx.started else None,
    )


def _edited(edits: Sequence[FieldChange]) -> Iterator[Draft]:
    by_outcome: dict[str, list[FieldChange]] = {}
    for change in edits:
        by_outcome.setdefault(change.path[3] if len(change.path) > 3 else "", []).append(change)
    for name, changes in by_outcome.items():
        quiet = tuple(change for change in changes if _says_nothing_new(change))
        real = all_but(changes, quiet)
        if real:
            what = ", ".join(fields.label(change.field).lower() for change in real)
            yield Draft(
                kind=ChangeKind.PRIMARY_OUTCOME_EDITED,
                path=items.common_path(change.field for change in real),
                changes=real,
                label="Primary outcome",
                summary=f"Primary outcome edited ({what}): {shown(name)}",
                facts={"measure": name},
            )
        if quiet:
            yield Draft(
                kind=ChangeKind.ADMINISTRATIVE_UPDATE,
                path=quiet[0].field,
                changes=quiet,
                summary=f"Primary outcome {_says_nothing_new(quiet[0])}: {shown(name)}",
            )


def _says_nothing_new(change: FieldChange) -> str | None:
    """Return how an edit leaves the outcome what it was; None when it may not."""
    if not isinstance(change.after, str):
        return None
    if _POINTS_TO_RESULTS.match(plain(change.after)):
        return "now points to the results"
    if isinstance(change.before, str) and wording(plain(change.before)) == wording(
        plain(change.after)
    ):
        return "in the same words, other letters or marks"
    return None


def derive_documents(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn changes of the study documents into additions and removals."""
    del ctx
    removed = tuple(c for c in changes if c.op == "removed" and len(c.field) == 3)
    added = all_but(changes, removed)
    for kind, own, word in (
        (ChangeKind.DOCUMENT_ADDED, added, "added or replaced"),
        (ChangeKind.DOCUMENT_REMOVED, removed, "removed"),
    ):
        if own:
            # By document, not by name: there can be two informed consent forms.
            names = sorted({change.path[:4]: _document_label(change) for change in own}.values())
            yield Draft(
                kind=kind,
                path=fields.LARGE_DOCS,
                changes=own,
                summary=f"{counted(len(names), 'study document')} {word}: {', '.join(names)}",
                facts={"documents": names},
            )


def _document_label(change: FieldChange) -> str:
    before, after = change.item or (None, None)
    item = after or before or {}
    return shown(item.get("label") or item.get("filename") or change.path[-1])


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
