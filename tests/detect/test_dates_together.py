"""Primary completion and completion that move together are one line."""

import pytest

from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from tests.detect.examples import GONE, events, kinds, study, the, updated

PRIMARY, END = "statusModule.primaryCompletionDateStruct", "statusModule.completionDateStruct"
ACTUAL, PLANNED = "ACTUAL", "ESTIMATED"
BOTH = "Primary completion and completion"
K = ChangeKind


def _events(
    primary: tuple[str, str], completion: tuple[str, str], types: tuple[str, str] = (PLANNED,) * 2
) -> tuple[ChangeEvent, ...]:
    """Return the events where each date goes (from, to), with one type for both before and after.

    The versions are of 2026-02-19.
    """
    old, new = (
        {
            PRIMARY: {"date": primary[side], "type": types[side]},
            END: {"date": completion[side], "type": types[side]},
        }
        for side in (0, 1)
    )
    return events(study(old), updated(new))


@pytest.mark.parametrize(
    ("primary", "completion", "said", "days", "severity"),
    [
        (("2026-07", "2027-07"), ("2026-12", "2027-12"),
         f"{BOTH} moved by 1 year: 2026-07 → 2027-07, 2026-12 → 2027-12", 365, "critical"),
        (("2026-07-15", "2026-10-15"), ("2026-12-01", "2027-03-01"),
         f"{BOTH} moved by 3 months: 2026-07-15 → 2026-10-15, 2026-12-01 → 2027-03-01", 92, "high"),
        (("2026-07-15", "2026-08-12"), ("2026-12-01", "2026-12-29"),
         f"{BOTH} moved by 28 days: 2026-07-15 → 2026-08-12, 2026-12-01 → 2026-12-29", 28, "low"),
        (("2028-07", "2026-07"), ("2028-12", "2026-12"),
         f"{BOTH} moved 2 years earlier: 2028-07 → 2026-07, 2028-12 → 2026-12", -731, "critical"),
        (("2026-07", "2027-09"), ("2026-07", "2028-07"),
         f"{BOTH} moved: 2026-07 → 2027-09 (+427 days), 2026-07 → 2028-07 (+731 days)",
         731, "critical"),
        (("2026-09-02", "2026-09-12"), ("2028-09-11", "2028-12-28"),
         f"{BOTH} moved: 2026-09-02 → 2026-09-12 (+10 days), 2028-09-11 → 2028-12-28 (+108 days)",
         108, "high"),
        (("2027-03-01", "2027-05-05"), ("2027-03-01", "2027-05-05"),
         "Primary completion and completion: 2027-03-01 → 2027-05-05 (+65 days)", 65, "medium"),
    ],
    ids=["a year", "months", "days", "earlier", "by different amounts", "one far", "one date"],
)  # fmt: skip
def test_dates_that_move_in_one_direction_are_one_event(
    primary: tuple[str, str], completion: tuple[str, str], said: str, days: int, severity: str
) -> None:
    event = the(K.PRIMARY_COMPLETION_MOVED, _events(primary, completion))
    assert event.summary == said
    assert event.kinds == (K.PRIMARY_COMPLETION_MOVED, K.COMPLETION_MOVED)
    assert event.severity == severity
    assert (event.before, event.after) == primary
    assert event.facts["days"] == days
    for name, (before, after) in {"primary_completion": primary, "completion": completion}.items():
        reported = event.facts[name]
        assert (reported["before"], reported["after"]) == (before, after)
        assert (reported["days"] > 0) is (days > 0)
    assert len(event.fields) == 2


def test_actual_dates_that_are_corrected_together_are_one_event() -> None:
    found = _events(("2025-12-01", "2025-12-11"), ("2026-01-01", "2026-01-11"), (ACTUAL, ACTUAL))
    event = the(K.PRIMARY_COMPLETION_MOVED, found)
    assert event.summary == (
        f"{BOTH} corrected by 10 days: 2025-12-01 → 2025-12-11, 2026-01-01 → 2026-01-11"
    )
    assert event.facts["corrected"] is True


