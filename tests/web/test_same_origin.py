"""Who may send forms, and that reading changes nothing."""

import http.client
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from monitor.app import App
from monitor.store.address import StoreAddress
from monitor.store.engine import make_engine
from monitor.store.schema import metadata
from monitor.web.pages.answering import page_route
from monitor.web.routes import application
from monitor.web.server import WebServer
from monitor.web.site import site_routes
from monitor.web.store_calls import StoreCalls
from tests.ingest.world import NCT
from tests.web.people import ADDRESS, Readers, link, readers
from tests.web.serving import LOOPBACK, answering, served


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    """Serve a form, and what mail programs unsubscribe by."""

    def form(app: App, request: Request) -> Response:
        del app
        return Response(request.method)

    calls = StoreCalls(lambda: App.configured(None, environ={}))
    paths = ("/form", "/unsubscribe/u/t")
    routes = [page_route(calls, path, form, methods=("GET", "POST")) for path in paths]
    with served(answering(), routes) as serving:
        yield serving


def send(
    address: tuple[str, int], path: str, method: str = "POST", **headers: str
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=30)
    try:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Origin": "http://{own}"}, 200),
        ({"Origin": "https://{own}"}, 200),  # a proxy in front speaks HTTPS
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://{own}.evil.example"}, 403),
        ({"Origin": "http://[broken"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://{own}", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
        ({"Origin": "https://m.example.org", "X-Forwarded-Host": "m.example.org"}, 200),
        ({"Authorization": "Bearer tm_x"}, 200),
        ({"Authorization": "Basic eDp5", "Origin": "https://evil.example"}, 403),
    ],
)
def test_a_form_is_taken_from_this_sites_pages_alone(
    server: WebServer, headers: dict[str, str], status: int
) -> None:
    own = f"{server.address[0]}:{server.address[1]}"
    sent = {name: value.format(own=own) for name, value in headers.items()}
    got, body = send(server.address, "/form", **sent)
    assert (got, b"not sent from a page of this site" in body) == (status, status == 403)
    assert send(server.address, "/form", "GET", **sent) == (200, b"GET")


def test_a_mail_program_needs_no_page_to_unsubscribe(server: WebServer) -> None:
    assert send(server.address, "/unsubscribe/u/t") == (200, b"POST")


# --- reading ------------------------------------------------------------------------------------


def rows(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all that a store holds."""
    engine = make_engine(StoreAddress.parse(url), busy_timeout_s=10)
    try:
        with engine.connect() as connection:
            return {
                table.name: sorted(
                    (tuple(row) for row in connection.execute(table.select())), key=repr
                )
                for table in metadata.tables.values()
            }
    finally:
        engine.dispose()


def filled(there: Readers, pending: str, sent: EmailMessage, route: Route) -> str:
    """Return a path of a route that leads to something that is there, where it can."""
    paths = [pending, *(link(sent, start) for start in ("/unsubscribe/", "/why/", "/manage/"))]
    for path in paths:
        if path.startswith(route.path_format.partition("{")[0]) and "{" in route.path_format:
            return path + route.path_format.rpartition("}")[2]
    with there.monitored.app.reader() as reader:
        [*_, newest] = reader.versions(NCT)
        [message, *_] = reader.outbox.messages(limit=1)
        page_token = reader.outbox.page_token(str(message.uid))
        [one] = reader.subscribers.subscriptions()
        feed_token = reader.outbox.feed_token(one)
    given = {"nct_id": NCT, "version": newest.identity.hex(), "uid": message.uid, "id": one.id}
    found = route.path_format
    for name in route.param_convertors:
        value = given.get(name, NCT)
        if name == "token":
            value = page_token if found.startswith("/messages") else feed_token
        found = found.replace("{" + name + "}", str(value))
    return found


def test_no_get_of_any_address_changes_anything(store_url: str, tmp_path: Path) -> None:
    with readers(tmp_path, store_url) as there:
        there.subscribe()
        there.monitored.change()
        [sent] = there.deliver()
        there.browser.post("/subscribe", address=ADDRESS, condition="lupus")
        [requested] = there.deliver()
        pending = link(requested, "/subscribe/")
        app = there.monitored.app
        site = site_routes(StoreCalls(lambda: app), host=LOOPBACK)
        routes = [one for one in application(answering(), site).routes if isinstance(one, Route)]
        before, found = rows(store_url), set()
        for route in routes:
            path = filled(there, pending, sent, route)
            for method in ("GET", "HEAD"):
                status, _ = send(there.browser.address, path, method)
                assert status < 500, path
                found |= {route.path} if status == 200 else set()
        assert rows(store_url) == before
    own = {"/subscribe", "/subscribe/{token}", "/manage/{token}", "/manage/{token}/export",
           "/why/{uid}/{token}",
           "/unsubscribe/{of}/{token}", "/messages/{uid}/{token}"}  # fmt: skip
    assert own <= found
    assert len(found) > len(routes) // 2
