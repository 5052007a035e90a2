"""What befalls many records of the registry at once, none of which is a change of theirs."""

import re
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from tests.registry.catalogue import Alias, Catalogue, RegistryVersion, Study
from tests.registry.poison import Damage
from tests.registry.synthetic import Script
from tests.registry.synthetic.expected import Expected, Presence
from tests.registry.world import World

GONE, AHEAD, ACCEPTED = "many gone and back", "a load ahead", "renamed, and accepted"
STAMP_AHEAD = "2099-01-04T09:00:05"
LAST_DAYS = 3


def _rename(old: str, new: str) -> Damage:
    return lambda body: body.replace(f'"{old}":'.encode(), f'"{new}":'.encode(), 1)


def _sub(pattern: bytes, new: bytes) -> Damage:
    found = re.compile(pattern)
    return lambda body: found.sub(new, body, count=1)


# What becomes of a record, and of which share of them.
_DAMAGES: dict[str, tuple[Damage, float]] = {
    "a module renamed": (_rename("designModule", "planModule"), 1.0),
    "a required module renamed": (_rename("conditionsModule", "topicsModule"), 0.5),
    "a field dropped": (_sub(rb',"enrollmentInfo":\{[^{}]*\}', b""), 1.0),
    "an enumeration renamed": (_sub(rb'"overallStatus":"', b'"overallStatus":"NOW_'), 0.5),
}
# Of what the operator accepts half is one thing, half the other. None bears a new date: a module
# that goes and one that comes are the registry's own doing, and noise; another status never is.
_ACCEPTED: tuple[tuple[Damage, tuple[str, ...]], ...] = (
    (_rename("eligibilityModule", "whoModule"), ("registry_normalization",) * 2),
    (_DAMAGES["an enumeration renamed"][0], ("status_changed",)),
)
_SHARE_GONE, _SHARE_ACCEPTED = 0.5, 0.9
KINDS = (*_DAMAGES, GONE, AHEAD, ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mass:
    """What these records have in common on some data days, one after the other."""

    kind: str
    nct_ids: frozenset[str]
    days: tuple[date, ...]


@dataclass(slots=True, kw_only=True)
class Masses:
    """All of a year."""

    all: tuple[Mass, ...] = ()

    def on(self, day: date) -> Mass | None:
        """Return what many records have in common on a day."""
        return next((one for one in self.all if day in one.days), None)

    def hidden(self, nct_id: str) -> Iterator[date]:
        """Yield the days on which a record is not shown as it is."""
        for one in self.all:
            if nct_id in one.nct_ids:
                yield from one.days

    def steady(self, script: Script) -> Container[date]:
        """Return the days of all of it, and each day before."""
        held = self.days()
        return {day for day, then in pairwise(script.days) if {day, then} & held}

    def days(self) -> set[date]:
        """Return the days of all of it."""
        return {day for one in self.all for day in one.days}

    def days_gone(self) -> Container[date]:
        """Return the days on which many records are missing."""
        return {day for one in self.all if one.kind == GONE for day in one.days}

    def accepted(self) -> list[Expected]:
        """Return what is to be reported of what the operator accepts."""
        return [
            Expected(nct_id=nct_id, day=one.days[0], kinds=_accepted(nct_id)[1])
            for one in self.all
            if one.kind == ACCEPTED
            for nct_id in sorted(one.nct_ids)
        ]

    def world(self, script: Script) -> World:
        """Return a world that serves the script with all of this, on its first data date."""
        world = World(_Shown(script, self), day=script.days[0])
        for one in self.all:
            for nct_id in one.nct_ids:
                damage = _damage(one.kind, nct_id)
                if damage is not None:
                    world.poison(nct_id, damage, on=frozenset(one.days))
        return world


def _accepted(nct_id: str) -> tuple[Damage, tuple[str, ...]]:
    return _ACCEPTED[int(nct_id[3:]) % len(_ACCEPTED)]


def _damage(kind: str, nct_id: str) -> Damage | None:
    if kind == ACCEPTED:
        return _accepted(nct_id)[0]
    return _DAMAGES[kind][0] if kind in _DAMAGES else None


class _Shown(Catalogue):
    """A catalogue in which many records are missing for some days."""

    def __init__(self, of: Catalogue, masses: Masses) -> None:
        self._of = of
        self._gone = [one for one in masses.all if one.kind == GONE]

    def _shows(self, day: date) -> Callable[[str], bool]:
        gone = {nct_id for one in self._gone if day in one.days for nct_id in one.nct_ids}
        return lambda nct_id: nct_id not in gone

    def listed(self, day: date) -> Sequence[str]:
        return list(filter(self._shows(day), self._of.listed(day)))

    def updated(self, low: date, high: date, day: date) -> Sequence[str]:
        return list(filter(self._shows(day), self._of.updated(low, high, day)))

    def find(self, nct_id: str, day: date) -> Study | Alias | None:
        return self._of.find(nct_id, day) if self._shows(day)(nct_id) else None

    def history(self, nct_id: str, day: date) -> Sequence[RegistryVersion]:
        return self._of.history(nct_id, day)


def masses(
    script: Script, kinds: Sequence[str], starts: Sequence[int], *, length: int,
    apart: Collection[str],
) -> Masses:  # fmt: skip
    """Let each kind begin on the day of that number, the accepted one near the end of the script.

    ``apart``: records that none of it befalls.
    """
    found = []
    for kind, start in zip(kinds, starts, strict=True):
        days = script.days[start : start + length]
        if kind == ACCEPTED:
            days = script.days[-LAST_DAYS:]
        found.append(Mass(kind=kind, nct_ids=_befallen(script, kind, days, apart), days=days))
    return Masses(all=tuple(found))


def _befallen(
    script: Script, kind: str, days: Sequence[date], apart: Collection[str]
) -> frozenset[str]:
    if kind == AHEAD:
        return frozenset()
    before = script.days[script.days.index(days[0]) - 1]
    found = [
        nct_id for nct_id in script.nct_ids
        if nct_id not in apart and _is_steady(script, nct_id, before, days[-1])
        and not (kind == ACCEPTED and _changes(script, nct_id, before))
    ]  # fmt: skip
    share = {GONE: _SHARE_GONE, ACCEPTED: _SHARE_ACCEPTED}.get(kind) or _DAMAGES[kind][1]
    return frozenset(nct_id for at, nct_id in enumerate(found) if at % 10 < 10 * share)


def _is_steady(script: Script, nct_id: str, first: date, last: date) -> bool:
    """Return whether a record is shown all the time, and in no merger."""
    life = script.lives[nct_id]
    if any(one.facts.aliases or one.target for one in life.moments):
        return False
    shown = [one for one in life.moments if first < one.day <= last]
    _, before = life.at(first)
    return before is not None and all(one.presence is Presence.SHOWN for one in (before, *shown))


def _changes(script: Script, nct_id: str, since: date) -> bool:
    return any(one.day >= since for one in script.lives[nct_id].moments)
