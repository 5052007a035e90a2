"""Asking a running monitor how it is."""

import socket

import pytest

from monitor.errors import UsageError
from monitor.web.health_client import fetch_health, health_url
from monitor.web.routes import HealthResult
from tests.registry import closed_port
from tests.web.serving import LOOPBACK, answering, served


def test_a_monitor_that_is_well_says_so() -> None:
    with served(answering(health=HealthResult(good=True, facts={"role": "leader"}))) as server:
        for path in ("", "/", "/healthz"):
            text = fetch_health(server.url + path, timeout_s=30)
            assert (text.well, text.reason, text.facts["role"]) == (True, None, "leader")


def test_a_monitor_that_is_not_well_says_why() -> None:
    reported = HealthResult(good=False, facts={"reason": "no heartbeat for 31 s"})
    with served(answering(health=reported)) as server:
        text = fetch_health(server.url, timeout_s=30)
    assert (text.well, text.reason) == (False, "no heartbeat for 31 s")


def test_another_page_can_be_asked_for() -> None:
    reported = HealthResult(good=False, facts={"reason": "store: it is locked"})
    with served(answering(readiness=reported)) as server:
        assert fetch_health(f"{server.url}/readyz", timeout_s=30).reason == "store: it is locked"
        assert fetch_health(f"{server.url}/healthz", timeout_s=30).well


def test_a_closed_port_is_a_reason() -> None:
    with closed_port() as url:
        text = fetch_health(url, timeout_s=30)
    assert not text.well
    assert text.reason == f"no response from {url}: Connection refused"


def test_silence_is_a_reason() -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        text = fetch_health(f"http://{LOOPBACK}:{silent.getsockname()[1]}", timeout_s=0.1)
    assert not text.well
    assert "timed out" in str(text.reason)


def test_an_answer_of_something_else_is_a_reason() -> None:
    with served(answering(metrics=b"<html>")) as server:
        text = fetch_health(f"{server.url}/metrics", timeout_s=30)
    assert (text.well, text.reason) == (False, f"{server.url}/metrics is not the monitor's (200)")


@pytest.mark.parametrize("url", ["", "127.0.0.1:8080", "ftp://127.0.0.1", "http://", "http://a:b"])
def test_what_is_no_address_is_asked_wrongly(url: str) -> None:
    with pytest.raises(UsageError, match="no address to ask"):
        fetch_health(url, timeout_s=1)


def test_a_server_that_listens_everywhere_is_asked_on_this_machine() -> None:
    assert health_url(("0.0.0.0", 8080)) == "http://127.0.0.1:8080/healthz"  # noqa: S104
    assert health_url(("::", 8080)) == "http://[::1]:8080/healthz"
    assert health_url(("10.0.0.7", 80)) == "http://10.0.0.7:80/healthz"
