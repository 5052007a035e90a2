"""HTTP/2: other faults on the wire, the same sentences."""

import ssl

import pytest

from monitor.sources.http import BrokenTransferError, TimedOutError, TooLargeError, Transport
from tests.sources.http.conftest import MakeClient
from tests.sources.http.http2 import Http2Loopback, Stream, answer_with
from tests.sources.http.loopback import gzipped, reply

BODY = b'{"studies":[]}'


@pytest.fixture
def transport() -> Transport:
    """Return the transport that speaks it."""
    return "httpx2"


def reset(stream: Stream) -> None:
    stream.head(200)
    stream.data(b"{", last=False)
    stream.protocol.reset_stream(stream.number, error_code=2)
    stream.flush()


def reset_at_once(stream: Stream) -> None:
    stream.protocol.reset_stream(stream.number, error_code=7)
    stream.flush()


def rubbish(stream: Stream) -> None:
    stream.head(200)
    stream.connection.send(b"\0\0\1\0\0\0\0\0\0x")  # data of stream 0, which has none


def goodbye(stream: Stream) -> None:
    stream.head(200)
    stream.protocol.close_connection(error_code=0, last_stream_id=0)
    stream.flush()
    stream.connection.hang_up()


def cut(stream: Stream) -> None:
    stream.head(200, ("content-length", "99"))
    stream.data(b"{}", last=False)
    stream.connection.hang_up()


def too_short(stream: Stream) -> None:
    stream.head(200, ("content-length", "99"))
    stream.data(b"{}")


BROKEN_STREAMS = {
    "reset": reset,
    "reset at once": reset_at_once,
    "rubbish": rubbish,
    "goodbye": goodbye,
    "cut": cut,
    "too short": too_short,
    "wrong gzip": answer_with(gzipped(BODY)[:-4], ("content-encoding", "gzip")),
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("case", BROKEN_STREAMS)
def test_a_broken_stream_is_a_broken_transfer_and_its_connection_is_left(
    client: MakeClient, tls: ssl.SSLContext, case: str
) -> None:
    streams = [BROKEN_STREAMS[case], answer_with(BODY)]
    with Http2Loopback(reply(), streams=streams, tls=tls) as server:
        one = client(server.url)
        with pytest.raises(BrokenTransferError):
            one.get("/")
        assert one.get("/").body == BODY
    assert [request.connection for request in server.requests] == [1, 2]


def pinging(stream: Stream) -> None:
    while True:
        stream.protocol.ping(b"12345678")
        stream.connection.send_slowly(stream.protocol.data_to_send())


@pytest.mark.usefixtures("trusted")
def test_pings_do_not_outlast_the_total_timeout(client: MakeClient, tls: ssl.SSLContext) -> None:
    with Http2Loopback(reply(), streams=[pinging, answer_with(BODY)], tls=tls) as server:
        one = client(server.url, total_timeout_s=2.0)
        with pytest.raises(TimedOutError, match="not complete within"):
            one.get("/")
    assert len(server.requests) == 1


@pytest.mark.usefixtures("trusted")
def test_an_answer_over_the_limit_does_not_block_the_next(
    client: MakeClient, tls: ssl.SSLContext
) -> None:
    large = answer_with(bytes(3 << 20))
    with Http2Loopback(reply(), streams=[large, answer_with(BODY)], tls=tls) as server:
        one = client(server.url, answer_limit_mb=2)
        with pytest.raises(TooLargeError):
            one.get("/")
        assert one.get("/").body == BODY
