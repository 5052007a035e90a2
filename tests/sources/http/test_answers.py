"""What comes back when the server does its part."""

import threading
from pathlib import Path

import pytest

from monitor import __version__
from monitor.errors import ConfigError, SourceError
from monitor.sources.http import RequestLog, Transport
from tests.sources.http.conftest import MakeClient
from tests.sources.http.loopback import (
    Connection,
    Loopback,
    Request,
    chunked,
    error,
    gzipped,
    head,
    reply,
    send,
)

STUDIES = b'{"studies":[{"protocolSection":{}}]}'


def test_an_answer_says_all_that_came(client: MakeClient, transport: Transport) -> None:
    with Loopback(reply(STUDIES, 'ETag: "abc"', "X-Twice: a", "X-Twice: b")) as server:
        answer = client(server.url).get("/api/v2/studies")
    assert (answer.status, answer.body, answer.transport) == (200, STUDIES, transport)
    assert (answer.content_type, answer.http_version) == ("application/json", "HTTP/1.1")
    assert answer.headers["etag"] == answer.headers["ETAG"] == '"abc"'
    assert answer.headers["x-twice"] == "a, b"
    assert answer.url == f"{server.url}/api/v2/studies"
    assert answer.elapsed_s > 0
    assert "protocolSection" not in repr(answer), "a body of megabytes has no place in a log"


def test_parameters_arrive_as_they_were_given(client: MakeClient) -> None:
    params = {"filter.advanced": "AREA[LastUpdatePostDate]RANGE[2026-02-01,MAX]", "q": "a b|c+é"}
    with Loopback(reply()) as server:
        client(server.url).get("/api/v2/studies", params)
    assert server.requests[0].target == (
        "/api/v2/studies?filter.advanced=AREA%5BLastUpdatePostDate%5DRANGE%5B2026-02-01%2CMAX%5D"
        "&q=a%20b%7Cc%2B%C3%A9"
    )


def test_a_path_goes_behind_that_of_the_base_url(client: MakeClient) -> None:
    with Loopback(reply()) as server:
        mirror = client(f"{server.url}/ctgov/")
        mirror.get("/api/v2/version")
        mirror.get(f"{server.url}/elsewhere?a=1", {"b": "2"})
    assert [one.target for one in server.requests] == [
        "/ctgov/api/v2/version",
        "/elsewhere?a=1&b=2",
    ]


def test_the_user_agent_names_program_contact_and_library(
    client: MakeClient, transport: Transport
) -> None:
    with Loopback(reply()) as server:
        client(server.url, contact="trials@example.org").get("/")
        client(server.url, user_agent="anything else").get("/")
    names = [one.headers["user-agent"] for one in server.requests]
    assert names[0].startswith(f"trial-monitor/{__version__} (+trials@example.org) python-")
    assert names[0].rpartition(" ")[2].startswith(f"python-{transport}/")
    assert names[1] == "anything else"


@pytest.mark.parametrize("status", [301, 302, 304, 308, 400, 404])
def test_statuses_for_the_caller_are_answers(client: MakeClient, status: int) -> None:
    with Loopback(error(status, "as the registry says it")) as server:
        answer = client(server.url).get("/api/v2/studies/NCT00000001")
    assert answer.status == status
    if status != 304:  # which has no body
        assert answer.excerpt == "as the registry says it"


def test_a_redirect_is_told_and_not_followed(client: MakeClient) -> None:
    place = "Location: /api/v2/studies/NCT07280598"
    with Loopback(error(301, "", place), reply()) as server:
        answer = client(server.url).get("/api/v2/studies/NCT07048704", {"fields": "NCTId"})
    assert answer.location == f"{server.url}/api/v2/studies/NCT07280598"
    assert len(server.requests) == 1


def test_an_etag_of_before_is_sent(client: MakeClient) -> None:
    with Loopback(send(head(304, 'ETag: "abc"'), then=Connection.hang_up)) as server:
        answer = client(server.url).get("/", if_none_match='"abc"')
    assert (answer.status, answer.body) == (304, b"")
    assert server.requests[0].headers["if-none-match"] == '"abc"'


