"""A monitor that follows a registry, whose operator and subscriber get what is told."""

import json
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from monitor.app import App
from monitor.app.deliveries import Deliveries
from monitor.app.gate import accept, gate_of
from monitor.app.polling import Poller, PollReport
from monitor.app.subscribers import sync_from_config
from monitor.model.tracking import SourceRow
from monitor.render.gate import GateReport
from monitor.store.reader import open_reader
from tests.deliver.configured import folder_channel
from tests.registry import Records, Replica, ReplicaServer, World
from tests.registry.examples import nct, study
from tests.registry.poison import Damage

MONDAY, TUESDAY, WEDNESDAY, THURSDAY = "2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"
SOURCE = "trials"
_EVERYTHING = '[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true\nchannels = "box"\n'


def rename(old: str, new: str) -> Damage:
    """Return what gives a key of a record another name."""
    return lambda body: body.replace(f'"{old}":'.encode(), f'"{new}":'.encode())


def revalue(old: str, new: str) -> Damage:
    """Return what gives every such value of a record another word."""
    return lambda body: body.replace(f'"{old}"'.encode(), f'"{new}"'.encode())


@dataclass(slots=True, kw_only=True)
class Hall:
    """The registry, the monitor over it, and its clock."""

    replica: Replica
    app: App
    folder: Path
    clock: list[datetime] = field(default_factory=list)

    @property
    def world(self) -> World:
        """What the registry shows."""
        return self.replica.world

    def poll(self) -> PollReport:
        """Make a pass, an hour after the last one."""
        self.clock[0] += timedelta(hours=1)
        return Poller(app=self.app).poll(SOURCE, stop=threading.Event())

    def next_day(self) -> PollReport:
        """Let the registry load the data of the next day, and make a pass."""
        day = self.world.advance()
        self.clock[0] = datetime(day.year, day.month, day.day, 15, tzinfo=UTC)
        return self.poll()

    def poison(self, numbers: Sequence[int], damage: Damage) -> None:
        """Let these records come with a damage."""
        for number in numbers:
            self.world.poison(nct(number), damage)

    def heal(self, numbers: Sequence[int]) -> None:
        """Let these records come as they are."""
        for number in numbers:
            self.world.heal(nct(number))

    def edit(self, old: str, new: str) -> None:
        """Let the configuration say something else."""
        config = self.folder / "monitor.toml"
        config.write_text(config.read_text().replace(old, new))
        self.app = replace(self.app, settings=App.configured(config, environ={}).settings)

    # --- what came of it -------------------------------------------------------------------
    def count_alerts(self) -> Counter[str]:
        """Return how many messages there are about each trial, sent or not."""
        with open_reader(self.app.settings.store.url) as reader:
            found = [
                item.nct_id for one in reader.outbox.messages(limit=5_000)
                for item in reader.outbox.items(one.id)
            ]  # fmt: skip
        return Counter(found)

    def kinds(self, number: int) -> list[str]:
        """Return the kinds of the events of a trial's last version."""
        with open_reader(self.app.settings.store.url) as reader:
            last = reader.versions(nct(number))[-1]
            events = reader.events(nct(number))[last.id]
        return [str(one.event.kind) for one in events]

    def versions(self, number: int) -> int:
        """Return how many versions of a trial are stored."""
        with open_reader(self.app.settings.store.url) as reader:
            return len(reader.versions(nct(number)))

    def row(self) -> SourceRow:
        """Return how the source is doing."""
        with open_reader(self.app.settings.store.url) as reader:
            found = reader.sources.get(SOURCE)
        assert found is not None
        return found

    def quarantined(self) -> list[str]:
        """Return where what is in the quarantine came from."""
        with open_reader(self.app.settings.store.url) as reader:
            return [one.origin for one in reader.quarantine()]

    def gate(self) -> GateReport:
        """Return what is held."""
        return gate_of(self.app, SOURCE)

    def accept(self, *, silent: bool = False) -> None:
        """Let through what is held."""
        accept(self.app, SOURCE, silent=silent)

    def operator(self) -> list[dict[str, Any]]:
        """Let the operator be told; return all that was, in its order."""
        deliveries = Deliveries(app=self.app, worker="w")
        deliveries.notify()
        deliveries.deliver("ops", stop=threading.Event())
        files = (self.folder / "ops").glob("*.json")
        return [json.loads(file.read_text())["data"] for file in sorted(files, key=_age)]


def _age(file: Path) -> int:
    return file.stat().st_mtime_ns


def records(count: int) -> Records:
    """Return so many records, from Monday on."""
    found = Records()
    for number in range(1, count + 1):
        found.put(study(number), on=MONDAY)
    return found


@contextmanager
def hall(folder: Path, url: str, found: Records, follows: str = "all = true") -> Iterator[Hall]:
    """Follow a registry, of which the first pass is made."""
    with ReplicaServer(Replica(World(found, day=MONDAY))) as server:
        config = folder / "monitor.toml"
        config.write_text(
            f'[store]\nurl = "{url}"\n[web]\nlisten = ""\n'
            "[http]\nrequests_per_minute = 6000\nretry_attempts = 1\n"
            f'[delivery]\noperator = "ops"\nwelcome = false\noverdue_after_s = 604800\n'
            f"{folder_channel(folder, 'box')}{folder_channel(folder, 'ops')}{_EVERYTHING}"
            f'[[source]]\nname = "{SOURCE}"\ntype = "ctgov"\nbase_url = "{server.base_url}"\n'
            f'every = "1s"\nreread_every = "1d"\n{follows}\n'
        )
        clock = [datetime(2026, 3, 2, 15, tzinfo=UTC)]
        app = replace(App.configured(config, environ={}), now=lambda: clock[0])
        made = Hall(replica=server.replica, app=app, folder=folder, clock=clock)
        sync_from_config(app)
        assert made.poll().outcome == "ok"
        assert made.count_alerts() == {}
        yield made
        assert server.replica.broken == []
