"""A source that has read one day of a small registry, and is about to read another."""

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from monitor.app import App
from monitor.app.polling import Poller, PollReport
from monitor.config import load
from monitor.model.tracking import SourceRow
from monitor.settings import Settings
from monitor.sources.http import HOSTS
from monitor.store.reader import open_reader
from tests.cli.calls import Monitor
from tests.registry import Replica, ReplicaServer, RequestLog
from tests.registry.synthetic import Script

SOURCE = "everything"
MEGABYTE = 1 << 20

# Small waits between tries; a limit that makes lists come in pages.
_CONFIGURATION = """
[http]
requests_per_minute = 6000
connect_timeout_s = 2.0
read_timeout_s = 20.0
total_timeout_s = 20.0
answer_limit_mb = 1
retry_attempts = 2
retry_wait_initial_s = 0.01
retry_wait_max_s = 0.02
retry_wait_jitter_s = 0.0
retry_after_max_s = 5.0

[[source]]
name = "everything"
type = "ctgov"
base_url = "http://127.0.0.1:1"
all = true
every = "1h"
reread_every = "1d"
"""

StoredVersion = tuple[str, tuple[tuple[str, str], ...]]
"""A version: the fingerprint of its content, its events (kind and summary)."""


def make_script() -> Script:
    """Return a registry of two sights: in between records vanished, merged, changed, were added."""
    return Script(trials=100, days=30, seed=14, sponsor_changes=0.25, registry_changes=0.1)


def make_settings(folder: Path) -> Settings:
    """Return the settings of a configuration file in the folder."""
    file = folder / "monitor.toml"
    file.write_text(_CONFIGURATION)
    return load(file, environ={})


@dataclass(slots=True, kw_only=True)
class Scene:
    """A registry, a source that follows all of it, and the source's store.

    ``timeouts``: in the place of a patience that a busy machine does not wear out.
    """

    script: Script
    server: ReplicaServer
    settings: Settings
    store: Path
    timeouts: Mapping[str, float] = field(default_factory=dict)
    reports: list[PollReport] = field(default_factory=list)

    @property
    def replica(self) -> Replica:
        """The registry."""
        return self.server.replica

    @property
    def log(self) -> RequestLog:
        """What it was asked."""
        return self.replica.log

    # --- what happens -----------------------------------------------------------------------
    def go_to(self, day: date) -> None:
        """Let the registry show the data of a day, and forget what it was asked."""
        self.replica.world.go_to(day)
        self.log.clear()

    def poll(self, *, base_url: str | None = None) -> PollReport:
        """Make a pass over the source."""
        (source,) = self.settings.sources
        http = self.settings.http
        settings = replace(
            self.settings,
            http=replace(http, **self.timeouts),
            store=replace(self.settings.store, url=self.url),
            sources=(replace(source, base_url=base_url or self.server.base_url),),
        )
        report = Poller(app=App(settings=settings)).poll(SOURCE, stop=threading.Event())
        self.reports.append(report)
        return report

    def finish(self, *, passes: int = 4) -> None:
        """Make passes until the source has read what the registry shows.

        A pause that the registry asked for is over by then.
        """
        HOSTS.forget(urlsplit(self.server.base_url).netloc)
        self._finish(passes)
        self.decide()

    def decide(self) -> None:
        """Let the registry load its data once more: what is missed again is gone."""
        self.replica.world.reload()
        self._finish(1)

    def _finish(self, passes: int) -> None:
        for _ in range(passes):
            if self.row().data_timestamp == self.replica.world.load.timestamp:
                return
            self.poll()
        if self.row().data_timestamp == self.replica.world.load.timestamp:
            return
        raise AssertionError(f"not read in {passes} passes: {self.reports[-1].reason}")

    # --- what is known afterwards -----------------------------------------------------------
    @property
    def url(self) -> str:
        """Where the store is."""
        return f"sqlite:///{self.store}"

    def row(self) -> SourceRow:
        """Return how the source is doing."""
        with open_reader(self.url) as reader:
            found = reader.sources.get(SOURCE)
        assert found is not None
        return found

    def status(self) -> dict[str, Any]:
        """Return what ``monitor status`` tells of the source."""
        (reported,) = Monitor(self.url, self.store.parent).json("status")["sources"]
        assert reported["name"] == SOURCE
        return dict(reported)

    def history(self) -> dict[str, list[StoredVersion]]:
        """Return the whole stored history, by trial."""
        with open_reader(self.url) as reader:
            found = {}
            for nct_id in self.script.nct_ids:
                events = reader.events(nct_id)
                found[nct_id] = [
                    (
                        version.content_sha256.hex(),
                        tuple(
                            (str(one.event.kind), one.event.summary)
                            for one in events.get(version.id, ())
                        ),
                    )
                    for version in reader.versions(nct_id)
                ]
        return found

    def unreadable(self) -> list[str]:
        """Return why something is in the quarantine."""
        with open_reader(self.url) as reader:
            return [entry.reason for entry in reader.quarantine()]

    def faults(self) -> Counter[str]:
        """Return which faults the registry had since the last day began, and how often."""
        assert self.log.settled()
        return Counter(line.fault for line in self.log if line.fault)


def copy_store(source: Path, target: Path) -> None:
    """Copy a SQLite store, with all that its log still holds."""
    with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
        old.backup(new)
    old.close()
    new.close()


def is_part(part: dict[str, list[StoredVersion]], whole: dict[str, list[StoredVersion]]) -> bool:
    """Return whether a history is the beginning of another, trial by trial."""
    return all(whole[nct_id][: len(reported)] == reported for nct_id, reported in part.items())


def logged(text: str) -> list[dict[str, Any]]:
    """Return the log lines of a text that holds nothing else."""
    return [json.loads(line) for line in text.splitlines()]


def reasons(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Return why passes failed, as the log has it."""
    return [
        str(line["reason"])
        for line in lines
        if line["event"] == "pass failed" and line["level"] == "warning"
    ]
