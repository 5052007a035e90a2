"""Draft the events of primary outcomes that were edited: reworded, split, joined, moved in part.

``outcomes`` calls it, and drafts those that were dropped, added or moved as a whole, whose severity
is ``highest_severity`` too.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.detect.keys import SHOWN_UNNAMED
from monitor.detect.likeness import Bag
from monitor.detect.rules import items
from monitor.detect.rules.base import Context, EventDraft, all_except
from monitor.detect.rules.outcome_edits import (
    compare_parts,
    describe_restatement,
    keeps_its_meaning,
)
from monitor.detect.rules.outcome_pairs import (
    OutcomeGroup,
    OutcomePairs,
    OutcomeVerdict,
    OutcomeWords,
    outcome_name,
    text_of,
)
from monitor.detect.rules.values import arrow, replacement_text, value_text
from monitor.detect.texts import plain, same_words
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Op, Severity
from monitor.model.text_diff import text_diff

_UNCHANGED = 1.0
_BESIDE_THE_MEASURE = (("description",), ("timeFrame",))


def highest_severity(ctx: Context) -> Severity | None:
    """Return how severe another outcome is: critical after the start; None where the table tells.

    One step lower where results came with the version: they bring the outcome's full wording.
    """
    # Before the start a plan may still change: nobody was measured by it.
    if not ctx.has_started:
        return None
    return Severity.HIGH if ctx.results_came else Severity.CRITICAL


def title(outcome: Any) -> str:
    """Return what names an outcome, on one line; ``(unnamed)`` without a measure."""
    return value_text(outcome_name(outcome) or SHOWN_UNNAMED)


def edit_groups(
    changes: Sequence[FieldChange], words: OutcomeWords
) -> tuple[list[OutcomeGroup], tuple[FieldChange, ...]]:
    """Return the edited outcomes that both versions have, and changes that lie in none."""
    by_name: dict[str, list[FieldChange]] = {}
    for change in changes:
        if len(change.path) > 3 and change.item is not None:
            by_name.setdefault(change.path[3], []).append(change)
    groups = []
    for own in by_name.values():
        old, new = own[0].item or (None, None)
        renamed = any(change.field[3:] == ("measure",) for change in own)
        # Another description or time frame alone leaves it the same outcome.
        likeness = words.likeness(old, new) if renamed else _UNCHANGED
        groups.append(OutcomeGroup([old], [new], own, OutcomeVerdict.of(likeness)))
    return groups, all_except(changes, (change for group in groups for change in group.changes))


def draft_edits(
    found: OutcomePairs, others: tuple[FieldChange, ...], words: OutcomeWords, ctx: Context
) -> Iterator[EventDraft]:
    """Yield one event an outcome; one for all outcomes in which the very same was edited."""
    alike: dict[tuple[fields.Path, str], list[OutcomeGroup]] = {}
    for group in found.groups:
        quiet = tuple(change for change in group.changes if describe_restatement(change))
        if quiet:
            yield _draft_quiet(group, quiet)
        real = list(all_except(group.changes, quiet))
        if not real:
            continue
        own = OutcomeGroup(group.old_items, group.new_items, real, group.verdict)
        lead = real[0]
        if len(real) == 1 and lead.op == "changed" and lead.field[3:] in _BESIDE_THE_MEASURE:
            # "12 weeks" → "16 weeks" in five outcomes is one decision, reported once.
            alike.setdefault((lead.field, replacement_text(lead.before, lead.after)), []).append(
                own
            )
        else:
            yield _draft_edited(own, found, words, ctx)
    for _, same in sorted(alike.items()):
        yield (
            _draft_repeated(same, words)
            if len(same) > 1
            else _draft_edited(same[0], found, words, ctx)
        )
    if others:
        yield EventDraft(
            kind=ChangeKind.PRIMARY_OUTCOME_EDITED,
            path=items.common_path(change.field for change in others),
            changes=others,
            label="Primary outcome",
            summary=f"Primary outcomes: {items.tally(items.items_of(others))}",
        )


def _draft_quiet(group: OutcomeGroup, changes: tuple[FieldChange, ...]) -> EventDraft:
    name = title(group.new_items[0])
    return EventDraft(
        kind=ChangeKind.ADMINISTRATIVE_UPDATE,
        path=changes[0].field,
        changes=changes,
        summary=f"Primary outcome {describe_restatement(changes[0])}: {name}",
    )


def _draft_repeated(groups: Sequence[OutcomeGroup], words: OutcomeWords) -> EventDraft:
    """Report once an edit that was made in several outcomes."""
    kept = all(keeps_its_meaning(group.old_items[0], group.new_items[0], words) for group in groups)
    changes = tuple(change for group in groups for change in group.changes)
    lead = changes[0]
    return EventDraft(
        kind=ChangeKind.PRIMARY_OUTCOME_EDITED,
        path=lead.field,
        changes=changes,
        label="Primary outcomes",
        summary=f"{fields.label(lead.field)} of {len(groups)} primary outcomes: "
        f"{replacement_text(lead.before, lead.after)}",
        facts={
            "measures": [outcome_name(group.new_items[0]) for group in groups],
            **groups[0].verdict.facts(),
        },
        severity=Severity.LOW if kept else None,
    )


def _draft_edited(
    group: OutcomeGroup, found: OutcomePairs, words: OutcomeWords, ctx: Context
) -> EventDraft:
    old, new = group.old_items[0], group.new_items[0]
    facts: dict[str, Any] = {"measure": outcome_name(old), **group.verdict.facts()}
    several = len(group.old_items) > 1 or len(group.new_items) > 1
    # A list inside a measure is looked for only where one outcome stayed one.
    lost, gained = ([], []) if several else compare_parts(old, new, words)
    kind, severity = ChangeKind.PRIMARY_OUTCOME_EDITED, None
    # Words that moved are looked for only where doubt is left: a sure pair explains itself.
    moved = (
        None if several or group.verdict.same == "sure" else _find_moved_words(group, found, words)
    )
    if several:
        description = _describe_several(group, facts)
    elif moved:
        kind, partner = moved
        severity = highest_severity(ctx)
        facts["list"] = fields.dotted(partner.field)
        description = _describe_exchange(group, kind, partner)
    elif group.verdict.same == "doubtful":
        severity = highest_severity(ctx) or Severity.HIGH
        names = (outcome_name(one) or SHOWN_UNNAMED for one in (old, new))
        description = f"replaced or reworded: {arrow(*names)}"
    elif lost or gained:
        facts |= {"parts_dropped": lost, "parts_added": gained}
        kind = _kind_of_parts(group, facts, found, words)
        severity = highest_severity(ctx) if "list" in facts else _list_severity(ctx)
        description = f"{_describe_parts(lost, gained)}: {title(new)}"
    else:
        severity = Severity.LOW if keeps_its_meaning(old, new, words) else None
        description = _describe_rewording(group, facts)
    return EventDraft(
        kind=kind,
        path=_path(group),
        changes=tuple(group.changes),
        **_sides(group),
        label="Primary outcome",
        summary=f"Primary outcome {description}",
        facts=facts,
        severity=severity,
    )


def _list_severity(ctx: Context) -> Severity:
    """Return how severe it is that a measure lists more or less: it is surely the same outcome."""
    return Severity.MEDIUM if ctx.results_came else Severity.HIGH


def _path(group: OutcomeGroup) -> fields.Path:
    if any(change.op != "changed" and len(change.path) == 4 for change in group.changes):
        return fields.PRIMARY_OUTCOMES
    return items.common_path(change.field for change in group.changes)


def _sides(group: OutcomeGroup) -> dict[str, Any]:
    """Return before and after where whole outcomes were exchanged; else the fields tell."""
    if _path(group) != fields.PRIMARY_OUTCOMES or len(group.changes) == 1:
        return {}
    old_items, new_items = group.old_items, group.new_items
    return {
        "before": old_items[0] if len(old_items) == 1 else list(old_items),
        "after": new_items[0] if len(new_items) == 1 else list(new_items),
    }


def _describe_several(group: OutcomeGroup, facts: dict[str, Any]) -> str:
    if len(group.new_items) > 1:
        facts["split_into"] = [outcome_name(new) for new in group.new_items]
        return f"split into {len(group.new_items)}: {title(group.old_items[0])}"
    facts["joined_from"] = [outcome_name(old) for old in group.old_items]
    return f"joined from {len(group.old_items)}: {title(group.new_items[0])}"


def _kind_of_parts(
    group: OutcomeGroup, facts: dict[str, Any], found: OutcomePairs, words: OutcomeWords
) -> ChangeKind:
    """Return what became of the parts; one that moved to another list takes its change along."""
    parts = facts["parts_dropped"], facts["parts_added"]
    kinds = [ChangeKind.PRIMARY_OUTCOME_DROPPED, ChangeKind.PRIMARY_OUTCOME_ADDED]
    moves = ChangeKind.PRIMARY_OUTCOME_DEMOTED, ChangeKind.PRIMARY_OUTCOME_PROMOTED
    # What this measure lost was added elsewhere; what it gained was removed there.
    ops: tuple[Op, Op] = ("added", "removed")
    for side, op in enumerate(ops):
        for part in parts[side]:
            if partner := found.take_part(words.bag(part), op, words):
                group.changes.append(partner)
                kinds[side] = moves[side]
                facts["list"] = fields.dotted(partner.field)
    return kinds[0] if parts[0] else kinds[1]


def _find_moved_words(
    group: OutcomeGroup, found: OutcomePairs, words: OutcomeWords
) -> tuple[ChangeKind, FieldChange] | None:
    """Return what an outcome in other words left to another list, or got from there."""
    old, new = group.old_items[0], group.new_items[0]
    # Without the whole: a word that went into the description has not left the outcome.
    lost = words.measure(old).without(words.whole(new))
    gained = words.measure(new).without(words.whole(old))
    ways: tuple[tuple[ChangeKind, Bag, Op], ...] = (
        (ChangeKind.PRIMARY_OUTCOME_DEMOTED, lost, "added"),
        (ChangeKind.PRIMARY_OUTCOME_PROMOTED, gained, "removed"),
    )
    for kind, part, op in ways:
        if partner := found.take_words(part, op, words):
            group.changes.append(partner)
            return kind, partner
    return None


def _describe_exchange(group: OutcomeGroup, kind: ChangeKind, partner: FieldChange) -> str:
    """Say that an outcome took another's place."""
    gone = kind is ChangeKind.PRIMARY_OUTCOME_DEMOTED
    lesser = fields.label(partner.field).lower().removesuffix(" outcomes")
    direction = "moved to" if gone else "moved here from"
    names = arrow(
        *(outcome_name(one) or SHOWN_UNNAMED for one in (group.old_items[0], group.new_items[0]))
    )
    return f"replaced, partly {direction} {lesser}: {names}"


def _describe_parts(lost: Sequence[str], gained: Sequence[str]) -> str:
    description = [
        f"{word} {', '.join(f'“{value_text(part)}”' for part in parts)}"
        for word, parts in (("lost", lost), ("gained", gained))
        if parts
    ]
    return " and ".join(description)


def _describe_rewording(group: OutcomeGroup, facts: dict[str, Any]) -> str:
    """Say what was edited; of a measure in other words, the words."""
    before, after = (text_of(one, "measure") for one in (group.old_items[0], group.new_items[0]))
    if not same_words(before, after):
        facts["words"] = [list(one) for one in text_diff(plain(before), plain(after))]
        return f"reworded ({replacement_text(before, after)}): {title(group.new_items[0])}"
    if len(group.changes) == 1 and group.changes[0].op == "changed":
        change = group.changes[0]
        direction = replacement_text(change.before, change.after)
        name = fields.label(change.field).lower()
        return f"edited ({name}: {direction}): {title(group.old_items[0])}"
    names = dict.fromkeys(fields.label(change.field).lower() for change in group.changes)
    return f"edited ({', '.join(names)}): {title(group.old_items[0])}"
