"""What sponsors and the registry do to a record: each step makes the next state of its facts.

A step returns None where it makes no sense. Sponsors' steps go with a new update date, which
the caller sets; the registry's own steps leave the update date as it is.
"""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from tests.registry.synthetic.facts import (
    STOPPED,
    Facts,
    Site,
    as_day,
    city_index,
    city_of,
    edited,
    facility_of,
    written,
)
from tests.registry.synthetic.prose import MEASURES, REASONS

Step = Callable[[Facts, random.Random, date], Facts | None]
_ELSEWHERE, _TRIES = 10_000, 40

# From the status that the sponsor last reported: what may come, and how often.
_NEXT: dict[str, dict[str, int]] = {
    "NOT_YET_RECRUITING": {"RECRUITING": 80, "ENROLLING_BY_INVITATION": 8, "WITHDRAWN": 12},
    "RECRUITING": {
        "ACTIVE_NOT_RECRUITING": 50, "COMPLETED": 20, "TERMINATED": 10, "SUSPENDED": 9,
        "ENROLLING_BY_INVITATION": 3, "NOT_YET_RECRUITING": 3, "WITHDRAWN": 5,
    },
    "ENROLLING_BY_INVITATION": {"ACTIVE_NOT_RECRUITING": 50, "COMPLETED": 40, "RECRUITING": 10},
    "ACTIVE_NOT_RECRUITING": {"COMPLETED": 75, "TERMINATED": 12, "RECRUITING": 13},
    "SUSPENDED": {"RECRUITING": 60, "TERMINATED": 30, "NOT_YET_RECRUITING": 10},
    "COMPLETED": {"ACTIVE_NOT_RECRUITING": 60, "TERMINATED": 40},
    "TERMINATED": {"RECRUITING": 60, "COMPLETED": 40},
    "WITHDRAWN": {"NOT_YET_RECRUITING": 100},
}  # fmt: skip
_FINAL = frozenset({"COMPLETED", "TERMINATED", "WITHDRAWN"})


