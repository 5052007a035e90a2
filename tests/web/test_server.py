"""What the web server answers, where it listens and how it ends."""

import asyncio
import http.client
import socket
import threading

import pytest

from monitor.web.routes import HealthResult, application
from monitor.web.server import ListenError, WebServer, address_text
from tests.web.serving import LOOPBACK, answering, ask, ask_json, served


def test_good_news_are_200_with_the_facts() -> None:
    reported = HealthResult(good=True, facts={"role": "leader", "sources": ["a"]})
    with served(answering(health=reported, readiness=reported)) as server:
        for path in ("/healthz", "/readyz"):
            status, facts = ask_json(server.address, path)
            assert (status, facts) == (200, {"status": "ok", "role": "leader", "sources": ["a"]})


def test_bad_news_are_503_with_the_reason() -> None:
    reported = HealthResult(good=False, facts={"reason": "store: it is locked"})
    with served(answering(health=reported, readiness=reported)) as server:
        for path in ("/healthz", "/readyz"):
            status, facts = ask_json(server.address, path)
            assert status == 503
            assert facts == {"status": "unavailable", "reason": "store: it is locked"}


def test_counts_come_as_prometheus_reads_them() -> None:
    with served(answering(metrics=b"monitor_lease_held 1.0\n")) as server:
        status, headers, body = ask(server.address, "/metrics")
    assert (status, body) == (200, b"monitor_lease_held 1.0\n")
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_nothing_of_an_answer_may_be_kept() -> None:
    with served(answering()) as server:
        for path in ("/healthz", "/readyz", "/metrics"):
            assert ask(server.address, path)[1]["cache-control"] == "no-store"


def test_another_page_or_method_is_refused_in_json() -> None:
    with served(answering()) as server:
        status, facts = ask_json(server.address, "/admin")
        assert (status, facts["status"]) == (404, "refused")
        assert ask(server.address, "/healthz", "POST")[0] == 405
        assert ask(server.address, "/healthz", "HEAD")[0] == 200


def test_a_port_in_use_is_one_clear_line() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ListenError, match=rf"cannot listen on {LOOPBACK}:{port} \([\w ]+ in use\);"
        ):
            WebServer((LOOPBACK, port), application(answering()))


def test_a_host_that_is_not_ours_is_one_clear_line() -> None:
    with pytest.raises(ListenError, match=r"cannot listen on 192\.0\.2\.1:8080 "):
        WebServer(("192.0.2.1", 8080), application(answering()))


def test_it_listens_on_ipv6_too() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as exc:
        pytest.skip(f"this system has no ::1 ({exc.strerror})")
    with served(answering(), host="::1") as server:
        assert server.url == f"http://[::1]:{server.address[1]}"
        assert ask_json(server.address, "/healthz")[0] == 200


def test_an_address_is_written_as_urls_have_it() -> None:
    assert address_text(("127.0.0.1", 80)) == "127.0.0.1:80"
    assert address_text(("::1", 80)) == "[::1]:80"


def test_an_answer_under_way_is_given_before_the_server_ends() -> None:
    async def scene() -> tuple[int, bool]:
        requested, go = asyncio.Event(), asyncio.Event()
        server = WebServer((LOOPBACK, 0), application(answering(asked=requested, before=go)))
        serving = asyncio.create_task(server.serve())
        asking = asyncio.create_task(asyncio.to_thread(ask, server.address, "/healthz"))
        await requested.wait()
        server.stop()
        done, _ = await asyncio.wait({serving}, timeout=0.3)
        go.set()
        status = (await asking)[0]
        await serving
        return status, bool(done)

    assert asyncio.run(scene()) == (200, False)


def test_the_port_is_free_afterwards() -> None:
    with served(answering()) as server:
        address = server.address
    socket.create_server(address).close()


def test_a_server_that_never_served_gives_its_port_back() -> None:
    server = WebServer((LOOPBACK, 0), application(answering()))
    server.close()
    socket.create_server(server.address).close()


def test_a_connection_that_is_held_open_does_not_hold_up_the_end() -> None:
    with served(answering()) as server:
        held = http.client.HTTPConnection(*server.address, timeout=10)
        held.request("GET", "/healthz")
        held.getresponse().read()
        before = threading.active_count()
    held.close()
    assert threading.active_count() < before
