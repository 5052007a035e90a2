"""TLS: who is trusted, and what is spoken over it."""

import ssl

import pytest

from monitor.sources.http import (
    RequestLog,
    RetryableError,
    TimedOutError,
    TlsError,
    Transport,
)
from tests.sources.http.conftest import NO_JITTER, MakeClient
from tests.sources.http.http2 import Http2Loopback, answer_with
from tests.sources.http.loopback import Connection, Loopback, reply, send

BODY = b'{"studies":[]}'


@pytest.mark.usefixtures("trusted")
def test_a_trusted_server_is_asked_with_the_best_that_the_transport_speaks(
    client: MakeClient, tls: ssl.SSLContext, transport: Transport
) -> None:
    with Http2Loopback(reply(BODY), streams=[answer_with(BODY)], tls=tls) as server:
        one = client(server.url)
        answers = [one.get("/api/v2/studies") for _ in range(3)]
    assert [answer.body for answer in answers] == [BODY] * 3
    version = {"httpx2": "HTTP/2", "requests": "HTTP/1.1"}[transport]
    assert {answer.http_version for answer in answers} == {version}
    assert {request.connection for request in server.requests} == {1}


@pytest.mark.usefixtures("trusted")
def test_http2_can_be_switched_off(client: MakeClient, tls: ssl.SSLContext) -> None:
    with Http2Loopback(reply(BODY), streams=[answer_with(BODY)], tls=tls) as server:
        assert client(server.url, http2=False).get("/").http_version == "HTTP/1.1"


def test_an_untrusted_server_is_refused_and_not_asked_again(
    client: MakeClient, tls: ssl.SSLContext, logs: list[RequestLog]
) -> None:
    with Loopback(reply(), tls=tls) as server:
        with pytest.raises(TlsError) as caught:
            client(server.url, retries=NO_JITTER).get("/")
        assert server.requests == []
    assert str(caught.value).startswith(
        f"TLS with {server.host} failed: the certificate is not trusted: "
    )
    assert len(logs) == 1


class Mute(Loopback):
    """Takes connections and never says a word."""

    def converse(self, connection: Connection) -> None:
        connection.hold()


class Rude(Loopback):
    """Takes connections and hangs up."""

    def converse(self, connection: Connection) -> None:
        connection.receive()
        connection.hang_up()


class Plain(Loopback):
    """Takes TLS for HTTP."""

    def converse(self, connection: Connection) -> None:
        connection.receive()
        connection.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        connection.hang_up()


def test_a_server_without_tls_is_told_so(client: MakeClient) -> None:
    with Plain(reply()) as server:
        secure = server.url.replace("http:", "https:")
        with pytest.raises(TlsError, match=r"^TLS with .* failed: wrong version number$"):
            client(secure).get("/")


def test_a_handshake_without_end_times_out(client: MakeClient) -> None:
    with Mute(reply()) as server:
        secure = server.url.replace("http:", "https:")
        with pytest.raises(TimedOutError, match=r"took no connection within 0\.2 s$"):
            client(secure, connect_timeout_s=0.2).get("/")


def test_a_handshake_that_is_hung_up_may_be_tried_again(
    client: MakeClient, logs: list[RequestLog]
) -> None:
    with Rude(reply()) as server:
        secure = server.url.replace("http:", "https:")
        with pytest.raises(RetryableError):
            client(secure, retries=NO_JITTER).get("/")
    assert len(logs) == 3


@pytest.mark.usefixtures("trusted")
def test_a_server_that_goes_silent_behind_tls_is_given_up(
    client: MakeClient, tls: ssl.SSLContext
) -> None:
    tls.set_alpn_protocols(["http/1.1"])
    drip = send(b"HTTP/1.1 200 OK\r\nA: ", then=lambda connection: connection.drip(b"b"))
    hold = send(b"HTTP/1.1 200 OK\r\nA: ", then=Connection.hold)
    with Loopback(drip, hold, tls=tls) as server:
        with pytest.raises(TimedOutError, match="not complete"):
            client(server.url, total_timeout_s=2.0).get("/")
        with pytest.raises(TimedOutError, match="sent nothing"):
            client(server.url, read_timeout_s=2.0).get("/")
