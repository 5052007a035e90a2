"""A registry whose first day has been read once, and a copy of that store for each test."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog

from monitor.app.logs import configure
from monitor.settings import LogSettings, Settings
from monitor.sources.http import HOSTS
from tests.faults.scene import Scene, StoredVersion, copy_store, make_script, make_settings
from tests.registry import Replica, ReplicaServer
from tests.registry.synthetic import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Undisturbed:
    """What a source stores of a registry without faults; ``store``: after its first day."""

    script: Script
    server: ReplicaServer
    settings: Settings
    store: Path
    history: dict[str, list[StoredVersion]]


@pytest.fixture(autouse=True)
def _logging() -> Iterator[None]:
    """Write log lines for machines, and leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure(LogSettings(format="json"))
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep loopback on loopback, whatever proxy the machine has."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    """Return what is stored of the first and of the last day where nothing goes wrong."""
    folder = tmp_path_factory.mktemp("undisturbed")
    script, settings = make_script(), make_settings(folder)
    first = folder / "first.db"
    with ReplicaServer(Replica(script.world())) as server:
        scene = Scene(script=script, server=server, settings=settings, store=folder / "both.db")
        assert scene.poll().outcome == "ok"
        copy_store(scene.store, first)
        scene.go_to(script.days[-1])
        assert scene.poll().outcome == "ok"
        scene.decide()
        yield Undisturbed(
            script=script, server=server, settings=settings, store=first, history=scene.history()
        )


@pytest.fixture
def scene(undisturbed: Undisturbed, tmp_path: Path) -> Iterator[Scene]:
    """Return a source that has read the first day; the registry shows the last one."""
    store = tmp_path / "monitor.db"
    copy_store(undisturbed.store, store)
    scene = Scene(
        script=undisturbed.script,
        server=undisturbed.server,
        settings=undisturbed.settings,
        store=store,
    )
    scene.go_to(scene.script.days[-1])
    yield scene
    assert scene.log.settled()
    scene.replica.faults.clear()
    HOSTS.forget(urlsplit(scene.server.base_url).netloc)
