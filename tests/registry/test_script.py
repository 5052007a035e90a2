"""The scripted registry: its known list is what two states of a record really differ in."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from monitor.model.changes import ChangeKind
from tests.registry.calling import ask
from tests.registry.catalogue import Alias, Study
from tests.registry.detecting import detected
from tests.registry.examples import ids_in
from tests.registry.replica import Replica
from tests.registry.synthetic import NOISE, Script
from tests.registry.synthetic.expected import Moment, Presence, kinds_between
from tests.registry.synthetic.plan import LEAST_GAP

READABLE = {Presence.SHOWN, Presence.WITHHELD}


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(trials=300)


def sights(script: Script) -> list[tuple[str, Moment, Moment]]:
    """Return all neighbouring moments that both show a record."""
    return [
        (nct_id, one, other)
        for nct_id, life in script.lives.items()
        for one, other in pairwise(life.moments)
        if {one.presence, other.presence} <= READABLE
    ]


def test_the_known_list_is_what_the_documents_differ_in(script: Script) -> None:
    """Written down from the facts; found again by the monitor's rules in the documents."""
    drawn = random.Random(1).sample(sights(script), 350)  # noqa: S311 - a sample, no secret
    wrong = {
        (nct_id, str(other.day)): (kinds_between(one, other), found)
        for nct_id, one, other in drawn
        if (found := detected(script, nct_id, one.day, other.day)) != kinds_between(one, other)
    }
    assert wrong == {}


def test_it_holds_too_when_moments_are_missed(script: Script) -> None:
    draw = random.Random(2)  # noqa: S311 - a sample, no secret
    checked = 0
    for nct_id, life in sorted(script.lives.items())[::2]:
        one, *_, other = sorted(draw.choices(life.moments, k=2), key=lambda moment: moment.day)
        if {one.presence, other.presence} <= READABLE:
            checked += 1
            found = detected(script, nct_id, one.day, other.day)
            assert found == kinds_between(one, other), (nct_id, one.day, other.day)
    assert checked > 100


def test_the_same_arguments_give_the_same_script() -> None:
    one, other = Script(trials=40, days=50), Script(trials=40, days=50)
    assert one.expected() == other.expected()
    day = one.days[-1]
    for nct_id in one.nct_ids:
        found, again = one.find(nct_id, day), other.find(nct_id, day)
        if isinstance(found, Study) and isinstance(again, Study):
            assert found.document() == again.document()
    assert Script(trials=40, days=50, seed=2).expected() != one.expected()


def test_a_script_holds_every_kind_of_change_that_was_asked_for(script: Script) -> None:
    kinds = Counter(kind for one in script.expected() for kind in one.kinds)
    assert set(kinds) <= {str(kind) for kind in ChangeKind}
    for kind in (
        "trial_registered", "trial_withdrawn", "trial_terminated", "trial_suspended",
        "trial_restarted", "trial_completed", "recruitment_opened", "recruitment_closed",
        "status_unknown", "status_changed", "status_reversed", "start_date_moved",
        "primary_completion_moved", "completion_moved", "enrollment_target_changed",
        "enrollment_actual_reported", "site_added", "site_removed", "site_status_changed",
        "country_added", "country_removed", "primary_outcome_added", "primary_outcome_dropped",
        "primary_outcome_demoted", "primary_outcome_promoted", "primary_outcome_edited",
        "secondary_outcome_changed", "eligibility_changed", "title_changed", "contact_changed",
        "sponsor_changed", "results_submitted", "results_posted", "document_added",
        "record_vanished", "record_restored", "record_merged", "registry_normalization",
        "administrative_update",
    ):  # fmt: skip
        assert kinds[kind] > 0, kind
    news = [one for one in script.expected() if one.news]
    assert all(not NOISE & set(one.news) for one in news)
    assert any(one.kinds and not one.news for one in script.expected())


