"""A replica over loopback, and the source that asks it, on a clock of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from monitor.sources.ctgov_history import HistorySource
from monitor.sources.http import HISTORY_PACE, Client, Hosts, HttpSettings
from tests.registry.examples import NOON
from tests.registry.replica import Replica
from tests.registry.server import ReplicaServer

HISTORY = "/api/int/studies"
RETRIES: dict[str, Any] = {
    "retry_attempts": 4,
    "retry_wait_initial_s": 1.0,
    "retry_wait_jitter_s": 0.0,
}


class Naps:
    """Sleeps by writing down for how long; also the clock that goes on meanwhile."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.now = 0.0

    def __call__(self, seconds: float, stop: threading.Event | None) -> None:
        del stop
        self.taken.append(seconds)
        self.now += seconds


class Asked:
    """A served replica, the requests that it was sent, and the sleeper of its clients."""

    def __init__(self, replica: Replica, base_url: str) -> None:
        self.replica = replica
        self.base_url = base_url
        self.naps = Naps()
        self.client = Client(
            HttpSettings(requests_per_minute=100_000, **RETRIES, read_timeout_s=10.0),
            base_url=base_url,
            pace=HISTORY_PACE,
            hosts=Hosts(clock=lambda: self.naps.now, sleep=self.naps),
            sleep=self.naps,
        )

    def source(self, *nct_ids: str, **options: object) -> HistorySource:
        """Return a source that asks for these IDs."""
        return HistorySource(
            "history",
            self.client,
            nct_ids=nct_ids,
            now=lambda: NOON,
            **options,  # type: ignore[arg-type]
        )

    def paths(self) -> list[str]:
        """Return the paths that were asked for, below the history API where they are there."""
        return [line.asked.path.removeprefix(f"{HISTORY}/") for line in self.replica.log]


Serve = Callable[[Replica], Asked]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return what serves a replica until the test is over."""
    with ExitStack() as servers:

        def begin(replica: Replica) -> Asked:
            server = servers.enter_context(ReplicaServer(replica))
            requested = Asked(replica, server.base_url)
            servers.callback(requested.client.close)
            return requested

        yield begin
