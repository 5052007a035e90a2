"""Pass after pass: what is asked for, what it brings, and what is kept of it."""

from datetime import date, timedelta

import pytest

from monitor.errors import HeldError, StoreError
from monitor.model.record import RawVersion
from monitor.settings import CtgovSourceSettings
from monitor.sources.ctgov import Sizes
from tests.registry import Records, Replica, World
from tests.registry.examples import nct, records_of, replica_of, study
from tests.sources.ctgov.conftest import NOW, MakeBench

ALL = CtgovSourceSettings(name="lupus", all=True)
MONDAY, TUESDAY, WEDNESDAY = "2026-03-02", "2026-03-03", "2026-03-04"


def some(count: int) -> Records:
    return records_of(*(study(number) for number in range(1, count + 1)))


def served(records: Records) -> Replica:
    return Replica(World(records, day=MONDAY))


def watching(*numbers: int) -> CtgovSourceSettings:
    return CtgovSourceSettings(name="lupus", nct_ids=tuple(nct(number) for number in numbers))


def test_a_first_pass_reads_every_record_once_page_by_page(bench: MakeBench) -> None:
    one = bench(served(some(12)))
    assert sorted(one.poll(ALL)) == [nct(number) for number in range(1, 13)]
    assert [request.params.get("pageToken") is not None for request in one.requests(
        lambda asked: asked.is_list)] == [False, True, True]  # fmt: skip
    assert len(one.requests(lambda asked: asked.is_version)) == 2
    assert one.memory.pages == 4
    assert set(one.memory.presences().values()) == {"shown"}
    last = one.memory.last
    assert last is not None
    assert (last.data_timestamp, last.cursor) == ("2026-03-02T09:00:05", "2026-02-27")


def test_what_is_found_says_where_it_comes_from(bench: MakeBench) -> None:
    one = bench(served(some(7)))
    one.poll(CtgovSourceSettings(name="lupus", all=True, nct_ids=(nct(1),)))
    found = [version for version in one.memory.found if isinstance(version, RawVersion)]
    assert [version.origin for version in found] == [
        f"/api/v2/studies/{nct(number)}" for number in (*range(1, 8), 1)
    ]
    assert {(version.source, version.media, version.retrieved_at, version.data_date)
            for version in found} == {("lupus", "json", NOW, None)}  # fmt: skip
    assert found[0].content == one.client.get(f"/api/v2/studies/{nct(1)}").body


def test_data_that_have_not_moved_cost_one_request(bench: MakeBench) -> None:
    one = bench(served(some(3)))
    one.poll(ALL)
    one.replica.log.clear()
    pages = one.memory.pages
    assert one.poll(ALL) == []
    assert [request.path for request in one.requests()] == ["/api/v2/version"]
    assert one.memory.pages == pages


def test_the_next_pass_asks_for_updates_since_a_day_before_the_cursor(bench: MakeBench) -> None:
    records = records_of(study(1, "2026-02-20"), study(2, "2026-02-26"), study(3, "2026-02-27"))
    records.put(study(1, TUESDAY, status="COMPLETED"), on=TUESDAY)
    records.put(study(4, TUESDAY), on=TUESDAY)
    one = bench(served(records))
    one.poll(ALL)
    one.replica.world.advance()
    one.replica.log.clear()
    assert sorted(one.poll(ALL)) == [nct(1), nct(2), nct(3), nct(4)]
    (asked,) = one.requests(lambda asked: asked.is_list)
    assert asked.params == {
        "filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-02-26,MAX]",
        "sort": "LastUpdatePostDate:asc",
        "countTotal": "true",
        "pageSize": "5",
    }
    one.replica.world.advance()
    assert sorted(one.poll(ALL)) == [nct(1), nct(4)]


def test_a_days_update_of_the_whole_registry_asks_for_no_record_by_its_id(
    bench: MakeBench,
) -> None:
    records = records_of(study(30), *(study(number, "2026-02-01") for number in range(1, 30)))
    records.put(study(3, TUESDAY, status="COMPLETED"), on=TUESDAY)
    one = bench(served(records))
    one.poll(ALL)
    one.replica.world.advance()
    one.replica.log.clear()
    assert sorted(one.poll(ALL)) == [nct(3), nct(30)]
    assert one.requests(lambda asked: "filter.ids" in asked.params) == []
    assert one.requests(lambda asked: asked.is_study) == []