def test_moments_of_a_trial_lie_more_than_a_week_apart(script: Script) -> None:
    number = {day: at for at, day in enumerate(script.days)}
    gaps = [
        number[other.day] - number[one.day]
        for life in script.lives.values()
        for one, other in pairwise(life.moments)
        if one.day in number
    ]
    assert len(gaps) > 500
    assert min(gaps) == LEAST_GAP


def test_the_replica_shows_what_the_script_says(script: Script) -> None:
    world = script.world()
    replica = Replica(world)
    for day in (script.days[0], script.days[100], script.days[-1]):
        world.go_to(day)
        listed: list[str] = []
        token = None
        while token is not None or not listed:
            params = {"pageSize": "100", "sort": "LastUpdatePostDate", "fields": "NCTId"}
            page = ask(replica, "/api/v2/studies", params | ({"pageToken": token} if token else {}))
            listed += ids_in(page.json())
            token = page.json().get("nextPageToken")
        assert sorted(listed) == script.listed(day)
        shown = Counter(type(script.find(nct_id, day)) for nct_id in script.nct_ids)
        assert shown[Study] == len(listed)
        for nct_id in script.nct_ids[::29]:
            found = script.find(nct_id, day)
            status = {Study: 200, Alias: 301, type(None): 404}[type(found)]
            assert ask(replica, f"/api/v2/studies/{nct_id}").status == status


def test_updates_of_a_day_are_found_by_their_date(script: Script) -> None:
    for day in script.days[1:60]:
        loud = {
            nct_id
            for nct_id, life in script.lives.items()
            for moment in life.moments
            if moment.day == day and not moment.silent
        }
        assert set(script.updated(day, day, day)) == loud
    world = script.world()
    world.go_to(script.days[30])
    since = script.days[25]
    params = {"filter.advanced": f"AREA[LastUpdatePostDate]RANGE[{since},MAX]",
              "countTotal": "true"}  # fmt: skip
    total = ask(Replica(world), "/api/v2/studies", params).json()["totalCount"]
    assert total == len(script.updated(since, script.days[30], script.days[30])) > 0


def test_what_is_silent_is_reported_on_the_next_reread(script: Script) -> None:
    daily = script.expected()
    weekly = script.expected(reread=lambda day: day.weekday() == 0)
    never = script.expected(reread=lambda _: False)

    def silent(found: list[str]) -> bool:
        return bool(found) and set(found) <= {"registry_normalization", "status_unknown",
                                              "record_vanished", "record_merged"}  # fmt: skip

    mondays = {one.day.weekday() for one in weekly if silent(list(one.kinds))
               and one.kinds != ("record_vanished",)}  # fmt: skip
    assert mondays == {0}
    assert len(weekly) <= len(daily)
    assert len(never) < len(weekly)
    merged = [one for one in daily if one.target]
    assert merged
    assert all(one.kinds == ("record_merged",) for one in merged)
    assert not any(one.target for one in never)


def test_aliases_are_named_by_the_record_that_they_stand_for(script: Script) -> None:
    last = script.days[-1]
    aliases = {
        nct_id: found.nct_id
        for nct_id in script.nct_ids
        if isinstance(found := script.find(nct_id, last), Alias)
    }
    assert len(aliases) == 3
    for gone, kept in aliases.items():
        study = script.find(kept, last)
        assert isinstance(study, Study)
        names = study.document()["protocolSection"]["identificationModule"]
        assert names["nctIdAliases"] == [gone]
        events = [one.kinds for one in script.expected() if one.nct_id in {gone, kept}]
        assert events.count(("record_merged",)) == 2


def test_a_client_that_sees_a_few_days_is_told_what_lies_between(script: Script) -> None:
    first, last = script.days[0], script.days[-1]
    reported = 0
    for nct_id, life in script.lives.items():
        begin, end = life.at(first)[1], life.at(last)[1]
        if begin is None or end is None:
            continue
        found = script.expected_of(nct_id, [first, last])
        between = kinds_between(begin, end)
        reported += bool(between)
        assert [one.kinds for one in found] == [
            kinds for kinds in (("trial_registered",), between) if kinds
        ]
        assert [one.day for one in found] == [first, last][: len(found)]
    assert reported > 200
