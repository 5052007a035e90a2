"""The client keeps to the limits of the host, with every request."""

import threading
import time

import pytest

from monitor.sources.http import HISTORY_PACE, Hosts, RequestLog, StoppedError
from tests.sources.http.conftest import MakeClient, Naps
from tests.sources.http.loopback import Connection, Loopback, Request, error, page, reply


def test_each_single_request_takes_a_turn(
    client: MakeClient, naps: Naps, logs: list[RequestLog]
) -> None:
    retries = {"retry_attempts": 3, "retry_wait_initial_s": 0.5, "retry_wait_jitter_s": 0.0}
    with Loopback(page(403), error(503), reply()) as server:
        client(server.url, retries=retries, requests_per_minute=1).get("/")
    assert naps.taken == [60.0, 0.5, 59.5], "the switch waits, the retry waits"
    assert [log.waited_s for log in logs] == [0.0, 60.0, 59.5]
    assert all(log.elapsed_s < 10 for log in logs), "waiting is not the server's fault"


def test_waiting_for_a_turn_does_not_eat_up_the_time_for_retries(
    client: MakeClient, naps: Naps
) -> None:
    retries = {
        "retry_attempts": 4,
        "retry_wait_initial_s": 1.0,
        "retry_wait_jitter_s": 0.0,
        "retry_total_s": 30.0,
    }
    with Loopback(error(503), error(503), error(503), reply()) as server:
        client(server.url, retries=retries, requests_per_minute=1).get("/")
    assert sum(naps.taken) == pytest.approx(180.0)


def test_clients_of_one_host_share_its_limit_and_other_hosts_do_not(
    client: MakeClient, naps: Naps
) -> None:
    with Loopback(reply()) as one, Loopback(reply()) as other:
        first = client(one.url, requests_per_minute=2)
        second = client(one.url, requests_per_minute=2)
        first.get("/")
        second.get("/")
        first.get(f"{other.url}/")
        assert naps.taken == []
        second.get("/")
    assert naps.taken == [60.0]


def test_the_history_is_asked_for_one_at_a_time_and_spaced(client: MakeClient, naps: Naps) -> None:
    inside = threading.Semaphore(1)
    overlapped = threading.Event()

    def watchful(connection: Connection, request: Request) -> None:
        if not inside.acquire(blocking=False):
            overlapped.set()
        time.sleep(0.01)  # long enough for another to come in, were it let in
        inside.release()  # before the answer: after it the next one may come
        reply()(connection, request)

    with Loopback(watchful) as server:
        clients = [client(server.url, pace=HISTORY_PACE) for _ in range(3)]
        threads = [
            threading.Thread(target=lambda one=one: [one.get("/") for _ in range(3)])
            for one in clients
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not overlapped.is_set()
        assert len(server.requests) == 9
        assert naps.taken == [pytest.approx(0.4)] * 8
        client(server.url).get("/")
        assert len(naps.taken) == 8, "others are not spaced"


def test_stopping_ends_the_wait_for_a_turn(client: MakeClient, logs: list[RequestLog]) -> None:
    stop = threading.Event()
    with Loopback(reply()) as server:
        one = client(server.url, hosts=Hosts(), stop=stop, requests_per_minute=1)
        one.get("/")
        threading.Timer(0.05, stop.set).start()
        began = time.monotonic()
        with pytest.raises(StoppedError):
            one.get("/")
    assert time.monotonic() - began < 30
    assert len(logs) == 1, "what was never sent is not told"
