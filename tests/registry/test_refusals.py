"""Faults of the registry and its edge: refusals and answers that are no records."""

import json
from typing import Any

import pytest

from monitor.errors import RecordError
from monitor.parsers.base import parse
from tests.registry.calling import ask
from tests.registry.examples import ids_in, nct, raw_of, replica_of, study
from tests.registry.faults import Fault
from tests.registry.replica import Replica

VERSION, STUDIES = "/api/v2/version", "/api/v2/studies"
ONE = f"{STUDIES}/{nct(1)}"
SORTED = {"sort": "EnrollmentCount", "pageSize": "4"}


@pytest.fixture
def replica() -> Replica:
    return replica_of(*(study(number, enrollment=number) for number in range(1, 13)))


def second_page(replica: Replica, **more: str) -> tuple[Any, Any]:
    """Return the first page of a sorted search and the page that its token leads to."""
    first = ask(replica, STUDIES, SORTED | more).json()
    answer = ask(replica, STUDIES, SORTED | more | {"pageToken": first["nextPageToken"]})
    return first, answer


@pytest.mark.parametrize(
    ("fault", "status", "media", "retry_after"),
    [
        (Fault.RATE_LIMITED, 429, "text/plain", "7"),
        (Fault.RATE_LIMITED_BARE, 429, "text/plain", None),
        (Fault.SERVER_ERROR, 500, "text/plain", None),
        (Fault.BAD_GATEWAY, 502, "text/html", None),
        (Fault.UNAVAILABLE, 503, "text/plain", "7"),
        (Fault.FORBIDDEN_HTML, 403, "text/html", None),
        (Fault.HTML_OK, 200, "text/html", None),
        (Fault.EDGE_NOT_FOUND, 404, "text/html", None),
        (Fault.OTHER_SHAPE, 200, "application/json", None),
    ],
)
@pytest.mark.parametrize("path", [VERSION, STUDIES, ONE, f"/api/int/studies/{nct(1)}/history"])
def test_a_refusal_comes_once_in_the_place_of_the_answer(
    replica: Replica, path: str, fault: Fault, status: int, media: str, retry_after: str | None
) -> None:
    planned = replica.faults.add(fault, retry_after=7)
    answer = ask(replica, path)
    assert answer.status == status
    assert answer.headers["content-type"].startswith(media)
    assert answer.headers.get("retry-after") == retry_after
    assert "NCT number" not in answer.text
    after = ask(replica, path)
    assert after.status == 200
    assert after.headers["content-type"] == "application/json"
    assert planned.met == [1]
    assert [line.fault for line in replica.log] == [fault, None]


def test_the_forbidden_page_has_the_size_that_was_seen(replica: Replica) -> None:
    replica.faults.add(Fault.FORBIDDEN_HTML)
    assert len(ask(replica, VERSION).body) == 134


def test_json_that_breaks_off_is_well_framed(replica: Replica) -> None:
    for headers in ({}, {"accept_encoding": "gzip"}):
        replica.faults.add(Fault.INVALID_JSON)
        answer = ask(replica, ONE, **headers)
        assert len(answer.body) == int(answer.headers["content-length"])
        with pytest.raises(json.JSONDecodeError):
            answer.json()


def test_another_shape_is_what_the_test_wants(replica: Replica) -> None:
    replica.faults.add(Fault.OTHER_SHAPE, body=b"[]")
    assert ask(replica, STUDIES).json() == []


def test_a_redirect_leads_to_another_record(replica: Replica) -> None:
    replica.faults.add(Fault.ALIAS_REDIRECT, to=nct(2))
    assert ask(replica, STUDIES).status == 200, "a redirect is for single studies only"
    answer = ask(replica, ONE, {"fields": "NCTId"})
    assert (answer.status, answer.headers["location"]) == (301, f"{STUDIES}/{nct(2)}")


# --- pages ----------------------------------------------------------------------------------
def test_a_repeated_page_is_the_one_before_with_the_token_that_was_sent(replica: Replica) -> None:
    replica.faults.add(Fault.REPEATED_PAGE)
    first, answer = second_page(replica)
    again = answer.json()
    assert ids_in(again) == ids_in(first)
    assert again["nextPageToken"] == first["nextPageToken"]
    onward = ask(replica, STUDIES, SORTED | {"pageToken": again["nextPageToken"]}).json()
    assert ids_in(onward) == [nct(number) for number in range(5, 9)]


def test_an_expired_token_is_refused_and_a_first_page_never(replica: Replica) -> None:
    replica.faults.add(Fault.TOKEN_EXPIRED)
    _, answer = second_page(replica)
    assert (answer.status, answer.headers["content-type"]) == (400, "text/plain; charset=UTF-8")
    assert second_page(replica)[1].status == 200


def test_a_shifted_order_loses_some_studies_and_repeats_others() -> None:
    replica = replica_of(*(study(number) for number in range(1, 41)))
    replica.faults.add(Fault.SHIFTED_ORDER)
    params = {"sort": "LastUpdatePostDate", "pageSize": "20"}
    first = ask(replica, STUDIES, params).json()
    second = ask(replica, STUDIES, params | {"pageToken": first["nextPageToken"]}).json()
    assert len(second["studies"]) == 20
    assert set(ids_in(first)) & set(ids_in(second))
    whole = ask(replica, STUDIES, params | {"pageToken": first["nextPageToken"]}).json()
    assert not set(ids_in(first)) & set(ids_in(whole))


