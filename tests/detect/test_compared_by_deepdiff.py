"""DeepDiff compares: it is given two align_records records, and what it reports is what differs."""

import copy
from pathlib import Path
from random import Random
from typing import Any

import pytest
from deepdiff import DeepDiff
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.detect import diff as comparing
from monitor.detect.align import align_records
from monitor.detect.diff import diff
from monitor.model.record import TrialRecord
from tests.detect.edits import edited
from tests.detect.examples import NCT, STUDY, of, seeded, study
from tests.records import sample

CRITERIA = "protocolSection.eligibilityModule.eligibilityCriteria"
given_records = settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
randoms = st.integers(0, 2**32 - 1).map(seeded)


class Watched(DeepDiff):
    """DeepDiff that keeps what it was given and what it reported."""

    made: list["Watched"] = []  # noqa: RUF012 - emptied by the fixture

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.made.append(self)

    @property
    def reported(self) -> int:
        return sum(len(levels) for levels in self.values())


class Blind(DeepDiff):
    """DeepDiff that sees no difference."""

    def _diff(self, *_: Any, **__: Any) -> None:
        return


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> list[Watched]:
    monkeypatch.setattr(comparing, "DeepDiff", Watched)
    monkeypatch.setattr(Watched, "made", [])
    return Watched.made


def two(shared_data: Path, random: Random) -> tuple[TrialRecord, TrialRecord]:
    """Return a real record and an edited one."""
    old = sample(shared_data, 60)[random.randrange(56)]
    new = edited(old, random, 1 + random.randrange(8))
    return TrialRecord(nct_id=NCT, document=old), TrialRecord(nct_id=NCT, document=new)


@given_records
@given(random=randoms)
def test_nothing_differs_where_deepdiff_reports_nothing(shared_data: Path, random: Random) -> None:
    old, new = two(shared_data, random)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(comparing, "DeepDiff", Blind)
        assert diff(old, new) == ()


@given_records
@given(random=randoms)
def test_each_difference_that_deepdiff_reports_is_one_field_change(
    shared_data: Path, random: Random
) -> None:
    old, new = two(shared_data, random)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(comparing, "DeepDiff", Watched)
        patched.setattr(Watched, "made", [])
        changes = diff(old, new)
        assert len(changes) == sum(one.reported for one in Watched.made)


def test_texts_that_say_the_same_are_given_to_deepdiff_which_finds_no_difference(
    watched: list[Watched],
) -> None:
    plain = study()["protocolSection"]["eligibilityModule"]["eligibilityCriteria"]
    html = plain.replace("\\>", "&gt;")
    assert html != plain
    assert diff(of(study()), of(study({CRITERIA: html}))) == ()
    (seen,) = watched
    path = tuple(CRITERIA.split("."))
    assert (seen.t1, seen.t2) == ({path: plain}, {path: html})
    assert seen.reported == 0


def test_deepdiff_is_given_no_more_than_what_may_differ(watched: list[Watched]) -> None:
    new = copy.deepcopy(STUDY)
    locations = new["protocolSection"]["contactsLocationsModule"]["locations"]
    locations.reverse()
    before, locations[0]["status"] = locations[0].get("status"), "WITHDRAWN"
    (change,) = diff(of(STUDY), of(new))
    assert (change.before, change.after) == (before, "WITHDRAWN")
    (seen,) = watched
    assert (seen.t1, seen.t2) == ({change.path: before}, {change.path: "WITHDRAWN"})


def test_records_without_a_difference_give_no_trees() -> None:
    assert align_records(of(study()), of(copy.deepcopy(STUDY))) == ({}, {})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([[1, 2]], [[2, 1]]),
        ([["A", "B \\> C"]], [["B > C", "A"]]),
        ([[{"a": 1}, {}]], [[{}, {"a": 1.0}]]),
    ],
    ids=["numbers", "texts", "objects"],
)
def test_the_order_within_a_list_of_lists_is_no_difference(one: Any, other: Any) -> None:
    assert diff(of({"x": one}), of({"x": other})) == ()
