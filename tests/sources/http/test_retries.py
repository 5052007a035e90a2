"""What is tried again, how often, and after which pause."""

import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from monitor.errors import SourceError
from monitor.sources.http import (
    BrokenTransferError,
    BusyError,
    HostClosedError,
    Hosts,
    HttpStatusError,
    RequestLog,
    RetryableError,
    RetryLog,
    StoppedError,
)
from monitor.sources.http.pacing import pause
from tests.sources.http.conftest import NO_JITTER, MakeClient, Naps
from tests.sources.http.loopback import (
    Connection,
    Loopback,
    Request,
    error,
    gzipped,
    head,
    reply,
    send,
)

NOW = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

PASSING_FAULTS = {
    "429": error(429, "slow down"),
    "408": error(408),
    "500": error(500),
    "502": error(502),
    "503": error(503, "upstream connect error"),
    "503 with a page": reply(b"<html>", status=503, media="text/html"),
    "503 with a broken body": send(head(503, "Content-Length: 99"), then=Connection.hang_up),
    "503 with a wrong gzip": reply(b"no", "Content-Encoding: gzip", status=503),
    "cut short": send(head(200, "Content-Length: 99"), b"{", then=Connection.hang_up),
    "wrong gzip": reply(gzipped(b"{}")[:-3], "Content-Encoding: gzip"),
    "reset": send(b"", then=Connection.reset),
    "stall": send(b"", then=Connection.hold),
}


@pytest.mark.parametrize("case", PASSING_FAULTS)
def test_a_fault_that_passes_is_not_noticed(
    client: MakeClient, naps: Naps, logs: list[RequestLog], case: str
) -> None:
    fault = PASSING_FAULTS[case]
    with Loopback(fault, fault, reply(b"[]")) as server:
        one = client(server.url, retries=NO_JITTER, read_timeout_s=2.0 if case == "stall" else 10.0)
        answer = one.get("/api/v2/version")
    assert answer.body == b"[]"
    assert naps.taken == [1.0, 2.0]
    assert [log.attempt for log in logs] == [1, 2, 3]
    assert logs[2].error is None


@pytest.mark.parametrize("case", PASSING_FAULTS)
def test_a_fault_that_lasts_is_told_with_what_was_tried(client: MakeClient, case: str) -> None:
    with Loopback(PASSING_FAULTS[case]) as server:
        one = client(server.url, retries=NO_JITTER, read_timeout_s=0.2 if case == "stall" else 10.0)
        with pytest.raises(RetryableError, match=r"\(3 requests in \d+ s\)$"):
            one.get("/api/v2/version")
    assert len(server.requests) == 3


def test_the_status_and_the_first_words_are_told(client: MakeClient) -> None:
    words = "upstream connect error\nor disconnect" + " before headers" * 100
    with Loopback(error(503, words)) as server, pytest.raises(HttpStatusError) as caught:
        client(server.url).get("/api/v2/version")
    assert caught.value.status == 503
    assert caught.value.excerpt.startswith("upstream connect error or disconnect before")
    assert str(caught.value).startswith(
        f"{server.host} answered 503 to /api/v2/version: upstream connect error"
    )
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("status", [401, 405, 410, 414, 451])
def test_a_refusal_for_good_is_not_tried_again(client: MakeClient, status: int) -> None:
    with Loopback(error(status, "no")) as server:
        with pytest.raises(HttpStatusError, match=rf" answered {status} to /: no$"):
            client(server.url, retries=NO_JITTER).get("/")
        assert len(server.requests) == 1


def test_pauses_double_up_to_their_limit(client: MakeClient, naps: Naps) -> None:
    retries = {
        "retry_attempts": 7,
        "retry_wait_initial_s": 1.0,
        "retry_wait_max_s": 5.0,
        "retry_wait_jitter_s": 0.0,
    }
    with Loopback(error(503)) as server, pytest.raises(BusyError):
        client(server.url, retries=retries).get("/")
    assert naps.taken == [1.0, 2.0, 4.0, 5.0, 5.0, 5.0]


