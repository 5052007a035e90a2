"""Real changes of real records, as the people who follow these trials would tell them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from monitor.detect.classify import is_silent
from monitor.model.changes import ChangeEvent, ChangeKind, Severity
from tests.detect.examples import assert_accounted_for, compared, kinds, the
from tests.records import record, snapshot_series

# What each change of the named trials says above noise, version after version.
NAMED: dict[str, list[list[str]]] = {
    "NCT07011550": [
        ["contact_changed", "enrollment_actual_reported", "site_status_changed",
         "start_date_moved", "trial_suspended"],
        [],
        [],
    ],
    "NCT05935098": [
        ["enrollment_actual_reported", "identifier_changed", "primary_completion_moved",
         "trial_terminated"],
    ],
    "NCT05294952": [["status_unknown"]],
    "NCT06302556": [["status_unknown"]],
    "NCT06203210": [
        ["contact_changed", "eligibility_changed", "recruitment_opened", "site_status_changed"],
        ["site_status_changed"],
    ],
    "NCT07099898": [
        ["contact_changed", *["country_added"] * 9, "enrollment_target_changed",
         "primary_completion_moved", "site_added"],
    ],
    "NCT06996782": [["site_added", "site_status_changed"]],
    "NCT05414032": [
        ["arm_changed", "collaborator_changed", "description_changed",
         "enrollment_target_changed", "primary_completion_moved"],
    ],
    "NCT04514484": [
        ["completion_moved", "date_became_actual", "enrollment_actual_reported"],
        ["completion_moved", "primary_completion_moved"],
        [], [], [],
    ],
    "NCT04457778": [["results_returned"], ["results_submitted"]],
}  # fmt: skip


def derive_events(shared_data: Path, nct_id: str, change: int = 0) -> tuple[ChangeEvent, ...]:
    """Return the events of a trial's change number ``change``."""
    old, new = snapshot_series(shared_data)[nct_id][change : change + 2]
    changes, events = compared(record(old), record(new))
    assert_accounted_for(changes, events)
    return events


@pytest.mark.parametrize("nct_id", NAMED)
def test_a_named_trial_tells_its_history(shared_data: Path, nct_id: str) -> None:
    versions = snapshot_series(shared_data)[nct_id]
    found = [
        kinds(derive_events(shared_data, nct_id, change)) for change in range(len(versions) - 1)
    ]
    assert found == NAMED[nct_id]


def test_a_suspended_trial_tells_the_reason_and_what_is_left_of_its_enrollment(
    shared_data: Path,
) -> None:
    events = derive_events(shared_data, "NCT07011550")
    suspended = the(ChangeKind.TRIAL_SUSPENDED, events)
    assert suspended.severity is Severity.CRITICAL
    assert suspended.facts["reason_class"] == "regulatory"
    enrolled = the(ChangeKind.ENROLLMENT_ACTUAL_REPORTED, events)
    assert (enrolled.before, enrolled.after) == (40, 7)
    assert enrolled.facts["percent"] == -82.5
    assert enrolled.severity is Severity.HIGH
    assert the(ChangeKind.SITE_STATUS_CHANGED, events).severity is Severity.LOW


def test_a_terminated_trial_tells_that_it_was_a_business_decision(shared_data: Path) -> None:
    events = derive_events(shared_data, "NCT05935098")
    terminated = the(ChangeKind.TRIAL_TERMINATED, events)
    assert terminated.facts["reason_class"] == "business"
    assert "not driven by safety concerns" in terminated.facts["why_stopped"]
    enrolled = the(ChangeKind.ENROLLMENT_ACTUAL_REPORTED, events)
    assert (enrolled.before, enrolled.after) == (263, 99)
    moved = the(ChangeKind.PRIMARY_COMPLETION_MOVED, events)
    assert moved.kinds[1:] == (ChangeKind.COMPLETION_MOVED,)
    assert moved.facts["days"] == -428
    assert moved.severity is Severity.HIGH


@pytest.mark.parametrize("nct_id", ["NCT05294952", "NCT06302556"])
def test_a_status_set_to_unknown_by_the_registry_tells_the_last_one_known(
    shared_data: Path, nct_id: str
) -> None:
    (event,) = derive_events(shared_data, nct_id)
    assert event.kind is ChangeKind.STATUS_UNKNOWN
    assert event.severity is Severity.MEDIUM
    assert event.facts["last_known_status"] == "NOT_YET_RECRUITING"


