"""A registry with records to poison, and ``monitor run --once`` over it as a process."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.model.history import QuarantineRow
from monitor.store.reader import open_reader
from tests.cli.calls import Monitor
from tests.daemon.processes import eventually
from tests.deliver.configured import folder_channel
from tests.forked import run_command
from tests.registry import Records, Replica, ReplicaServer, World

MONDAY, TUESDAY, NEXT_MONDAY = "2026-03-02", "2026-03-03", "2026-03-09"
_EVERYTHING = '[[subscription]]\nname = "all"\nsubscriber = "ana"\nall = true\nchannels = "box"\n'


@dataclass(slots=True, kw_only=True)
class Clinic:
    """What the registry shows, and what became of it in the store and in the channel."""

    replica: Replica
    folder: Path
    url: str
    has_run: bool = False

    @property
    def world(self) -> World:
        """What the registry shows."""
        return self.replica.world

    def run_once(self) -> int:
        """Make a pass in a process of its own, once it is due; return its exit code."""
        if self.has_run:
            eventually(self._is_due, what="the time of the next pass")
        self.has_run = True
        done = run_command("--config", str(self.folder / "monitor.toml"), "run", "--once")
        assert "Traceback" not in done.stderr, done.stderr[-5000:]
        assert done.returncode in (0, 1), done.stderr
        return done.returncode

    def _is_due(self) -> bool:
        with open_reader(self.url) as reader:
            times = [row.next_due_at for row in reader.sources.all()]
        return all(at is None or at <= datetime.now(UTC) for at in times)

    def alerts(self) -> Counter[str]:
        """Return how many messages were sent of each trial whose status changed."""
        box = self.folder / "box"
        found: Counter[str] = Counter()
        for file in sorted(box.glob("*.json")) if box.exists() else ():
            text = file.read_text()
            found.update({str(nct_id) for nct_id in _trials(json.loads(text))})
        return found

    def quarantine(self) -> list[QuarantineRow]:
        """Return what is in the quarantine."""
        with open_reader(self.url) as reader:
            return reader.quarantine()

    def versions(self) -> dict[str, int]:
        """Return how many versions are stored of each trial."""
        with open_reader(self.url) as reader:
            return {one.nct_id: len(reader.versions(one.nct_id)) for one in reader.trials()}

    def sources(self) -> list[dict[str, Any]]:
        """Return what ``monitor status`` says of the sources."""
        return list(Monitor(self.url, self.folder).json("status")["sources"])


def _trials(value: Any) -> Iterator[str]:
    """Yield every NCT ID that a message names as that of a trial."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "nct_id":
                yield one
            yield from _trials(one)
    elif isinstance(value, list):
        for one in value:
            yield from _trials(one)


@contextmanager
def clinic(folder: Path, url: str, records: Records, **sources: str) -> Iterator[Clinic]:
    """Serve a registry on its Monday; ``sources``: by name, the line that says what it follows."""
    with ReplicaServer(Replica(World(records, day=MONDAY))) as server:
        tables = "".join(
            f'[[source]]\nname = "{name}"\ntype = "ctgov"\nbase_url = "{server.base_url}"\n'
            f'every = "1s"\nreread_every = "365d"\n{follows}\n'
            for name, follows in sources.items()
        )
        (folder / "monitor.toml").write_text(
            f'[store]\nurl = "{url}"\n[web]\nlisten = ""\n'
            "[http]\nrequests_per_minute = 6000\nretry_attempts = 1\n"
            "[delivery]\nwelcome = false\n"
            f"{folder_channel(folder, 'box')}{_EVERYTHING}{tables}"
        )
        yield Clinic(replica=server.replica, folder=folder, url=url)
        assert server.replica.broken == []
