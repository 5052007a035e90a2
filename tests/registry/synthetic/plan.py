"""The life of one synthetic trial: moments before a script begins and while it runs."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from tests.registry.days import next_data_day
from tests.registry.synthetic.draw import mix
from tests.registry.synthetic.expected import Moment, Presence
from tests.registry.synthetic.facts import Facts, new_facts
from tests.registry.synthetic.moves import REGISTRY, SPONSOR, Step, move_status

LEAST_GAP = 6
"""Data days between two moments of a trial: more than a week, and than any overlap of polls."""
_LATE_SHARE, _UNSTEADY_SHARE, _TRIES = 0.06, 0.06, 8


@dataclass(slots=True, kw_only=True)
class Life:
    """All moments of one trial, in order; those before the script are its past."""

    nct_id: str
    moments: list[Moment]

    def at(self, day: date) -> tuple[int, Moment | None]:
        """Return the moment that holds on a day, with its index; (-1, None) before the first."""
        index = bisect_right([moment.day for moment in self.moments], day) - 1
        return index, self.moments[index] if index >= 0 else None

    def insert(self, moment: Moment) -> None:
        """Put a moment of other aliases into its place, and its aliases into all later ones."""
        index = bisect_right([one.day for one in self.moments], moment.day)
        later = [
            replace(one, facts=replace(one.facts, aliases=moment.facts.aliases))
            for one in self.moments[index:]
        ]
        self.moments[index:] = [moment, *later]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much happens to a trial in a script: means of its changes by whom."""

    sponsor: float
    registry: float

    @property
    def all(self) -> float:
        """The mean of all changes."""
        return self.sponsor + self.registry


def live(nct_id: str, seed: int, days: Sequence[date], pace: Pace) -> Life:
    """Return the life of a trial up to the end of a script's data days."""
    draw = random.Random(mix(seed, 70))  # noqa: S311 - a plan, no secret
    if draw.random() < _LATE_SHARE and len(days) > 2 * LEAST_GAP:
        start = draw.randrange(1, len(days) - 1)
        posted = days[start]
        registered = posted - timedelta(days=draw.randrange(4, 12))
        moments = [Moment(day=posted, facts=new_facts(seed, registered, posted))]
    else:
        start = 0
        moments = _past(seed, days[0], draw)
    _run(moments, days, start, pace, draw)
    return Life(nct_id=nct_id, moments=moments)


def _past(seed: int, first_day: date, draw: random.Random) -> list[Moment]:
    """Return the moments from registration up to (before) a day: sponsors' steps only."""
    registered = first_day - timedelta(days=draw.randrange(60, 1_500))
    posted = next_data_day(registered + timedelta(days=4))
    moments = [Moment(day=posted, facts=new_facts(seed, registered, posted))]
    days = sorted(draw.sample(range(5, 55), draw.randrange(0, 7)))
    for share in days:
        day = next_data_day(posted + (first_day - posted) * share / 60)
        if moments[-1].day < day < first_day:
            moments += _sponsor(moments[-1].facts, day, draw)
    return moments


def _run(
    moments: list[Moment], days: Sequence[date], start: int, pace: Pace, draw: random.Random
) -> None:
    """Add the moments of the script itself."""
    unsteady = draw.random() < _UNSTEADY_SHARE
    mean = max(0.1, len(days) / pace.all - LEAST_GAP) if pace.all else float("inf")
    at = float(start)
    while True:
        at += LEAST_GAP + (draw.expovariate(1 / mean) if mean < float("inf") else len(days))
        if at >= len(days):
            return
        day, last = days[int(at)], moments[-1]
        if last.presence is not Presence.SHOWN:
            if draw.random() < 0.3:
                return  # it stays away
            moments.append(_back(last, day))
        elif unsteady and draw.random() < 0.3:
            away = draw.choice((Presence.ABSENT, Presence.ABSENT, Presence.WITHHELD))
            moments.append(replace(last, day=day, presence=away, silent=away is Presence.ABSENT))
        elif draw.random() * pace.all < pace.sponsor:
            moments += _sponsor(last.facts, day, draw)
        else:
            moments += _registry(last.facts, day, draw)


def _back(last: Moment, day: date) -> Moment:
    """Show a record again: as it was, or after WITHHELD with a new update date."""
    silent = last.presence is Presence.ABSENT
    facts = last.facts if silent else replace(last.facts, posted=day)
    return Moment(day=day, facts=facts, silent=silent)


def _sponsor(facts: Facts, day: date, draw: random.Random) -> list[Moment]:
    """Return the moment of one or two steps by the sponsor."""
    base = replace(facts, posted=day, status=facts.known_status, last_known=None)
    new = _stepped(base, SPONSOR, day, draw)
    if draw.random() < 0.25:
        new = _stepped(new, SPONSOR, day, draw)
    return [Moment(day=day, facts=new)]


def _registry(facts: Facts, day: date, draw: random.Random) -> list[Moment]:
    new = _stepped(facts, REGISTRY, day, draw)
    return [] if new == facts else [Moment(day=day, facts=new, silent=True)]


def _stepped(facts: Facts, steps: dict[Step, int], day: date, draw: random.Random) -> Facts:
    for _ in range(_TRIES):
        (step,) = draw.choices(list(steps), list(steps.values()))
        if step is move_status and facts.status == "UNKNOWN":
            continue
        found = step(facts, draw, day)
        if found is not None:
            return found
    return facts
