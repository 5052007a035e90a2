"""A monitor with a configuration file: channels that are folders, a clock, and what they got."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from monitor.app import App
from monitor.app.deliveries import Deliveries
from monitor.app.subscribers import sync_from_config
from tests.deliver.rig import Clock
from tests.ingest.world import NCT, study


def folder_channel(folder: Path, name: str) -> str:
    """Return the table of a channel that writes JSON into a folder of its name."""
    return (
        f'[[channel]]\nname = "{name}"\ntype = "folder"\npath = "{folder / name}"\n'
        'formats = ["json"]\n'
    )


def subscription(subscriber: str, *channels: str, **keys: str) -> str:
    """Return the table of a subscription to the usual trial."""
    given = {"nct_ids": [NCT], "channels": list(channels), **keys}
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in given.items())
    return f'[[subscription]]\nname = "mine"\nsubscriber = "{subscriber}"\n{lines}'


@dataclass
class Monitored:
    """A monitor by its configuration, whose time stands still until it is moved."""

    folder: Path
    url: str
    clock: Clock = field(default_factory=Clock)
    changes: int = 0

    def configure(self, *tables: str, **delivery: object) -> Path:
        """Write the configuration; ``delivery``: keys of its section; welcomes only where asked."""
        given = {"welcome": False, **delivery}
        keys = "".join(f"{key} = {json.dumps(value)}\n" for key, value in given.items())
        text = f'[store]\nurl = "{self.url}"\n[delivery]\n{keys}\n' + "\n".join(tables)
        file = self.folder / "monitor.toml"
        file.write_text(text, "utf-8")
        return file

    @property
    def app(self) -> App:
        """The monitor as configured, with the people of its file."""
        made = App.configured(self.folder / "monitor.toml", environ={})
        made = replace(made, now=self.clock.now)
        sync_from_config(made)
        return made

    def deliveries(self, worker: str = "w") -> Deliveries:
        """Return what delivers."""
        return Deliveries(self.app, worker=worker)

    def ingest(self, *documents: Any, alerts: bool = True) -> None:
        """Let records come in, by one pass."""
        file = self.folder / "records.jsonl"
        file.write_bytes(b"\n".join(map(orjson.dumps, documents)))
        self.app.ingest([file], alerts=alerts)

    def begin(self) -> None:
        """Let the trial be known, and nobody told of that."""
        self.ingest(study("2026-02-01"), alerts=False)

    def change(self, times: int = 1) -> None:
        """Let the trial's enrollment change, each time in a version of its own."""
        for _ in range(times):
            self.changes += 1
            self.clock.move(minutes=1)
            day = f"2026-02-{1 + self.changes:02d}"
            self.ingest(study(day, enrollment=100 + self.changes))

    def got(self, channel: str) -> list[dict[str, Any]]:
        """Return the data of what a folder got, by file name."""
        files = sorted((self.folder / channel).glob("*.json"))
        return [json.loads(file.read_text("utf-8"))["data"] for file in files]

    def subjects(self, channel: str) -> list[str]:
        """Return the subjects of what a folder got."""
        return [str(one["subject"]) for one in self.got(channel)]
