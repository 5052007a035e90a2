"""What came of a scripted year: the store and the receiver against the script."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from re import compile as pattern
from typing import TYPE_CHECKING

from monitor.model.messages import MessageState
from monitor.store.reader import Reader, open_reader
from tests.registry import Fault
from tests.registry.synthetic import Expected
from tests.year.faults import SPOILT_STUDIES
from tests.year.known import (
    Differences,
    ReportedChange,
    by_read_days,
    compare,
    known_history,
    stored_history,
)
from tests.year.mishaps import BACK_WHILE_ALIVE, EXCURSION, OUTAGES, RESTORE
from tests.year.oracle import (
    PAST,
    VANISHED,
    Absences,
    absences,
    expected,
    news,
    past_of,
    repeated,
    undated,
)  # fmt: skip
from tests.year.receiver import DRIP
from tests.year.spells import DAMAGES

if TYPE_CHECKING:
    from tests.year.course import Year

_AWAIT = 2
"""An absence is told when it was missed on two data days."""
_NCT_ID = pattern("NCT[0-9]{8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOutcome:
    """What came of a year; true when it is as it must be.

    ``read``: how many of the data days were read whole. ``unreadable``: why answers are in the
    quarantine that the registry had not spoilt. ``reported``: how what the receiver heard differs
    from what it had to; ``contradictions``: ids that said two things. ``seldom``: faults that did
    not come as often as they should: what never happens proves nothing.
    """

    differences: Differences
    reported: Differences
    days: int
    read: int
    requests: int
    kills: int
    versions: int
    events: int
    messages: int = 0
    repetitions: int = 0
    repeated_absences: int = 0
    dead: int = 0
    peak_mb: int = 0
    contradictions: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    faults: Mapping[str, int] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)

    @property
    def seldom(self) -> tuple[str, ...]:
        """Return which faults came less often than they should."""
        return tuple(
            f"{name}: {self.faults.get(name, 0)} times, not {times}"
            for name, times in self.least.items()
            if self.faults.get(name, 0) < times
        )

    def lines(self) -> list[str]:
        """Say what is not as it must be, a line each."""
        return [
            *self.differences.lines(),
            *(f"told: {line}" for line in self.reported.lines()),
            *self.contradictions,
            *self.unreadable,
            *(["messages were given up"] * bool(self.dead)),
            *self.seldom,
        ]

    def __bool__(self) -> bool:
        return not self.lines()


def outcome(year: "Year") -> YearOutcome:
    """Compare what is stored, and what was told, with what is known."""
    with open_reader(year.store_url) as reader:
        return _compared(year, reader)


def _compared(year: "Year", reader: Reader) -> YearOutcome:
    script, days = year.script, year.script.days
    by_id = {*year.watched, *year.pasts}
    past = past_of(script, year.pasts)
    accepted = year.masses.accepted()
    seen = expected(script, year.hidden, by_id=by_id, reread=year.reread)
    known = known_history(seen + accepted)
    known.update(past)
    stored = stored_history(reader, script.nct_ids)
    reported = accepted + expected(
        script, year.hidden, by_id=by_id, reread=year.reread | (year.lost.keys() & year.reported)
    )
    due = by_read_days(news(reported, days[0]), days, year.reported)
    missed = _absences(year, reported)
    due.update(missed.due)
    again = _again(year)
    for one in [*known, *stored.reported]:
        if one[0] in missed.open and one[2] == VANISHED and one[1] >= days[-_AWAIT]:
            del known[one], stored.reported[one]
    return YearOutcome(
        differences=compare(
            undated(by_read_days(+known, days, year.read), year.pasts),
            stored.as_reported(undated(by_read_days(stored.reported, days, year.read), year.pasts)),
            Counter({one: times for one, times in past.items() if one[1] == PAST}),
        ),
        reported=year.ledger.compared(due, again),
        days=len(days),
        read=len(year.reported),
        requests=len(year.replica.log),
        kills=year.follower.kills,
        versions=stored.versions,
        events=stored.events,
        messages=year.ledger.messages,
        repetitions=year.ledger.repetitions,
        repeated_absences=((year.ledger.reported - due) & again).total(),
        peak_mb=year.follower.peak_mb,
        dead=sum(reader.outbox.counts().get(MessageState.DEAD, {}).values()),
        contradictions=tuple(year.ledger.contradictions),
        unreadable=tuple(_unreadable(year, reader)),
        faults=_faults(year),
        least=_least(year),
    )


def _absences(year: "Year", reported: list[Expected]) -> Absences:
    """Say when absences were told, each within the days in which it has to be."""
    found = Absences()
    days, held = sorted(year.reported), year.masses.days_gone()
    for nct_id, first in absences(reported):
        since = year.lost.get(first, first)
        behind = [day for day in days if day >= since and day not in held][:_AWAIT]
        window = [day for day in days if first <= day <= behind[-1]] if behind else []
        found.place(nct_id, window, year.ledger.reported, over=len(behind) >= _AWAIT)
    return found


def _again(year: "Year") -> Counter[ReportedChange]:
    """Return what may come again after restores: an absence on some day soon."""
    found: Counter[ReportedChange] = Counter()
    days = sorted(year.reported)
    for nct_id, first, kind in repeated(year.script, year.lost):
        for day in [day for day in days if day >= first][: _AWAIT + 1]:
            found[nct_id, day, kind] += 1
    return found


def _faults(year: "Year") -> Mapping[str, int]:
    found: Counter[str] = Counter({str(fault): 0 for fault in Fault})
    found.update(line.fault for line in year.replica.log if line.fault)
    found.update(dict.fromkeys(OUTAGES, 0) | year.mishaps)
    found.update({f"receiver: {name}": times for name, times in year.receiver.faults.items()})
    for kind in DAMAGES:
        found[f"broken: {kind}"] = sum(
            one.kind == kind and one.nct_id in year.noticed for one in year.spells.all
        )
    found["odd histories"] = len(year.noticed & set(year.spells.histories))
    return found


def _least(year: "Year") -> Mapping[str, int]:
    """Return how often each fault has to have come."""
    plan = year.plan
    jumps = plan.excursions // 2 if year.follower.jumps else 0
    return {
        **{str(fault): plan.least for fault in Fault if fault is not Fault.SLOW},
        str(Fault.DRIP): plan.drips,
        f"receiver: {DRIP}": plan.drips,
        **{f"broken: {kind}": plan.spells for kind in plan.kinds},
        "odd histories": len(year.spells.histories),
        EXCURSION: plan.excursions,
        BACK_WHILE_ALIVE: jumps,
        RESTORE: plan.restores,
        **{f"held: {kind}": 1 for kind in plan.masses},
    }


def _unreadable(year: "Year", reader: Reader) -> Iterator[str]:
    for entry in reader.quarantine():
        one = reader.quarantine_entry(entry.id)
        if one is None or one.content in SPOILT_STUDIES:
            continue
        if not year.spells.explain(named(one.origin), one.content):
            yield f"{one.origin}: {one.reason}"


def named(origin: str) -> str | None:
    """Return the NCT ID that a place names."""
    found = _NCT_ID.search(origin)
    return found[0] if found else None
