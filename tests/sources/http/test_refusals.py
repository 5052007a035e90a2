"""What the edge in front of the registry does: 403 pages, and pages with status 200."""

import json
from pathlib import Path

import pytest

from monitor.errors import SourceError
from monitor.sources.http import (
    Hosts,
    HtmlAnswerError,
    HttpStatusError,
    RequestLog,
    Transport,
)
from monitor.sources.http.session import next_transport
from tests.sources.http.conftest import NO_JITTER, MakeClient, Naps
from tests.sources.http.loopback import (
    Connection,
    Loopback,
    Request,
    Script,
    error,
    head,
    page,
    reply,
    send,
)


def lets_in(library: str) -> Script:
    """Let in those whose name ends with the library's, as the registry's edge does."""

    def script(connection: Connection, request: Request) -> None:
        welcome = request.headers["user-agent"].rpartition(" ")[2].startswith(library)
        (reply() if welcome else page(403))(connection, request)

    return script


def test_a_refused_client_switches_to_the_other_transport_and_stays_there(
    client: MakeClient, logs: list[RequestLog], transport: Transport
) -> None:
    other = next_transport(transport)
    with Loopback(lets_in(f"python-{other}/")) as server:
        assert client(server.url).get("/").transport == other
        assert client(server.url).get("/").transport == other, "another client, the same process"
    assert [log.transport for log in logs] == [transport, other, other]
    assert [log.status for log in logs] == [403, 200, 200]


def test_a_host_that_changes_its_mind_is_followed(
    client: MakeClient, logs: list[RequestLog], transport: Transport
) -> None:
    other = next_transport(transport)
    with Loopback(page(403), reply(), page(403), reply()) as server:
        one = client(server.url)
        assert [one.get("/").transport for _ in range(3)] == [other, transport, transport]
    assert len(logs) == 5


REFUSALS = {
    "a page": page(403),
    "a page that says it is text": reply(b"\n<HTML>", status=403, media="text/plain"),
    "a page of no type": send(
        head(403, "Content-Length: 6", "Connection: close"), b"<html>", then=Connection.hang_up
    ),
    "nothing": send(head(403, "Content-Length: 0"), then=lambda _: None),
    "a page cut short": send(head(403, "Content-Length: 99"), b"<html>", then=Connection.hang_up),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_client_refused_over_both_transports_gives_up_at_once(
    client: MakeClient, naps: Naps, transport: Transport, case: str
) -> None:
    with Loopback(REFUSALS[case]) as server:
        with pytest.raises(HttpStatusError, match=r"^refused by the edge \(403\): ") as caught:
            client(server.url, retries=NO_JITTER).get("/api/v2/version")
        assert len(server.requests) == 2
    assert (caught.value.status, naps.taken) == (403, [])
    assert f"({transport} and {next_transport(transport)})" in str(caught.value)


def test_after_a_refusal_over_both_the_next_pass_begins_as_it_is_set(
    client: MakeClient, logs: list[RequestLog], transport: Transport
) -> None:
    with Loopback(page(403), page(403), reply()) as server:
        one = client(server.url)
        with pytest.raises(HttpStatusError):
            one.get("/")
        one.get("/")
    assert [log.transport for log in logs] == [transport, next_transport(transport), transport]


def test_a_fault_after_the_switch_is_tried_again_without_asking_the_first_transport(
    client: MakeClient, logs: list[RequestLog], transport: Transport
) -> None:
    other = next_transport(transport)
    with Loopback(page(403), error(503), reply()) as server:
        client(server.url, retries=NO_JITTER).get("/")
    assert [log.transport for log in logs] == [transport, other, other]


def test_a_refusal_after_a_fault_after_the_switch_ends_it(client: MakeClient) -> None:
    with Loopback(page(403), error(503), page(403)) as server:
        with pytest.raises(HttpStatusError, match="refused by the edge"):
            client(server.url, retries=NO_JITTER).get("/")
        assert len(server.requests) == 3


def test_a_refusal_in_the_registrys_own_words_is_not_the_edges(client: MakeClient) -> None:
    with Loopback(error(403, "not for you")) as server:
        with pytest.raises(HttpStatusError, match=r" answered 403 to /: not for you$"):
            client(server.url, retries=NO_JITTER).get("/")
        assert len(server.requests) == 1


def test_a_client_may_be_kept_to_its_transport(client: MakeClient, transport: Transport) -> None:
    hosts = Hosts()
    with Loopback(page(403), reply(), reply()) as server:
        with pytest.raises(
            HttpStatusError, match=rf"does not let this user agent in \({transport}\)"
        ):
            client(server.url, hosts=hosts, may_switch=False).get("/")
        assert len(server.requests) == 1
        hosts.remember_transport(server.host, next_transport(transport))
        assert client(server.url, hosts=hosts, may_switch=False).get("/").transport == transport
        assert hosts.transport(server.host) == next_transport(transport), "not its to change"


@pytest.mark.parametrize(
    ("body", "media"),
    [
        (b"<!DOCTYPE html><p>maintenance", "text/html;charset=utf-8"),
        (b"\xef\xbb\xbf \n<html lang='en'>", "application/json"),
        (b"maintenance", "text/html"),
        (b"<!doctype HTML>", "text/plain"),
    ],
)
def test_a_page_with_a_status_of_success_is_a_failure(
    client: MakeClient, body: bytes, media: str
) -> None:
    with Loopback(reply(body, media=media)) as server:
        with pytest.raises(HtmlAnswerError) as caught:
            client(server.url, retries=NO_JITTER).get("/api/v2/studies")
        assert len(server.requests) == 1
    assert isinstance(caught.value, SourceError)
    assert str(caught.value) == (
        f"{server.host} answered /api/v2/studies with an HTML page and status 200 instead of data"
    )


def test_a_page_with_404_is_an_answer_that_says_what_it_is(client: MakeClient) -> None:
    with Loopback(page(404), error(404, "NCT number NCT99999999 not found")) as server:
        one = client(server.url)
        wrong_path, unknown = one.get("/"), one.get("/")
    assert (wrong_path.is_html, wrong_path.excerpt) == (True, "")
    assert (unknown.is_html, unknown.excerpt) == (False, "NCT number NCT99999999 not found")


def test_the_recorded_words_of_the_registry_are_kept(client: MakeClient, shared_data: Path) -> None:
    recorded = json.loads((shared_data / "ctgov" / "api" / "error_responses.json").read_text())
    plain = [
        one
        for one in recorded
        if one["status"] in (400, 404) and (one["content_type"] or "").startswith("text/plain")
    ]
    assert len(plain) >= 8
    scripts = [
        reply(one["body"].encode(), status=one["status"], media=one["content_type"])
        for one in plain
    ]
    with Loopback(*scripts) as server:
        asking = client(server.url)
        answers = [asking.get("/api/v2/studies") for _ in plain]
    assert [(one.status, one.excerpt) for one in answers] == [
        (one["status"], one["body"]) for one in plain
    ]
