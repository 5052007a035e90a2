"""Edits of what a source follows: what they do not touch is followed on."""

import copy

import pytest

from monitor.settings import CtgovSourceSettings
from tests.registry import Records, Replica, World
from tests.registry.examples import nct, records_of, study
from tests.sources.ctgov.conftest import Bench, MakeBench
from tests.sources.ctgov.memory import ids_of

MONDAY, TUESDAY, WEDNESDAY = "2026-03-02", "2026-03-03", "2026-03-04"
LUPUS = ["Lupus"]
SEARCH = {"cond": "asthma"}
RECRUITING = {"overallStatus": "RECRUITING"}


def following(*numbers: int, searching: bool = True) -> CtgovSourceSettings:
    """Return what watches these records, besides the search."""
    search = {"query": SEARCH, "filter": RECRUITING} if searching else {}
    return CtgovSourceSettings(name="lupus", nct_ids=tuple(map(nct, numbers)), **search)  # type: ignore[arg-type]


def registry() -> Records:
    """Return ten records of the search and four beside it, and what becomes of them."""
    records = records_of(
        *(study(number, "2026-02-01") for number in range(1, 11)),
        *(study(number, conditions=LUPUS) for number in range(21, 25)),
    )
    records.put(study(2, TUESDAY, status="WITHDRAWN"), on=TUESDAY)
    records.remove(nct(3), on=TUESDAY)
    records.merge(nct(23), into=nct(24), on=TUESDAY)
    records.put(study(11, TUESDAY), on=TUESDAY)
    records.put(study(2, WEDNESDAY, status="WITHDRAWN", title="Why"), on=WEDNESDAY)
    return records


@pytest.fixture
def one(bench: MakeBench) -> Bench:
    """Return a bench on Monday."""
    return bench(Replica(World(registry(), day=MONDAY)))


def news_of(one: Bench, wanted: CtgovSourceSettings) -> tuple[list[str], list[str]]:
    """Make a pass; return what of it is news if it is seen for the first time, and what is not."""
    found: dict[bool, list[str]] = {True: [], False: []}
    for page in one.pages(wanted):
        found[page.announces_new_trials] += ids_of(page.found)
        one.memory.store(page)
    return sorted(found[True]), sorted(found[False])


def gone(one: Bench) -> list[str]:
    return [absence["nctId"] for absence in one.memory.absences()]


def test_adds_an_id_when_one_trial_is_withdrawn_another_vanishes_and_a_third_is_new(
    one: Bench,
) -> None:
    one.poll(following(21))
    one.replica.world.advance()
    news, silent = news_of(one, following(21, 22))
    assert silent == [nct(22)], "only the added one begins"
    assert {nct(2), nct(11), nct(21)} <= set(news)
    assert gone(one) == [nct(3)]
    expected = {nct(number) for number in (*range(1, 12), 21, 22)}
    assert set(one.memory.rows) == expected, "all are followed on"
    one.replica.world.advance()
    assert nct(2) in one.poll(following(21, 22))


def test_an_added_id_that_the_search_brings_the_same_day_is_news(one: Bench) -> None:
    one.poll(following())
    one.replica.world.advance()
    news, silent = news_of(one, following(11))
    assert nct(11) in news, "the search comes first"
    assert silent == [nct(11)]


def test_an_id_watched_before_it_was_registered_is_news_although_another_is_added(
    one: Bench,
) -> None:
    one.poll(following(11, 21, searching=False))
    one.replica.world.advance()
    news, silent = news_of(one, following(1, 11, 21, searching=False))
    assert (news, silent) == ([nct(11), nct(21)], [nct(1)])


def test_a_removed_id_is_read_a_last_time_and_let_go(one: Bench) -> None:
    one.poll(following(1, 21, 22))
    one.replica.world.advance()
    assert nct(22) in one.poll(following(21))
    assert nct(22) not in one.memory.rows
    assert {nct(1), nct(21)} <= set(one.memory.rows), "the search brings the other one"
    one.replica.world.advance()
    assert nct(22) not in one.poll(following(21))


def test_an_id_removed_while_its_trial_leaves_the_search_loses_no_change(one: Bench) -> None:
    one.poll(following(2, 3, 21))
    one.replica.world.advance()
    assert nct(2) in one.poll(following(21))
    assert gone(one) == [nct(3)]


def test_what_a_removed_record_became_is_let_go_with_it(one: Bench) -> None:
    one.poll(following(23))
    one.replica.world.advance()
    one.poll(following(23))
    assert nct(24) in one.memory.rows
    one.poll(following(21))
    assert not {nct(23), nct(24)} & set(one.memory.rows)


def test_another_search_reads_what_it_leaves_a_last_time(one: Bench) -> None:
    one.poll(following(21))
    one.replica.world.advance()
    other = CtgovSourceSettings(name="lupus", query={"cond": "lupus"}, nct_ids=(nct(21),))
    news, silent = news_of(one, other)
    assert news == [nct(21)], "its ID was watched before"
    assert {nct(2), nct(22), nct(24)} <= set(silent)
    assert nct(11) not in silent, "nobody asked for it any more"
    assert gone(one) == [nct(3)]
    assert sorted(one.memory.rows) == [nct(21), nct(22), nct(24)]


def test_no_search_any_more_reads_what_it_leaves_a_last_time(one: Bench) -> None:
    one.poll(following(1, 21))
    one.replica.world.advance()
    found = one.poll(following(1, 21, searching=False))
    assert nct(2) in found
    assert gone(one) == [nct(3)]
    assert sorted(one.memory.rows) == [nct(1), nct(21)]


def older(one: Bench) -> None:
    """Make of the state what the program before kept: one hash of all that is followed."""
    state = copy.deepcopy(dict(one.memory.states[""]))
    del state["finished"]["search"], state["finished"]["nct_ids"]
    one.memory.states[""] = state


def test_a_state_of_an_older_program_is_gone_on_from(one: Bench) -> None:
    one.poll(following(21))
    older(one)
    one.replica.world.advance()
    one.replica.log.clear()
    news, silent = news_of(one, following(21))
    assert silent == []
    assert {nct(2), nct(11), nct(21)} <= set(news)
    searches = one.requests(lambda asked: asked.is_list and "query.cond" in asked.params)
    assert all("filter.advanced" in asked.params for asked in searches), "no reread"
    one.replica.world.advance()
    assert one.memory.states[""]["finished"]["nct_ids"] == [nct(21)]


def test_an_edit_over_a_state_of_an_older_program_loses_no_change(one: Bench) -> None:
    one.poll(following(21))
    older(one)
    one.replica.world.advance()
    found = one.poll(following(21, 22))
    assert {nct(2), nct(11), nct(21), nct(22)} <= set(found)
    assert gone(one) == [nct(3)]
    assert set(one.memory.rows) >= {nct(1), nct(11), nct(21), nct(22)}


def test_killed_after_every_single_page_an_edit_arrives(one: Bench) -> None:
    one.poll(following(2, 21, 22))
    one.replica.world.advance()
    start = copy.deepcopy(one.memory)
    for wanted in (following(21, 24), CtgovSourceSettings(name="lupus", query={"cond": "lupus"})):
        one.memory = copy.deepcopy(start)
        one.poll(wanted)
        whole, one.memory = one.memory, copy.deepcopy(start)
        while one.memory.state() != whole.state():
            one.poll(wanted, pages=1)
        assert one.memory.found == whole.found
        assert one.memory.rows == whole.rows
