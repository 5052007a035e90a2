"""A registry of any size, made as it is asked for."""

from datetime import date, timedelta
from statistics import mean, quantiles

import orjson
import pytest

from tests.registry.calling import ask
from tests.registry.catalogue import Study
from tests.registry.detecting import record
from tests.registry.examples import ids_in
from tests.registry.replica import Replica
from tests.registry.synthetic import Population


def content(population: Population, nct_id: str, day: date) -> bytes:
    study = population.find(nct_id, day)
    assert isinstance(study, Study)
    return orjson.dumps(study.document())


def test_sizes_are_spread_as_in_the_registry() -> None:
    """Mean about 17 KB, half of them under 12 KB, some very large (notes on /stats/size)."""
    population = Population(size=570_000)
    day = population.first_day
    sizes = [
        len(content(population, population.nct_id(index), day)) for index in range(0, 570_000, 700)
    ]
    assert 15_500 < mean(sizes) < 19_500
    tenths = quantiles(sizes, n=10)
    assert 5_000 < tenths[0] < 9_000
    assert 9_000 < tenths[4] < 13_500
    assert 20_000 < tenths[8] < 45_000
    assert max(sizes) > 200_000


def test_exactly_the_day_s_records_change_and_are_listed_as_updated() -> None:
    population = Population(size=110, daily=20)
    world = population.world()
    everything = list(population.listed(world.day))
    for _ in range(8):
        before = world.day
        after = world.advance()
        changed = [
            one for one in everything
            if content(population, one, before) != content(population, one, after)
        ]  # fmt: skip
        assert changed == population.changed_on(after)
        assert list(population.updated(after, after, after)) == changed
        assert len(changed) in {20, 110 % 20}


@pytest.mark.parametrize("since", ["2005-01-01", "2020-06-01", "2026-01-05", "2026-01-08"])
def test_updates_come_in_the_order_of_their_dates(since: str) -> None:
    population = Population(size=300, daily=20)
    world = population.world()
    world.advance(6)
    low = date.fromisoformat(since)
    found = population.updated(low, world.day, world.day)
    posted = [str(study.posted) for one in found if (study := population.find(one, world.day))]
    assert posted == sorted(posted)
    every = {
        one for one in population.listed(world.day)
        if (study := population.find(one, world.day)) and str(study.posted) >= since
    }  # fmt: skip
    assert set(found) == every
    assert len(found) == len(every)


def test_a_whole_registry_is_paged_without_being_kept() -> None:
    population = Population(size=570_000)
    replica = Replica(population.world())
    params = {
        "filter.advanced": "AREA[LastUpdatePostDate]RANGE[MIN,MAX]", "countTotal": "true",
        "sort": "LastUpdatePostDate:asc", "pageSize": "20", "fields": "NCTId,LastUpdatePostDate",
    }  # fmt: skip
    first = ask(replica, "/api/v2/studies", params).json()
    assert first["totalCount"] == 570_000
    again = ask(replica, "/api/v2/studies", params | {"pageToken": first["nextPageToken"]}).json()
    assert len({*ids_in(first), *ids_in(again)}) == 40
    replica.world.advance()
    yesterday = replica.world.day - timedelta(days=1)
    update = params | {"filter.advanced": f"AREA[LastUpdatePostDate]RANGE[{yesterday},MAX]"}
    assert 5_000 <= ask(replica, "/api/v2/studies", update).json()["totalCount"] <= 5_500


def test_pages_made_ahead_are_the_pages_of_the_day_they_are_asked_on() -> None:
    params = {"sort": "LastUpdatePostDate:asc", "pageSize": "20"}
    answers = []
    for ahead in (False, True):
        replica = Replica(Population(size=100, daily=30).world(), ahead=ahead)
        pages = [ask(replica, "/api/v2/studies", params)]
        for number in range(4):
            token = pages[-1].json()["nextPageToken"]
            if number == 2:
                replica.world.advance()  # the page behind was made under the day before
            pages.append(ask(replica, "/api/v2/studies", params | {"pageToken": token}))
        answers.append([page.json()["studies"] for page in pages])
    assert answers[0] == answers[1]
    assert [len(studies) for studies in answers[0]] == [20] * 5


def test_records_of_a_population_are_readable() -> None:
    population = Population(size=60, daily=20)
    for nct_id in population.listed(population.first_day):
        assert record(population, nct_id, population.first_day).nct_id == nct_id
    for wrong in ("NCT00000001", "NCT99999999"):
        assert population.find(wrong, population.first_day) is None
    assert len(population.history(population.nct_id(3), population.first_day)) == 1
    assert list(Population(size=5, daily=0).updated(date(2026, 1, 6), date.max,
                                                    date(2026, 1, 6))) == []  # fmt: skip
