"""A record that the registry fails to tell of holds up no other one."""

import pytest

from monitor.errors import SourceError
from monitor.settings import CtgovSourceSettings
from monitor.sources.base import Unreadable
from tests.registry import Asked, Fault, Replica, World
from tests.registry.examples import nct, records_of, study
from tests.sources.ctgov.conftest import Bench, MakeBench

MONDAY, TUESDAY, WEDNESDAY = "2026-03-02", "2026-03-03", "2026-03-04"
GONE = (1, 2, 3, 9)


def watching(*numbers: int) -> CtgovSourceSettings:
    return CtgovSourceSettings(name="lupus", nct_ids=tuple(map(nct, numbers)))


ALL = watching(*range(1, 13))


@pytest.fixture
def one(bench: MakeBench) -> Bench:
    """Return a bench on Tuesday, Monday's pass made: four vanished, one of the last changed."""
    records = records_of(*(study(number) for number in range(1, 13)))
    for number in GONE:
        records.remove(nct(number), on=TUESDAY)
    records.put(study(12, TUESDAY, status="WITHDRAWN"), on=TUESDAY)
    records.put(study(11, WEDNESDAY, status="COMPLETED"), on=WEDNESDAY)
    made = bench(Replica(World(records, day=MONDAY)))
    made.poll(ALL)
    made.replica.world.advance()
    made.replica.log.clear()
    return made


def break_at(one: Bench, fault: Fault, *numbers: int) -> None:
    """Let these records fail, for as long as nobody clears the fault."""
    ends = tuple(nct(number) for number in numbers)
    one.replica.faults.add(fault, times=None, when=lambda asked: asked.path.endswith(ends))


def asked_singly(one: Bench) -> list[str]:
    found = [asked.path[-11:] for asked in one.requests(lambda asked: asked.is_study)]
    one.replica.log.clear()
    return found


def gone(one: Bench) -> list[str]:
    return [row.nct_id for row in one.memory.rows.values() if row.presence == "gone"]


def failing(one: Bench, following: CtgovSourceSettings = ALL) -> str:
    with pytest.raises(SourceError) as caught:
        one.poll(following)
    return str(caught.value)


def is_list(asked: Asked) -> bool:
    return asked.is_list


@pytest.mark.parametrize("fault", [Fault.EDGE_NOT_FOUND, Fault.SERVER_ERROR, Fault.HTML_OK,
                                   Fault.CUT_SHORT])  # fmt: skip
def test_one_that_keeps_failing_starves_no_other_one(one: Bench, fault: Fault) -> None:
    break_at(one, fault, 1)
    assert nct(1) in failing(one), "the pass is a failure, and says of what"
    assert "WITHDRAWN" in str(one.memory.contents()), "of the last batch"
    assert gone(one) == [nct(2), nct(3), nct(9)]
    assert one.memory.rows[nct(1)].presence == "shown", "no failure says anything of a record"
    assert "record_deferred" in one.reported_events()
    one.replica.log.clear()
    assert nct(1) in failing(one)
    assert one.requests(is_list) == [], "the batches are not read again"
    assert asked_singly(one) == [nct(1)]


@pytest.mark.parametrize(
    "body", [b'{"result":1}', b"{}", b"null", b"[1]", b'"gone"', b'{"protocolSection":NaN}',
             b'{"protocolSection":{"identificationModule":{"nctId":"NCT00000005"}}}']
)  # fmt: skip
def test_an_answer_that_is_no_study_is_kept_for_its_record_and_fails_no_pass(
    one: Bench, body: bytes
) -> None:
    one.replica.faults.add(
        Fault.OTHER_SHAPE, times=None, when=lambda asked: asked.path.endswith(nct(1)), body=body
    )
    one.poll(ALL)
    (kept,) = [found for found in one.memory.found if isinstance(found, Unreadable)]
    assert (kept.content, kept.origin) == (body, f"/api/v2/studies/{nct(1)}")
    assert gone(one) == [nct(2), nct(3), nct(9)]
    assert one.memory.rows[nct(1)].presence == "shown", "that is no word of its absence"
    one.replica.faults.clear()
    one.replica.world.advance()
    one.poll(ALL)
    assert gone(one) == [nct(1), nct(2), nct(3), nct(9)]


def test_the_next_data_are_read_although_it_still_fails(one: Bench) -> None:
    break_at(one, Fault.EDGE_NOT_FOUND, 1)
    failing(one)
    one.replica.world.advance()
    failing(one)
    assert "COMPLETED" in str(one.memory.contents())
    one.replica.faults.clear()
    one.poll(ALL)
    assert gone(one) == [nct(1), nct(2), nct(3), nct(9)]
    assert one.memory.last
    assert one.memory.last.data_timestamp == "2026-03-04T09:00:05"


def test_the_first_of_several_is_told(one: Bench) -> None:
    break_at(one, Fault.EDGE_NOT_FOUND, 2, 9)
    assert nct(2) in failing(one)
    assert gone(one) == [nct(1), nct(3)]
    asked_singly(one)
    failing(one)
    assert asked_singly(one) == [nct(2), nct(9)]


def test_a_pass_killed_behind_it_asks_for_it_again(one: Bench) -> None:
    break_at(one, Fault.EDGE_NOT_FOUND, 1)
    one.poll(ALL, pages=5)
    one.replica.faults.clear()
    one.poll(ALL)
    assert gone(one) == [nct(number) for number in GONE]
    assert one.memory.last
    assert one.memory.last.data_timestamp


def test_another_that_fails_after_the_kill_is_told_and_asked_for_again(one: Bench) -> None:
    break_at(one, Fault.EDGE_NOT_FOUND, 1)
    one.poll(ALL, pages=4)
    one.replica.faults.clear()
    break_at(one, Fault.EDGE_NOT_FOUND, 9)
    assert nct(9) in failing(one)
    assert gone(one) == [nct(1), nct(2), nct(3)]
    one.replica.faults.clear()
    asked_singly(one)
    one.poll(ALL)
    assert asked_singly(one) == [nct(9)]
    assert gone(one) == [nct(number) for number in GONE]


def test_one_that_is_not_watched_any_more_fails_no_pass(one: Bench) -> None:
    break_at(one, Fault.EDGE_NOT_FOUND, 1)
    failing(one)
    one.poll(watching(*range(2, 13)))
    assert nct(1) not in one.memory.rows
    assert one.memory.absences()


def test_a_registry_that_serves_no_record_is_not_asked_for_all_of_them(one: Bench) -> None:
    break_at(one, Fault.SERVER_ERROR, *GONE)
    failing(one)
    assert asked_singly(one) == [nct(1), nct(2), nct(3)]
    failing(one)
    assert nct(9) in asked_singly(one), "the next pass goes on behind them"
    assert "WITHDRAWN" in str(one.memory.contents())


def test_a_registry_that_is_asked_too_much_is_asked_no_further(one: Bench) -> None:
    break_at(one, Fault.RATE_LIMITED, *GONE)
    assert "answered 429" in failing(one)
    assert asked_singly(one) == [nct(1)]
    assert "record_deferred" not in one.reported_events()