def test_jitter_spreads_the_pauses(client: MakeClient, naps: Naps) -> None:
    retries = {
        "retry_attempts": 9,
        "retry_wait_initial_s": 1.0,
        "retry_wait_max_s": 1.0,
        "retry_wait_jitter_s": 1.0,
    }
    with Loopback(error(503)) as server, pytest.raises(BusyError):
        client(server.url, retries=retries).get("/")
    assert all(1.0 <= nap <= 2.0 for nap in naps.taken)
    assert len(set(naps.taken)) > 1


def test_a_pause_beyond_the_total_is_not_begun(client: MakeClient, naps: Naps) -> None:
    retries = {
        "retry_attempts": 9,
        "retry_wait_initial_s": 10.0,
        "retry_wait_jitter_s": 0.0,
        "retry_total_s": 40.0,
    }
    with Loopback(error(503)) as server, pytest.raises(BusyError, match=r"\(3 requests in 30 s\)"):
        client(server.url, retries=retries).get("/")
    assert naps.taken == [10.0, 20.0]


@pytest.mark.parametrize("status", [429, 503])
def test_a_pause_that_the_server_asks_for_is_made(
    client: MakeClient, naps: Naps, status: int
) -> None:
    with Loopback(error(status, "", "Retry-After: 7"), reply()) as server:
        client(server.url, retries=NO_JITTER).get("/")
    assert naps.taken[0] == 7.0


def test_a_pause_until_a_date_is_counted_by_the_servers_own_clock(
    client: MakeClient, naps: Naps
) -> None:
    date = "Date: Mon, 01 Jan 2018 00:00:00 GMT"
    until = "Retry-After: Mon, 01 Jan 2018 00:00:30 GMT"
    with Loopback(error(429, "", date, until), reply()) as server:
        client(server.url, retries=NO_JITTER).get("/")
    assert naps.taken[0] == 30.0


def test_a_pause_until_a_date_is_counted_by_our_clock_where_the_server_has_none(
    client: MakeClient, naps: Naps
) -> None:
    until = format_datetime(NOW.replace(minute=1), usegmt=True)
    with Loopback(error(429, "", f"Retry-After: {until}"), reply()) as server:
        client(server.url, retries=NO_JITTER, now=lambda: NOW).get("/")
    assert naps.taken[0] == 60.0


@pytest.mark.parametrize("value", ["0", "-5", "soon", "", "Mon, 01 Jan 2001 00:00:00 GMT"])
def test_no_readable_pause_means_our_own(client: MakeClient, naps: Naps, value: str) -> None:
    with Loopback(error(429, "", f"Retry-After: {value}"), reply()) as server:
        client(server.url, retries=NO_JITTER).get("/")
    assert naps.taken == [1.0]


def test_too_long_a_pause_is_told_and_not_made(client: MakeClient, naps: Naps) -> None:
    with Loopback(error(429, "daily quota", "Retry-After: 3600")) as server:
        one = client(server.url, retries=NO_JITTER, now=lambda: NOW)
        with pytest.raises(
            HttpStatusError,
            match=r" answered 429 to /: daily quota and asks for no request before"
            r" 2026-03-02 15:00:00 UTC$",
        ):
            one.get("/")
    assert (naps.taken, len(server.requests)) == ([], 1)


def test_a_host_that_asked_for_too_long_a_pause_gets_it_from_all_clients(
    client: MakeClient, naps: Naps, logs: list[RequestLog]
) -> None:
    with Loopback(error(429, "quota", "Retry-After: 3600"), reply()) as server:
        first, second = (client(server.url, retries=NO_JITTER, now=lambda: NOW) for _ in range(2))
        with pytest.raises(HostClosedError):
            first.get("/")
        naps.now = 3599.0
        for one in (first, second):
            with pytest.raises(
                HostClosedError,
                match=r"^no request was sent: .* answered 429 to /: quota and asks for no request"
                r" before 2026-03-02 15:00:00 UTC$",
            ) as caught:
                one.get("/elsewhere")
            assert caught.value.status == 429
        assert (naps.taken, len(server.requests), len(logs)) == ([], 1, 1)
        naps.now = 3600.0
        assert second.get("/").status == 200


