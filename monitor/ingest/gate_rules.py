"""The rules of the gate: what is suspicious about a record, and when that is widespread. Pure.

``gate`` applies them and stores what comes of it (docs/decisions/2026-11-30-the-gate.md).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model import fields
from monitor.model.gate import Cause, missing_value, unknown_value
from monitor.model.record import TrialRecord

# Of a record that is seen for the first time; the rest may be missing in a few.
_OF_NEW = (*fields.REQUIRED, fields.STUDY_TYPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A record with what is suspicious about it; ``is_known``: an earlier version is stored."""

    causes: tuple[Cause, ...]
    is_known: bool


def causes_of(
    new: TrialRecord, old: TrialRecord | None, *, met: Collection[Cause] = ()
) -> tuple[Cause, ...]:
    """Return why a complete document is suspicious beside the newest version that is stored.

    It lost what a marked path held, or has a value there that is none of the registry's, and that
    the stored one has not. Without a stored version: it lacks what no record lacks, or what known
    records lost (``met``: the causes among them).
    """
    # A withheld record carries a placeholder title and little else: nothing is wrong with it.
    if new.overall_status == fields.WITHHELD or not new.coverage.is_complete:
        return ()
    return (*_lost_causes(new, old, met), *_unknown_value_causes(new, old))


def widespread_causes(
    suspects: Iterable[Suspect], judged: int, *, min_records: int, percent: float
) -> set[Cause]:
    """Return the causes of more than ``percent`` of the ``judged`` known records.

    None when fewer than ``min_records`` were judged.
    """
    # Two of three records that lost a field are chance; the share would be 67 %.
    if judged < min_records:
        return set()
    counts: dict[Cause, int] = {}
    for suspect in suspects:
        # New records are left out of both numbers: what they lack has never been there to be lost.
        for cause in suspect.causes if suspect.is_known else ():
            counts[cause] = counts.get(cause, 0) + 1
    return {cause for cause, count in counts.items() if count * 100 > percent * judged}


def _lost_causes(
    new: TrialRecord, old: TrialRecord | None, met: Collection[Cause]
) -> Iterator[Cause]:
    lost: list[fields.Path] = []
    for path in fields.MARKED:
        # Of a module that is gone only the module is named, not each of its fields as well.
        if _has_value(new.document, path) or any(path[: len(one)] == one for one in lost):
            continue
        is_awaited = path in _OF_NEW or missing_value(path) in met
        if _has_value(old.document, path) if old is not None else is_awaited:
            lost.append(path)
            yield missing_value(path)


def _has_value(value: Any, path: fields.Path) -> bool:
    """Return whether there is something at a path, in any item of the lists on its way."""
    # One item that has it is enough: a single site without a country is no loss.
    if isinstance(value, list):
        return any(_has_value(item, path) for item in value)
    if path:
        return isinstance(value, Mapping) and _has_value(value.get(path[0]), path[1:])
    return value is not None and value not in ("", {})


def _unknown_value_causes(new: TrialRecord, old: TrialRecord | None) -> Iterator[Cause]:
    for path, known in fields.ENUMERATIONS.items():
        strange = _texts(new.document, path).difference(known)
        # A value that the stored version has too was decided about before, and is not held again.
        if strange and (old is None or not strange <= _texts(old.document, path)):
            yield unknown_value(path)


def _texts(value: Any, path: fields.Path) -> set[str]:
    """Return the texts at a path, of all items of the lists that it runs through."""
    found: set[str] = set()
    if isinstance(value, list):
        for item in value:
            found |= _texts(item, path)
    elif path:
        if isinstance(value, Mapping):
            found = _texts(value.get(path[0]), path[1:])
    elif isinstance(value, str) and value:
        found = {value}
    return found
