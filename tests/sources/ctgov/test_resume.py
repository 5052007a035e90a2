"""Killed between any two stored pages, a pass goes on from there."""

import copy

import pytest

from monitor.settings import CtgovSourceSettings
from tests.registry import Asked, Records, Replica, World
from tests.registry.examples import nct, study
from tests.sources.ctgov.conftest import Bench, MakeBench
from tests.sources.ctgov.memory import Stored

MONDAY, TUESDAY = "2026-03-02", "2026-03-03"
FOLLOWING = CtgovSourceSettings(
    name="lupus",
    query={"cond": "asthma"},
    filter={"overallStatus": "RECRUITING"},
    nct_ids=tuple(nct(number) for number in (3, 31, 32, 33, 34, 35, 36, 37, 38, 39)),
)
# 31 vanishes, 32 becomes 40, 33 never was; 38 and 39 are there from the start.
LISTS = 24


def world() -> World:
    records = Records()
    for number in (*range(1, LISTS + 1), 31, 32, *range(34, 41)):
        asthma = number <= LISTS
        records.put(study(number, "2026-02-01" if number % 2 else "2026-02-27",
                          conditions=["Asthma" if asthma else "Lupus"]), on=MONDAY)  # fmt: skip
    for number in range(1, LISTS + 1, 3):
        records.put(study(number, TUESDAY, status="COMPLETED"), on=TUESDAY)
    records.put(study(60, TUESDAY), on=TUESDAY)
    records.remove(nct(31), on=TUESDAY)
    records.merge(nct(32), into=nct(40), on=TUESDAY)
    records.remove(nct(2), on="2026-03-05")
    records.merge(nct(4), into=nct(6), on="2026-03-05")
    return World(records, day=MONDAY)


def wanted(asked: Asked) -> bool:
    return not asked.is_version


def as_asked(one: Bench) -> list[tuple[str, dict[str, str]]]:
    """Return what was asked; tokens, which are never twice the same, without their letters."""
    found = [
        (
            requested.path,
            {name: "?" if name == "pageToken" else text for name, text in requested.pairs},
        )
        for requested in one.requests(wanted)
    ]
    one.replica.log.clear()
    return found


PASSES = {"first": [MONDAY], "normal": [MONDAY, TUESDAY],
          "reread": [MONDAY, TUESDAY, "2026-03-09"]}  # fmt: skip


@pytest.mark.parametrize("kind", PASSES)
def test_a_pass_cut_anywhere_asks_and_finds_what_an_unbroken_one_does(
    bench: MakeBench, kind: str
) -> None:
    one = bench(Replica(world()))
    *earlier, day = PASSES[kind]
    for past in earlier:
        one.replica.world.go_to(past)
        one.poll(FOLLOWING)
    start = one.memory
    one.replica.world.go_to(day)
    one.replica.log.clear()
    one.memory = copy.deepcopy(start)
    one.poll(FOLLOWING)
    whole, requests = one.memory, as_asked(one)
    count = whole.pages - start.pages
    assert count > 6
    for cut in range(1, count + 1):
        one.memory = copy.deepcopy(start)
        one.poll(FOLLOWING, pages=cut)
        one.poll(FOLLOWING)
        assert one.memory.found == whole.found, cut
        assert one.memory.rows == whole.rows, cut
        assert one.memory.states == whole.states, cut
        assert as_asked(one) == requests, cut


def test_killed_after_every_single_page_it_still_arrives(bench: MakeBench) -> None:
    one = bench(Replica(world()))
    one.poll(FOLLOWING)
    whole, one.memory = one.memory, Stored()
    rounds = 0
    while one.memory.state() != whole.state():
        one.poll(FOLLOWING, pages=1)
        rounds += 1
    assert rounds == whole.pages
    assert one.memory.found == whole.found


def test_a_page_that_was_read_and_not_stored_is_read_again(bench: MakeBench) -> None:
    one = bench(Replica(world()))
    pages = one.pages(FOLLOWING)
    one.memory.store(next(pages))
    next(pages)  # killed before this one is stored
    one.poll(FOLLOWING)
    whole, one.memory = one.memory, Stored()
    one.poll(FOLLOWING)
    assert one.memory.found == whole.found


def test_after_a_day_in_the_grave_the_pass_begins_anew(bench: MakeBench) -> None:
    one = bench(Replica(world()))
    one.poll(FOLLOWING, pages=3)
    one.replica.world.advance()
    one.replica.log.clear()
    one.poll(FOLLOWING)
    first = one.requests(wanted)[0]
    assert "pageToken" not in first.params
    assert "filter.advanced" not in first.params, "no pass was finished before"
    assert one.memory.last
    assert one.memory.last.pass_number == 2
    assert {row.pass_number for row in one.memory.rows.values()} == {2}


def test_a_token_is_not_used_for_another_search(bench: MakeBench) -> None:
    one = bench(Replica(world()))
    one.poll(FOLLOWING, pages=2)
    one.replica.log.clear()
    other = CtgovSourceSettings(name="lupus", query={"cond": "asthma"})
    one.poll(other)
    assert "pageToken" not in one.requests(wanted)[0].params


def test_a_token_of_an_unknown_search_is_not_used(bench: MakeBench) -> None:
    """As after an update of the program that asks in another way."""
    one = bench(Replica(world()))
    one.poll(FOLLOWING, pages=2)
    state = copy.deepcopy(dict(one.memory.states[""]))
    state["current"]["params"] = "another"
    one.memory.states[""] = state
    one.replica.log.clear()
    one.poll(FOLLOWING)
    assert "pageToken" not in one.requests(wanted)[0].params
    assert {nct(number) for number in range(1, LISTS + 1)} <= set(one.memory.rows)
