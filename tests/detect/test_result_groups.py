"""Groups of posted results: told by their titles, however the registry letters them."""

import copy
from typing import Any

import pytest

from monitor.detect.diff import diff
from monitor.model.changes import ChangeEvent, ChangeKind, FieldChange, Severity
from monitor.model.record import TrialRecord
from tests.detect.examples import assert_accounted_for, compared, of, study, the
from tests.records import mixed_studies

GROUPS = ({"id": "OG000", "title": "Examplumab", "description": "10 mg"},
          {"id": "OG001", "title": "Placebo", "description": "Saline"})  # fmt: skip


def measure(title: str, *groups: dict[str, str], **values: str) -> dict[str, Any]:
    """Return an outcome measure with a value for each group by its letter."""
    counts = [{"groupId": one["id"], "value": "60"} for one in groups]
    measured = [{"groupId": one["id"], "value": values[one["id"]]} for one in groups]
    return {
        "type": "PRIMARY",
        "title": title,
        "timeFrame": "12 weeks",
        "groups": list(groups),
        "denoms": [{"units": "Participants", "counts": counts}],
        "classes": [{"categories": [{"measurements": measured}]}],
        "analyses": [{"groupIds": [one["id"] for one in groups], "pValue": "0.03"}],
    }


def posted(*measures: dict[str, Any]) -> TrialRecord:
    section = {"outcomeMeasuresModule": {"outcomeMeasures": list(measures)}}
    return of(study({"hasResults": True, "resultsSection": section}))


def later(record: TrialRecord) -> TrialRecord:
    """Return the record as its sponsor submitted it again."""
    document = copy.deepcopy(dict(record.document))
    status = document["protocolSection"]["statusModule"]
    status["lastUpdatePostDateStruct"] = {"date": "2026-11-01"}
    status["lastUpdateSubmitDate"] = "2026-10-28"
    return of(document)


def news(old: TrialRecord, new: TrialRecord) -> list[FieldChange]:
    """Return the changes that are no noise; another id of a group is noise, and told as it was."""
    changes, found = compared(old, later(new))
    assert_accounted_for(changes, found)
    return [one for event in found if event.severity is not Severity.NOISE for one in event.fields]


def derive_event(old: TrialRecord, new: TrialRecord) -> ChangeEvent:
    return the(ChangeKind.RESULTS_CHANGED, compared(old, later(new))[1])


def lettered(measure: dict[str, Any], **letters: str) -> dict[str, Any]:
    """Return a measure under other letters."""
    found: dict[str, Any] = _relettered(copy.deepcopy(measure), letters)
    return found


def _relettered(value: Any, letters: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _relettered(below, letters) for name, below in value.items()}
    if isinstance(value, list):
        return [_relettered(one, letters) for one in value]
    return letters.get(value, value) if isinstance(value, str) else value


SCORE = measure("Score", *GROUPS, OG000="4.2", OG001="1.1")
PAIN = measure("Pain", *GROUPS, OG000="2.0", OG001="6.0")


@pytest.mark.parametrize(
    "letters",
    [{"OG000": "OG001", "OG001": "OG000"}, {"OG000": "OG002"}, {"OG000": "A", "OG001": "B"}],
    ids=["swapped", "another", "all others"],
)
def test_other_letters_are_no_change(letters: dict[str, str]) -> None:
    relettered = lettered(SCORE, **letters)
    relettered["groups"].reverse()
    assert news(posted(SCORE, PAIN), posted(PAIN, relettered)) == []
    text = {change.before: change.after for change in diff(posted(SCORE), posted(relettered))}
    assert text == letters, "the ids as the registry has them"


def test_another_order_of_groups_is_no_change() -> None:
    reordered = copy.deepcopy(SCORE)
    reordered["groups"].reverse()
    assert diff(posted(SCORE), posted(reordered)) == ()


def test_a_change_under_other_letters_is_told_of_the_title() -> None:
    changed = measure("Score", *GROUPS, OG000="4.2", OG001="1.7")
    new = posted(lettered(changed, OG000="OG001", OG001="OG000"))
    [change] = news(posted(SCORE), new)
    assert (change.before, change.after) == ("1.1", "1.7")
    assert change.path[-2:] == ("Placebo", "value")
    text = "Results: 1 field changed (Outcome measures; group “Placebo”)"
    assert derive_event(posted(SCORE), new).summary == text


def test_the_same_values_under_ids_of_other_groups_are_a_change() -> None:
    exchanged = copy.deepcopy(SCORE)
    first, second = exchanged["groups"]
    first["id"], second["id"] = second["id"], first["id"]
    found = news(posted(SCORE), posted(exchanged))
    assert [(one.path[-2], one.before, one.after) for one in found] == [
        ("Examplumab", "4.2", "1.1"), ("Placebo", "1.1", "4.2"),
    ]  # fmt: skip


