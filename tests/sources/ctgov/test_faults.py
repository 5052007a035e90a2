"""Every fault of the registry, at every kind of request: nothing lost, nothing invented."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from monitor.errors import SourceError
from monitor.settings import CtgovSourceSettings
from monitor.sources.ctgov import CtgovSource
from monitor.sources.http import Client, Hosts, HttpSettings
from tests.registry import (
    NO_SUCH_HOST,
    Asked,
    Fault,
    Records,
    Replica,
    World,
    closed_port,
)
from tests.registry.examples import nct, study
from tests.sources.ctgov.conftest import NOW, SMALL, Bench, MakeBench
from tests.sources.ctgov.memory import Stored

MONDAY, TUESDAY = "2026-03-02", "2026-03-03"
FOLLOWING = CtgovSourceSettings(
    name="lupus",
    query={"cond": "asthma"},
    nct_ids=tuple(nct(number) for number in (21, 22, 23)),
)
EXPECTED = {
    **{nct(number): "shown" for number in (*range(1, 13), 23, 24)},
    nct(21): "gone",
    nct(22): f"merged into {nct(24)}",
}


def world() -> World:
    records = Records()
    for number in (*range(1, 12), *range(21, 25)):
        conditions = ["Asthma" if number < 20 else "Lupus"]
        records.put(study(number, conditions=conditions), on=MONDAY)
    records.put(study(12, TUESDAY), on=TUESDAY)
    records.put(study(5, TUESDAY, status="WITHDRAWN"), on=TUESDAY)
    records.remove(nct(21), on=TUESDAY)
    records.merge(nct(22), into=nct(24), on=TUESDAY)
    return World(records, day=MONDAY)


def is_batch(asked: Asked) -> bool:
    return asked.is_list and "filter.ids" in asked.params


def is_search(asked: Asked) -> bool:
    return asked.is_list and "filter.ids" not in asked.params


def is_version(asked: Asked) -> bool:
    return asked.is_version


def is_study(asked: Asked) -> bool:
    return asked.is_study


PLACES = {"version": is_version, "search": is_search, "batch": is_batch, "study": is_study}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a fault leads to: words of the failure; None when the pass goes on.

    ``only``: the places where it is one.
    """

    words: str | None
    options: dict[str, Any] = field(default_factory=dict)
    times: int = 1
    only: tuple[str, ...] = tuple(PLACES)


STALLS = (Fault.STALL_BEFORE_HEADERS, Fault.STALL_AFTER_HEADERS, Fault.STALL_IN_BODY)
STALLED_S = 1.5  # what a stall costs, and what a busy machine may take for an answer
CASES = {
    Fault.RATE_LIMITED: Case(words="answered 429 to"),
    Fault.RATE_LIMITED_BARE: Case(words="answered 429 to"),
    Fault.SERVER_ERROR: Case(words="answered 500 to"),
    Fault.BAD_GATEWAY: Case(words="answered 502 to"),
    Fault.UNAVAILABLE: Case(words="answered 503 to"),
    # Tried over the other transport too.
    Fault.FORBIDDEN_HTML: Case(words="refused by the edge (403)", times=2),
    Fault.HTML_OK: Case(words="with an HTML page and status 200"),
    Fault.EDGE_NOT_FOUND: Case(words=" 404"),
    Fault.CUT_SHORT: Case(words="broke off"),
    Fault.CUT_CHUNKED: Case(words="broke off"),
    Fault.STALL_BEFORE_HEADERS: Case(words="sent nothing for"),
    Fault.STALL_AFTER_HEADERS: Case(words="sent nothing for"),
    Fault.STALL_IN_BODY: Case(words="sent nothing for"),
    Fault.CLOSED: Case(words="broke off"),
    Fault.SLOW: Case(words=None),
    Fault.DRIP: Case(words="was not complete within"),
    Fault.WRONG_GZIP: Case(words="gzip"),
    Fault.CUT_GZIP: Case(words="gzip"),
    Fault.HUGE: Case(words="larger than", options={"size": 2 << 20}, only=("version", "study")),
    Fault.HUGE_GZIP: Case(
        words="larger than", options={"size": 2 << 20}, only=("version", "study")
    ),
    Fault.INVALID_JSON: Case(words="of"),
    Fault.OTHER_SHAPE: Case(
        words="of another shape than known", only=("version", "search", "batch")
    ),
    Fault.DUPLICATE_STUDY: Case(words=None, only=("search", "batch")),
    Fault.MALFORMED_STUDY: Case(words=None, only=("search", "batch")),
    Fault.EMPTY_PAGE: Case(words=None, only=("search", "batch")),
    Fault.REPEATED_PAGE: Case(words=None, only=("search",)),
    Fault.SHIFTED_ORDER: Case(words=None, only=("search",)),
    Fault.TOKEN_EXPIRED: Case(words=None, only=("search",)),
    Fault.DATA_RELOADED: Case(words=None),
    Fault.DAY_PASSES: Case(words=None),
    Fault.ALIAS_REDIRECT: Case(
        words="does not bear the ID", options={"to": nct(1)}, only=("study",)
    ),
}
AT = [(fault, place) for fault, case in CASES.items() for place in case.only]


@pytest.fixture
def one(bench: MakeBench, request: pytest.FixtureRequest) -> Bench:
    """Return a bench after Monday's pass, on Tuesday; impatient where the fault takes time."""
    callspec = getattr(request.node, "callspec", None)
    fault = None if callspec is None else callspec.params.get("fault")
    patience = {"read_timeout_s": STALLED_S} if fault in STALLS else {}
    patience |= {"total_timeout_s": STALLED_S} if fault is Fault.DRIP else {}
    made = bench(Replica(world()), answer_limit_mb=1, **patience)
    made.poll(FOLLOWING)
    made.replica.world.advance()
    made.replica.log.clear()
    return made


