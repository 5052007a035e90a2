"""Who may take part: what an event says of ages, sex and descriptions."""

from monitor.model.changes import ChangeKind, Severity
from tests.detect.examples import events, study, the, updated

MODULE = "eligibilityModule"
AGES = f"{MODULE}.stdAges"


def test_the_age_groups_that_follow_from_the_ages_are_not_told_beside_them() -> None:
    changes = {f"{MODULE}.minimumAge": "16 Years", AGES: ["CHILD", "ADULT", "OLDER_ADULT"]}
    event = the(ChangeKind.ELIGIBLE_POPULATION_CHANGED, events(study(), updated(changes)))
    assert event.summary == "Minimum age: 18 Years → 16 Years"
    assert (event.before, event.after) == ("18 Years", "16 Years")
    assert len(event.fields) == 2


def test_age_groups_derived_anew_make_no_description_weigh_more() -> None:
    changes = {f"{MODULE}.genderDescription": "Women", AGES: ["ADULT"]}
    event = the(ChangeKind.ELIGIBLE_POPULATION_CHANGED, events(study(), updated(changes)))
    assert event.severity is Severity.MEDIUM


def test_more_changes_than_one_line_holds_are_not_left_out_in_silence() -> None:
    changes = {f"{MODULE}.{name}": value for name, value in {
        "minimumAge": "16 Years", "maximumAge": "80 Years", "sex": "MALE", "genderBased": True,
    }.items()}  # fmt: skip
    event = the(ChangeKind.ELIGIBLE_POPULATION_CHANGED, events(study(), updated(changes)))
    assert event.summary.endswith("; …")
