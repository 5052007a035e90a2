"""How much an answer may cost: bytes, packed or not, and memory."""

import functools
import tracemalloc
import zlib

import pytest

from monitor.sources.http import RequestLog, TooLargeError
from tests.sources.http.conftest import NO_JITTER, MakeClient
from tests.sources.http.loopback import (
    Connection,
    Loopback,
    Request,
    Script,
    chunked,
    error,
    gzipped,
    head,
    reply,
    send,
)

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30


@functools.cache
def bomb() -> bytes:
    """Pack a gigabyte of zeros into a megabyte, quickly: the same block over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(MEGABYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + block * 1023  # its end would be the wrong checksum; nobody gets there


def endless(start: bytes, piece: bytes) -> Script:
    def script(connection: Connection, request: Request) -> None:
        del request
        connection.send(start)
        for _ in range(GIGABYTE // len(piece)):
            connection.send(piece)

    return script


SPACES = b" " * MEGABYTE

TOO_LARGE = {
    "a gigabyte announced": endless(head(200, f"Content-Length: {GIGABYTE}"), SPACES),
    "a gigabyte announced that never comes": send(
        head(200, f"Content-Length: {GIGABYTE}"), then=Connection.hold
    ),
    "a gigabyte in chunks": endless(
        head(200, "Transfer-Encoding: chunked"), chunked([SPACES], last=False)
    ),
    "a gigabyte without a length": endless(head(200), SPACES),
    "a bomb": reply(bomb(), "Content-Encoding: gzip"),
    "endless empty gzip members": endless(head(200, "Content-Encoding: gzip"), gzipped(b"") * 999),
}


@pytest.mark.parametrize("case", TOO_LARGE)
def test_an_answer_over_the_limit_is_left_at_once(
    client: MakeClient, logs: list[RequestLog], case: str
) -> None:
    with Loopback(reply(), TOO_LARGE[case], reply()) as server:
        one = client(server.url, answer_limit_mb=2, retries=NO_JITTER)
        one.get("/")  # loads the libraries
        tracemalloc.start()
        try:
            with pytest.raises(TooLargeError) as caught:
                one.get("/api/v2/studies")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert one.get("/").status == 200
    assert str(caught.value) == (
        f"the answer of {server.host} to /api/v2/studies is larger than 2 MB (http.answer_limit_mb)"
    )
    assert peak < 16 * MEGABYTE
    assert [log.attempt for log in logs] == [1, 1, 1], "it is not asked for again"


def test_an_answer_of_just_the_limit_is_taken(client: MakeClient) -> None:
    body = bytes(2 * MEGABYTE)
    with Loopback(
        reply(body), reply(gzipped(body), "Content-Encoding: gzip"), reply(body + b"1")
    ) as server:
        one = client(server.url, answer_limit_mb=2)
        assert one.get("/").body == body
        assert one.get("/").body == body
        with pytest.raises(TooLargeError):
            one.get("/")


def test_a_large_answer_is_held_in_memory_once(client: MakeClient) -> None:
    size = 32 * MEGABYTE
    with Loopback(reply(bytes(range(256)) * (size // 256))) as server:
        one = client(server.url)
        tracemalloc.start()
        try:
            answer = one.get("/")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(answer.body) == size
    assert peak < 1.6 * size


def test_the_page_of_an_error_is_read_only_in_part(client: MakeClient) -> None:
    long = error(503, "no capacity " * 100_000)
    with Loopback(long, long, reply()) as server:
        answer = client(server.url, answer_limit_mb=1, retries=NO_JITTER).get("/")
    assert answer.status == 200
    assert [request.connection for request in server.requests] == [1, 2, 3]
