"""Every way in which a transfer goes wrong ends in one clear sentence."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from monitor.errors import SourceError
from monitor.sources.http import (
    BrokenTransferError,
    Client,
    RequestLog,
    StoppedError,
    TimedOutError,
    UnreachableError,
)
from monitor.sources.http.pacing import Hosts
from tests.daemon.processes import eventually
from tests.sources.http.conftest import MakeClient
from tests.sources.http.loopback import (
    Connection,
    Loopback,
    Script,
    chunked,
    gzipped,
    head,
    reply,
    send,
)

BODY = b'{"studies":[]}' * 500
GZIP = "Content-Encoding: gzip"
CHUNKS = "Transfer-Encoding: chunked"


def drip_after(data: bytes, drop: bytes) -> Script:
    return send(data, then=lambda connection: connection.drip(drop))


def nothing(connection: Connection) -> None:
    del connection


CUT_SHORT = {
    "within its length": send(head(200, "Content-Length: 9999"), BODY, then=Connection.hang_up),
    "before its first byte": send(head(200, "Content-Length: 9999"), then=Connection.hang_up),
    "within a chunk": send(head(200, CHUNKS), b"ff\r\n{}", then=Connection.hang_up),
    "between chunks": send(head(200, CHUNKS), chunked([BODY], last=False), then=Connection.hang_up),
    "by a reset": send(head(200, "Content-Length: 9999"), BODY, then=Connection.reset),
    "before the headers": send(b"", then=Connection.hang_up),
    "within the headers": send(b"HTTP/1.1 200 OK\r\nContent-Le", then=Connection.hang_up),
    "by a reset instead of headers": send(b"", then=Connection.reset),
    "after the status": send(b"HTTP/1.1 200 OK\r\n", then=Connection.hang_up),
    "no chunk size": send(head(200, CHUNKS), b"what?\r\n", then=Connection.hang_up),
    "no HTTP at all": send(b"220 mail.example.org ESMTP\r\n\r\n", then=Connection.hang_up),
}

WRONG_GZIP = {
    "no gzip": reply(BODY, GZIP),
    "cut within": reply(gzipped(BODY)[:-20], GZIP),
    "cut before its checksum": reply(gzipped(BODY)[:-8], GZIP),
    "wrong checksum": reply(gzipped(BODY)[:-8] + b"12345678", GZIP),
    "cut without a length": send(head(200, GZIP), gzipped(BODY)[:-9], then=Connection.hang_up),
    "rubbish behind it": reply(gzipped(BODY) + b"rubbish", GZIP),
    "none of it": reply(b"", GZIP),
    "another encoding": reply(BODY, "Content-Encoding: br"),
}


def failure(client: Client, path: str = "/api/v2/studies") -> SourceError:
    with pytest.raises(SourceError) as caught:
        client.get(path, {"query.term": "not to be told"})
    sentence = str(caught.value)
    assert "not to be told" not in sentence
    assert "\n" not in sentence
    assert len(sentence) < 300
    return caught.value


@pytest.mark.parametrize("case", CUT_SHORT)
def test_a_body_cut_short_is_a_broken_transfer(
    client: MakeClient, logs: list[RequestLog], case: str
) -> None:
    with Loopback(CUT_SHORT[case]) as server:
        fault = failure(client(server.url))
    assert isinstance(fault, BrokenTransferError)
    assert str(fault).startswith(f"the answer of {server.host} to /api/v2/studies broke off: ")
    assert (logs[0].status, logs[0].error) == (None, "BrokenTransferError")


@pytest.mark.parametrize("case", WRONG_GZIP)
def test_a_gzip_that_is_none_is_a_broken_transfer(client: MakeClient, case: str) -> None:
    with Loopback(WRONG_GZIP[case]) as server:
        fault = failure(client(server.url))
    assert isinstance(fault, BrokenTransferError)
    assert "gzip" in str(fault) or "br, which nobody asked for" in str(fault)


STALLS = {
    "before the headers": send(b"", then=Connection.hold),
    "within the headers": send(b"HTTP/1.1 200 OK\r\n", then=Connection.hold),
    "within the body": send(head(200, "Content-Length: 9999"), BODY, then=Connection.hold),
    "within a chunk": send(head(200, CHUNKS), b"ff\r\n{}", then=Connection.hold),
}


@pytest.mark.parametrize("case", STALLS)
def test_a_server_that_goes_silent_is_given_up(client: MakeClient, case: str) -> None:
    with Loopback(STALLS[case]) as server:
        fault = failure(client(server.url, read_timeout_s=0.2))
    assert isinstance(fault, TimedOutError)
    assert str(fault) == f"{server.host} sent nothing for 0.2 s, asked for /api/v2/studies"


DRIPS = {
    "the body": drip_after(head(200, "Content-Length: 999999"), b" "),
    "a body without a length": drip_after(head(200), b" "),
    "chunk sizes": drip_after(head(200, CHUNKS), b"0"),
    "chunks": drip_after(head(200, CHUNKS), b"1\r\n{\r\n"),
    "headers": drip_after(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
    "one header": drip_after(b"HTTP/1.1 200 OK\r\nA: ", b"b"),
    "gzip": drip_after(head(200, "Content-Length: 999999", GZIP), gzipped(b"")),
    "the page of an error": drip_after(head(503, "Content-Length: 999999"), b" "),
}


@pytest.mark.parametrize("case", DRIPS)
def test_a_dripping_server_cannot_outlast_the_total_timeout(client: MakeClient, case: str) -> None:
    with Loopback(DRIPS[case]) as server:
        began = time.monotonic()
        fault = failure(client(server.url, total_timeout_s=0.2))
        took_s = time.monotonic() - began
    assert isinstance(fault, TimedOutError)
    assert str(fault) == (
        f"the answer of {server.host} to /api/v2/studies was not complete within 0.2 s"
    )
    assert 0.2 <= took_s < 30


def test_after_a_fault_the_connection_is_not_used_again(client: MakeClient) -> None:
    with Loopback(DRIPS["the body"], reply()) as server:
        one = client(server.url, total_timeout_s=3.0)
        failure(one)
        assert one.get("/").status == 200
    assert [request.connection for request in server.requests] == [1, 2]


def stop_when(asked: threading.Event, stop: threading.Event) -> None:
    asked.wait(10)
    stop.set()


def test_a_stopped_monitor_leaves_a_silent_server(client: MakeClient) -> None:
    stop = threading.Event()
    requested = threading.Event()

    def hold(connection: Connection) -> None:
        requested.set()
        connection.hold()

    with Loopback(send(head(200, "Content-Length: 99"), then=hold)) as server:
        one = client(server.url, stop=stop)
        threading.Thread(target=stop_when, args=(requested, stop)).start()
        began = time.monotonic()
        with pytest.raises(StoppedError, match=r"^stopped$"):
            one.get("/")
    assert time.monotonic() - began < 30


def test_a_stopped_monitor_asks_nobody(client: MakeClient) -> None:
    stop = threading.Event()
    stop.set()
    with Loopback(reply()) as server, pytest.raises(StoppedError):
        client(server.url, stop=stop).get("/")
    assert server.requests == []


def test_a_name_that_does_not_exist_is_named(client: MakeClient) -> None:
    fault = failure(client("http://no-such-host.invalid:8080"))
    assert isinstance(fault, UnreachableError)
    assert str(fault).startswith("the name no-such-host.invalid cannot be resolved: ")


def test_a_closed_port_is_unreachable(client: MakeClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    fault = failure(client(f"http://127.0.0.1:{port}"))
    assert isinstance(fault, UnreachableError)
    assert str(fault) == f"127.0.0.1:{port} cannot be reached: Connection refused"


def test_a_full_backlog_times_out(client: MakeClient) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:  # nobody accepts them; the next one is not even answered
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        fault = failure(client(f"http://127.0.0.1:{port}", connect_timeout_s=0.2))
        for one in waiting:
            one.close()
    assert isinstance(fault, TimedOutError)
    assert str(fault) == f"127.0.0.1:{port} took no connection within 0.2 s"


@pytest.mark.parametrize("path", ["/a b", "/\N{SNOWMAN}", "/%", "/x\r\nX-Injected: 1"])
def test_a_strange_path_is_asked_or_refused_but_never_injects(
    client: MakeClient, path: str
) -> None:
    with Loopback(reply()) as server, contextlib.suppress(SourceError):
        client(server.url).get(path)
    assert all("x-injected" not in request.headers for request in server.requests)


def test_a_host_name_that_nobody_can_look_up_is_a_source_error(client: MakeClient) -> None:
    failure(client(f"http://{'a' * 64}.example"))


@pytest.fixture
def hanging_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the name service say nothing until the event is set."""
    answers = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answers.wait(60)
        raise socket.gaierror(socket.EAI_AGAIN, "no answer")

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", hang)
        yield answers
        answers.set()


