"""Data that move while they are read, and lists that are not what they say."""

import pytest

from monitor.errors import SourceError
from monitor.settings import CtgovSourceSettings
from monitor.sources.ctgov import Sizes
from tests.registry import Fault, Records, Replica, World
from tests.registry.examples import nct, study
from tests.sources.ctgov.conftest import MakeBench

ALL = CtgovSourceSettings(name="lupus", all=True)
IDS = {nct(number) for number in range(1, 24)}
TUESDAY = "2026-03-03"


def replica(*, tokens_die: bool = False) -> Replica:
    """Return one with 23 records: five pages on Monday; one is new on Tuesday."""
    records = Records()
    for number in range(1, 24):
        records.put(study(number), on="2026-03-02")
    records.put(study(24, TUESDAY), on=TUESDAY)
    records.put(study(1, TUESDAY, status="COMPLETED"), on=TUESDAY)
    return Replica(World(records, day="2026-03-02"), tokens_die=tokens_die)


@pytest.mark.parametrize("tokens_die", [False, True])
@pytest.mark.parametrize("skip", range(7))
def test_a_day_that_passes_meanwhile_begins_the_pass_again(
    bench: MakeBench, skip: int, *, tokens_die: bool
) -> None:
    one = bench(replica(tokens_die=tokens_die))
    one.replica.faults.add(Fault.DAY_PASSES, skip=skip)
    one.poll(ALL)
    assert set(one.memory.rows) == IDS | {nct(24)}
    assert one.memory.last
    assert one.memory.last.data_timestamp == "2026-03-03T09:00:05"
    assert one.memory.last.cursor == TUESDAY
    number = one.memory.last.pass_number
    assert {row.pass_number for row in one.memory.rows.values()} == {number}
    assert one.reported_events().count("data_moved") == number - 1 == (1 if skip else 0)
    statuses = {
        document["protocolSection"]["statusModule"]["overallStatus"]
        for document in one.memory.contents()
        if document["protocolSection"]["identificationModule"]["nctId"] == nct(1)
    }
    assert "COMPLETED" in statuses


@pytest.mark.parametrize("skip", range(1, 7))
def test_a_second_load_of_the_day_begins_the_pass_again(bench: MakeBench, skip: int) -> None:
    one = bench(replica())
    one.replica.faults.add(Fault.DATA_RELOADED, skip=skip)
    one.poll(ALL)
    assert set(one.memory.rows) == IDS
    assert one.memory.last
    assert one.memory.last.data_timestamp == "2026-03-02T09:03:05"
    assert one.memory.last.pass_number == 2


def test_it_begins_again_from_the_cursor(bench: MakeBench) -> None:
    one = bench(replica())
    one.poll(ALL)
    one.replica.world.advance()
    one.replica.faults.add(Fault.DATA_RELOADED, when=lambda asked: asked.is_list)
    one.replica.log.clear()
    one.poll(ALL)
    lists = one.requests(lambda asked: asked.is_list and not asked.is_later_page)
    assert [asked.params["filter.advanced"] for asked in lists] == [
        "AREA[LastUpdatePostDate]RANGE[2026-02-26,MAX]"
    ] * 2


def test_data_that_never_rest_are_a_failure_after_three_restarts(bench: MakeBench) -> None:
    one = bench(replica())
    one.replica.faults.add(
        Fault.DATA_RELOADED, times=None, when=lambda asked: asked.is_list
    )  # fmt: skip
    with pytest.raises(SourceError, match=r"moved 4 times .* last to 2026-03-02T10:00:05"):
        one.poll(ALL)
    assert one.memory.last
    assert one.memory.last.data_timestamp is None
    one.replica.faults.clear()
    one.poll(ALL)
    assert set(one.memory.rows) == IDS
    assert {row.pass_number for row in one.memory.rows.values()} == {5}


def test_a_move_that_shows_in_no_page_is_noticed_after_a_while(bench: MakeBench) -> None:
    one = bench(replica(), sizes=Sizes(page=5, batch=4, check=2))
    one.replica.faults.add(Fault.DATA_RELOADED, skip=1)
    one.poll(ALL)
    first = [requested.is_version for requested in one.requests()][:5]
    assert first == [True, False, False, True, False], "two pages, the version, and anew"