def test_the_cursor_never_goes_beyond_the_data(bench: MakeBench) -> None:
    one = bench(replica_of(study(1, "2062-01-01"), study(2, "2026-02-25")))
    one.poll(ALL)
    assert one.memory.last
    assert one.memory.last.cursor == "2026-02-25"


def test_the_users_own_expression_is_narrowed_not_replaced(bench: MakeBench) -> None:
    one = bench(served(some(2)))
    following = CtgovSourceSettings(
        name="lupus",
        query={"cond": "asthma"},
        filter={"advanced": "AREA[Phase]PHASE2 OR AREA[Phase]PHASE3"},
    )
    one.poll(following)
    one.replica.world.advance()
    one.replica.log.clear()
    one.poll(following)
    first = one.requests(lambda asked: asked.is_list)[0].params
    assert first["query.cond"] == "asthma"
    assert first["filter.advanced"] == (
        "(AREA[Phase]PHASE2 OR AREA[Phase]PHASE3) AND AREA[LastUpdatePostDate]RANGE[2026-02-26,MAX]"
    )


def test_a_silent_edit_is_caught_by_the_reread_of_the_week(bench: MakeBench) -> None:
    records = some(6)
    records.put(study(2, status="UNKNOWN"), on="2026-03-05")
    records.put(study(9, TUESDAY), on=TUESDAY)
    one = bench(served(records))
    seen: dict[str, int] = {}
    for _ in range(7):
        one.poll(ALL)
        found = [
            document["protocolSection"]["statusModule"]["overallStatus"]
            for document in one.memory.contents()
        ]
        seen[str(one.replica.world.day)] = found.count("UNKNOWN")
        one.replica.world.advance()
    assert seen == {
        "2026-03-02": 0, "2026-03-03": 0, "2026-03-04": 0, "2026-03-05": 0,
        "2026-03-06": 0, "2026-03-09": 1, "2026-03-10": 1,
    }  # fmt: skip


def test_rereads_can_be_daily_and_rarer(bench: MakeBench) -> None:
    counts = {}
    for days in (0, 2, 30):
        one = bench(served(some(3)))
        following = CtgovSourceSettings(
            name="lupus", all=True, reread_every=timedelta(days=days)
        )  # fmt: skip
        for _ in range(5):
            one.poll(following)
            one.replica.world.advance()
        lists = one.requests(lambda asked: asked.is_list)
        counts[days] = sum("filter.advanced" not in asked.params for asked in lists)
    assert counts == {0: 5, 2: 3, 30: 1}


def test_a_trial_that_leaves_the_query_by_its_change_is_still_seen(bench: MakeBench) -> None:
    records = records_of(study(20), *(study(number, "2026-02-01") for number in range(1, 10)))
    records.put(study(4, TUESDAY, status="WITHDRAWN"), on=TUESDAY)
    records.put(study(10, TUESDAY), on=TUESDAY)
    records.put(study(11, TUESDAY, status="COMPLETED"), on=TUESDAY)
    records.put(study(4, WEDNESDAY, status="WITHDRAWN", title="Withdrawn"), on=WEDNESDAY)
    one = bench(served(records))
    following = CtgovSourceSettings(
        name="lupus", query={"cond": "asthma"}, filter={"overallStatus": "RECRUITING"}
    )
    one.poll(following)
    one.replica.world.advance()
    assert sorted(one.poll(following)) == [nct(4), nct(10), nct(20)]
    one.replica.world.advance()
    assert nct(4) in one.poll(following), "it stays followed"
    assert one.memory.rows[nct(4)].presence == "shown"
    assert nct(11) not in one.memory.rows, "it never was in the search"


def test_a_new_search_reads_everything_of_it_although_the_data_have_not_moved(
    bench: MakeBench,
) -> None:
    one = bench(replica_of(study(1), study(2, conditions=["Lupus"])))
    assert one.poll(CtgovSourceSettings(name="lupus", query={"cond": "lupus"})) == [nct(2)]
    found = one.poll(CtgovSourceSettings(name="lupus", query={"cond": "asthma"}))
    assert found == [nct(1), nct(2)], "and a last time what it leaves"
    assert one.poll(CtgovSourceSettings(name="lupus", query={"cond": "asthma"})) == []