def test_gzip_is_asked_for_and_unpacked(client: MakeClient) -> None:
    body = bytes(range(256)) * 20_000  # unpacks to several pieces
    packed = gzipped(body)
    members = gzipped(STUDIES) + gzipped(STUDIES)
    by_chunks = head(200, "Content-Encoding: x-gzip", "Transfer-Encoding: chunked")
    with Loopback(
        reply(packed, "Content-Encoding: gzip"),
        reply(members, "Content-Encoding: gzip"),
        send(by_chunks, chunked([packed[:7], packed[7:]]), then=lambda _: None),
    ) as server:
        one = client(server.url)
        assert [one.get("/").body for _ in range(3)] == [body, STUDIES * 2, body]
    assert {one.headers["accept-encoding"] for one in server.requests} == {"gzip"}


def test_an_empty_gzip_of_a_redirect_is_no_fault(client: MakeClient) -> None:
    with Loopback(error(301, "", "Location: /x", "Content-Encoding: gzip")) as server:
        assert client(server.url).get("/").body == b""


def test_one_connection_serves_many_requests(client: MakeClient) -> None:
    with Loopback(reply()) as server:
        one = client(server.url)
        for _ in range(5):
            one.get("/")
    assert {one.connection for one in server.requests} == {1}


def test_threads_share_a_client(client: MakeClient) -> None:
    def echo(connection: Connection, request: Request) -> None:
        reply(request.target.encode())(connection, request)

    with Loopback(echo) as server:
        one = client(server.url)
        got: dict[str, bytes] = {}

        def ask(path: str) -> None:
            for _ in range(10):
                got[path] = one.get(path).body

        threads = [threading.Thread(target=ask, args=(f"/{n}",)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert got == {f"/{n}": f"/{n}".encode() for n in range(6)}
    assert len({one.connection for one in server.requests}) <= 6


def test_a_connection_that_the_server_closed_is_made_anew(client: MakeClient) -> None:
    def once(connection: Connection, request: Request) -> None:
        reply(b"{}", "Connection: close")(connection, request)
        connection.hang_up()

    with Loopback(once) as server:
        one = client(server.url)
        assert [one.get("/").status for _ in range(3)] == [200] * 3
    assert [one.connection for one in server.requests] == [1, 2, 3]


def test_no_cookie_is_kept(client: MakeClient) -> None:
    with Loopback(reply(b"{}", "Set-Cookie: session=1; Path=/")) as server:
        one = client(server.url)
        one.get("/")
        one.get("/")
    assert "cookie" not in server.requests[1].headers


def test_no_password_is_taken_from_a_netrc(
    client: MakeClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with Loopback(reply()) as server:
        client(server.url).get("/")
    assert "authorization" not in server.requests[0].headers


def test_every_request_is_told(
    client: MakeClient, logs: list[RequestLog], transport: Transport
) -> None:
    with Loopback(reply(STUDIES)) as server:
        client(server.url).get("/api/v2/studies", {"query.cond": "lupus"})
    (log,) = logs
    assert (log.method, log.host, log.path) == ("GET", server.host, "/api/v2/studies")
    assert (log.params, log.status, log.error) == ((("query.cond", "lupus"),), 200, None)
    assert (log.size, log.attempt, log.transport) == (len(STUDIES), 1, transport)
    assert log.elapsed_s > 0


@pytest.mark.parametrize(
    "url",
    [
        "clinicaltrials.gov",
        "ftp://clinicaltrials.gov",
        "https://",
        "https://me:secret@host",
        "http://h:x",
    ],
)
def test_a_base_url_that_cannot_be_asked_is_refused(client: MakeClient, url: str) -> None:
    with pytest.raises(ConfigError, match="base_url") as caught:
        client(url)
    assert "secret" not in str(caught.value)


def test_a_closed_client_can_still_end_what_it_began(client: MakeClient) -> None:
    with Loopback(reply()) as server:
        one = client(server.url)
        one.get("/")
        one.close()
        assert one.get("/").status == 200, "closing drops connections, not the client"


def test_a_full_url_that_cannot_be_asked_is_a_source_error(client: MakeClient) -> None:
    with pytest.raises(SourceError, match="malformed"):
        client("http://localhost").get("http://[::1/")
