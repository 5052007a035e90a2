"""Words about dates and numbers, and what is no move of a date."""

import pytest

from monitor.model.changes import ChangeKind
from tests.detect.examples import events, kinds, study, the, updated

START, END = "statusModule.startDateStruct", "statusModule.completionDateStruct"
COUNT = "designModule.enrollmentInfo.count"


@pytest.mark.parametrize(
    ("before", "after"),
    [("2025-04-01", "2025"), ("2025-05-01", "2025-05"), ("2025", "2025-05-10")],
)
def test_a_start_told_more_or_less_exactly_makes_no_trial_prospective(
    before: str, after: str
) -> None:
    found = events(study({START: {"date": before}}), updated({START: {"date": after}}))
    assert kinds(found) == [ChangeKind.START_DATE_MOVED]
    assert found[0].facts["precision_only"] is True


@pytest.mark.parametrize(
    ("after", "moved"),
    [("2027-03-02", "(+1 day)"), ("2027-02-28", "(-1 day)"), ("2027-03-03", "(+2 days)")],
)
def test_one_day_is_one_day(after: str, moved: str) -> None:
    found = events(study({END: {"date": "2027-03-01"}}), updated({END: {"date": after}}))
    assert the(ChangeKind.COMPLETION_MOVED, found).summary.endswith(moved)


@pytest.mark.parametrize("said", ["many", "240", 240.5])
def test_a_number_of_participants_that_is_none_is_told_as_the_registry_wrote_it(
    said: object,
) -> None:
    target = the(ChangeKind.ENROLLMENT_TARGET_CHANGED, events(study(), updated({COUNT: said})))
    assert (target.before, target.after) == (200, said)
    assert target.summary == f"Enrollment target: 200 → {said}"
