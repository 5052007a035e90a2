"""``monitor health``: the question of a container's health check."""

import json

from monitor.web.answers import Told
from tests.cli.calls import Monitor
from tests.registry import closed_port
from tests.web.serving import answering, served


def test_a_monitor_that_is_alive_is_0(monitor: Monitor) -> None:
    with served(answering(health=Told(good=True, facts={"role": "standby"}))) as server:
        monitor.environ["MONITOR_WEB__LISTEN"] = server.url.removeprefix("http://")
        assert monitor.answer("health") == "alive, as standby\n"
        assert monitor.answer("health", "--url", f"{server.url}/readyz") == "alive\n"
        told = monitor.json("health")
    assert (told["well"], told["reason"], told["facts"]["role"]) == (True, None, "standby")


def test_a_monitor_that_is_not_is_1_with_the_reason(monitor: Monitor) -> None:
    told = Told(good=False, facts={"reason": "no heartbeat for 31 s"})
    with served(answering(health=told)) as server:
        assert "no heartbeat for 31 s" in monitor.complaint("health", "--url", server.url, code=1)
        result = monitor("health", "--url", server.url, "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout)["reason"] == "no heartbeat for 31 s"


def test_nobody_there_is_1(monitor: Monitor) -> None:
    with closed_port() as url:
        monitor.environ["MONITOR_WEB__LISTEN"] = url.removeprefix("http://")
        assert "nobody answers at http://127.0.0.1:" in monitor.complaint("health", code=1)


def test_where_nothing_listens_there_is_nothing_to_ask(monitor: Monitor) -> None:
    for listen in ("127.0.0.1:0", " "):
        monitor.environ["MONITOR_WEB__LISTEN"] = listen
        assert "--url" in monitor.complaint("health", code=2)


def test_what_is_no_address_is_asked_wrongly(monitor: Monitor) -> None:
    assert "no address to ask" in monitor.complaint("health", "--url", "ftp://x", code=2)