def test_a_stamp_of_another_day_is_believed_less_than_the_version(bench: MakeBench) -> None:
    one = bench(replica())
    body = (
        b'{"totalCount":1,"studies":[{"protocolSection":{"identificationModule":{"nctId":'
        b'"NCT09000001"}},"derivedSection":{"miscInfoModule":{"versionHolder":"2026-02-27"}}}]}'
    )
    one.replica.faults.add(
        Fault.OTHER_SHAPE, body=body, times=None, when=lambda asked: asked.is_list
    )
    assert one.poll(ALL) == [nct(1)]
    assert one.reported_events() == ["other_data_date"]
    assert len(one.requests(lambda asked: asked.is_version)) == 3


@pytest.mark.parametrize("skip", range(4))
@pytest.mark.parametrize(
    "fault", [Fault.REPEATED_PAGE, Fault.TOKEN_EXPIRED, Fault.SHIFTED_ORDER, Fault.EMPTY_PAGE]
)
def test_a_list_that_misbehaves_once_is_read_whole_all_the_same(
    bench: MakeBench, fault: Fault, skip: int
) -> None:
    one = bench(replica())
    planned = one.replica.faults.add(fault, skip=skip)
    one.poll(ALL)
    assert planned.met
    assert set(one.memory.rows) == IDS
    assert one.memory.last
    assert one.memory.last.data_timestamp
    assert one.memory.last.pass_number == 1, "the same pass"


def test_one_repeated_page_costs_one_request_more(bench: MakeBench) -> None:
    one = bench(replica())
    one.replica.faults.add(Fault.REPEATED_PAGE, skip=1)
    one.poll(ALL)
    assert len(one.requests(lambda asked: asked.is_list)) == 6


def test_a_page_that_is_always_repeated_is_a_failure_and_no_endless_loop(
    bench: MakeBench,
) -> None:
    one = bench(replica())
    one.replica.faults.add(Fault.REPEATED_PAGE, times=None)
    with pytest.raises(SourceError, match=r"in 4 tries: 5 different records were seen, fewer"):
        one.poll(ALL)
    assert len(one.requests(lambda asked: asked.is_list)) < 30


def test_tokens_that_are_always_refused_are_a_failure(bench: MakeBench) -> None:
    one = bench(replica())
    one.replica.faults.add(Fault.TOKEN_EXPIRED, times=None)
    with pytest.raises(SourceError, match="could not be read whole in 4 tries: 5 different"):
        one.poll(ALL)
    assert one.reported_events().count("page_token_refused") == 4
    one.replica.faults.clear()
    one.poll(ALL)
    assert set(one.memory.rows) == IDS


def test_a_list_that_always_lacks_a_record_is_a_failure(bench: MakeBench) -> None:
    one = bench(replica())
    body = (
        b'{"totalCount":2,"studies":[{"protocolSection":{"identificationModule":{"nctId":'
        b'"NCT09000001"}}}]}'
    )
    one.replica.faults.add(
        Fault.OTHER_SHAPE, body=body, times=None, when=lambda asked: asked.is_list
    )
    with pytest.raises(SourceError, match="could not be read whole"):
        one.poll(ALL)
    with pytest.raises(SourceError, match="did not list all of a batch in 4 tries: 1 of the 2"):
        one.poll(CtgovSourceSettings(name="lupus", nct_ids=(nct(1), nct(2))))


def test_a_list_of_what_was_not_asked_for_is_a_failure(bench: MakeBench) -> None:
    """As of a server that loses the parameters on the way."""
    one = bench(replica())
    body = b'{"studies":[{"protocolSection":{"identificationModule":{"nctId":"NCT09000005"}}}]}'
    one.replica.faults.add(Fault.OTHER_SHAPE, body=body, when=lambda asked: asked.is_list)
    with pytest.raises(SourceError, match="listed NCT09000005, which was not asked for"):
        one.poll(CtgovSourceSettings(name="lupus", nct_ids=(nct(1),)))
    assert one.memory.found == []