def test_every_fault_of_the_replica_is_met() -> None:
    assert set(CASES) == set(Fault)


@pytest.mark.parametrize(("fault", "place"), AT, ids=[f"{fault}-{place}" for fault, place in AT])
def test_a_fault_ends_in_a_clear_sentence_or_is_got_over(
    one: Bench, fault: Fault, place: str
) -> None:
    case = CASES[fault]
    planned = one.replica.faults.add(fault, times=case.times, when=PLACES[place], **case.options)
    before = one.memory.presences()
    if case.words is None:
        one.poll(FOLLOWING)
    else:
        with pytest.raises(SourceError) as caught:
            one.poll(FOLLOWING)
        assert case.words in str(caught.value)
        changed = set(one.memory.presences().items()) - set(before.items())
        assert changed <= set(EXPECTED.items()), "a failure says nothing of a record"
        one.poll(FOLLOWING)
    assert planned.met
    assert one.memory.presences() == EXPECTED
    assert one.memory.last
    assert one.memory.last.data_timestamp
    absences = sorted(found["presence"] for found in one.memory.absences())
    assert absences == ["gone", "merged"], "one that failed comes last"
    withdrawn = [
        document for document in one.memory.contents() if "WITHDRAWN" in str(document)
    ]  # fmt: skip
    assert withdrawn, "the change of the day"


def test_one_answer_of_another_shape_delays_no_record_that_is_asked_for_alone(one: Bench) -> None:
    planned = one.replica.faults.add(Fault.OTHER_SHAPE, when=is_study)
    one.poll(FOLLOWING)
    assert planned.met
    assert one.memory.presences() == EXPECTED
    assert sorted(found["presence"] for found in one.memory.absences()) == ["gone", "merged"]


@pytest.mark.parametrize("fault", [Fault.HUGE, Fault.HUGE_GZIP])
def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(one: Bench, fault: Fault) -> None:
    one.replica.faults.add(fault, when=is_search, size=2 << 20)
    one.poll(FOLLOWING)
    sizes = [requested.params["pageSize"] for requested in one.requests(is_search)]
    assert sizes[0] == "5"
    assert set(sizes[1:]) == {"1"}
    assert one.memory.presences() == EXPECTED


def test_pages_that_are_all_too_large_are_a_failure(one: Bench) -> None:
    one.replica.faults.add(Fault.HUGE_GZIP, times=None, when=is_search, size=2 << 20)
    with pytest.raises(SourceError, match="larger than"):
        one.poll(FOLLOWING)
    assert len(one.requests(is_search)) == 2


def test_a_refused_search_says_why(bench: MakeBench) -> None:
    bad = CtgovSourceSettings(name="lupus", query={"cond": "AREA[Nowhere]x"})
    with pytest.raises(SourceError, match=r"status 400: Error parsing query in query\.cond: "):
        bench(Replica(world())).poll(bad)


@pytest.mark.parametrize("index", [0, 3])
def test_a_malformed_study_is_kept_and_the_right_one_is_read_again(one: Bench, index: int) -> None:
    one.replica.faults.add(Fault.MALFORMED_STUDY, when=is_search, index=index, study={"a": [1]})
    one.poll(FOLLOWING)
    assert {"a": [1]} in one.memory.contents()
    assert one.memory.presences() == EXPECTED


def test_a_study_that_stays_malformed_stops_nothing(one: Bench) -> None:
    one.replica.faults.add(
        Fault.MALFORMED_STUDY, times=None, study={"a": 1},
        when=lambda asked: is_search(asked) and not asked.is_later_page,
    )  # fmt: skip
    one.poll(FOLLOWING)
    assert one.memory.last
    assert one.memory.last.data_timestamp == "2026-03-03T09:00:05"
    assert len(one.requests(lambda asked: is_search(asked) and not asked.is_later_page)) == 2
    assert "records_without_id" in one.reported_events()


def failing_at(base_url: str) -> SourceError:
    settings = HttpSettings(retry_attempts=1, requests_per_minute=10_000)
    with Client(settings, base_url=base_url, hosts=Hosts()) as client:
        source = CtgovSource(FOLLOWING, client, now=lambda: NOW, sizes=SMALL)
        with pytest.raises(SourceError) as caught:
            next(source.pages(Stored()))
    return caught.value


def test_a_registry_that_cannot_be_reached_is_a_failure_of_the_source() -> None:
    assert "cannot be resolved" in str(failing_at(NO_SUCH_HOST))
    with closed_port() as base_url:
        assert "cannot be reached" in str(failing_at(base_url))


# A version that is none.
VERSIONS = [
    b'{"apiVersion":"2.0.5"}', b'{"dataTimestamp":5}', b'{"dataTimestamp":"yesterday"}', b"[]",
    b'{"dataTimestamp":"2026-03-02 and <b>more</b>"}', b'{"dataTimestamp":"2026-13-02T09:00:05"}',
]  # fmt: skip


@pytest.mark.parametrize("body", VERSIONS)
def test_a_version_of_another_shape_is_a_failure(one: Bench, body: bytes) -> None:
    one.replica.faults.add(Fault.OTHER_SHAPE, body=body)
    with pytest.raises(SourceError, match=r"the answer of .* to /api/v2/version"):
        one.poll(FOLLOWING)
    assert len(one.replica.log) == 1