@pytest.mark.parametrize(
    ("planned", "said", "kind"),
    [
        ("2026-09-30", f"{BOTH}: reached on 2026-01-27 (planned for 2026-09-30, −246 days)",
         K.PRIMARY_COMPLETION_MOVED),
        ("2026-01-27", f"{BOTH}: reached on 2026-01-27, as planned", K.DATE_BECAME_ACTUAL),
        ("2026-01", f"{BOTH}: reached on 2026-01-27 (planned for 2026-01)", K.DATE_BECAME_ACTUAL),
    ],
    ids=["early", "as planned", "to the day"],
)  # fmt: skip
def test_a_trial_that_reaches_both_on_one_day_says_so_once(
    planned: str, said: str, kind: ChangeKind
) -> None:
    day = (planned, "2026-01-27")
    event = the(kind, _events(day, day, (PLANNED, ACTUAL)))
    assert event.summary == said


@pytest.mark.parametrize(
    ("primary", "completion", "types"),
    [
        (("2026-07", "2027-07"), ("2028-12", "2028-06"), (PLANNED, PLANNED)),
        (("2026-02-10", "2026-02-01"), ("2026-09-10", "2026-02-10"), (PLANNED, ACTUAL)),
        (("2026-07", "2026-07-15"), ("2026-12", "2027-12"), (PLANNED, PLANNED)),
    ],
    ids=["in opposite directions", "reached on two days", "one told more exactly"],
)
def test_dates_that_say_two_things_stay_two_events(
    primary: tuple[str, str], completion: tuple[str, str], types: tuple[str, str]
) -> None:
    found = _events(primary, completion, types)
    assert kinds(found) == [K.COMPLETION_MOVED, K.PRIMARY_COMPLETION_MOVED]
    assert not any("also" in event.facts for event in found)


def test_a_date_that_came_beside_one_that_slipped_stays_a_line_of_its_own() -> None:
    old = {
        PRIMARY: {"date": "2026-02-01", "type": PLANNED},
        END: {"date": "2026-08", "type": PLANNED},
    }
    new = {
        PRIMARY: {"date": "2026-02-11", "type": ACTUAL},
        END: {"date": "2026-10", "type": PLANNED},
    }
    found = events(study(old), updated(new))
    assert kinds(found) == [K.COMPLETION_MOVED, K.PRIMARY_COMPLETION_MOVED]


def test_dates_that_both_went_are_one_event_without_days() -> None:
    both = {PRIMARY: {"date": "2027-03"}, END: {"date": "2027-03"}}
    found = events(study(both), updated({PRIMARY: GONE, END: GONE}))
    event = the(K.PRIMARY_COMPLETION_MOVED, found)
    assert event.facts["days"] is None
    assert event.summary == f"{BOTH}: 2027-03 → (none)"


@pytest.mark.parametrize(
    ("primary", "types", "severity"),
    [
        (("2026-02-20", "2027-06-20"), (PLANNED, PLANNED), Severity.CRITICAL),
        (("2026-02-19", "2027-06-20"), (PLANNED, PLANNED), Severity.HIGH),
        (("2025-01-01", "2027-06-20"), (PLANNED, PLANNED), Severity.HIGH),
        (("2025-01-01", "2023-06-20"), (ACTUAL, ACTUAL), Severity.HIGH),
        (("2027-06-20", "2026-02-01"), (PLANNED, ACTUAL), Severity.HIGH),
    ],
    ids=["a plan that stood", "due today", "long past", "a correction", "reached"],
)
def test_only_giving_up_a_plan_that_lay_ahead_is_critical(
    primary: tuple[str, str], types: tuple[str, str], severity: Severity
) -> None:
    old, new = ({PRIMARY: {"date": primary[n], "type": types[n]}} for n in (0, 1))
    event = the(K.PRIMARY_COMPLETION_MOVED, events(study(old), updated(new)))
    assert event.severity is severity


def test_a_date_that_is_stated_for_the_first_time_has_not_moved_with_the_other() -> None:
    old = {PRIMARY: {"type": PLANNED}, END: {"date": "2027-09-01", "type": PLANNED}}
    new = {
        PRIMARY: {"date": "2027-05-01", "type": PLANNED},
        END: {"date": "2027-11-05", "type": PLANNED},
    }
    found = events(study(old), updated(new))
    assert kinds(found) == [K.COMPLETION_MOVED, K.PRIMARY_COMPLETION_MOVED]


def test_an_actual_date_is_no_plan_that_moved_even_if_it_lay_ahead() -> None:
    old, new = ({PRIMARY: {"date": date, "type": ACTUAL}} for date in ("2027-03-01", "2025-12-01"))
    event = the(K.PRIMARY_COMPLETION_MOVED, events(study(old), updated(new)))
    assert (event.facts["corrected"], event.severity) == (True, Severity.HIGH)
