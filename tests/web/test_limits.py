"""Whatever clients do, they get no more than their share, and the next one is answered."""

import contextlib
import http.client
import random
import resource
import socket
import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import Response

from monitor.app import App
from monitor.settings import Settings, WebSettings
from monitor.web.limits import BODY_BYTES, HEADER_BYTES, connections_at_most
from monitor.web.pages.answering import page_route
from monitor.web.server import WebServer
from monitor.web.site import Site
from monitor.web.store_calls import StoreCalls
from tests.daemon.processes import eventually
from tests.web.serving import answering, ask, ask_json, served

PATIENCE_S = 30.0
SHORT = WebSettings(header_timeout_s=0.4, request_timeout_s=0.4)
CLICK = b"POST /unsubscribe/u/t HTTP/1.1\r\nHost: m\r\n"
LARGE = "x" * 16_000_000


def pages(clicks: list[str]) -> Site:
    """Return pages of which one is large; who unsubscribes is noted."""

    def large(_: App, __: Request) -> Response:
        return Response(LARGE)

    def unsubscribing(_: App, request: Request) -> Response:
        if request.method == "POST":
            clicks.append(request.path_params["uid"])
        return Response(request.path_params["token"])

    calls = StoreCalls(lambda: App(settings=Settings()))
    return [
        page_route(calls, "/trials/{nct_id}/changes/{version}", large),
        page_route(calls, "/unsubscribe/{uid}/{token}", unsubscribing, ("GET", "POST")),
    ]


@contextlib.contextmanager
def connected(server: WebServer, sent: bytes = b"") -> Iterator[socket.socket]:
    """Connect and send something."""
    with socket.create_connection(server.address, timeout=PATIENCE_S) as client:
        client.sendall(sent)
        yield client