@pytest.mark.parametrize("title", ["Open label", "Cohort 2"])
def test_another_group_under_an_id_is_another(title: str) -> None:
    groups = {"id": "OG000", "title": "Cohort 1"}, {"id": "OG001", "title": "Placebo"}
    others = {"id": "OG000", "title": title}, groups[1]
    old = posted(measure("Score", *groups, OG000="4.2", OG001="1.1"))
    found = news(old, posted(measure("Score", *others, OG000="4.2", OG001="1.1")))
    assert {(one.path[-1], one.op) for one in found} == {
        ("Cohort 1", "removed"), (title, "added"),
    }  # fmt: skip
    of_values = [one for one in found if one.path[-2] == "measurements"]
    assert len(of_values) == 2


def test_values_that_change_places_are_a_change() -> None:
    swapped = measure("Score", *GROUPS, OG000="1.1", OG001="4.2")
    found = news(posted(SCORE), posted(swapped))
    assert [(one.path[-2], one.before, one.after) for one in found] == [
        ("Examplumab", "4.2", "1.1"), ("Placebo", "1.1", "4.2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("module", "lists"),
    [
        ("adverseEventsModule", ("eventGroups", "seriousEvents", "term", "stats", "numAffected")),
        ("participantFlowModule", ("groups", "periods", "title", "achievements", "numSubjects")),
        ("baselineCharacteristicsModule", ("groups", "measures", "title", "counts", "value")),
    ],
)
def test_other_parts_of_results_go_by_title_too(module: str, lists: tuple[str, ...]) -> None:
    groups, holders, title, values, value = lists

    def section(first: str, second: str, *numbers: str) -> TrialRecord:
        listed = [{"id": first, "title": "Examplumab"}, {"id": second, "title": "Placebo"}]
        counts = [{"groupId": one, value: number}
                  for one, number in zip((first, second), numbers, strict=True)]  # fmt: skip
        below = {groups: listed, holders: [{title: "Anything", values: counts}]}
        return of(study({"hasResults": True, "resultsSection": {module: below}}))

    old = section("XG000", "XG001", "7", "8")
    assert news(old, section("XG001", "XG000", "7", "8")) == []
    [change] = news(old, section("XG001", "XG002", "7", "9"))
    assert (change.before, change.after, change.path[-2]) == ("8", "9", "Placebo")


def test_a_title_that_is_respelled_is_one_change_however_often_it_is_referred_to() -> None:
    retitled = copy.deepcopy(SCORE)
    retitled["groups"][0]["title"] = "Examplumab 10 mg daily"
    retitled["groups"][0]["description"] = "10 mg"
    [change] = diff(posted(SCORE), posted(retitled))
    assert (change.before, change.after) == ("Examplumab", "Examplumab 10 mg daily")


def test_groups_of_one_title_are_told_apart_by_what_else_they_say() -> None:
    twins = ({"id": "OG000", "title": "Cohort", "description": "low dose"},
             {"id": "OG001", "title": "Cohort", "description": "high dose"})  # fmt: skip
    one = measure("Score", *twins, OG000="1", OG001="2")
    assert news(posted(one), posted(lettered(one, OG000="OG001", OG001="OG000"))) == []


def test_a_group_that_came_is_told_with_its_title() -> None:
    third = {"id": "OG002", "title": "Open label", "description": "20 mg"}
    more = measure("Score", third, *GROUPS, OG000="4.2", OG001="1.1", OG002="5.0")
    found = news(posted(SCORE), posted(more))
    assert {one.op for one in found if one.path[-1] == "Open label"} == {"added"}
    assert _about(found, "Examplumab") == _about(found, "Placebo") == []


def _about(found: list[FieldChange], title: str) -> list[FieldChange]:
    return [one for one in found if title in one.path]


def test_real_results_under_other_letters_do_not_differ(shared_data: Any) -> None:
    some = [one for one in mixed_studies(shared_data) if "resultsSection" in one][:12]
    assert len(some) == 12
    for document in some:
        other = copy.deepcopy(document)
        for module in other["resultsSection"].values():
            _reletter_all(module)
        assert other != document
        changes, found = compared(of(document), later(of(other)))
        assert changes
        assert_accounted_for(changes, found)
        assert {event.severity for event in found} == {Severity.NOISE}


def _reletter_all(holder: Any) -> None:
    """Turn the letters of every list of groups around, within what refers to them."""
    if isinstance(holder, list):
        for one in holder:
            _reletter_all(one)
    if not isinstance(holder, dict):
        return
    groups = holder.get("groups") or holder.get("eventGroups")
    if groups:
        ids = [one["id"] for one in groups]
        letters = dict(zip(ids, [f"{ids[0][:2]}{900 + n}" for n in range(len(ids), 0, -1)],
                           strict=True))  # fmt: skip
        for name, value in holder.items():
            holder[name] = _relettered(value, letters)
    else:
        for value in holder.values():
            _reletter_all(value)
