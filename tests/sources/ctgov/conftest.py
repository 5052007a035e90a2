"""A source over a replica of the registry, pass by pass."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from monitor.settings import CtgovSourceSettings
from monitor.sources.base import SourcePage
from monitor.sources.ctgov import CtgovSource, Sizes
from monitor.sources.http import Client, Hosts, HttpSettings
from tests.registry import Asked, Records, Replica, ReplicaServer, World
from tests.sources.ctgov.memory import Stored, ids_of
from tests.sources.http.conftest import Naps

NOW = datetime(2026, 12, 31, 15, tzinfo=UTC)
SMALL = Sizes(page=5, batch=4, check=20)


@dataclass(slots=True, kw_only=True)
class Bench:
    """A replica, a client of it, and the memory of one source."""

    replica: Replica
    client: Client
    memory: Stored = field(default_factory=Stored)
    sizes: Sizes = SMALL
    steps: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def source(self, following: CtgovSourceSettings) -> CtgovSource:
        """Return a new source; what it knows is in the memory alone."""
        return CtgovSource(
            following,
            self.client,
            now=lambda: NOW,
            on_step=lambda event, facts: self.steps.append((event, facts)),
            sizes=self.sizes,
        )

    def poll(self, following: CtgovSourceSettings, *, pages: int | None = None) -> list[str]:
        """Make a pass, or so many pages of it; return the IDs of what it found."""
        before = len(self.memory.found)
        for number, page in enumerate(self.pages(following), 1):
            self.memory.store(page)
            if number == pages:
                break
        return ids_of(self.memory.found[before:])

    def pages(self, following: CtgovSourceSettings) -> Iterator[SourcePage]:
        """Return the pages of a pass; the caller stores them."""
        return self.source(following).pages(self.memory)

    def requests(self, when: Callable[[Asked], object] = lambda _: True) -> list[Asked]:
        """Return the requests since the log was last cleared."""
        assert self.replica.log.settled()
        return [line.asked for line in self.replica.log.select(when)]

    def reported_events(self) -> list[str]:
        """Return the names of what happened besides pages."""
        return [event for event, _ in self.steps]


class Stage(Replica):
    """Plays one replica after another on one port: a server's start and stop take their time."""

    def __init__(self) -> None:
        super().__init__(World(Records(), day="2026-03-02"))
        self.playing: Replica = self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the replica of the day answer."""
        self.playing.abort = self.abort
        await self.playing(scope, receive, send)


MakeBench = Callable[..., Bench]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def stage() -> Iterator[ReplicaServer]:
    """Serve a stage."""
    with ReplicaServer(Stage()) as server:
        yield server


@pytest.fixture
def bench(stage: ReplicaServer) -> Iterator[MakeBench]:
    """Return a maker of benches: of a replica, and HTTP settings by name; one at a time."""
    opened: list[tuple[Replica, Client]] = []
    naps = Naps()

    def make(replica: Replica, *, sizes: Sizes = SMALL, **settings: Any) -> Bench:
        assert isinstance(stage.replica, Stage)
        stage.replica.playing = replica
        client = Client(
            HttpSettings(
                **{
                    "retry_attempts": 1,
                    "requests_per_minute": 1_000_000,
                    "read_timeout_s": 10.0,
                    **settings,
                }
            ),
            base_url=stage.base_url,
            hosts=Hosts(clock=lambda: naps.now, sleep=naps),
            sleep=naps,
        )
        opened.append((replica, client))
        return Bench(replica=replica, client=client, sizes=sizes)

    yield make
    for replica, client in opened:
        client.close()
        assert replica.broken == []
