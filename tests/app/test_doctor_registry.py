"""The doctor asks the registry in every way there is, and says which of them works."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from monitor.app import App, utc_now
from monitor.app.doctor_registry import registry_findings
from monitor.model.checks import CheckStatus, Finding
from monitor.settings import CtgovSourceSettings, HttpSettings, Settings
from tests.registry import (
    NO_SUCH_HOST,
    Asked,
    Fault,
    Records,
    Replica,
    ReplicaServer,
    World,
    closed_port,
)

FINE, WARNING, FAILED, SKIPPED = CheckStatus
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[ReplicaServer]:
    """Return a registry without records."""
    with ReplicaServer(Replica(World(Records(), day="2026-03-02"))) as running:
        yield running


def source(base_url: str, name: str = "one", *, enabled: bool = True) -> CtgovSourceSettings:
    return CtgovSourceSettings(
        name=name, base_url=base_url, all=True, every=timedelta(hours=1), enabled=enabled
    )


def examine_registry(
    base_url: str, http: HttpSettings | None = None, ahead: float = 0
) -> list[Finding]:
    """Return what comes of asking a registry; our clock is ``ahead`` by so many seconds."""
    settings = Settings(http=http or HttpSettings(), sources=(source(base_url),))
    app = App(settings=settings, now=lambda: utc_now() + timedelta(seconds=ahead))
    return list(registry_findings(app, offline=False))


def verdicts(findings: list[Finding]) -> list[CheckStatus]:
    return [finding.verdict for finding in findings]


def refuse(server: ReplicaServer, whom: Callable[[str], bool]) -> None:
    """Have the edge refuse certain user agents."""

    def is_refused(request: Asked) -> bool:
        return whom(request.headers["user-agent"])

    server.replica.faults.add(Fault.FORBIDDEN_HTML, times=None, when=is_refused)


def test_each_transport_is_asked_once_and_tells_what_it_heard(server: ReplicaServer) -> None:
    first, second, clock = examine_registry(server.base_url)
    assert verdicts([first, second, clock]) == [FINE, FINE, FINE]
    assert first.detail == (
        f"{server.base_url} over httpx2 with the default user agent: "
        "API 2.0.5, data of 2026-03-02T09:00:05 (HTTP/1.1)"
    )
    assert "over requests" in second.detail
    assert len(server.replica.log) == 2


def test_a_refused_transport_is_told_with_the_one_that_works(server: ReplicaServer) -> None:
    refuse(server, lambda agent: "python-httpx2/" in agent)
    first, second, _ = examine_registry(server.base_url)
    assert verdicts([first, second]) == [FAILED, FINE]
    assert "refused by the edge (403)" in first.detail
    assert first.fix == (
        'requests with the default user agent works: set transport = "requests" under [http]'
    )


def test_a_refusal_of_what_is_not_used_is_no_failure(server: ReplicaServer) -> None:
    refuse(server, lambda agent: "python-httpx2/" in agent)
    first, second, _ = examine_registry(server.base_url, HttpSettings(transport="requests"))
    assert verdicts([first, second]) == [FINE, WARNING]
    assert "over requests" in first.detail
    assert "(not needed: requests with the default user agent works)" in second.detail


def test_a_refused_user_agent_of_ones_own_is_told(server: ReplicaServer) -> None:
    refuse(server, lambda agent: agent == "curious/1.0")
    findings = examine_registry(server.base_url, HttpSettings(user_agent="curious/1.0"))
    assert verdicts(findings) == [FAILED, FINE, FAILED, FINE, FINE]
    assert "httpx2 with the configured user agent" in findings[0].detail
    assert 'set transport = "httpx2" and user_agent = ""' in findings[0].fix


def test_a_user_agent_of_ones_own_that_works_is_kept(server: ReplicaServer) -> None:
    refuse(server, lambda agent: "python-httpx2/" in agent)
    http = HttpSettings(user_agent="welcome/1.0")
    assert verdicts(examine_registry(server.base_url, http)) == [FINE, WARNING, FINE, FINE, FINE]


FAULTS = {
    Fault.FORBIDDEN_HTML: ("refused by the edge (403)", "another user_agent"),
    Fault.HTML_OK: ("an HTML page and status 200", "base_url"),
    Fault.EDGE_NOT_FOUND: ("answered 404", "base_url"),
    Fault.OTHER_SHAPE: ("is not the registry's", "base_url"),
    Fault.INVALID_JSON: ("is not the registry's", "base_url"),
    Fault.UNAVAILABLE: ("answered 503", "later"),
    Fault.RATE_LIMITED: ("answered 429", "later"),
    Fault.CUT_SHORT: ("broke off", ""),
    Fault.CLOSED: ("", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_a_finding_that_says_what_to_do(server: ReplicaServer, fault: Fault) -> None:
    server.replica.faults.add(fault, times=None)
    text, fix = FAULTS[fault]
    first, second, clock = examine_registry(server.base_url)
    assert verdicts([first, second, clock]) == [FAILED, FAILED, SKIPPED]
    assert text in first.detail
    assert first.fix
    assert fix in first.fix
    assert len(server.replica.log) == 2, "nothing is tried twice"


def test_a_closed_port_is_a_finding() -> None:
    with closed_port() as base_url:
        first, *_ = examine_registry(base_url)
    assert first.verdict is FAILED
    assert "cannot be reached" in first.detail
    assert "firewall" in first.fix


def test_an_unknown_host_is_a_finding() -> None:
    first, *_ = examine_registry(NO_SUCH_HOST)
    assert first.verdict is FAILED
    assert "no-such-host.invalid cannot be resolved" in first.detail


def test_a_silent_registry_is_not_waited_for_longer_than_is_set(server: ReplicaServer) -> None:
    server.replica.faults.add(Fault.STALL_BEFORE_HEADERS, times=None)
    began = time.monotonic()
    first, second, _ = examine_registry(server.base_url, HttpSettings(total_timeout_s=0.3))
    assert time.monotonic() - began < 30
    assert verdicts([first, second]) == [FAILED, FAILED]
    assert "not complete within 0.3 s" in first.detail


@pytest.mark.parametrize("side", [1, -1])
def test_a_clock_that_is_wrong_is_a_warning(server: ReplicaServer, side: int) -> None:
    clock = examine_registry(server.base_url, ahead=side * 7200)[-1]
    assert clock.verdict is WARNING
    assert ("ahead of" if side > 0 else "behind") in clock.detail
    assert "NTP" in clock.fix


def test_a_clock_may_be_off_by_a_minute(server: ReplicaServer) -> None:
    assert examine_registry(server.base_url, ahead=50)[-1].verdict is FINE


def test_nobody_is_asked_offline(server: ReplicaServer) -> None:
    app = App(settings=Settings(sources=(source(server.base_url),)))
    findings = list(registry_findings(app, offline=True))
    assert verdicts(findings) == [SKIPPED, SKIPPED]
    assert len(server.replica.log) == 0


def test_each_registry_in_use_is_asked_once(server: ReplicaServer) -> None:
    with closed_port() as unused:
        sources = (
            source(server.base_url),
            source(server.base_url, "two"),
            source(unused, "three", enabled=False),
        )
        app = App(settings=Settings(sources=sources))
        findings = list(registry_findings(app, offline=False))
    assert verdicts(findings) == [FINE, FINE, FINE]
    assert len(server.replica.log) == 2
