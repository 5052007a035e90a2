"""Eligibility: the criteria item by item, and who may take part at all."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.detect.criteria import CriteriaChange, Criterion, Edit, compare
from monitor.detect.rules.base import Context, Draft, arrow, at, counted
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity

_DESCRIPTIONS = (fields.STUDY_POPULATION, fields.GENDER_DESCRIPTION)


def derive_criteria(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Turn a change of the criteria text into an event with its items."""
    del ctx
    change = at(changes, fields.ELIGIBILITY_CRITERIA)
    if change is None:
        return
    before, after = (v if isinstance(v, str) else "" for v in (change.before, change.after))
    found = compare(before, after)
    if not found:
        yield Draft(
            kind=ChangeKind.ADMINISTRATIVE_UPDATE,
            path=change.field,
            changes=(change,),
            summary="Eligibility criteria: the same words in another order or layout",
        )
        return
    yield Draft(
        kind=ChangeKind.ELIGIBILITY_CHANGED,
        path=change.field,
        changes=(change,),
        summary=f"Eligibility criteria: {_counts(found)}",
        facts=_facts(found),
    )


def _counts(found: CriteriaChange) -> str:
    parts = [
        (len(found.added), "added"),
        (len(found.dropped), "dropped"),
        (len(found.edited), "edited"),
        (len(found.moved), "moved between inclusion and exclusion"),
    ]
    named = [f"{count} {word}" for count, word in parts if count]
    total = sum(count for count, _ in parts)
    return f"{counted(total, 'criterion', 'criteria')} changed ({', '.join(named)})"


def _facts(found: CriteriaChange) -> dict[str, Any]:
    return {
        "added": [_item(item) for item in found.added],
        "dropped": [_item(item) for item in found.dropped],
        "edited": [_edit(edit) for edit in found.edited],
        "moved": [
            {"text": edit.after.text, "from": edit.before.section, "to": edit.after.section}
            for edit in found.moved
        ],
    }


def _item(item: Criterion) -> dict[str, str]:
    return {"section": item.section, "text": item.text}


def _edit(edit: Edit) -> dict[str, Any]:
    return {
        "section": edit.after.section,
        "before": edit.before.text,
        "after": edit.after.text,
        "words": [list(segment) for segment in edit.words],
    }


def derive_population(changes: Sequence[FieldChange], ctx: Context) -> Iterator[Draft]:
    """Gather changes of ages, sex, healthy volunteers and sampling in one event.

    The age groups (``stdAges``) follow from the ages and are never the lead; alone they are
    the registry's. A description in other words weighs no more than edited criteria.
    """
    del ctx
    if all(change.field == fields.STD_AGES for change in changes):
        yield Draft(
            kind=ChangeKind.REGISTRY_NORMALISATION,
            path=fields.STD_AGES,
            changes=tuple(changes),
            summary="Age groups: derived anew by the registry",
        )
        return
    worded = all(change.field in _DESCRIPTIONS for change in changes)
    ordered = sorted(changes, key=lambda change: change.field == fields.STD_AGES)
    parts = [f"{fields.label(c.field)}: {arrow(c.before, c.after)}" for c in ordered[:3]]
    yield Draft(
        kind=ChangeKind.ELIGIBLE_POPULATION_CHANGED,
        path=ordered[0].field,
        changes=tuple(ordered),
        label="Eligible population",
        summary="; ".join(parts),
        severity=Severity.MEDIUM if worded else None,
    )