def test_230_sites_that_recruit_again_with_the_trial_are_one_consequence(shared_data: Path) -> None:
    events = derive_events(shared_data, "NCT06203210")
    assert the(ChangeKind.RECRUITMENT_OPENED, events).facts["reopened"] is True
    status = the(ChangeKind.SITE_STATUS_CHANGED, events)
    assert status.facts["count"] == len(status.fields) == 230
    assert status.facts["consequence_of"] == "ACTIVE_NOT_RECRUITING → RECRUITING"
    assert status.severity is Severity.LOW
    assert the(ChangeKind.SITE_RENAMED, events).facts["count"] == 9


def test_results_that_are_not_posted_yet_are_followed(shared_data: Path) -> None:
    returned = the(ChangeKind.RESULTS_RETURNED, derive_events(shared_data, "NCT04457778"))
    assert returned.facts["date"] == "2026-02-09"
    again = the(ChangeKind.RESULTS_SUBMITTED, derive_events(shared_data, "NCT04457778", 1))
    assert (again.facts["date"], again.facts["again"]) == ("2026-03-02", True)


def test_43_new_sites_are_43_and_not_hundreds_of_shifted_ones(shared_data: Path) -> None:
    events = derive_events(shared_data, "NCT07099898")
    added = the(ChangeKind.SITE_ADDED, events)
    assert added.facts["count"] == len(added.fields) == 43
    assert sum(added.facts["by_country"].values()) == 43
    target = the(ChangeKind.ENROLLMENT_TARGET_CHANGED, events)
    assert (target.before, target.after, target.facts["percent"]) == (300, 420, 40.0)
    moved = the(ChangeKind.PRIMARY_COMPLETION_MOVED, events)
    days = [moved.facts[name]["days"] for name in ("primary_completion", "completion")]
    assert days == [422, 382]
    assert moved.facts["days"] == 422


def test_one_site_more_is_one_site_more(shared_data: Path) -> None:
    events = derive_events(shared_data, "NCT06996782")
    assert the(ChangeKind.SITE_ADDED, events).facts["by_country"] == {"Serbia": 1}
    assert the(ChangeKind.SITE_STATUS_CHANGED, events).facts["count"] == 4


def test_months_without_days_move_by_whole_months(shared_data: Path) -> None:
    moved = the(ChangeKind.PRIMARY_COMPLETION_MOVED, derive_events(shared_data, "NCT05414032"))
    completion = {"before": "2026-07", "after": "2028-07", "days": 731}
    assert moved.facts["completion"] == completion
    assert moved.facts["days"] == 731


def test_an_arm_removed_and_one_renamed_are_two_items(shared_data: Path) -> None:
    changed = the(ChangeKind.ARM_CHANGED, derive_events(shared_data, "NCT05414032"))
    assert changed.summary.startswith("Arms: 1 removed, 1 changed (")


def _pairs(shared_data: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    series = snapshot_series(shared_data).values()
    return [pair for versions in series for pair in pairwise(versions)]


def test_every_one_of_the_40_changes_makes_events(shared_data: Path) -> None:
    pairs = _pairs(shared_data)
    assert len(pairs) == 40
    for old, new in pairs:
        changes, events = compared(record(old), record(new))
        assert changes
        assert events
        assert_accounted_for(changes, events)


def test_no_event_of_a_silent_change_is_a_sponsors(shared_data: Path) -> None:
    silent = [(o, n) for o, n in _pairs(shared_data) if is_silent(record(o), record(n))]
    assert len(silent) == 6
    seen = [event.kind for old, new in silent for event in compared(record(old), record(new))[1]]
    assert set(seen) == {
        ChangeKind.REGISTRY_NORMALIZATION, ChangeKind.STATUS_UNKNOWN,
        ChangeKind.RESULTS_RETURNED, ChangeKind.RESULTS_SUBMITTED,
    }  # fmt: skip
    assert seen.count(ChangeKind.STATUS_UNKNOWN) == 2
