"""What the API answers; each answer is held against its OpenAPI document."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.api import Store
from monitor.settings import WebSettings
from monitor.web.api.operations import OPERATIONS
from monitor.web.site import Site
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import study
from tests.web.api.calls import HOSTILE, NCT, OTHER, Api, serving
from tests.web.serving import answering, ask, served


def as_json(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def ids(page: Any) -> list[tuple[str, str]]:
    return [(one["version_id"], one["event_id"]) for one in page["events"]]


def all_pages(api: Api, path: str, key: str, **parameters: Any) -> list[Any]:
    found: list[Any] = []
    cursor = ""
    while True:
        page = api.get(path, cursor=cursor, **parameters)
        assert page["complete"]
        found += page[key]
        if page["next"] is None:
            return found
        cursor = page["next"]


def test_pages_lead_on_to_all_there_is(either_api: Api) -> None:
    with Store(either_api.app) as store:
        events, trials = list(store.events()), list(store.trials())
    assert len(events) > 5
    for limit in (1, 2, 200):
        paged = all_pages(either_api, "/events", "events", limit=limit)
        assert paged == as_json(events)
        for sort in ("nct_id", "last_changed", "last_version_date"):
            paged = all_pages(either_api, "/trials", "trials", limit=limit, sort=sort)
            assert {one["nct_id"] for one in paged} == {one.nct_id for one in trials}
            dates = [one.get(sort) or "" for one in paged]
            assert dates == sorted(dates, reverse=sort != "nct_id")


def test_filters_select_as_everywhere(api: Api) -> None:
    found = api.get("/trials", condition=["lupus", "gout"], country="spain", not_status="completed")
    assert [one["nct_id"] for one in found["trials"]] == [NCT]
    found = api.get("/events", country="Spain", kind="status", min_severity="high")
    assert [(one["nct_id"], one["after"]) for one in found["events"]] == [(NCT, "WITHDRAWN")]
    assert api.get("/events", nct_id=OTHER, since="2026-03-03")["events"] == []
    assert api.get("/trials", status="suspended")["trials"] == []


def test_a_trial_is_answered_as_python_gives_it(api: Api) -> None:
    with Store(api.app) as store:
        expected: dict[str, Any] = {
            f"/trials/{NCT}": store.trial(NCT),
            f"/trials/{NCT}/versions": {"versions": store.versions(NCT)},
            f"/trials/{NCT}/versions/2": store.history(NCT)[1],
            f"/trials/{NCT}/record": store.record(NCT),
            f"/trials/{NCT}/record?version=1": store.record(NCT, 1),
            f"/trials/{NCT}/record?at=2026-03-05": store.record(NCT, 2),
            f"/trials/{NCT}/record?at=2026-03-02T12:00": store.record(NCT, 1),
            f"/trials/{NCT}/compare?from=1&to=3": store.compare(NCT, 1, 3),
            f"/trials/{NCT}/facts": {"facts": store.facts(NCT)},
            f"/trials/{NCT}/events": {
                "events": list(store.events(nct_ids=[NCT])), "next": None, "complete": True
            },
        }  # fmt: skip
    for path, value in expected.items():
        assert api.get(path) == as_json(value), path


def test_a_version_is_meant_by_its_id_however_the_nct_id_is_written(api: Api) -> None:
    first = api.get(f"/trials/{NCT}/versions")["versions"][0]
    assert api.get(f"/trials/nct9000001/versions/{first['version_id']}")["version"] == first
    assert api.get(f"/trials/{NCT}/record", version=first["version_id"])["version"] == first
    compared = api.get(f"/trials/{NCT}/compare", from_=first["version_id"], to="2026-03-05")
    assert (compared["old"]["number"], compared["new"]["number"]) == (1, 2)


def test_a_trial_is_found_by_an_id_that_it_had(store_url: str, tmp_path: Path) -> None:
    former = "NCT09000077"
    document = study("2026-03-09")
    document["protocolSection"]["identificationModule"]["nctIdAliases"] = [former]
    with serving(store_url, tmp_path) as api:
        Monitor(store_url, tmp_path / "..").ingest(document, at=NOON.replace(day=10))
        assert api.get(f"/trials/{former}")["nct_id"] == NCT
        assert ids(api.get(f"/trials/{former}/events")) == ids(api.get(f"/trials/{NCT}/events"))


@pytest.mark.parametrize(
    ("path", "parameters", "wrong"),
    [
        ("/trials", {"conditon": "lupus"}, "conditon"),
        ("/trials", {"status": "foo"}, "status"),
        ("/trials", {"not_source": "foo"}, "not_source"),
        ("/trials", {"condition": '"'}, "condition"),
        ("/trials", {"sort": "size"}, "sort"),
        ("/trials", {"limit": "201"}, "limit"),
        ("/trials", {"cursor": "x"}, "cursor"),
        ("/events", {"cursor": f"2026-01-01T00:00:00+00:00/{10**30}/0"}, "cursor"),
        ("/events", {"cursor": "0001-01-01T00:00:00+14:00/1/0"}, "cursor"),
        ("/events", {"since": "someday"}, "since"),
        ("/events", {"kind": "nonsense"}, "kind"),
        ("/events", {"nct_id": "12"}, "nct_id"),
        ("/trials/12", {}, "nct_id"),
        (f"/trials/{NCT}", {"limit": "1"}, "limit"),
        (f"/trials/{NCT}/versions/latest", {}, "version"),
        (f"/trials/{NCT}/record", {"version": "1", "at": "2026"}, "at"),
        (f"/trials/{NCT}/record", {"at": "someday"}, "at"),
        (f"/trials/{NCT}/compare", {"from": "1"}, "to"),
        (f"/trials/{NCT}/compare", {"from": "x", "to": "2"}, "from"),
    ],
)
def test_a_problem_names_the_parameter(
    api: Api, path: str, parameters: dict[str, str], wrong: str
) -> None:
    answer = api.ask(path, parameters)
    assert (answer.status, answer.body["parameter"]) == (400, wrong)
    assert answer.body["title"] == "Bad Request"
    assert answer.body["detail"]


@pytest.mark.parametrize(
    "path",
    [
        "/trials/NCT00000001",
        "/trials/NCT00000001/versions",
        "/trials/NCT00000001/events",
        f"/trials/{NCT}/versions/9",
        f"/trials/{NCT}/versions/0123456789abcdef",
        f"/trials/{NCT}/record?at=2020",
        f"/trials/{NCT}/compare?from=1&to=9",
    ],
)
def test_what_is_not_there_is_not_found_and_names_no_store(api: Api, path: str) -> None:
    answer = api.ask(path)
    assert answer.status == 404
    assert "parameter" not in answer.body
    assert "sqlite" not in answer.body["detail"]


def test_other_addresses_and_methods_are_problems_too(api: Api) -> None:
    for path, method, status in (
        ("/api/v1/nothing", "GET", 404),
        ("/api/v2/trials", "GET", 404),
        ("/api/v1/trials", "POST", 405),
        (f"/api/v1/trials/{NCT}", "DELETE", 405),
    ):
        found, headers, body = ask(api.address, path, method)
        assert (found, headers["content-type"]) == (status, "application/problem+json")
        assert json.loads(body)["status"] == status
    assert ask(api.address, f"/api/v1/trials/{NCT}", "HEAD")[0] == 200


def test_what_a_client_has_is_not_sent_again(api: Api) -> None:
    paths = [f"/trials/{NCT}", f"/trials/{NCT}/record", "/events", "/openapi.json"]
    for path in paths[:-1]:
        first = api.ask(path)
        assert first.headers["cache-control"] == "private, no-cache"
        again = api.ask(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert api.ask(path, headers={"If-None-Match": '"other"'}).status == 200
    tags = [ask(api.address, f"/api/v1{path}")[1]["etag"] for path in paths]
    assert len(set(tags)) == len(paths)


def test_subscriptions_are_their_owner_s_and_the_operator_s(api: Api) -> None:
    def names(token: str) -> list[str]:
        answer = api.ask("/subscriptions", token=token)
        assert answer.headers["cache-control"] == "no-store"
        return [one["name"] for one in answer.body["subscriptions"]]

    assert names(api.token("laptop", subscriber="ana")) == ["of ana"]
    assert names(api.token("on-call", operator=True)) == ["of ana", "of ben"]
    assert api.ask("/subscriptions", token=api.token("dashboard")).status == 403
    without = api.ask("/subscriptions")
    assert (without.status, "www-authenticate" in without.headers) == (401, True)
    assert api.ask("/subscriptions", token="wrong").status == 401  # noqa: S106 - of nothing


def test_where_a_token_is_needed_it_is_for_everything(api: Api) -> None:
    secret = api.token("dashboard")
    document = api.document
    api.set(access="token")
    for operation in OPERATIONS:
        path = operation.path.replace("{nct_id}", NCT).replace("{version}", "1")
        assert api.ask(path).status == 401, path
        assert api.ask(path, token=secret).status in {200, 400, 403}, path
    assert ask(api.address, "/api/v1/openapi.json")[0] == 401
    assert len(document["paths"]) == len(OPERATIONS)


def test_too_many_requests_are_a_problem(api: Api) -> None:
    api.set(requests_per_minute=1)
    token = api.token("busy")
    assert [api.ask(f"/trials/{NCT}", token=token).status for _ in range(2)] == [200, 429]


def test_a_store_that_cannot_be_read_is_told_to_nobody_outside(api: Api) -> None:
    lasting = api.app
    api.app = lasting.with_store("sqlite:////nowhere/store.db")
    try:
        answer = api.ask("/events")
    finally:
        api.app = lasting
    assert answer.status == 503
    assert "nowhere" not in answer.body["detail"]


def test_hostile_words_are_data_and_nothing_else(api: Api) -> None:
    """JSON holds the registry's values as they are; no control character is left bare."""
    for path in ("", "/versions", "/versions/2", "/record", "/compare?from=1&to=2", "/events",
                 "/facts"):  # fmt: skip
        answer = api.ask(f"/trials/{HOSTILE}{path}")
        assert answer.status == 200
        assert not any(byte < 0x20 for byte in answer.content), path
        assert answer.headers["x-content-type-options"] == "nosniff"
    title = api.get(f"/trials/{HOSTILE}")["title"]
    assert title == api.get(f"/trials/{HOSTILE}/record")["study"]["protocolSection"][
        "identificationModule"]["briefTitle"]  # fmt: skip


def odd(work: Callable[[], Awaitable[bytes]]) -> Site:
    """Return a site whose one address of the API answers with what the work returns."""

    async def endpoint(_: Request) -> Response:
        return Response(await work())

    return [Route("/api/v1/odd", endpoint, methods=["GET"])]


def test_what_takes_too_long_is_a_problem_too() -> None:
    async def endless() -> bytes:
        await asyncio.sleep(60)
        return b""

    with served(answering(), odd(endless), limits=WebSettings(request_timeout_s=0.2)) as server:
        status, headers, body = ask(server.address, "/api/v1/odd")
    assert (status, headers["content-type"]) == (503, "application/problem+json")
    assert json.loads(body)["detail"] == "it takes too long"


def test_a_fault_of_ours_is_a_problem_that_tells_nothing_of_it() -> None:
    async def broken() -> bytes:
        raise ZeroDivisionError("planted-secret")

    with (
        pytest.raises(AssertionError),  # the server's operator is told
        served(answering(), odd(broken)) as server,
    ):
        status, headers, body = ask(server.address, "/api/v1/odd")
    assert (status, headers["content-type"]) == (500, "application/problem+json")
    assert b"planted" not in body
