"""Both transports run the same tests."""

import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.sources.http import (
    Client,
    Hosts,
    HttpSettings,
    RequestLog,
    RetryLog,
    Transport,
)

if TYPE_CHECKING:
    import trustme


@pytest.fixture(params=["httpx2", "requests"])
def transport(request: pytest.FixtureRequest) -> Transport:
    """Return one transport after the other."""
    chosen: Transport = request.param
    return chosen


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)


class Naps:
    """Sleeps by writing down for how long; also the clock that goes on meanwhile."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.now = 0.0

    def __call__(self, seconds: float, stop: threading.Event | None) -> None:
        del stop
        self.taken.append(seconds)
        self.now += seconds


NO_JITTER = {
    "retry_attempts": 3,
    "retry_wait_initial_s": 1.0,
    "retry_wait_max_s": 8.0,
    "retry_wait_jitter_s": 0.0,
}
ONE_ATTEMPT = {"retry_attempts": 1}

MakeClient = Callable[..., Client]


@pytest.fixture
def naps() -> Naps:
    """Return the sleeper of the clients of this test."""
    return Naps()


@pytest.fixture
def logs() -> list[RequestLog]:
    """Return what the clients of this test tell about their requests."""
    return []


@pytest.fixture
def retried() -> list[RetryLog]:
    """Return what the clients of this test tell about requests that they make once more."""
    return []


@pytest.fixture
def client(
    transport: Transport, naps: Naps, logs: list[RequestLog], retried: list[RetryLog]
) -> Iterator[MakeClient]:
    """Return a maker of clients: of a base URL, and of settings and arguments by name.

    They do not sleep, have their own book of hosts and generous timeouts. ``retries``: settings.
    """
    hosts = Hosts(clock=lambda: naps.now, sleep=naps)
    made: list[Client] = []
    for_client = ("pace", "hosts", "stop", "may_switch", "sleep", "now")

    def make(base_url: str, **given: Any) -> Client:
        arguments = {name: given.pop(name) for name in for_client if name in given}
        settings = {
            "transport": transport,
            "requests_per_minute": 10_000,
            "connect_timeout_s": 10.0,
            "read_timeout_s": 10.0,
            "total_timeout_s": 20.0,
            **ONE_ATTEMPT,
            **given.pop("retries", {}),
            **given,
        }
        made.append(
            Client(
                HttpSettings(**settings),
                base_url=base_url,
                on_request=logs.append,
                on_retry=retried.append,
                **{"hosts": hosts, "sleep": naps, **arguments},
            )
        )
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def authority() -> "trustme.CA":
    """Return an authority that nobody has heard of."""
    import trustme

    return trustme.CA()


@pytest.fixture
def tls(authority: "trustme.CA") -> ssl.SSLContext:
    """Return what a server needs to be 127.0.0.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@pytest.fixture
def trusted(authority: "trustme.CA", monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trust the authority, as a company trusts its own."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
