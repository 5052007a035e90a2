"""A backup, restored: no id has two contents, no file is overwritten, nobody misses a change."""

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from monitor.model.changes import Severity
from monitor.model.messages import MessageState
from monitor.store.reader import open_reader
from tests.daemon.processes import Running, eventually
from tests.deliver.configured import Monitored, folder_channel, subscription
from tests.forked import run_command
from tests.ingest.world import study
from tests.registry import Replica, ReplicaServer
from tests.registry.synthetic import Script

STOP = threading.Event()
CONFIGURATION = """
[store]
url = "sqlite:///{folder}/monitor.db"
[log]
format = "json"
[web]
listen = "127.0.0.1:0"
[http]
requests_per_minute = 6000
[delivery]
welcome = false
lease_s = 3
[[source]]
name = "everything"
type = "ctgov"
base_url = "{registry}"
all = true
every = "1s"
reread_every = "1d"
[[channel]]
name = "hook"
type = "webhook"
url = "{hook}"
allow_private = true
per_minute = 0
[[channel]]
name = "box"
type = "folder"
path = "{folder}/box"
formats = ["json"]
[[subscription]]
name = "all"
subscriber = "ana"
all = true
channels = ["hook", "box"]
"""


@dataclass
class MessageReceiver:
    """What came by webhook, in order: the id and the data."""

    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def first_of_each_id(self) -> dict[str, dict[str, Any]]:
        """Return what a receiver takes that drops the ids that it knows."""
        kept: dict[str, dict[str, Any]] = {}
        for uid, data in self.got:
            kept.setdefault(uid, data)
        return kept


