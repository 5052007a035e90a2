"""Rules for eligibility: the criteria item by item, and who may take part at all."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.detect.criteria import CriteriaChange, Edit, compare, excludes
from monitor.detect.headings import INCLUSION
from monitor.detect.likeness import WordWeights
from monitor.detect.limits import other_limits, states_limit
from monitor.detect.outline import Criterion
from monitor.detect.rules.base import Context, EventDraft, all_except, change_at, count_text
from monitor.detect.rules.values import arrow
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity

_MANY = 5  # criteria that change together weigh as much as a limit
_DESCRIPTIONS = (fields.STUDY_POPULATION, fields.GENDER_DESCRIPTION)


def derive_criteria(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn a change of the criteria text into an event with its items."""
    del ctx
    change = change_at(changes, fields.ELIGIBILITY_CRITERIA)
    if change is None:
        return
    before, after = (v if isinstance(v, str) else "" for v in (change.before, change.after))
    found = compare(before, after)
    # Still an event: every difference belongs to exactly one (docs/events.md).
    if not found:
        yield EventDraft(
            kind=ChangeKind.ADMINISTRATIVE_UPDATE,
            path=change.field,
            changes=(change,),
            summary="Eligibility criteria: the same words in another order, layout or typography",
        )
        return
    yield EventDraft(
        kind=ChangeKind.ELIGIBILITY_CHANGED,
        path=change.field,
        changes=(change,),
        summary=f"Eligibility criteria: {_counts(found)}",
        facts=_facts(found),
        severity=_severity(found),
    )


def _severity(found: CriteriaChange) -> Severity | None:
    """Weigh what the change does: another limit or another side is high, a heading low."""
    if not found.count:
        return Severity.LOW
    weighty = found.count - sum(_is_grammar(edit) for edit in found.edited)
    high = weighty >= _MANY or _limits(found) or any(map(_has_turned, found.moved))
    return Severity.HIGH if high else None


def _is_grammar(edit: Edit) -> bool:
    """Return whether an edit keeps all content words ("have" → "had", patients → participants)."""
    # Without the record's vocabulary: only which words there are matters here, not their weight.
    words = WordWeights()
    one, other = (words.bag(item.text).weights.keys() for item in (edit.before, edit.after))
    return one == other


def _limits(found: CriteriaChange) -> int:
    """Return how many criteria set another limit, came with one, or went with one."""
    edited = sum(other_limits(edit.before.text, edit.after.text) for edit in found.edited)
    return edited + sum(states_limit(item.text) for item in (*found.added, *found.dropped))


def _counts(found: CriteriaChange) -> str:
    turned = sum(map(_has_turned, found.moved))
    parts = [
        (len(found.added), "added"),
        (len(found.dropped), "dropped"),
        (len(found.edited), "edited"),
        (turned, "moved between inclusion and exclusion"),
        (len(found.moved) - turned, "moved to stand under another line"),
    ]
    named = [f"{count} {word}" for count, word in parts if count]
    if not named:
        return "headings changed, no criterion did"
    limits = f"; limits in {count}" if (count := _limits(found)) else ""
    return (
        f"{count_text(found.count, 'criterion', 'criteria')} changed ({', '.join(named)}{limits})"
    )


def _facts(found: CriteriaChange) -> dict[str, Any]:
    return {
        "added": [_item(item) for item in found.added],
        "dropped": [_item(item) for item in found.dropped],
        "edited": [_edit(edit) for edit in found.edited],
        "moved": [_describe_move(edit) for edit in found.moved],
        "limits": _limits(found),
    }


def _has_turned(edit: Edit) -> bool:
    return excludes(edit.before) is not excludes(edit.after)


def _describe_move(edit: Edit) -> dict[str, str]:
    """Say where an item went: from section to section, else from line to line."""
    where = _section if _has_turned(edit) else _holders
    return {"text": edit.after.text, "from": where(edit.before), "to": where(edit.after)}


def _section(item: Criterion) -> str:
    return item.section or INCLUSION


def _holders(item: Criterion) -> str:
    return " / ".join(words.rstrip(" :") for words in item.under) or _section(item)


def _item(item: Criterion) -> dict[str, str]:
    return {"section": item.section, "text": item.text}


def _edit(edit: Edit) -> dict[str, Any]:
    return {
        "section": edit.after.section,
        "before": edit.before.text,
        "after": edit.after.text,
        "words": [list(segment) for segment in edit.words],
    }


def derive_population(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Gather changes of ages, sex, healthy volunteers and sampling in one event.

    The age groups (``stdAges``) follow from the ages and are never the lead; alone they are
    the registry's. A description in other words weighs no more than edited criteria.
    """
    del ctx
    # CHILD, ADULT, OLDER_ADULT: the registry computes them from the ages.
    if all(change.field == fields.STD_AGES for change in changes):
        yield EventDraft(
            kind=ChangeKind.REGISTRY_NORMALIZATION,
            path=fields.STD_AGES,
            changes=tuple(changes),
            summary="Age groups: derived anew by the registry",
        )
        return
    stated = [change for change in changes if change.field != fields.STD_AGES]
    worded = all(change.field in _DESCRIPTIONS for change in stated)
    parts = [f"{fields.label(c.field)}: {arrow(c.before, c.after)}" for c in stated[:3]]
    more = ["…"] if len(stated) > len(parts) else []
    yield EventDraft(
        kind=ChangeKind.ELIGIBLE_POPULATION_CHANGED,
        path=stated[0].field,
        changes=(*stated, *all_except(changes, stated)),
        label="Eligible population",
        summary="; ".join(parts + more),
        severity=Severity.MEDIUM if worded else None,
    )
