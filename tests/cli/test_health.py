"""``monitor health``: the question of a container's health check."""

import json

import pytest

from monitor.web.routes import HealthResult
from tests.cli.calls import Monitor
from tests.registry import closed_port
from tests.web.serving import answering, served


def test_a_monitor_that_is_alive_is_0(monitor: Monitor) -> None:
    with served(answering(health=HealthResult(good=True, facts={"role": "standby"}))) as server:
        monitor.environ["MONITOR_WEB__LISTEN"] = server.url.removeprefix("http://")
        assert monitor.answer("health") == "healthy (standby)\n"
        assert monitor.answer("health", "--url", f"{server.url}/readyz") == "healthy\n"
        filled = monitor.json("health")
    assert (filled["well"], filled["reason"], filled["facts"]["role"]) == (True, None, "standby")


def test_a_monitor_that_is_not_is_1_with_the_reason(monitor: Monitor) -> None:
    filled = HealthResult(good=False, facts={"reason": "no heartbeat for 31 s"})
    with served(answering(health=filled)) as server:
        assert "no heartbeat for 31 s" in monitor.complaint("health", "--url", server.url, code=1)
        result = monitor("health", "--url", server.url, "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    assert json.loads(result.stdout)["reason"] == "no heartbeat for 31 s"


def test_nobody_there_is_1(monitor: Monitor) -> None:
    with closed_port() as url:
        monitor.environ["MONITOR_WEB__LISTEN"] = url.removeprefix("http://")
        assert "no response from http://127.0.0.1:" in monitor.complaint("health", code=1)


def test_where_nothing_listens_there_is_nothing_to_ask(monitor: Monitor) -> None:
    for listen in ("127.0.0.1:0", " "):
        monitor.environ["MONITOR_WEB__LISTEN"] = listen
        assert "--url" in monitor.complaint("health", code=2)


def test_what_is_no_address_is_asked_wrongly(monitor: Monitor) -> None:
    assert "no address to ask" in monitor.complaint("health", "--url", "ftp://x", code=2)


@pytest.mark.parametrize(
    "mistake", ['[[source]]\nname = "a"\nevery = "4 parsecs"\n', "[no-such]\nkey = 1\n"]
)
def test_a_configuration_that_became_wrong_makes_it_no_less_alive(
    monitor: Monitor, mistake: str
) -> None:
    file = monitor.folder / "monitor.toml"
    with served(answering(health=HealthResult(good=True, facts={"role": "leader"}))) as server:
        file.write_text(f'[web]\nlisten = "{server.url.removeprefix("http://")}"\n{mistake}')
        result = monitor("--config", str(file), "health")
    assert (result.exit_code, result.stdout) == (0, "healthy (leader)\n")
    assert "the present one is invalid: " in result.stderr
    assert str(file) in result.stderr
    # Nobody is there any more: then the configuration is what is to be mended first.
    assert str(file) in monitor.complaint("--config", str(file), "health", code=2)


def test_of_a_file_that_is_not_toml_the_environment_and_the_default_are_left(
    monitor: Monitor,
) -> None:
    file = monitor.folder / "monitor.toml"
    file.write_text("[web\n")
    with served(answering(health=HealthResult(good=True, facts={"role": "leader"}))) as server:
        monitor.environ["MONITOR_WEB__LISTEN"] = server.url.removeprefix("http://")
        result = monitor("--config", str(file), "health", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["well"]
    assert "this is not TOML" in result.stderr