@contextmanager
def receiving() -> Iterator[tuple[str, MessageReceiver]]:
    """Yield the URL of a webhook, and what it is sent."""
    receiver = MessageReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert body["id"] == self.headers["webhook-id"]
            receiver.got.append((body["id"], body["data"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


Change = tuple[str, str, str, str]
"""A trial, the date of the version, what happened, and its words."""


def changes_of(data: dict[str, Any]) -> frozenset[Change]:
    """Return what a message says."""
    return frozenset(
        (alert["nct_id"], alert["version_date"], event["kind"], event["summary"])
        for alert in data["alerts"]
        for event in alert["events"]
    )


def stored(url: str) -> set[Change]:
    """Return every change above noise that the store holds."""
    found = set()
    with open_reader(url) as reader:
        for trial in reader.trials():
            events = reader.events(trial.nct_id)
            for version in reader.versions(trial.nct_id):
                for one in events.get(version.id, ()):
                    if one.event.severity is not Severity.NOISE:
                        kind, words = str(one.event.kind), one.event.summary
                        found.add((trial.nct_id, str(version.version_date), kind, words))
    return found


def is_done(url: str, timestamp: str) -> bool:
    """Return whether a data load is read and all its messages are sent."""
    with open_reader(url) as reader:
        row = reader.sources.get("everything")
        counts = reader.outbox.counts()
    under_way = counts.keys() & {MessageState.WAITING, MessageState.SENDING}
    return row is not None and row.data_timestamp == timestamp and not under_way


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.json")}


def command(config: Path, *arguments: str) -> None:
    """Run a command of the monitor, which succeeds."""
    done = run_command("--config", str(config), *arguments)
    assert done.returncode == 0, done.stderr


def test_a_registry_that_goes_on_after_a_restore_is_told_in_full_and_apart(tmp_path: Path) -> None:
    script = Script(trials=40, days=30, seed=3, sponsor_changes=8.0, registry_changes=1.0)
    replica = Replica(script.world())
    url, config = f"sqlite:///{tmp_path}/monitor.db", tmp_path / "monitor.toml"
    with receiving() as (hook, receiver), ReplicaServer(replica) as server:
        text = CONFIGURATION.format(folder=tmp_path, registry=server.base_url, hook=hook)
        config.write_text(text, "utf-8")

        def go_to(index: int) -> None:
            replica.world.go_to(script.days[index])

        def done() -> bool:
            return is_done(url, replica.world.load.timestamp)

        with Running(config) as daemon:
            daemon.wait_for("daemon started")
            eventually(done, what="the first look")
            began_from = stored(url)
            go_to(8)
            eventually(lambda: receiver.got, what="the first alert")
            command(config, "db", "backup", str(tmp_path / "copy.db"))  # alerts are going out
            eventually(done, what="the day of the backup")
            go_to(14)
            eventually(done, what="a day that the backup does not know")
            before = files(tmp_path / "box")
            lost = stored(url)
            assert daemon.stop() == 0
        command(config, "db", "restore", str(tmp_path / "copy.db"))
        sent_before = len(receiver.got)
        go_to(20)  # the days between are never seen by the store that was restored
        with Running(config, name="restored") as daemon:
            for index in (20, 26):
                go_to(index)
                eventually(done, what=f"day {index}")
            assert daemon.stop() == 0
    contents: dict[str, set[frozenset[Change]]] = defaultdict(set)
    for uid, data in receiver.got:
        contents[uid].add(changes_of(data))
    assert {uid: found for uid, found in contents.items() if len(found) > 1} == {}
    known = frozenset[Change]().union(*map(changes_of, receiver.first_of_each_id().values()))
    assert (stored(url) | lost) - began_from == known  # nothing missed, nothing invented
    assert stored(url) - lost, "the registry did not go on"
    after = files(tmp_path / "box")
    assert {name: after[name] for name in before} == before
    assert sent_before < len(receiver.got)


# --- the kinds of it, one by one ------------------------------------------------------------


@pytest.fixture
def monitored(sqlite_url: str, tmp_path: Path) -> Monitored:
    """Return a monitor whose ana is told at once and whose ben gets digests."""
    made = Monitored(tmp_path, sqlite_url)
    made.configure(
        folder_channel(tmp_path, "ana-box"),
        folder_channel(tmp_path, "ben-box"),
        subscription("ana", "ana-box"),
        subscription("ben", "ben-box", when="hourly"),
    )
    made.begin()
    return made


def back_up(monitored: Monitored) -> None:
    """Copy the store by SQLite's own backup."""
    path = monitored.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as of, closing(sqlite3.connect(f"{path}.copy")) as to:
        of.backup(to)


def restore(monitored: Monitored) -> None:
    path = Path(monitored.url.removeprefix("sqlite:///"))
    for side in ("-wal", "-shm"):
        path.with_name(path.name + side).unlink(missing_ok=True)
    path.write_bytes(Path(f"{path}.copy").read_bytes())


def go_on(monitored: Monitored, day: int, **changes: Any) -> None:
    """Let the record change and everybody hear of it."""
    monitored.ingest(study(f"2026-02-{day:02d}", **changes))
    monitored.clock.move(hours=1)
    monitored.deliveries().deliver_due(stop=STOP)


BOXES = ("ana-box", "ben-box")


@pytest.mark.parametrize("box", BOXES)
def test_another_change_in_the_place_of_one_that_was_lost_has_another_id(
    monitored: Monitored, box: str
) -> None:
    back_up(monitored)
    go_on(monitored, 2, status="SUSPENDED")
    first = files(monitored.folder / box)
    restore(monitored)
    monitored.clock.move(hours=-1)
    go_on(monitored, 3, status="WITHDRAWN")
    now = files(monitored.folder / box)
    assert {name: now[name] for name in first} == first
    says = [(changes_of(one), one["delivery"]) for one in monitored.got(box)]
    assert len(says) == len({uid for _, uid in says}) == len({found for found, _ in says}) == 2


@pytest.mark.parametrize("box", BOXES)
def test_the_same_change_again_after_a_restore_has_the_same_id(
    monitored: Monitored, box: str
) -> None:
    back_up(monitored)
    go_on(monitored, 2, status="SUSPENDED")
    [once] = monitored.got(box)
    first = files(monitored.folder / box)
    restore(monitored)
    monitored.clock.move(hours=-1)
    monitored.clock.move(minutes=5)
    go_on(monitored, 2, status="SUSPENDED")
    assert {one["delivery"] for one in monitored.got(box)} == {once["delivery"]}
    now = files(monitored.folder / box)
    assert {name: now[name] for name in first} == first