def everything(client: socket.socket) -> bytes:
    """Read until the server closes the connection."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while piece := client.recv(1 << 20):
            found += piece
    return found


def is_closed(client: socket.socket) -> bool:
    """Return whether the server has closed the connection by now."""
    client.setblocking(False)
    try:
        return client.recv(1 << 16) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def whole_body(server: WebServer, path: str) -> bytes:
    """Return the body of a whole answer, asked for again where SHORT was too short for us."""

    def body() -> bytes | None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, _, found = ask(server.address, path)
            return found if status == 200 else None
        return None

    return bytes(eventually(body, what=path))


def test_a_silent_connection_is_closed_in_time() -> None:
    with served(answering(), limits=SHORT) as server, connected(server) as client:
        assert everything(client) == b""


@pytest.mark.parametrize(
    "first",
    [b"", b"GET /healthz HTTP/1.1\r\nHost: m\r\n\r\n"],
    ids=["from the opening", "after a response"],
)
def test_no_byte_prolongs_the_time_for_the_headers(first: bytes) -> None:
    with served(answering(), limits=SHORT) as server, connected(server, first) as client:
        deadline = time.monotonic() + PATIENCE_S
        with contextlib.suppress(ConnectionError):
            for byte in b"GET /healthz HTTP/1.1\r\nX: " + b"y" * 10_000:
                client.sendall(bytes([byte]))
                time.sleep(0.05)  # a client that drips
                if is_closed(client):
                    break
        assert is_closed(client)
        assert time.monotonic() < deadline


def test_a_body_that_does_not_come_is_not_waited_for_and_nothing_is_done() -> None:
    clicks: list[str] = []
    begun = CLICK + b"Content-Length: 26\r\n\r\nList-Unsub"
    with (
        served(answering(), pages(clicks), limits=SHORT) as server,
        connected(server, begun) as client,
    ):
        text = everything(client)
    assert text == b"" or text.startswith(b"HTTP/1.1 503 ")
    assert clicks == []


def test_a_click_is_taken_whole_or_not_at_all() -> None:
    clicks: list[str] = []
    with served(answering(), pages(clicks)) as server:
        with connected(server, CLICK + b"Content-Length: 26\r\n\r\nList-Unsub"):
            pass  # closed in the middle
        body = b"List-Unsubscribe=One-Click"
        with connected(
            server, CLICK + b"Content-Length: 26\r\nConnection: close\r\n\r\n" + body
        ) as one:
            assert everything(one).startswith(b"HTTP/1.1 200 ")
    assert clicks == ["u"]


def test_a_client_that_does_not_read_is_not_waited_for() -> None:
    with served(answering(), pages([]), limits=SHORT) as server:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(PATIENCE_S)
            client.connect(server.address)
            client.sendall(b"GET /trials/x/changes/1 HTTP/1.1\r\nHost: m\r\n\r\n")
            client.recv(1)
            time.sleep(1.5)  # a client that does not read
            assert len(everything(client)) < len(LARGE)
        assert len(whole_body(server, "/trials/x/changes/1")) == len(LARGE)


def test_responses_that_nobody_reads_do_not_fill_the_memory() -> None:
    limits = WebSettings(header_timeout_s=0.4)
    with served(answering(), pages([]), limits=limits) as server, contextlib.ExitStack() as stack:
        clients = []
        for _ in range(6):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(PATIENCE_S)
            client.connect(server.address)
            client.sendall(b"GET /trials/x/changes/1 HTTP/1.1\r\nHost: m\r\n\r\n")
            client.recv(1)
            clients.append(client)
        time.sleep(0.5)  # they do not read
        whole = [len(everything(client)) > len(LARGE) for client in clients[:4]]
    assert not all(whole), "96 MB were kept for them"


def test_a_new_client_takes_the_place_of_the_one_that_is_idle_longest() -> None:
    with (
        served(answering(), limits=WebSettings(connections=3)) as server,
        connected(server) as first,
        connected(server) as second,
        connected(server) as third,
    ):
        assert ask_json(server.address, "/healthz")[0] == 200
        assert everything(first) == b""
        assert not is_closed(second)
        assert not is_closed(third)


def test_clients_that_do_not_read_keep_no_new_one_out() -> None:
    few = WebSettings(connections=2, request_timeout_s=600)
    asking = b"GET /metrics HTTP/1.1\r\nHost: m\r\n\r\n" * 40
    with (
        served(answering(metrics=b"x" * 1_000_000), limits=few) as server,
        connected(server, asking) as first,
        connected(server, asking) as second,
    ):
        for client in (first, second):
            assert client.recv(1)
        began = time.monotonic()
        assert ask_json(server.address, "/healthz")[0] == 200
        assert time.monotonic() - began < PATIENCE_S / 2


def test_who_sends_many_requests_at_once_gets_one_response() -> None:
    with (
        served(answering()) as server,
        connected(server, b"GET /healthz HTTP/1.1\r\nHost: m\r\n\r\n" * 50) as client,
    ):
        assert everything(client).count(b"HTTP/1.1 200") == 1


def test_no_configuration_takes_more_than_a_quarter_of_the_descriptors() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 1024), hard))
    try:
        assert connections_at_most(WebSettings(connections=10_000)) == min(soft, 1024) // 4
        assert connections_at_most(WebSettings(connections=5)) == 5
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_long_headers_are_refused() -> None:
    with served(answering()) as server:
        long = b"GET /healthz HTTP/1.1\r\nX: " + b"y" * (2 * HEADER_BYTES)
        with connected(server, long) as client:
            assert everything(client).startswith(b"HTTP/1.1 400 ")
        assert ask_json(server.address, "/healthz")[0] == 200


@pytest.mark.parametrize("is_chunked", [True, False], ids=["chunked", "with its length"])
def test_a_long_body_is_refused(is_chunked: bool) -> None:
    clicks: list[str] = []
    with served(answering(), pages(clicks)) as server:
        client = http.client.HTTPConnection(*server.address, timeout=PATIENCE_S)
        body = b"x" * (BODY_BYTES + 1)
        client.request(
            "POST", "/unsubscribe/u/t", body=iter([body]) if is_chunked else body,
            encode_chunked=is_chunked,
            headers={"Transfer-Encoding": "chunked"} if is_chunked else {},
        )  # fmt: skip
        assert client.getresponse().status == 413
        client.close()
    assert clicks == []


BROKEN = {
    "body of no length after its response": (
        b"POST /healthz HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"no chunk\r\n",
    ),
    "body of no length": (CLICK + b"Transfer-Encoding: chunked\r\n\r\nno chunk\r\n",),
    "body that a page without one has": (
        b"GET /healthz HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
    ),
    "no HTTP": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",),
    "many requests at once": (b"GET /healthz HTTP/1.1\r\nHost: m\r\n\r\n" * 500, b"\x00"),
    "an upgrade": (
        b"GET /healthz HTTP/1.1\r\nHost: m\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ),
    "a path of no characters": (b"GET /%ff%00%f0%28 HTTP/1.1\r\nHost: m\r\n\r\n",),
}


@pytest.mark.parametrize("pieces", BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_http_is_no_fault_of_ours(pieces: tuple[bytes, ...]) -> None:
    with served(answering(), pages([]), limits=SHORT) as server:
        for ends_early in (False, True):
            with connected(server) as client, contextlib.suppress(ConnectionError):
                for piece in pieces:
                    client.sendall(piece)
                    if len(pieces) > 1:
                        client.recv(1 << 16)
                if not ends_early:
                    everything(client)
        assert whole_body(server, "/healthz")


def test_no_mixture_of_requests_is_a_fault_of_ours() -> None:
    chance = random.Random(7)  # noqa: S311 - the same each time
    parts = [
        CLICK, b"GET /healthz HTTP/1.1\r\n", b"Host: m\r\n", b"\r\n", b"Content-Length: 3\r\n",
        b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n",
        b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"abc", b"\x00", b"\r", b": \r\n",
    ]  # fmt: skip
    with served(answering(), pages([]), limits=SHORT) as server:
        for _ in range(150):
            mixture = b"".join(chance.choices(parts, k=chance.randint(1, 9)))
            with connected(server, mixture), contextlib.suppress(ConnectionError):
                pass
        assert whole_body(server, "/healthz")
