"""A whole registry that exists only as arithmetic: as many records as asked for, none stored.

Which records change on a data date follows from their number, and what they then read like
from how often they have changed. So any record of any day is made in a fraction of a
millisecond, and the records updated since a day are found without looking at the others.
"""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache, partial
from math import gcd

from tests.registry.catalogue import Document, RegistryVersion, Study
from tests.registry.days import as_date, data_days, next_data_day
from tests.registry.synthetic.draw import mix
from tests.registry.synthetic.facts import Facts, as_day, new_facts, written
from tests.registry.synthetic.writing import document
from tests.registry.world import World

_FIRST_NUMBER = 1_000_001
_OLDEST = date(2005, 9, 13)
_RESULTS_SHARE = 0.12
_STATUSES = {
    "COMPLETED": 55, "UNKNOWN": 14, "RECRUITING": 12, "TERMINATED": 6, "ACTIVE_NOT_RECRUITING": 4,
    "NOT_YET_RECRUITING": 4, "WITHDRAWN": 3, "ENROLLING_BY_INVITATION": 1, "SUSPENDED": 1,
}  # fmt: skip
_MOST_DAYS = 400


class Population:
    """A catalogue of ``size`` records of which ``daily`` are updated on each data date.

    Each update moves the completion date and the number of participants. Sizes are spread as
    in the real registry (mean about 17 KB). History: one version a record.
    """

    def __init__(
        self,
        *,
        size: int = 570_000,
        daily: int = 5_000,
        first_day: date | str = "2026-01-05",
        seed: int = 1,
    ) -> None:
        self.size, self.daily, self.seed = size, min(daily, size), seed
        self.first_day = as_date(first_day)
        self._stride = next(step for step in range(size * 5 // 8 + 1, 3 * size + 2)
                            if gcd(step, size) == 1)  # fmt: skip
        self._days = tuple(data_days(self.first_day, _MOST_DAYS))
        self._numbers = {day: number for number, day in enumerate(self._days)}
        self._cycle = max(1, -(-size // self.daily)) if self.daily else 0
        self._recent = lru_cache(maxsize=2)(self._updates)

    def world(self) -> World:
        """Return a world that serves the population, on its first data date."""
        return World(self, day=self.first_day)

    def nct_id(self, index: int) -> str:
        """Return the NCT ID of a record by its index."""
        return f"NCT{_FIRST_NUMBER + index:08d}"

    def changed_on(self, day: date) -> list[str]:
        """Return the NCT IDs of the records updated on a data date, ascending."""
        number = self._numbers[day]
        return [] if number == 0 else [self.nct_id(i) for i in sorted(self._changing(number))]

    # --- arithmetic -----------------------------------------------------------------------
    def _changing(self, number: int) -> list[int]:
        """Return the indexes of the records that change with the load of a number (from 1)."""
        if not self._cycle:
            return []
        start = ((number - 1) % self._cycle) * self.daily
        places = range(start, min(start + self.daily, self.size))
        return [place * self._stride % self.size for place in places]

    @property
    def _inverse(self) -> int:
        return pow(self._stride, -1, self.size) if self.size > 1 else 0

    def _changes(self, index: int, number: int) -> tuple[int, int]:
        """Return how often a record has changed by a load, and with which load last."""
        if not self._cycle:
            return 0, 0
        first = (index * self._inverse % self.size) // self.daily + 1
        if number < first:
            return 0, 0
        times = (number - first) // self._cycle + 1
        return times, first + (times - 1) * self._cycle

    def _base_posted(self, index: int) -> date:
        """Return when a record was last updated before the first day; rising with the index."""
        span = (self.first_day - _OLDEST).days - 1
        return _weekday(_OLDEST + timedelta(days=span * index // self.size))

    def _posted(self, index: int, number: int) -> date:
        _, last = self._changes(index, number)
        return self._days[last] if last else self._base_posted(index)

    # --- the catalogue ----------------------------------------------------------------------
    def listed(self, day: date) -> Sequence[str]:
        """Return the NCT IDs of all studies, ascending."""
        del day
        return [self.nct_id(index) for index in range(self.size)]

    def updated(self, low: date, high: date, day: date) -> Sequence[str]:
        """Return those whose last update was posted between the dates, in their order."""
        recent = self._recent(day)
        begin, end = self._place(low), self._place(min(high, day) + timedelta(days=1))
        found = [index for index in range(begin, end) if index not in recent]
        for number in range(1, self._numbers[day] + 1):
            posted = self._days[number]
            if low <= posted <= high:
                found += [i for i in sorted(self._changing(number)) if recent[i] == posted]
        return [self.nct_id(index) for index in found]

    def find(self, nct_id: str, day: date) -> Study | None:
        """Return a record as of a day; None for an NCT ID outside the population."""
        index = int(nct_id[3:]) - _FIRST_NUMBER
        if not 0 <= index < self.size:
            return None
        number = self._numbers[day]
        times, _ = self._changes(index, number)
        return Study(
            nct_id=nct_id,
            posted=self._posted(index, number).isoformat(),
            key=(index, times),
            document=partial(self._document, index, number),
        )

    def history(self, nct_id: str, day: date) -> list[RegistryVersion]:
        """Return one version: the record as of the day."""
        study = self.find(nct_id, day)
        return [RegistryVersion(number=0, document=study.document)] if study else []

    def _updates(self, day: date) -> dict[int, date]:
        """Return all records that have changed since the first day, with their last update."""
        found: dict[int, date] = {}
        for number in range(1, self._numbers[day] + 1):
            found.update(dict.fromkeys(self._changing(number), self._days[number]))
        return found

    def _place(self, day: date) -> int:
        """Return the first index whose base date is not before the day."""
        low, high = 0, self.size
        while low < high:
            middle = (low + high) // 2
            if self._base_posted(middle) < day:
                low = middle + 1
            else:
                high = middle
        return low

    def _document(self, index: int, number: int) -> Document:
        times, _ = self._changes(index, number)
        facts = _settled(mix(self.seed, index) % 10**9, self._base_posted(index))
        if times:
            later = as_day(facts.completion) + timedelta(days=30 * times)
            facts = replace(
                facts,
                posted=self._posted(index, number),
                completion=written(facts.seed, later),
                enrollment=facts.enrollment + times,
            )
        return document(self.nct_id(index), facts)


def _weekday(day: date) -> date:
    return day if day.weekday() < 5 else next_data_day(day)


def _settled(seed: int, posted: date) -> Facts:
    """Return a trial somewhere in its life, as most of the registry's are: long over."""
    draw = random.Random(mix(seed, 80))  # noqa: S311 - a plan, no secret
    registered = posted - timedelta(days=draw.randrange(10, 1_500))
    facts = new_facts(seed, registered, posted)
    (status,) = draw.choices(list(_STATUSES), list(_STATUSES.values()))
    over = status in {"COMPLETED", "TERMINATED"}
    facts = replace(
        facts,
        status=status,
        last_known="RECRUITING" if status == "UNKNOWN" else None,
        why_stopped="Slow accrual" if status in {"TERMINATED", "WITHDRAWN", "SUSPENDED"} else None,
        started=status not in {"NOT_YET_RECRUITING", "WITHDRAWN"},
        primary_completed=over,
        completed=over,
        enrolled=over,
    )
    if over and draw.random() < _RESULTS_SHARE / 0.61:
        facts = replace(facts, results=posted.isoformat())
    return facts
