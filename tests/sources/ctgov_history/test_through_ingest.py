"""Fetched versions in a real store: each in its place, once, and none of the old ones news."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time

import pytest

from monitor.model.record import RawVersion
from tests.ingest.world import World
from tests.registry.calling import ask
from tests.registry.catalogue import Study
from tests.registry.examples import MONDAY, nct, raw_of, study
from tests.registry.replica import Replica
from tests.registry.synthetic import Script
from tests.registry.synthetic.expected import Presence
from tests.registry.world import World as Registry
from tests.sources.book import Book
from tests.sources.ctgov_history.conftest import Asked, Serve
from tests.sources.ctgov_history.series import records, replica

TUESDAY = "2026-03-03"


@pytest.fixture(scope="module")
def script() -> Script:
    return Script(trials=12, days=120)


@pytest.fixture
def world(sqlite_url: str) -> World:
    """Return an empty world in which each version is a transaction of its own, as a page is."""
    return World(sqlite_url, batch_records=1)


def shown(script: Script) -> list[str]:
    """Return the trials that the registry shows on the last day, as their sponsors left them."""
    last = script.days[-1]
    moments = {nct_id: script.lives[nct_id].at(last)[1] for nct_id in script.nct_ids}
    return [
        nct_id
        for nct_id, moment in moments.items()
        if moment and moment.presence is Presence.SHOWN and not moment.silent
    ]


def on_last_day(script: Script) -> Replica:
    served = Replica(script.world())
    served.world.go_to(script.days[-1])
    return served


def polled(served: Replica, *nct_ids: str) -> Iterator[RawVersion]:
    """Yield today's records as API v2 shows them, read at noon of the day of their load."""
    noon = datetime.combine(served.world.load.day, time(12), UTC)
    for nct_id in nct_ids:
        found = served.world.find(nct_id)
        assert isinstance(found, Study)
        yield replace(raw_of(served.world.body(found, served.world.load)), retrieved_at=noon)


def backfill(asked: Asked, world: World, *nct_ids: str, book: Book | None = None) -> Book:
    """Store each page before the next is asked for."""
    book = book or Book()
    for page in asked.source(*nct_ids).pages(book):
        world.take(*page.found)
        book.store(page)
    return book


def found_in(world: World, nct_id: str) -> list[tuple[object, tuple[str, ...]]]:
    return [
        (seen.version.version_date, tuple(sorted(seen.kinds))) for seen in world.history(nct_id)
    ]


@pytest.mark.parametrize("known", ["not yet", "from the documented API"])
def test_the_history_is_the_known_one_and_only_its_newest_version_is_news(
    serve: Serve, world: World, script: Script, known: str
) -> None:
    requested, nct_ids = serve(on_last_day(script)), shown(script)
    if known != "not yet":
        world.take_all(polled(requested.replica, *nct_ids))
    backfill(requested, world, *nct_ids)
    total = 0
    for nct_id in nct_ids:
        expected = script.expected_history(nct_id, script.days[-1])
        assert found_in(world, nct_id) == [(one.day, one.kinds) for one in expected]
        history = world.history(nct_id)
        assert [seen.version.backfilled for seen in history] == [True] * (len(history) - 1) + [
            False
        ]
        total += len(history)
    assert world.quarantine() == []
    assert total > 50


def test_every_version_bears_the_registrys_number(serve: Serve, world: World) -> None:
    requested = serve(replica(_1=4))
    world.take_all(polled(requested.replica, nct(1)))
    backfill(requested, world, nct(1))
    history = world.history(nct(1))
    assert [seen.version.registry_version for seen in history] == [0, 1, 2, 3]
    assert [seen.news for seen in history] == [
        ["trial_registered"], ["enrollment_target_changed"],
        ["enrollment_target_changed"], ["enrollment_target_changed"],
    ]  # fmt: skip
    current = history[-1].version
    assert (current.source, current.last_registry_version) == ("replica", None)


def test_the_same_backfill_again_stores_nothing(serve: Serve, world: World) -> None:
    requested = serve(replica(_1=4))
    backfill(requested, world, nct(1))
    before = world.summary()
    again = backfill(requested, world, nct(1))
    assert again.numbers() == [3, 2, 1, 0]
    assert world.summary() == before


def test_a_version_that_appears_meanwhile_is_news_once(serve: Serve, world: World) -> None:
    catalogue = records(_1=3)
    catalogue.put(study(1, TUESDAY, status="SUSPENDED"), on=TUESDAY)
    requested, book = serve(Replica(Registry(catalogue, day=MONDAY))), Book()
    world.take_all(polled(requested.replica, nct(1)))
    for page in requested.source(nct(1)).pages(book):
        world.take(*page.found)
        book.store(page)
        requested.replica.world.go_to(TUESDAY)
    history = world.history(nct(1))
    assert [seen.version.backfilled for seen in history] == [True, True, False, False]
    assert history[-1].news == ["trial_suspended"]
    assert world.take_all(polled(requested.replica, nct(1))).stored == 0


def test_what_the_registry_has_found_since_is_no_news_of_then(serve: Serve, world: World) -> None:
    """The history shows the references of today in every version."""
    found = study(1)
    cited = {"pmid": "1", "type": "DERIVED", "citation": "A paper"}
    found["protocolSection"]["referencesModule"] = {"references": [cited]}
    catalogue = records(_1=3)
    catalogue.put(found, on=TUESDAY)
    requested = serve(Replica(Registry(catalogue, day=MONDAY)))
    world.take_all(polled(requested.replica, nct(1)))
    requested.replica.world.go_to(TUESDAY)
    backfill(requested, world, nct(1))
    world.take_all(polled(requested.replica, nct(1)))
    assert ask(requested.replica, f"/api/int/studies/{nct(1)}/history/0").text.count("DERIVED") == 1
    assert [seen.news for seen in world.history(nct(1)) if seen.news] == [
        ["trial_registered"], ["enrollment_target_changed"], ["enrollment_target_changed"],
    ]  # fmt: skip
