"""Pages and tokens: as the registry hands them out, with all that is wrong with them."""

from typing import Any

from tests.registry.calling import ask
from tests.registry.examples import ids_in, nct, records_of, replica_of, study
from tests.registry.replica import Replica
from tests.registry.world import World

STUDIES = "/api/v2/studies"
SORTED = {"sort": "LastUpdatePostDate:asc"}


def some(count: int) -> list[dict[str, Any]]:
    return [study(number, enrollment=number) for number in range(1, count + 1)]


def pages(replica: Replica, params: dict[str, str]) -> list[Any]:
    """Return all pages of a search."""
    found = [ask(replica, STUDIES, params).json()]
    while token := found[-1].get("nextPageToken"):
        found.append(ask(replica, STUDIES, {**params, "pageToken": token}).json())
    return found


def test_pages_hold_every_study_once_and_the_last_has_no_token() -> None:
    replica = replica_of(*some(23))
    for params in ({}, SORTED, {"sort": "EnrollmentCount"}):
        found = pages(replica, {**params, "pageSize": "5"})
        assert [len(page["studies"]) for page in found] == [5, 5, 5, 5, 3]
        ids = [one for page in found for one in ids_in(page)]
        assert sorted(ids) == [nct(number) for number in range(1, 24)]
        assert "nextPageToken" not in found[-1]


def test_a_page_that_ends_with_the_list_is_the_last() -> None:
    assert len(pages(replica_of(*some(10)), {"pageSize": "5"})) == 2
    (empty,) = pages(replica_of(), {})
    assert empty == {"studies": []}


def test_the_page_size_is_ten_unless_told_and_a_thousand_at_most() -> None:
    replica = replica_of(*some(1_050))
    sizes = {
        size: len(ask(replica, STUDIES, {"pageSize": size, "fields": "NCTId"}).json()["studies"])
        for size in ("", "0", "3", "1000", "1001", "5000")
    }
    assert sizes == {"": 10, "0": 10, "3": 3, "1000": 1_000, "1001": 1_000, "5000": 1_000}


def test_the_page_size_may_change_from_page_to_page() -> None:
    replica = replica_of(*some(9))
    first = ask(replica, STUDIES, {**SORTED, "pageSize": "2"}).json()
    rest = ask(
        replica, STUDIES, {**SORTED, "pageSize": "50", "pageToken": first["nextPageToken"]}
    ).json()
    assert sorted(ids_in(first) + ids_in(rest)) == [nct(number) for number in range(1, 10)]


def test_the_total_stands_on_the_first_page_only() -> None:
    found = pages(replica_of(*some(7)), {"countTotal": "true", "pageSize": "3"})
    assert [page.get("totalCount") for page in found] == [7, None, None]
    assert list(found[0]) == ["totalCount", "studies", "nextPageToken"]


def test_without_sort_every_search_has_an_order_of_its_own() -> None:
    replica = replica_of(*some(30))
    orders = {tuple(ids_in(ask(replica, STUDIES, {"pageSize": "30"}).json())) for _ in range(4)}
    assert len(orders) == 4
    ordered = {
        tuple(ids_in(ask(replica, STUDIES, {**SORTED, "pageSize": "30"}).json())) for _ in range(4)
    }
    assert len(ordered) == 1


def test_a_token_is_bound_to_no_parameters() -> None:
    replica = replica_of(*some(8))
    first = ask(replica, STUDIES, {**SORTED, "pageSize": "4"}).json()
    other = {"sort": "EnrollmentCount:desc", "pageSize": "4", "pageToken": first["nextPageToken"]}
    answer = ask(replica, STUDIES, other)
    assert answer.status == 200
    assert ids_in(answer.json()) == [nct(number) for number in (4, 3, 2, 1)]


def test_a_token_that_was_never_handed_out_is_refused() -> None:
    replica = replica_of(*some(8))
    token = ask(replica, STUDIES, {**SORTED, "pageSize": "4"}).json()["nextPageToken"]
    assert len(token) == 24
    for wrong in (token[:-1], token + "A", token.swapcase(), "A" * 24, "ß", "%"):
        answer = ask(replica, STUDIES, {**SORTED, "pageToken": wrong})
        assert (answer.status, answer.headers["content-type"]) == (400, "text/plain; charset=UTF-8")


def test_a_token_outlives_the_data_load_unless_told_otherwise() -> None:
    for dies, status in ((False, 200), (True, 400)):
        world = World(records_of(*some(8)), day="2026-03-02")
        replica = Replica(world, tokens_die=dies)
        token = ask(replica, STUDIES, {**SORTED, "pageSize": "4"}).json()["nextPageToken"]
        same_load = ask(replica, STUDIES, {**SORTED, "pageSize": "4", "pageToken": token})
        assert same_load.status == 200
        world.advance()
        later = ask(replica, STUDIES, {**SORTED, "pageSize": "4", "pageToken": token})
        assert later.status == status


def test_every_study_stands_on_a_line_of_its_own() -> None:
    body = ask(replica_of(*some(3)), STUDIES, {"fields": "NCTId", **SORTED}).body
    lines = body.split(b"\n")
    assert (lines[0], lines[-1], len(lines)) == (b'{"studies":[', b"]}", 5)
    assert ask(replica_of(), STUDIES).body == b'{"studies":[\n\n]}'