def test_other_hosts_are_asked_meanwhile(client: MakeClient) -> None:
    with Loopback(error(429, "", "Retry-After: 3600")) as closed, Loopback(reply()) as other:
        one = client(closed.url)
        with pytest.raises(HostClosedError):
            one.get("/")
        assert one.get(f"{other.url}/").status == 200


@pytest.mark.parametrize(
    "asked", ["999999999999", "9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"],
    ids=["12 digits", "400 digits", "year 9999"],
)  # fmt: skip
def test_a_host_is_asked_again_after_a_day_whatever_it_said(
    client: MakeClient, naps: Naps, asked: str
) -> None:
    with Loopback(error(503, "", f"Retry-After: {asked}"), reply()) as server:
        one = client(server.url)
        with pytest.raises(HostClosedError):
            one.get("/")
        naps.now = 86_399.0
        with pytest.raises(HostClosedError):
            one.get("/")
        naps.now = 86_400.0
        assert one.get("/").status == 200


def test_what_is_tried_again_is_told_before_the_pause(
    client: MakeClient, naps: Naps, retried: list[RetryLog]
) -> None:
    told_by: list[int] = []

    def counting(seconds: float, stop: threading.Event | None) -> None:
        told_by.append(len(retried))
        naps(seconds, stop)

    with Loopback(error(500, "oh"), error(429, "", "Retry-After: 7"), reply()) as server:
        client(server.url, retries=NO_JITTER, sleep=counting).get("/x")
        host = server.host
    assert retried == [
        RetryLog(reason=f"{host} answered 500 to /x: oh", attempt=1, pause_s=1.0),
        RetryLog(reason=f"{host} answered 429 to /x", attempt=2, pause_s=7.0),
    ]
    assert told_by == [1, 2]


def test_the_last_failure_is_not_told_as_a_retry(
    client: MakeClient, retried: list[RetryLog]
) -> None:
    with Loopback(error(500)) as server, pytest.raises(BusyError):
        client(server.url, retries=NO_JITTER).get("/")
    assert [one.attempt for one in retried] == [1, 2]


def test_a_pause_without_end_is_told_too(client: MakeClient) -> None:
    with Loopback(error(503, "", "Retry-After: 999999999999")) as server:
        one = client(server.url, retries=NO_JITTER)
        with pytest.raises(HttpStatusError, match="asks for no request for years"):
            one.get("/")


def test_a_pause_that_the_host_asks_for_is_one_for_all_clients(
    client: MakeClient, naps: Naps
) -> None:
    with Loopback(error(429, "", "Retry-After: 7"), reply()) as server:
        with pytest.raises(BusyError):
            client(server.url).get("/")
        assert naps.taken == []
        client(server.url).get("/")
    assert naps.taken == [7.0]


def test_stopping_ends_a_pause_at_once(client: MakeClient) -> None:
    stop = threading.Event()

    def stopping(connection: Connection, request: Request) -> None:
        error(503, "", "Retry-After: 60")(connection, request)
        threading.Timer(0.05, stop.set).start()

    hosts = Hosts()
    with Loopback(stopping) as server:
        one = client(server.url, retries=NO_JITTER, hosts=hosts, stop=stop, sleep=pause)
        began = time.monotonic()
        with pytest.raises(StoppedError):
            one.get("/")
    assert time.monotonic() - began < 30


def test_an_error_says_where_it_comes_from(client: MakeClient) -> None:
    cut = send(head(200, "Content-Length: 99"), b"{", then=Connection.hang_up)
    with Loopback(cut) as server, pytest.raises(BrokenTransferError) as caught:
        client(server.url, retries=NO_JITTER).get("/")
    assert isinstance(caught.value, SourceError)
    assert type(caught.value.__cause__).__module__.split(".")[0] in ("httpx2", "urllib3")
