"""What a monitor must have seen of the script, by what the registry showed it on which day."""

from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from tests.registry.synthetic import NOISE, Expected, Script
from tests.registry.synthetic.expected import Presence
from tests.year.known import ReportedChange, known_history, merging

VANISHED = "record_vanished"
PAST = date.min
"""The data date of what only the history API tells: none."""


def sights(
    script: Script, nct_id: str, hidden: Container[date], reread: Container[date]
) -> list[date]:
    """Return the data days on which a record is read.

    It is asked for on the first day, when it was updated, when all are, and on each day after one
    on which its answer could not be read.
    """
    moments = {one.day: one for one in script.lives[nct_id].moments}
    found: list[date] = []
    is_owed = False
    for day in script.days:
        moment = moments.get(day)
        is_updated = moment is not None and not moment.silent
        if found and not (is_owed or is_updated or day in reread):
            continue
        is_owed = day in hidden
        if not is_owed:
            found.append(day)
    return found


def expected(
    script: Script,
    hidden: Callable[[str], Container[date]],
    *,
    by_id: Collection[str],
    reread: Container[date],
) -> list[Expected]:
    """Return what must be reported; records of ``by_id`` are read on every day.

    ``hidden``: returns the days on which a record cannot be read, or is held.
    """
    found: list[Expected] = []
    for nct_id in script.nct_ids:
        when = script.days if nct_id in by_id else reread
        found += script.expected_of(nct_id, sights(script, nct_id, hidden(nct_id), when))
    return found


def past_of(script: Script, nct_ids: Collection[str]) -> Counter[ReportedChange]:
    """Return what the history API tells of records that the first day shows already.

    It bears no data date, and what the first day shows is a part of it.
    """
    found: Counter[ReportedChange] = Counter()
    for nct_id in nct_ids:
        found[nct_id, script.days[0], "trial_registered"] -= 1
        past = script.expected_history(nct_id, script.days[0])
        found.update(known_history([replace(one, day=PAST) for one in past]))
    return found


def undated(found: Counter[ReportedChange], nct_ids: Collection[str]) -> Counter[ReportedChange]:
    """Return the same without the data days of records whose past is filled in.

    What the history API tells of has none, also where it had been seen before.
    """
    result: Counter[ReportedChange] = Counter()
    for (nct_id, day, kind), times in found.items():
        result[nct_id, PAST if nct_id in nct_ids else day, kind] += times
    return result


def news(found: Collection[Expected], first: date) -> Counter[ReportedChange]:
    """Return what has to be told; the first look at the registry is none.

    Without absences: when those are told is another question.
    """
    return Counter(
        (one.nct_id, one.day, merging(kind, one.target))
        for one in found
        for kind in one.kinds
        if kind not in (*NOISE, VANISHED) and one.day > first
    )


def absences(found: Collection[Expected]) -> list[tuple[str, date]]:
    """Return the records that are missed, each with the data day of the first miss."""
    return [(one.nct_id, one.day) for one in found if VANISHED in one.kinds]


@dataclass(slots=True, kw_only=True)
class Absences:
    """When absences were told: on the day on which they are missed again, or the one before it.

    ``due``: those that were to be told, with the day. ``open``: those that the year ended on.
    """

    due: Counter[ReportedChange] = field(default_factory=Counter)
    open: set[str] = field(default_factory=set)

    def place(
        self, nct_id: str, window: Sequence[date], reported: Counter[ReportedChange], *, over: bool
    ) -> None:
        """Enter an absence that was to be told within a window of days that is over, or not."""
        days = [day for day in window if reported[nct_id, day, VANISHED]]
        if days or over:
            self.due[nct_id, days[0] if days else window[-1], VANISHED] += 1
        else:
            self.open.add(nct_id)


def repeated(script: Script, lost: Mapping[date, date]) -> Counter[ReportedChange]:
    """Return what can come again under another id after restores; ``lost``: days, and until when.

    An absence and a merger bear no date of the registry's own: their identity holds that of the
    data load in which they were seen.
    """
    found: Counter[ReportedChange] = Counter()
    for nct_id, life in script.lives.items():
        for moment in life.moments:
            if moment.day in lost and moment.presence is Presence.ABSENT:
                found[nct_id, lost[moment.day], VANISHED] += 1
            elif moment.day in lost and moment.presence is Presence.ALIAS:
                found[nct_id, lost[moment.day], merging("record_merged", moment.target)] += 1
    return found