def test_a_shifted_order_keeps_to_the_sort(replica: Replica) -> None:
    replica.faults.add(Fault.SHIFTED_ORDER)
    first, answer = second_page(replica)
    assert ids_in(first) + ids_in(answer.json()) == [nct(number) for number in range(1, 9)]


def test_an_empty_page_leads_on_to_what_it_should_have_held(replica: Replica) -> None:
    replica.faults.add(Fault.EMPTY_PAGE)
    empty = ask(replica, STUDIES, SORTED | {"countTotal": "true"}).json()
    assert empty["studies"] == []
    assert empty["totalCount"] == 12
    full = ask(replica, STUDIES, SORTED | {"pageToken": empty["nextPageToken"]}).json()
    assert ids_in(full) == [nct(number) for number in range(1, 5)]


def test_a_study_can_come_twice_in_a_page(replica: Replica) -> None:
    replica.faults.add(Fault.DUPLICATE_STUDY)
    page = ask(replica, STUDIES, SORTED).json()
    assert ids_in(page) == [nct(number) for number in (1, 2, 3, 4, 1)]
    assert page["studies"][0] == page["studies"][-1]


def test_one_malformed_study_stands_in_an_otherwise_good_page(replica: Replica) -> None:
    replica.faults.add(Fault.MALFORMED_STUDY, index=2)
    studies = ask(replica, STUDIES, SORTED).json()["studies"]
    with pytest.raises(RecordError):
        parse(raw_of(studies.pop(2)))
    assert [parse(raw_of(one)).nct_id for one in studies] == [nct(1), nct(2), nct(4)]
    replica.faults.add(Fault.MALFORMED_STUDY, study={"protocolSection": 1})
    assert ask(replica, STUDIES, SORTED).json()["studies"][0] == {"protocolSection": 1}


def test_the_data_can_move_while_pages_are_read(replica: Replica) -> None:
    for fault, after in ((Fault.DATA_RELOADED, "2026-03-02T09:03:05"),
                         (Fault.DAY_PASSES, "2026-03-03T09:00:05")):  # fmt: skip
        replica.faults.add(fault, when=lambda asked: asked.is_later_page)
        first, answer = second_page(replica)
        assert ids_in(first) + ids_in(answer.json()) == [nct(number) for number in range(1, 9)]
        assert ask(replica, VERSION).json()["dataTimestamp"] == after


# --- the plan -------------------------------------------------------------------------------
def test_a_fault_waits_for_its_request(replica: Replica) -> None:
    lists = replica.faults.add(Fault.UNAVAILABLE, times=2, when=lambda asked: asked.is_list)
    third = replica.faults.add(Fault.SERVER_ERROR, when=lambda asked: asked.number == 3)
    own = replica.faults.add(
        Fault.BAD_GATEWAY, when=lambda asked: asked.params.get("filter.ids") == nct(5), skip=1
    )
    sent = [VERSION, STUDIES, VERSION, STUDIES, STUDIES]
    assert [ask(replica, path).status for path in sent] == [200, 503, 500, 503, 200]
    assert [ask(replica, STUDIES, {"filter.ids": nct(5)}).status for _ in range(3)] == [
        200, 502, 200,
    ]  # fmt: skip
    assert (lists.met, third.met, own.met) == ([2, 4], [3], [7])
    assert replica.faults.waiting() == []


def test_a_fault_can_stay_until_all_is_cleared(replica: Replica) -> None:
    replica.faults.add(Fault.UNAVAILABLE, times=None)
    assert {ask(replica, VERSION).status for _ in range(5)} == {503}
    assert len(replica.faults.waiting()) == 1
    replica.faults.clear()
    assert ask(replica, VERSION).status == 200


def test_faults_by_chance_are_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> dict[int, Fault]:
        replica = replica_of(study(1))
        met = replica.faults.at_random(
            0.4, {Fault.UNAVAILABLE: 1, Fault.HTML_OK: 3, Fault.TOKEN_EXPIRED: 9}, seed=seed
        )
        for _ in range(60):
            ask(replica, VERSION)
        assert replica.log.statuses()[503] == list(met.values()).count(Fault.UNAVAILABLE)
        return dict(met)

    first = drawn(1)
    assert first == drawn(1) != drawn(2)
    assert 12 <= len(first) <= 36
    assert set(first.values()) == {Fault.UNAVAILABLE, Fault.HTML_OK}, "no token was sent"


def test_the_log_keeps_what_was_asked(replica: Replica) -> None:
    ask(replica, STUDIES, {"query.cond": "asthma"}, user_agent="test/1")
    ask(replica, ONE)
    first, second = replica.log
    assert (first.asked.number, first.asked.method, first.status) == (1, "GET", 200)
    assert first.asked.params == {"query.cond": "asthma"}
    assert first.asked.headers["user-agent"] == "test/1"
    assert first.seconds is not None
    assert first.seconds >= 0
    assert second.sent > 500
    assert [line.asked.path for line in replica.log.select(lambda asked: asked.is_study)] == [ONE]
    assert replica.log.paths() == [STUDIES, ONE]
    assert replica.log.max_in_flight["all"] == 1
    replica.log.clear()
    ask(replica, VERSION)
    assert [line.asked.number for line in replica.log] == [3]