def move_status(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Report another overall status, with the dates and numbers that go with it."""
    before = facts.known_status
    if before in _FINAL and draw.random() < 0.8:
        return None  # few come back from there
    coming = _NEXT[before]
    (after,) = draw.choices(list(coming), list(coming.values()))
    new = replace(facts, status=after, last_known=None, why_stopped=None)
    if after in STOPPED:
        new = replace(new, why_stopped=draw.choice(REASONS))
    if after in {"RECRUITING", "ENROLLING_BY_INVITATION"} and not facts.started:
        new = replace(new, start=written(facts.seed, day), started=True)
    if after == "WITHDRAWN":
        return replace(new, enrollment=0, enrolled=True)
    if after in {"COMPLETED", "TERMINATED"}:
        return _ended(new, draw, day)
    return replace(new, enrolled=False) if after != before and facts.enrolled else new


def _ended(facts: Facts, draw: random.Random, day: date) -> Facts:
    last = written(facts.seed, day - timedelta(days=draw.randrange(10, 60)))
    reached = max(1, round(facts.enrollment * draw.uniform(0.5, 1.1)))
    if not facts.primary_completed:
        facts = replace(facts, primary_completion=last, primary_completed=True)
    return replace(
        facts, completion=last, completed=True, enrollment=reached, enrolled=True, started=True
    )


def move_date(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Move an estimated date: start, primary completion or completion (often both)."""
    del day
    days = draw.choice((-60, 45, 90, 180, 365))
    if not facts.started and draw.random() < 0.4:
        return replace(facts, start=_moved(facts, facts.start, abs(days)))
    if facts.completed:
        return None
    new = replace(facts, completion=_moved(facts, facts.completion, days))
    if not facts.primary_completed and draw.random() < 0.6:
        new = replace(new, primary_completion=_moved(facts, facts.primary_completion, days))
    return new


def _moved(facts: Facts, text: str, days: int) -> str:
    return written(facts.seed, as_day(text) + timedelta(days=days))


def move_enrollment(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Report another target, or another actual number."""
    del day
    if facts.enrolled and draw.random() < 0.7:
        return None
    factor = draw.choice((0.5, 0.9, 1.1, 1.5, 2.0))
    count = max(1, round(facts.enrollment * factor)) + (1 if factor > 1 else 0)
    return replace(facts, enrollment=count) if count != facts.enrollment else None


def add_sites(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Open one to five sites, in cities where the trial never had one."""
    del day
    used = {city_index(facts.seed, site.number) for site in facts.sites} | facts.left
    ever = max([_ELSEWHERE, *(site.number + 1 for site in facts.sites)])
    new: list[Site] = []
    wanted = draw.randrange(1, 6)
    for number in range(ever, ever + _TRIES):
        city = city_index(facts.seed, number)
        if city not in used and len(new) < wanted:
            used.add(city)
            new.append(Site(number, draw.choice(("RECRUITING", "NOT_YET_RECRUITING"))))
    return replace(facts, sites=(*facts.sites, *new)) if new else None


def remove_sites(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Close one to three sites whose names cannot be mistaken for another's."""
    del day
    names = [_name(facts, site) for site in facts.sites]
    plain = [
        site for site, name in zip(facts.sites, names, strict=True)
        if names.count(name) == 1 and name[0] != "Research Site"
    ]  # fmt: skip
    if len(facts.sites) < 3 or len(plain) < 2:
        return None
    gone = set(draw.sample(plain, min(len(plain) - 1, draw.randrange(1, 4))))
    kept = tuple(site for site in facts.sites if site not in gone)
    numbers = {site.number for site in kept}
    return replace(
        facts,
        sites=kept,
        left=facts.left | {city_index(facts.seed, site.number) for site in gone},
        shifted=tuple(pair for pair in facts.shifted if pair[0] in numbers),
        respelled=facts.respelled & numbers,
    )


def _name(facts: Facts, site: Site) -> tuple[str, int]:
    return facility_of(facts.seed, site.number), city_index(facts.seed, site.number)


def move_site_status(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Report other statuses of some sites of a recruiting trial."""
    del day
    if facts.known_status != "RECRUITING":
        return None
    chosen = set(draw.sample(range(len(facts.sites)), min(len(facts.sites), draw.randrange(1, 6))))
    sites = tuple(
        replace_status(site, draw) if at in chosen else site for at, site in enumerate(facts.sites)
    )
    return replace(facts, sites=sites)


def replace_status(site: Site, draw: random.Random) -> Site:
    """Return the site in another status."""
    others = ("RECRUITING", "NOT_YET_RECRUITING", "COMPLETED", "WITHDRAWN", "SUSPENDED")
    return Site(site.number, draw.choice([status for status in others if status != site.status]))


def drop_primary(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Drop a primary outcome, or demote it to a secondary one."""
    del day
    if len(facts.primary) < 2:
        return None
    gone = draw.choice(facts.primary)
    primary = tuple(number for number in facts.primary if number != gone)
    demoted = (*facts.secondary, gone) if draw.random() < 0.4 else facts.secondary
    return replace(facts, primary=primary, secondary=demoted)


def add_primary(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Add a primary outcome, or promote a secondary one."""
    del day
    if facts.secondary and draw.random() < 0.4:
        chosen = draw.choice(facts.secondary)
        rest = tuple(number for number in facts.secondary if number != chosen)
        return replace(facts, primary=(*facts.primary, chosen), secondary=rest)
    number = _unused(facts)
    return None if number is None else replace(facts, primary=(*facts.primary, number))


def add_secondary(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Add a secondary outcome."""
    del draw, day
    number = _unused(facts)
    return None if number is None else replace(facts, secondary=(*facts.secondary, number))


def _unused(facts: Facts) -> int | None:
    used = {*facts.primary, *facts.secondary}
    return next((number for number in range(len(MEASURES)) if number not in used), None)


def edit_outcome(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Give an outcome another time frame."""
    del day
    return edited(facts, draw.choice((*facts.primary, *facts.secondary)))


def edit_criteria(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Exclude some more patients."""
    del draw, day
    return replace(facts, criteria=facts.criteria + 1)


def edit_title(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Name an amendment in the titles."""
    del draw, day
    return replace(facts, title=facts.title + 1)


def edit_contact(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Give another telephone number."""
    del draw, day
    return replace(facts, contact=facts.contact + 1)


def hand_over(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Let another sponsor lead."""
    del draw, day
    return replace(facts, sponsor=facts.sponsor + 1)


def post_results(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Post results and the study documents."""
    del draw
    if facts.results is not None or facts.status not in {"COMPLETED", "TERMINATED"}:
        return None
    return replace(facts, results=day.isoformat())


def revise_results(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Add a caveat to the results."""
    del draw, day
    revised = facts.results_revised + 1
    return None if facts.results is None else replace(facts, results_revised=revised)


def verify(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Send the record again without a change."""
    del draw, day
    return facts


SPONSOR: dict[Step, int] = {
    move_status: 30, move_date: 20, move_enrollment: 8, add_sites: 10, remove_sites: 4,
    move_site_status: 10, drop_primary: 3, add_primary: 3, add_secondary: 3, edit_outcome: 4,
    edit_criteria: 4, edit_title: 2, edit_contact: 5, hand_over: 1, post_results: 10,
    revise_results: 3, verify: 4,
}  # fmt: skip


# --- the registry's own steps ------------------------------------------------------------------
def shift_sites(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Move the coordinates of one or two sites."""
    del day
    chosen = draw.sample(facts.sites, min(len(facts.sites), draw.randrange(1, 3)))
    counts = dict(facts.shifted)
    for site in chosen:
        counts[site.number] = counts.get(site.number, 0) + 1
    return replace(facts, shifted=tuple(sorted(counts.items())))


def respell_city(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Write a site's city in its other spelling, and move its coordinates with it."""
    chosen = [site.number for site in facts.sites if city_of(facts.seed, site.number).other]
    if not chosen:
        return None
    number = draw.choice(chosen)
    counts = dict(facts.shifted)
    counts[number] = counts.get(number, 0) + 1
    del day
    return replace(
        facts, respelled=facts.respelled ^ {number}, shifted=tuple(sorted(counts.items()))
    )


def find_reference(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Add a reference found in PubMed."""
    del draw, day
    return replace(facts, found=facts.found + 1)


def set_unknown(facts: Facts, draw: random.Random, day: date) -> Facts | None:
    """Set the status of a trial that has not been verified for long to UNKNOWN."""
    del draw, day
    if facts.last_known or facts.status not in {"RECRUITING", "NOT_YET_RECRUITING"}:
        return None
    return replace(facts, status="UNKNOWN", last_known=facts.status)


REGISTRY: dict[Step, int] = {
    shift_sites: 40, respell_city: 20, find_reference: 25, set_unknown: 25,
}  # fmt: skip
