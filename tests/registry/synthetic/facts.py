"""What of a synthetic trial's record changes in its life; everything else follows from its seed."""

import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import exp

from tests.registry.synthetic.draw import mix, pick, share
from tests.registry.synthetic.places import BY_COUNTRY, CITIES, COUNTRIES, City
from tests.registry.synthetic.prose import FACILITIES, MEASURES, TIME_FRAMES

_ELSEWHERE = 10_000  # sites opened later: some of them lie in any country
_MASKED_SHARE = 0.05
SHOWS_CONTACTS = frozenset({"NOT_YET_RECRUITING", "RECRUITING"})
STOPPED = frozenset({"WITHDRAWN", "TERMINATED", "SUSPENDED"})


@dataclass(frozen=True, slots=True)
class Site:
    """A site by its number, and its own status (shown while the trial recruits)."""

    number: int
    status: str = "RECRUITING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One state of a trial's record.

    ``registered``: first submitted. Other dates of the trial are written as its sponsor does
    (``2026-05`` or ``2026-05-01``). ``primary`` and
    ``secondary``: numbers of measures; ``edits``: how often each was reworded. ``shifted``:
    sites whose coordinates the registry moved, and how often; ``respelled``: sites whose city
    it writes in the second spelling; ``found``: references that it found. ``left``: cities whose
    sites were closed.
    """

    seed: int
    registered: date
    posted: date
    status: str
    start: str
    primary_completion: str
    completion: str
    enrollment: int
    sites: tuple[Site, ...]
    primary: tuple[int, ...]
    secondary: tuple[int, ...]
    last_known: str | None = None
    why_stopped: str | None = None
    started: bool = False
    primary_completed: bool = False
    completed: bool = False
    enrolled: bool = False
    edits: tuple[tuple[int, int], ...] = ()
    criteria: int = 0
    title: int = 0
    contact: int = 0
    sponsor: int = 0
    results: str | None = None
    results_revised: int = 0
    shifted: tuple[tuple[int, int], ...] = ()
    respelled: frozenset[int] = frozenset()
    found: int = 0
    left: frozenset[int] = frozenset()
    aliases: tuple[str, ...] = ()

    @property
    def known_status(self) -> str:
        """The status that the sponsor last reported."""
        return self.last_known or self.status

    def numbers(self) -> frozenset[int]:
        """Return the numbers of the sites."""
        return frozenset(site.number for site in self.sites)


def by_months(seed: int) -> bool:
    """Return whether a trial's dates have no day."""
    return share(seed, 2) < 0.35


def written(seed: int, day: date) -> str:
    """Write a date as the trial's sponsor does."""
    return day.strftime("%Y-%m") if by_months(seed) else day.isoformat()


def as_day(text: str) -> date:
    """Return a written date; a month counts as its first day."""
    return date.fromisoformat(text if len(text) > 7 else f"{text}-01")


def city_index(seed: int, number: int) -> int:
    """Return the index of a site's city."""
    if number >= _ELSEWHERE and share(seed, 12, number) < 0.4:
        return mix(seed, 3, number) % len(CITIES)
    size = 1 + mix(seed, 4) % (1 if number < 4 else 9)
    country = COUNTRIES[(mix(seed, 5) + mix(seed, 6, number) % size) % len(COUNTRIES)]
    return pick(BY_COUNTRY[country], seed, 7, number)


def city_of(seed: int, number: int) -> City:
    """Return a site's city."""
    return CITIES[city_index(seed, number)]


def facility_of(seed: int, number: int) -> str:
    """Return a site's facility; some sponsors hide it."""
    if number < _ELSEWHERE and share(seed, 8, number) < _MASKED_SHARE:
        return "Research Site"
    return f"{city_of(seed, number).name} {pick(FACILITIES, seed, 9, number)}"


def measure_of(seed: int, number: int) -> str:
    """Return the measure of an outcome; those of one trial all differ."""
    return MEASURES[(mix(seed, 10) + 7 * number) % len(MEASURES)]


def new_facts(seed: int, registered: date, posted: date) -> Facts:
    """Return a trial's first state: registered, not yet started."""
    draw = random.Random(mix(seed, 11))  # noqa: S311 - a plan, no secret
    begins = registered + timedelta(days=draw.randrange(20, 400))
    ends = begins + timedelta(days=draw.randrange(200, 1_500))
    sites = max(1, min(430, round(exp(draw.gauss(0.35, 1.35)))))
    first = draw.randrange(1, 4) if draw.random() < 0.75 else draw.randrange(2, 7)
    others = min(40, round(exp(draw.gauss(1.2, 0.9))))
    return Facts(
        seed=seed,
        registered=registered,
        posted=posted,
        status="NOT_YET_RECRUITING",
        start=written(seed, begins),
        primary_completion=written(seed, ends),
        completion=written(seed, ends + timedelta(days=draw.randrange(0, 365))),
        enrollment=max(8, round(exp(draw.gauss(4.6, 1.1)))),
        sites=tuple(Site(number) for number in range(sites)),
        primary=tuple(range(first)),
        secondary=tuple(range(first, first + others)),
    )


def edited(facts: Facts, number: int) -> Facts:
    """Give the outcome of a number its next time frame."""
    counts = dict(facts.edits)
    counts[number] = (counts.get(number, 0) + 1) % len(TIME_FRAMES)
    return replace(facts, edits=tuple(sorted(pair for pair in counts.items() if pair[1])))
