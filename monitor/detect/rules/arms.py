"""Rules for arms and interventions: who gets what, and whether a new text is a new treatment."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from monitor.detect.likeness import tokens
from monitor.detect.limits import other_limits
from monitor.detect.rules.base import Context, EventDraft, all_except, changes_below
from monitor.detect.rules.other import one_event
from monitor.detect.texts import plain
from monitor.detect.treatments import Drugs, abbreviate, dosing
from monitor.detect.word_lists import COMMON, COUNTING, STOP, TIMES
from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, Severity
from monitor.model.text_diff import text_diff

# The fields that describe an arm or intervention beyond its label and type.
_CLARIFYING = (
    fields.ARM_DESCRIPTION, fields.INTERVENTION_DESCRIPTION, fields.INTERVENTION_OTHER_NAMES,
)  # fmt: skip
# "Follow-up", "followup"; a hyphen before a number may be a sign, or a range's.
_BEFORE_LETTERS = re.compile(r"(?<=[^\W_])[ -](?=[^\W\d_])")
_NAME_WORDS = 2
_SAYING_NO_DRUG = STOP | COUNTING | TIMES | COMMON | frozenset(
    {"agent", "agents", "drug", "drugs", "investigational", "it", "medication", "medications",
     "medicine", "medicines", "product", "products", "infusion", "injection", "tablets"}
)  # fmt: skip


def derive_arms(changes: Sequence[FieldChange], ctx: Context) -> Iterator[EventDraft]:
    """Turn changes of arms and interventions into at most one event each.

    Which intervention belongs to which arm is written in both lists. A new label or name moves
    it in the other list too; that is no news of its own, but belongs to one of the events. Where
    descriptions are only clarified, the event weighs less.
    """
    drugs = Drugs(one for side in (ctx.old, ctx.new) for one in side.items(fields.INTERVENTIONS))
    links = changes_below(changes, fields.ARM_INTERVENTION_NAMES, fields.INTERVENTION_ARM_LABELS)
    # What was renamed, else the arms' side of the links, else whatever there is: one side is the
    # news.
    reported = all_except(changes, links) or changes_below(links, fields.ARM_GROUPS) or links
    silent = all_except(changes, reported)
    for kind, path in (
        (ChangeKind.ARM_CHANGED, fields.ARM_GROUPS),
        (ChangeKind.INTERVENTION_CHANGED, fields.INTERVENTIONS),
    ):
        own = changes_below(reported, path)
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
    """Return whether the change is of a description, or another name, of the same treatment.

    It sets no other dose and names no other drug.
    """
    if not fields.under(change.field, _CLARIFYING):
        return False
    before, after = (v if isinstance(v, str) else "" for v in (change.before, change.after))
    # A description that came or went says more or less of a treatment that stays.
    if not (before and after):
        return True
    one, other = abbreviate(before), abbreviate(after)
    if _without_hyphens(one) == _without_hyphens(other):
        return True
    other_dose = other_limits(one, other) or dosing(one) != dosing(other)
    return not (other_dose or _names_other_drugs(change, before, after, drugs))


def _without_hyphens(text: str) -> str:
    """Return a text without the hyphens and spaces that stand before letters."""
    return _BEFORE_LETTERS.sub("", text)


def _names_other_drugs(change: FieldChange, before: str, after: str, drugs: Drugs) -> bool:
    """Return whether a text names one drug in the place of another, or one that is not its item's.

    That an arm's own drug is named, or no longer is, only says the same more, or less, exactly.
    """
    one, other = drugs.named_in(before), drugs.named_in(after)
    lost, gained = one - other, other - one
    if not (lost or gained):
        return False
    names = [text for item in change.item or () if item is not None for text in _names_of(item)]
    own = {drug for name in names for drug in drugs.named_in(name)}
    if lost and not gained:
        # "Metformin" → "Januvia": a brand ends as no drug's name does, and is found by where it
        # stands.
        gained = _in_the_place_of(lost, before, after, drugs)
    return bool((lost and gained) or (lost | gained) - own)


def _in_the_place_of(lost: frozenset[str], before: str, after: str, drugs: Drugs) -> frozenset[str]:
    """Return a name of one or two words, of no known drug, in the place of a drug's name."""
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