def test_a_name_service_that_hangs_cannot_outlast_the_total_timeout(
    client: MakeClient, hanging_names: threading.Event
) -> None:
    hosts = Hosts()
    one = client("http://hangs.invalid", total_timeout_s=0.1, hosts=hosts)
    fault = failure(one)
    assert isinstance(fault, TimedOutError)
    assert (
        str(fault) == "the answer of hangs.invalid to /api/v2/studies was not complete within 0.1 s"
    )
    left = hosts.abandoned_threads("hangs.invalid")
    assert left.count == 1
    hanging_names.set()
    eventually(lambda: left.count == 0)


def test_a_name_service_that_hangs_holds_no_monitor_that_stops(
    client: MakeClient, hanging_names: threading.Event
) -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    with pytest.raises(StoppedError):
        client("http://hangs.invalid", stop=stop, total_timeout_s=60.0).get("/")
    assert not hanging_names.is_set()


def test_of_requests_that_hang_only_so_many_are_left(
    client: MakeClient, hanging_names: threading.Event
) -> None:
    hosts = Hosts()
    left = hosts.abandoned_threads("hangs.invalid")
    left.limit = 1
    one = client("http://hangs.invalid", total_timeout_s=0.1, hosts=hosts)
    assert isinstance(failure(one), TimedOutError)
    fault = failure(one)
    assert isinstance(fault, UnreachableError)
    assert str(fault) == "requests to hangs.invalid hang (1 of them): check DNS"
    hanging_names.set()
    eventually(lambda: left.count == 0)
