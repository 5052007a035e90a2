"""Records with a past, for the tests of its backfill."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from tests.registry.examples import MONDAY, nct, records_of, study
from tests.registry.records import Records
from tests.registry.replica import Replica
from tests.registry.world import World

FIRST = date(2020, 1, 1)


def dated(number: int, at: int) -> dict[str, Any]:
    """Return the past version of this number: another day and another enrollment each."""
    day = FIRST + timedelta(days=at)
    return study(number, day.isoformat(), enrollment=1_000 + at)


def records(**versions: int) -> Records:
    """Return records with so many versions, by name: ``_1=4`` is record 1 with four of them."""
    counts = {int(name.strip("_")): count for name, count in versions.items()}
    found = records_of(*(study(number) for number in counts))
    for number, count in counts.items():
        found.past(nct(number), [dated(number, at) for at in range(count - 1)])
    return found


def replica(**versions: int) -> Replica:
    """Return a replica that serves ``records`` from a Monday on, and only on that day."""
    found = records(**versions)
    found.history = lru_cache(found.history)  # type: ignore[method-assign]  # 900 are many
    return Replica(World(found, day=MONDAY))
