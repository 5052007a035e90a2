"""Days on which the gate has to hold what many records have in common, and nothing else."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from monitor.model.tracking import SourceRow
from tests.year.masses import ACCEPTED, AHEAD, STAMP_AHEAD, Mass
from tests.year.mishaps import command
from tests.year.plan import SOURCE

if TYPE_CHECKING:
    from tests.year.course import Year

_HELD = "held"
_PASSES = 3  # the first may be of the day before, the second have begun in it


class _Held:
    """Whether passes were held, by what a source says of itself again and again."""

    def __init__(self, or_not: Callable[[], bool] = lambda: False) -> None:
        self._failures: set[int] = set()
        self._or_not = or_not

    def __call__(self, row: SourceRow) -> bool:
        if (row.last_reason or "").startswith(_HELD):
            self._failures.add(row.failures)
        return len(self._failures) >= _PASSES or self._or_not()


def hold_load(year: "Year") -> None:
    """Let the registry's load be of another time until all sources hold it; nothing is told."""
    world = year.replica.world
    world.stamp(STAMP_AHEAD)
    before = len(year.receiver.receipts)
    for name in year.sources():
        year.until(_Held(or_not=lambda: world.load.stamp is None), of=name)
    if world.load.stamp is not None and len(year.receiver.receipts) == before:
        year.mishaps[f"held: {AHEAD}"] += 1
    world.stamp(None)


def hold_records(year: "Year", mass: Mass) -> None:
    """Follow until what the records have in common is held, and all else is told.

    What the operator is to accept is accepted then.
    """
    world = year.replica.world
    day = world.day
    year.until(_Held(or_not=lambda: world.day != day))
    for name in year.sources():
        if name != SOURCE:
            year.until_read(name)
    year.until(lambda _: year.is_told())
    receipts = list(year.receiver.receipts)
    if world.day != day:  # it went by
        year.finish_or_hold()
        return
    year.mishaps[f"held: {mass.kind}"] += 1
    year.note(receipts, day, reread=day)
    if mass.kind == ACCEPTED and day == mass.days[0]:
        command(year, "source", "accept", SOURCE)
        year.finish()
