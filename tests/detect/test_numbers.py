"""Words about dates and numbers, and what is no move of a date."""

from dataclasses import replace

import pytest

from monitor.detect.classify import classify
from monitor.detect.diff import diff
from monitor.model.changes import ChangeKind, Severity
from monitor.settings import ThresholdSettings
from tests.detect.examples import context, events, kinds, of, study, the, updated

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
    [("2027-03-02", "(+1 day)"), ("2027-02-28", "(−1 day)"), ("2027-03-03", "(+2 days)")],
)
def test_one_day_is_one_day(after: str, moved: str) -> None:
    found = events(study({END: {"date": "2027-03-01"}}), updated({END: {"date": after}}))
    assert the(ChangeKind.COMPLETION_MOVED, found).summary.endswith(moved)


ACTUAL, PLANNED = "ACTUAL", "ESTIMATED"
PRIMARY = "statusModule.primaryCompletionDateStruct"


@pytest.mark.parametrize(
    ("struct", "before", "after", "said"),
    [
        (START, ("2026-02-01", PLANNED), ("2026-02-05", ACTUAL),
         "Start date: started on 2026-02-05 (planned for 2026-02-01, +4 days)"),
        (START, ("2026-02-01", PLANNED), ("2026-02-01", ACTUAL),
         "Start date: started on 2026-02-01, as planned"),
        (START, ("2026-02", PLANNED), ("2026-02-05", ACTUAL),
         "Start date: started on 2026-02-05 (planned for 2026-02)"),
        (START, ("2026-02-01", None), ("2026-02-01", ACTUAL),
         "Start date: started on 2026-02-01"),
        (PRIMARY, ("2026-02-01", PLANNED), ("2026-01-31", ACTUAL),
         "Primary completion date: reached on 2026-01-31 (planned for 2026-02-01, −1 day)"),
        (END, ("2026-02-01", PLANNED), ("2026-02-02", ACTUAL),
         "Completion date: completed on 2026-02-02 (planned for 2026-02-01, +1 day)"),
        (START, ("2026-02-01", ACTUAL), ("2026-02-05", ACTUAL),
         "Start date corrected: 2026-02-01 → 2026-02-05 (+4 days)"),
        (END, ("2026-02-01", ACTUAL), ("2026-02", ACTUAL),
         "Completion date corrected: 2026-02-01 → 2026-02"),
        (START, ("2026-02-01", PLANNED), ("2026-02-05", PLANNED),
         "Start date: 2026-02-01 → 2026-02-05 (+4 days)"),
        (START, ("2026-02-01", ACTUAL), ("2026-02-05", PLANNED),
         "Start date: 2026-02-01 → 2026-02-05 (+4 days)"),
    ],
    ids=["started late", "as planned", "to the day", "no type before", "reached", "completed",
         "corrected", "corrected to the month", "still planned", "planned again"],
)  # fmt: skip
def test_a_date_says_whether_it_moved_was_corrected_or_came(
    struct: str, before: tuple[str, str | None], after: tuple[str, str | None], said: str
) -> None:
    old, new = ({struct: {"date": day, "type": kind}} for day, kind in (before, after))
    if before[1] is None:
        del old[struct]["type"]
    (event,) = (e for e in events(study(old), updated(new)) if struct.split(".")[1] in e.path)
    assert event.summary == said
    assert event.facts.get("corrected", False) is ("corrected" in said)


@pytest.mark.parametrize("said", ["many", "240", 240.5])
def test_a_number_of_participants_that_is_none_is_told_as_the_registry_wrote_it(
    said: object,
) -> None:
    target = the(ChangeKind.ENROLLMENT_TARGET_CHANGED, events(study(), updated({COUNT: said})))
    assert (target.before, target.after) == (200, said)
    assert target.summary == f"Enrollment target: 200 → {said}"


@pytest.mark.parametrize(
    ("before", "after", "percent", "said"),
    [
        (144, 240, 66.7, "+67%"),
        (200, 239, 19.5, "+19.5%"),
        (200, 240, 20.0, "+20%"),
        (2500, 2999, 19.96, "+19.96%"),
        (200_000, 239_999, 19.9995, "+19.9995%"),
        (200, 161, -19.5, "−19.5%"),
        (250, 1, -99.6, "−99.6%"),
        (200, 249, 24.5, "+24%"),
        (200, 249.2, None, None),
        (1000, 1247, 24.7, "+24.7%"),
        (1000, 1253, 25.3, "+25%"),
        (1000, 1004, 0.4, "+0.4%"),
        (1000, 1050, 5.0, "+5%"),
        (10, 50_000, 499_900.0, "+499900%"),
    ],
)
def test_a_percentage_is_never_rounded_to_a_bound_that_it_misses(
    before: int, after: float, percent: float | None, said: str | None
) -> None:
    found = events(study({COUNT: before}), updated({COUNT: after}))
    target = the(ChangeKind.ENROLLMENT_TARGET_CHANGED, found)
    change = f" ({said})" if said else ""
    assert target.summary == f"Enrollment target: {before} → {after}{change}"
    assert target.facts.get("percent") == percent


def test_a_percentage_does_not_reach_a_threshold_of_the_configuration() -> None:
    old = of(study({COUNT: 1000}))
    for after, text in ((1328, "+32.8%"), (1330, "+33%"), (1318, "+32%")):
        new = of(updated({COUNT: after}))
        ours = replace(
            context(old, new), thresholds=ThresholdSettings(enrollment_percent_high=33.0)
        )
        found = classify(diff(old, new), ours)
        assert f"({text})" in the(ChangeKind.ENROLLMENT_TARGET_CHANGED, found).summary


@pytest.mark.parametrize("path", [START, PRIMARY, END])
@pytest.mark.parametrize(("before", "after"), [(PLANNED, ACTUAL), (ACTUAL, PLANNED)])
def test_a_type_without_a_date_dates_nothing(path: str, before: str, after: str) -> None:
    found = events(study({path: {"type": before}}), updated({path: {"type": after}}))
    (event,) = [one for one in found if one.severity is not Severity.NOISE]
    assert event.severity is Severity.LOW
    assert event.summary.endswith(f": type {before} → {after}, no date stated")
    assert "(none)" not in event.summary