def test_what_only_an_earlier_configuration_followed_is_let_go(bench: MakeBench) -> None:
    one = bench(replica_of(study(1), study(2, conditions=["Lupus"]), study(3)))
    one.poll(CtgovSourceSettings(name="lupus", query={"cond": "lupus"}, nct_ids=(nct(3),)))
    assert sorted(one.memory.rows) == [nct(2), nct(3)]
    one.poll(CtgovSourceSettings(name="lupus", nct_ids=(nct(1), nct(3))))
    assert sorted(one.memory.rows) == [nct(1), nct(3)]


def test_ten_thousand_watched_ids_are_asked_for_in_batches(bench: MakeBench) -> None:
    records = some(10_000)
    one = bench(served(records), sizes=Sizes())
    following = watching(*range(1, 10_001))
    found = one.poll(following)
    assert len(found) == len(set(found)) == 10_000
    lists = one.requests(lambda asked: asked.is_list)
    assert len(lists) == 50
    assert max(len(asked.params["filter.ids"].split("|")) for asked in lists) == 200
    assert one.memory.last
    assert one.memory.last.cursor == "2026-02-27"


def test_watched_records_are_read_whatever_their_date(bench: MakeBench) -> None:
    records = some(6)
    records.put(study(2, status="UNKNOWN"), on=TUESDAY)
    one = bench(served(records))
    following = watching(1, 2, 3, 4, 5, 6)
    assert one.poll(following) == [nct(number) for number in range(1, 7)]
    one.replica.world.advance()
    assert len(one.poll(following)) == 6


def test_ids_that_are_not_watched_any_more_are_not_asked_for(bench: MakeBench) -> None:
    one = bench(served(some(4)))
    one.poll(watching(1, 2, 3))
    assert one.poll(watching(1)) == [nct(1), nct(2), nct(3)], "a last time"
    one.replica.world.advance(10)
    assert one.poll(watching(1)) == [nct(1)]


def test_an_empty_answer_is_an_answer(bench: MakeBench) -> None:
    records = Records()
    records.put(study(1), on=WEDNESDAY)
    one = bench(served(records))
    assert one.poll(ALL) == []
    assert one.memory.last
    assert (one.memory.last.data_timestamp, one.memory.last.cursor) == ("2026-03-02T09:00:05", None)
    assert one.poll(ALL) == []
    one.replica.world.go_to(WEDNESDAY)
    assert one.poll(ALL) == [nct(1)]


def test_an_older_load_is_read_whole(bench: MakeBench) -> None:
    records = records_of(study(1, "2026-01-05"), study(2, "2026-02-27"))
    records.put(study(2, WEDNESDAY), on=WEDNESDAY)
    one = bench(served(records))
    one.replica.world.go_to(WEDNESDAY)
    one.poll(ALL)
    assert one.memory.last
    assert one.memory.last.cursor == WEDNESDAY
    one.replica.world.go_to(TUESDAY)
    assert sorted(one.poll(ALL)) == [nct(1), nct(2)]
    assert one.memory.last.cursor is not None
    assert date.fromisoformat(one.memory.last.cursor) <= one.replica.world.day


def test_a_state_of_something_else_is_refused(bench: MakeBench) -> None:
    one = bench(served(some(1)))
    one.memory.states[""] = {"number": "three"}
    with pytest.raises(StoreError, match="the state that is kept of source 'lupus' is unknown"):
        one.poll(ALL)


def test_data_stamped_more_than_two_days_ahead_of_the_clock_are_not_read(bench: MakeBench) -> None:
    one = bench(replica_of(study(1)))
    one.poll(ALL)
    one.replica.world.go_to("2027-01-04")
    one.replica.log.clear()
    with pytest.raises(HeldError, match="stamped 2027-01-04T09:00:05, more than 2 days ahead"):
        one.poll(ALL)
    assert [requested.path for requested in one.requests()] == ["/api/v2/version"]
    one.replica.world.go_to("2027-01-01")
    assert one.poll(ALL) == [nct(1)]
    state = one.memory.state()
    assert state is not None
    assert state["finished"]["timestamp"][:10] == "2027-01-01"
