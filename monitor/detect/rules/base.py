"""The basis of all rules: the context of a comparison, the draft of an event, helpers."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from monitor.model import fields
from monitor.model.changes import ChangeKind, FieldChange, LifePhase, Severity
from monitor.model.dates import PartialDate
from monitor.model.fields import Path
from monitor.model.record import TrialRecord
from monitor.settings import ThresholdSettings

# "Take the value from the changes"; None is a value: absent.
AUTO: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Two neighbouring versions of a trial's record and what is known around them.

    ``version_date`` is the registry's date of the new version; ``first_start_date`` the start
    date that the first version of the trial stated.
    """

    old: TrialRecord
    new: TrialRecord
    version_date: date
    first_start_date: PartialDate | None
    thresholds: ThresholdSettings

    @property
    def life_phase(self) -> LifePhase:
        """The phase of its life in which the trial was at the new version's date."""
        # The latest phase first: dates of all earlier ones have passed, too.
        submitted = self.new.results_submit_date
        if submitted is not None and submitted.first_day() <= self.version_date:
            return LifePhase.AFTER_RESULTS_SUBMITTED
        completion = self.new.primary_completion_date
        if completion is not None and completion.first_day() <= self.version_date:
            return LifePhase.AFTER_PRIMARY_COMPLETION
        # The first date that was stated: one that is moved back does not undo that the trial began.
        start = self.first_start_date or self.new.start_date
        if start is not None and start.first_day() <= self.version_date:
            return LifePhase.RECRUITING
        return LifePhase.BEFORE_RECRUITMENT

    @property
    def has_started(self) -> bool:
        """Return whether the trial's start date, as last stated, is past at this version."""
        start = self.new.start_date or self.old.start_date
        return start is not None and start.first_day() <= self.version_date

    @property
    def results_came(self) -> bool:
        """Return whether results came on the record with this version."""
        return has_results(self.new) and not has_results(self.old)


def has_results(record: TrialRecord) -> bool:
    """Return whether results are on the record."""
    return record.get(fields.HAS_RESULTS) is True or bool(record.get(fields.RESULTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event as its rule derives it; the rule table adds severity and label.

    ``severity`` is set only where the facts decide otherwise than the table's default.
    """

    kind: ChangeKind
    path: Path
    changes: tuple[FieldChange, ...] = ()
    summary: str
    label: str | None = None
    before: Any = AUTO
    after: Any = AUTO
    facts: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity | None = None

    def values(self) -> tuple[Any, Any]:
        """Return (before, after): given ones, the field's at ``path``, else lists of values."""
        before, after = self.before, self.after
        lead = next((c for c in self.changes if c.field == self.path and _plain(c)), None)
        if lead is None and len(self.changes) == 1:
            lead = self.changes[0]
        if before is AUTO:
            before = lead.before if lead else _values(c.before for c in self.changes)
        if after is AUTO:
            after = lead.after if lead else _values(c.after for c in self.changes)
        return before, after


Derive = Callable[[Sequence[FieldChange], Context], Iterable[EventDraft]]


def change_at(changes: Sequence[FieldChange], path: Path) -> FieldChange | None:
    """Return the change of exactly this field, if it is among them."""
    return next((change for change in changes if change.field == path), None)


def changes_below(changes: Sequence[FieldChange], *prefixes: Path) -> tuple[FieldChange, ...]:
    """Return the changes at or below any of the paths, in their order."""
    return tuple(change for change in changes if _under(change.field, prefixes))


# Hundreds of sites change in one field.
_under = lru_cache(maxsize=4096)(fields.under)


def all_except(
    changes: Iterable[FieldChange], taken: Iterable[FieldChange]
) -> tuple[FieldChange, ...]:
    """Return the changes that are not among those taken (the very objects), in their order."""
    # By identity: a change holds whole items, which are slow to compare and cannot be hashed.
    out = {id(change) for change in taken}
    return tuple(change for change in changes if id(change) not in out)


def percent(before: float, after: float, *, least: float) -> float | None:
    """Return the signed change in percent with one decimal; None from zero.

    It has more decimals where one would reach what is not reached: ``least``, from which on the
    change weighs more, or a multiple of five, which people choose as least changes of their own.
    """
    return _short_of((after - before) * 100 / before, 1, least) if before else None


def percent_words(change: float, *, least: float) -> str:
    """Write a signed percentage as people read it: ``+67%``, ``−0.4%``; 19.5 is no ``+20%``."""
    # −0.4 % must not become "−0%".
    short = _short_of(change, 0 if abs(change) >= 10 else 1, least)
    return f"{short:+.15g}%".replace("-", "−")


def _short_of(value: float, digits: int, least: float) -> float:
    """Round to so many digits, or to more where that would reach one of the bounds."""
    size = abs(value)
    rounded = round(size, digits)
    # 19.96 would be "20.0", and a reader who asked for 20 % would miss an event that shows it.
    while rounded > size and (rounded % 5 == 0 or size < least <= rounded):
        digits += 1
        rounded = round(size, digits)
    return math.copysign(rounded, value)


def count_text(count: int, noun: str, plural: str | None = None) -> str:
    """Write a number with its noun: ``1 site``, ``43 sites``."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def tally_changes(changes: Iterable[FieldChange]) -> str:
    """Write how many changes were additions, removals and edits: ``2 added, 1 changed``."""
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.op] = counts.get(change.op, 0) + 1
    return ", ".join(f"{counts[op]} {op}" for op in ("added", "removed", "changed") if op in counts)


def _plain(change: FieldChange) -> bool:
    """Return whether the change is of the field itself, not of an item of a list there."""
    return len(change.path) == len(change.field)


def _values(values: Iterator[Any] | Iterable[Any]) -> list[Any] | None:
    return [value for value in values if value is not None] or None
