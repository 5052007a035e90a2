"""Which change events two states of a synthetic trial must yield: the list that is known.

Written from the meaning of the facts (docs/events.md), not from the program under test.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tests.registry.synthetic.facts import SHOWS_CONTACTS, Facts, city_of
from tests.registry.synthetic.sites import has_contact

_RUNNING = frozenset({"NOT_YET_RECRUITING", "RECRUITING", "ENROLLING_BY_INVITATION",
                      "ACTIVE_NOT_RECRUITING"})  # fmt: skip
_TAKING = frozenset({"RECRUITING", "ENROLLING_BY_INVITATION"})
_STOPPED = {"WITHDRAWN": "trial_withdrawn", "TERMINATED": "trial_terminated",
            "SUSPENDED": "trial_suspended"}  # fmt: skip
_PLACE = {"NOT_YET_RECRUITING": 0, "RECRUITING": 1, "ENROLLING_BY_INVITATION": 1,
          "ACTIVE_NOT_RECRUITING": 2, "COMPLETED": 3}  # fmt: skip
_Pair = tuple[str, str]
NOISE = frozenset({"registry_normalization", "administrative_update", "site_renamed"})


class Presence(StrEnum):
    """How the registry shows a record."""

    SHOWN = "shown"
    ABSENT = "absent"
    WITHHELD = "withheld"
    ALIAS = "alias"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A state of a trial from a data date on; ``target``: the record that an alias stands for.

    ``silent``: it began without a new update date.
    """

    day: date
    facts: Facts
    presence: Presence = Presence.SHOWN
    target: str | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What must be reported of a trial on a data date: kinds of change events, each as often
    as there are events, sorted.
    """  # noqa: D205 - one sentence

    nct_id: str
    day: date
    kinds: tuple[str, ...]
    target: str | None = None

    @property
    def news(self) -> tuple[str, ...]:
        """The kinds above noise."""
        return tuple(kind for kind in self.kinds if kind not in NOISE)


def kinds_between(before: Moment | None, after: Moment) -> tuple[str, ...]:
    """Return the kinds of events between two sights of a trial, sorted; () when none.

    ``before`` None: the trial was never seen.
    """
    shown = after.presence is Presence.SHOWN
    if before is None:
        return ("trial_registered",) if shown else ()
    if before.presence is after.presence:
        again = before.presence is Presence.WITHHELD and before.day != after.day
        return _content(before.facts, after.facts) if shown else ("administrative_update",) * again
    if before.presence is Presence.SHOWN:
        merged = after.presence is Presence.ALIAS
        return ("record_merged",) if merged else ("record_vanished",)
    if not shown:
        return ()
    if before.presence is Presence.WITHHELD:
        return ("record_restored",)
    return tuple(sorted(("record_restored", *_content(before.facts, after.facts))))


def _content(old: Facts, new: Facts) -> tuple[str, ...]:
    if old == new:
        return ()
    found: Counter[str] = Counter()
    found["record_merged"] += bool(set(new.aliases) - set(old.aliases))
    if old.status != new.status:
        found[_status(old, new)] += 1
    elif old.last_known != new.last_known:
        found["registry_normalization"] += 1
    if old.posted == new.posted:
        moved = (old.shifted, old.respelled) != (new.shifted, new.respelled)
        found["registry_normalization"] += moved + (old.found != new.found)
        return tuple(sorted(found.elements()))
    found["administrative_update"] += 1
    if old.status == new.status and old.status in _STOPPED:
        found["why_stopped_changed"] += old.why_stopped != new.why_stopped
    found.update(_dates(old, new) + _numbers(old, new) + _sites(old, new) + _outcomes(old, new))
    found["eligibility_changed"] += old.criteria != new.criteria
    found["title_changed"] += old.title != new.title
    found["sponsor_changed"] += old.sponsor != new.sponsor
    found["registry_normalization"] += old.found != new.found
    if old.results is None and new.results is not None:
        found.update(("results_submitted", "results_posted", "document_added"))
    else:
        found["results_changed"] += old.results_revised != new.results_revised
    return tuple(sorted(found.elements()))


def _status(old: Facts, new: Facts) -> str:
    before, after = old.known_status, new.status
    if after == "UNKNOWN":
        return "status_unknown"
    if after in _STOPPED:
        return _STOPPED[after]
    if before in _STOPPED and after in _RUNNING:
        return "trial_restarted"
    if after == "COMPLETED":
        return "trial_completed"
    if before in _TAKING and after in _TAKING:
        return "status_changed"
    if after in _TAKING and before in {"NOT_YET_RECRUITING", "ACTIVE_NOT_RECRUITING"}:
        return "recruitment_opened"
    if before in _TAKING and after == "ACTIVE_NOT_RECRUITING":
        return "recruitment_closed"
    if _PLACE.get(after, 9) < _PLACE.get(before, -1):
        return "status_reversed"
    return "status_changed"


def _dates(old: Facts, new: Facts) -> Counter[str]:
    starts, primary, completion = (
        ("start_date_moved", (old.start, new.start), (old.started, new.started)),
        ("primary_completion_moved", (old.primary_completion, new.primary_completion),
         (old.primary_completed, new.primary_completed)),
        ("completion_moved", (old.completion, new.completion), (old.completed, new.completed)),
    )  # fmt: skip
    found = Counter(filter(None, (_date(*one) for one in (starts, primary, completion))))
    both = _date(*primary), _date(*completion)
    alike = len({one == "date_became_actual" for one in both}) == 1 and primary[2] == completion[2]
    if both[0] and both[1] and alike and _is_joint(primary[1], completion[1], primary[2]):
        found[both[1]] -= 1  # told with the primary completion
    return found


def _is_joint(primary: _Pair, completion: _Pair, actual: tuple[bool, bool]) -> bool:
    later = [pair[1] > pair[0] for pair in (primary, completion)]
    moved = all(pair[0] != pair[1] for pair in (primary, completion))
    return primary == completion or (moved and later[0] == later[1] and actual != (False, True))


def _date(kind: str, dates: _Pair, actual: tuple[bool, bool]) -> str | None:
    """Return the kind of event that one date makes, by itself."""
    if dates[0] == dates[1] and actual[0] == actual[1]:
        return None
    return "date_became_actual" if dates[0] == dates[1] and actual[1] else kind


def _numbers(old: Facts, new: Facts) -> Counter[str]:
    if (old.enrollment, old.enrolled) == (new.enrollment, new.enrolled):
        return Counter()
    return Counter(["enrollment_actual_reported" if new.enrolled else "enrollment_target_changed"])


def _sites(old: Facts, new: Facts) -> Counter[str]:
    ours, theirs = old.numbers(), new.numbers()
    both = ours & theirs
    found = Counter(
        site_added=int(bool(theirs - ours)),
        site_removed=int(bool(ours - theirs)),
        country_added=len(_countries(new) - _countries(old)),
        country_removed=len(_countries(old) - _countries(new)),
    )
    found["site_renamed"] += bool((old.respelled ^ new.respelled) & both)
    shifts = [{pair for pair in facts.shifted if pair[0] in both} for facts in (old, new)]
    found["registry_normalization"] += shifts[0] != shifts[1]
    statuses = [_shown_statuses(facts, both) for facts in (old, new)]
    found["site_status_changed"] += bool(both) and statuses[0] != statuses[1]
    contacts = [_contacts(facts, both) for facts in (old, new)]
    found["contact_changed"] += contacts[0] != contacts[1]
    return found


def _countries(facts: Facts) -> set[str]:
    return {city_of(facts.seed, site.number).country for site in facts.sites}


def _shown_statuses(facts: Facts, numbers: frozenset[int]) -> dict[int, str] | None:
    if facts.known_status != "RECRUITING":
        return None
    return {site.number: site.status for site in facts.sites if site.number in numbers}


def _contacts(facts: Facts, numbers: frozenset[int]) -> object:
    if facts.known_status not in SHOWS_CONTACTS:
        return None
    sites = {site.number for site in facts.sites if has_contact(facts, site)}
    return facts.contact, sites & numbers


def _outcomes(old: Facts, new: Facts) -> Counter[str]:
    first, then = set(old.primary), set(new.primary)
    lesser, lesser_then = set(old.secondary), set(new.secondary)
    demoted, promoted = (first - then) & lesser_then, (then - first) & lesser
    edits, edits_then = dict(old.edits), dict(new.edits)
    reworded = {
        number for number in edits | edits_then if edits.get(number) != edits_then.get(number)
    }
    others = (lesser ^ lesser_then) - demoted - promoted
    return Counter(
        primary_outcome_dropped=len(first - then - demoted),
        primary_outcome_added=len(then - first - promoted),
        primary_outcome_demoted=len(demoted),
        primary_outcome_promoted=len(promoted),
        primary_outcome_edited=len(reworded & first & then),
        secondary_outcome_changed=int(bool(others or reworded & lesser & lesser_then)),
    )
