"""Records whose answers are broken for some data days: which, when, how, and what came of them."""

import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.registry import Fault, Replica
from tests.registry.faults import When
from tests.registry.poison import KINDS, NO_ID, Damage
from tests.registry.synthetic import Script
from tests.registry.synthetic.expected import Presence
from tests.registry.synthetic.plan import LEAST_GAP, Life

_HOLDER = re.compile(rb'("versionHolder":")[0-9]{4}')
DAMAGES: Mapping[str, Damage] = KINDS | {
    "stamped ahead": lambda body: _HOLDER.sub(rb"\g<1>2099", body),
    "without its conditions": lambda body: body.replace(b'"conditionsModule":', b'"topics":', 1),
}
"""All that can be wrong with a single record."""
_LAST_DAYS = 4  # without any, so that all are seen whole
_LEAST_DAYS, _MOST_DAYS = 2, LEAST_GAP - 2
ODD_HISTORIES = (b"null", b"{}", b'{"changes":[]}')


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A record is broken in a way on some data days, from the one on which it changes."""

    nct_id: str
    kind: str
    days: frozenset[date]


@dataclass(slots=True, kw_only=True)
class Spells:
    """All spells of a year; ``served``: how many broken answers of each kind were made."""

    all: tuple[Spell, ...]
    histories: tuple[str, ...] = ()
    served: Counter[str] = field(default_factory=Counter)
    _bodies: set[bytes] = field(default_factory=set)

    def hidden(self, nct_id: str) -> frozenset[date]:
        """Return the data days on which nothing can be read of a record."""
        return next((one.days for one in self.all if one.nct_id == nct_id), frozenset())

    def explain(self, nct_id: str | None, content: bytes | None) -> bool:
        """Return whether an answer of this record, or of these bytes, was broken on purpose."""
        mine = {one.nct_id for one in self.all} | set(self.histories)
        return nct_id in mine or (content is not None and content.strip() in self._bodies)

    def befall(self, replica: Replica, *, until: date) -> None:
        """Let the registry have them; histories are odd up to a day, with it."""
        for spell in self.all:
            replica.world.poison(spell.nct_id, self._counted(spell.kind), on=spell.days)
        for nct_id, body in zip(self.histories, ODD_HISTORIES, strict=False):
            when = _asks_for_history(nct_id, lambda: replica.world.day <= until)
            replica.faults.add(Fault.OTHER_SHAPE, times=None, when=when, body=body)

    def _counted(self, kind: str) -> Damage:
        damage = DAMAGES[kind]

        def counted(body: bytes) -> bytes:
            broken = damage(body)
            self.served[kind] += 1
            self._bodies.add(broken.strip())
            return broken

        return counted


def _asks_for_history(nct_id: str, lasts: Callable[[], bool]) -> When:
    path = f"/api/int/studies/{nct_id}/history"
    return lambda asked: asked.path == path and lasts()


def spells(
    script: Script,
    times: int,
    *,
    draw: random.Random,
    by_id: Collection[str],
    apart: Collection[str],
    kinds: Sequence[str],
    busy: Container[date],
    daily: bool,
) -> tuple[Spell, ...]:
    """Draw so many spells of each kind, of different records, every third of one of ``by_id``.

    ``apart``: records that have none. ``busy``: days of what befalls many records at once. Not
    ``daily``: what is not asked for by its ID cannot be missed where its ID cannot be read; such
    kinds then befall those of ``by_id`` alone.
    """
    found: list[Spell] = []
    taken = set(apart)
    rest = [nct_id for nct_id in script.nct_ids if nct_id not in by_id]
    for number, kind in enumerate([*kinds] * times):
        first = by_id if number % 3 == 0 or (kind in NO_ID and not daily) else rest
        for nct_id in draw.sample(list(first), len(first)) + draw.sample(rest, len(rest)):
            if nct_id in taken or (kind in NO_ID and not daily and nct_id not in by_id):
                continue
            held = () if kind in KINDS else busy  # it would be held with all the others
            day = _change(script, script.lives[nct_id], held, draw)
            if day is not None:
                taken.add(nct_id)
                found.append(_spell(script.days, nct_id, kind, day, draw))
                break
    return tuple(found)


def _spell(days: Sequence[date], nct_id: str, kind: str, day: int, draw: random.Random) -> Spell:
    length = draw.randint(_LEAST_DAYS, _MOST_DAYS)
    return Spell(nct_id=nct_id, kind=kind, days=frozenset(days[day : day + length]))


def _change(script: Script, life: Life, busy: Container[date], draw: random.Random) -> int | None:
    """Return the number of a data day on which a record changes that is shown before and then."""
    if any(one.facts.aliases or one.target for one in life.moments):
        return None
    places = {day: at for at, day in enumerate(script.days)}
    found = [
        places[now.day]
        for before, now in zip(life.moments, life.moments[1:], strict=False)
        if before.presence is now.presence is Presence.SHOWN
        and 0 < places.get(now.day, 0) < len(script.days) - _MOST_DAYS - _LAST_DAYS
        and not any(day in busy for day in script.days[places[now.day] :][:_MOST_DAYS])
    ]
    return draw.choice(found) if found else None
