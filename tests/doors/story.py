"""A small real story that makes every command say something, and every kind of message go out."""

import base64
import json
from collections import defaultdict
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import time_machine

from monitor.model.gate import GONE, GateState, HeldRecords
from monitor.store.reader import open_reader
from monitor.store.writer import open_store
from tests.channels.receiver import Post, Receiver
from tests.cli.calls import NOON, Monitor
from tests.cli.studies import NCT, OTHER, study
from tests.cli.test_db_verify import damage
from tests.cli.test_help import ALL
from tests.daemon.processes import Running, eventually
from tests.forked import command
from tests.registry import Records, Replica, ReplicaServer, World
from tests.registry import examples as registry
from tests.sources.http.loopback import reply
from tests.web.serving import ask

CONFIGURATION = """
[store]
url = "{url}"
[http]
requests_per_minute = 6000
retry_attempts = 1
[web]
listen = "127.0.0.1:0"
[log]
format = "json"
[delivery]
welcome = false
attempts = {attempts}
operator = "desk"
public_url = "https://monitor.example.org"

[[source]]
name = "registry"
type = "ctgov"
base_url = "{registry}"
all = true
every = "1h"
[[source]]
name = "inbox"
type = "files"
path = "{folder}/inbox"
every = "1h"

[[channel]]
name = "hook"
type = "webhook"
url = "{hooks}/subscribers"
secret = "{secret}"
allow_private = true
[[channel]]
name = "desk"
type = "webhook"
url = "{hooks}/operator"
allow_private = true
[[channel]]
name = "broken"
type = "folder"
path = "{folder}/broken"
formats = ["json"]

[[subscriber]]
name = "ana"
quiet = "22:00-07:00 Europe/Madrid"
[[subscription]]
name = "at once"
subscriber = "ana"
nct_ids = ["{nct}"]
channels = "hook"
[[subscription]]
name = "morning"
subscriber = "ben"
filter = {{ condition = "lupus" }}
when = "daily 08:00 UTC"
channels = "hook"
[[subscription]]
name = "lost"
subscriber = "cai"
all = true
channels = "broken"
"""
SECRET = "whsec_" + base64.b64encode(b"a key of 24 bytes or so.").decode()
# Keys that are data: the names that the configuration gives, and countries.
DATA_KEYS = frozenset(
    {"hook", "desk", "broken", "registry", "inbox", "ana", "ben", "cai", "France", "Spain"}
)
# What stands behind these is the registry's, or of the moment.
VALUES = frozenset({"study", "before", "after", "running"})


class Story:
    """A monitor with a registry, a folder, receivers, and what all of them were told.

    ``outputs``: what each command printed with ``--json``; ``posts``: what webhooks got;
    ``exposition``: what ``/metrics`` of the daemon answered.
    """

    def __init__(self, folder: Path, *, attempts: int = 1, url: str | None = None) -> None:
        self.folder = folder
        self._attempts = attempts
        self._url = url or f"sqlite:///{folder / 'monitor.db'}"
        self.outputs: dict[str, list[Any]] = defaultdict(list)
        self.exposition = ""
        self.posts: tuple[Post, ...] = ()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        records = Records()
        for number, conditions in ((101, ["Asthma"]), (102, ["Lupus"])):
            first = registry.study(number, conditions=conditions)
            records.put(first, on=registry.MONDAY)
        records.put(registry.study(102, "2026-03-03", conditions=["Lupus"], enrollment=300),
                    on="2026-03-03")  # fmt: skip
        replica = Replica(World(records, day=registry.MONDAY))
        self._world = replica.world
        server = self._stack.enter_context(ReplicaServer(replica))
        self._receiver = self._stack.enter_context(Receiver(reply(b"thanks")))
        self.config = self.folder / "monitor.toml"
        self.config.write_text(
            CONFIGURATION.format(
                url=self._url, folder=self.folder, nct=NCT, secret=SECRET, attempts=self._attempts,
                registry=server.base_url, hooks=self._receiver.url,
            ),
            "utf-8",
        )  # fmt: skip
        (self.folder / "inbox").mkdir()
        (self.folder / "broken").write_text("a file where the folder should be")
        self.monitor = Monitor(self._url, self.folder, {"MONITOR_CONFIG": str(self.config)})
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def posted(self) -> None:
        """Keep what the webhooks have got so far."""
        self.posts = tuple(self._receiver.posts)

    def sent(self) -> dict[str, dict[str, Any]]:
        """Return the bodies of all messages that went out, by the message's id."""
        files = sorted((self.folder / "broken").glob("*.json"))
        texts = [
            *(post.body for post in self._receiver.posts),
            *(one.read_bytes() for one in files),
        ]
        return {body["id"]: body for body in map(json.loads, texts)}

    def advance(self) -> None:
        """Let the registry's next day begin."""
        self._world.advance()

    def ask(self, *arguments: str, code: int = 0) -> Any:
        """Run a command with ``--json``, keep what it prints and return that."""
        result = self.monitor(*arguments, "--json")
        assert result.exit_code == code, (arguments, result.output, result.exception)
        return self.keep(arguments, json.loads(result.stdout))

    def keep(self, arguments: tuple[str, ...], printed: Any) -> Any:
        """Keep what a command printed, and return it."""
        name = " ".join(arguments[:2])
        self.outputs[name if name in ALL else arguments[0]].append(printed)
        return printed

    def read(self, *documents: Any, days: int) -> None:
        """Read records as they are on a day, counted from the first."""
        result = self.monitor.ingest(*documents, at=NOON + timedelta(days=days))
        self.keep(("ingest",), json.loads(result.stdout))


def play(story: Story) -> None:
    """Let everything happen once."""
    _records(story)
    with time_machine.travel(NOON + timedelta(days=8), tick=True):
        _people(story)
        _questions(story)
        _messages(story)
        _sources(story)
        _quarantine(story)
    _daemon(story)
    _endings(story)


def _records(story: Story) -> None:
    with time_machine.travel(NOON, tick=False):
        story.ask("db", "upgrade")
        story.ask("subscriber", "list")  # those of the configuration are known from now on
    story.read(study("2026-02-02"), study(nct_id=OTHER, status="COMPLETED"), b"{]", days=0)
    sites = (("Clinic A", "France", "RECRUITING"), ("Clinic B", "Spain", "RECRUITING"))
    story.read(study("2026-03-07", "2026-03-08", sites=sites, enrollment=240), days=6)
    story.read(
        study("2026-03-08", "2026-03-09", sites=sites, status="WITHDRAWN", whyStopped="Funding"),
        study("2026-03-08", nct_id=OTHER, status="COMPLETED", title="Another title"),
        days=7,
    )


def _people(story: Story) -> None:
    story.ask("subscriber", "add", "dot")
    story.ask("subscriber", "add", "dot")
    story.ask("subscriber", "list", "--all")
    added = ("subscription", "add", "--subscriber", "dot", "--name")
    story.ask(*added, "mine", "--condition", "lupus", "--when", "weekly mon 08:00 UTC",
              "--channel", "hook", "--min-days", "30", "--quiet", "22:00-07:00 UTC")  # fmt: skip
    story.ask(*added, "other", "--nct-id", NCT, "--changes", "results", "--channel", "hook")
    story.ask("subscription", "list", "--all")
    story.ask("subscription", "show", "mine", "--subscriber", "dot")
    for verb in ("follow", "unfollow"):
        story.ask(verb, registry.nct(102), "--to", "hook", "--subscriber", "dot")
    story.ask("subscription", "test", "mine", "--subscriber", "dot")
    story.ask("subscription", "edit", "mine", "--subscriber", "dot", "--min-days", "20")
    for verb in ("pause", "resume", "remove"):
        story.ask("subscription", verb, "mine", "--subscriber", "dot")
    silence = story.ask("silence", "add", "--nct-id", NCT, "--for", "1h", "--reason", "known")
    story.ask("silence", "add", "--kind", "site_added", "--subscriber", "dot", "--until", "2030")
    story.ask("silence", "list", "--all")
    story.ask("silence", "remove", str(silence["id"]))
    story.ask("token", "add", "dashboard")
    story.ask("token", "add", "laptop", "--subscriber", "dot", "--operator", "--until", "2030")
    story.ask("token", "revoke", "dashboard")
    story.ask("token", "list", "--all")
    story.ask("mcp")


def _questions(story: Story) -> None:
    for options in ((), ("--noise",)):
        story.ask("history", NCT, *options)
    story.ask("diff", NCT)
    story.ask("show", NCT)
    story.ask("show", NCT, "--field", "overallStatus")
    story.ask("trials")
    for limit in ("1", "50"):
        story.ask("events", "--limit", limit)
    story.ask("stats")
    story.ask("stats", "--by", "month")
    for name in ("trials", "versions", "facts", "events"):
        story.ask("export", name, "--to", str(story.folder / f"{name}.csv"))
    story.ask("series", NCT, "--field", "enrollment", "--field", "status")
    story.ask("preview", NCT)
    for version in ("2", "3"):
        story.ask("explain", NCT, "--version", version)
    story.ask("reclassify", NCT, "--dry-run")
    story.monitor.environ["MONITOR_THRESHOLDS__ENROLLMENT_PERCENT_HIGH"] = "90"
    story.ask("reclassify", "--dry-run")
    del story.monitor.environ["MONITOR_THRESHOLDS__ENROLLMENT_PERCENT_HIGH"]
    story.ask("export", "records", NCT, "--to", str(story.folder / "export"))
    story.ask("db", "status")


def _messages(story: Story) -> None:
    story.ask("channel", "list")
    story.ask("channel", "test", "hook")
    story.ask("channel", "test", "broken", code=1)
    story.ask("outbox", "list")
    story.ask("deliver", "--once", code=1)
    listed = story.ask("outbox", "list")
    for message in listed:
        story.ask("outbox", "show", str(message["id"]))
    story.ask("outbox", "retry", "--dead", "--channel", "broken")
    story.ask("outbox", "drop", *[str(one["id"]) for one in listed if one["channel"] == "broken"])
    story.ask("deliver", "--once")  # the operator hears that there are no dead letters any more
    reported = [one for one in story.ask("outbox", "list") if one["channel"] == "desk"]
    story.ask("outbox", "show", str(reported[0]["id"]))


def _sources(story: Story) -> None:
    story.ask("run", "--once")
    story.ask("backfill", registry.nct(102))
    story.advance()
    _gate(story)
    story.ask("status")
    story.ask("doctor", code=1)
    story.ask("doctor", "--offline", code=1)


def _gate(story: Story) -> None:
    """Let something be held of a source, and accept it."""
    since = datetime(2026, 3, 3, tzinfo=UTC)
    state = GateState(
        reason="why", records=30, judged=40, since=since,
        causes=(HeldRecords(cause=GONE, count=30, first=(NCT,)),),
    )  # fmt: skip
    with open_store(story.monitor.url) as store, store.transaction() as tx:
        tx.sources.put_state(GateState.state_key("registry"), "", state.as_state(), at=since)
    story.ask("source", "list")
    story.ask("source", "show", "registry")
    story.ask("source", "accept", "registry")
    story.ask("source", "accept", "registry", "--silent")
    with open_store(story.monitor.url) as store, store.transaction() as tx:
        tx.sources.drop_states(GateState.state_key("registry"), [""])
        tx.sources.drop_states(GateState.acceptance_key("registry"), [""])


def _quarantine(story: Story) -> None:
    [entry] = story.ask("quarantine", "list")
    story.ask("quarantine", "show", str(entry["id"]))
    story.ask("quarantine", "retry", str(entry["id"]), code=1)
    story.ask("quarantine", "drop", str(entry["id"]))


def _daemon(story: Story) -> None:
    story.posted()
    with Running(story.config) as daemon:
        for source in ("registry", "inbox"):
            daemon.wait_for("pass finished", source=source)
        eventually(lambda: _settled(story, daemon.url), what="the end of all deliveries")
        story.ask("health", "--url", daemon.url)
        assert daemon.stop() == 0
    story.ask("health", "--url", "http://127.0.0.1:1", code=1)
    _web(story)


def _web(story: Story) -> None:
    """Let the pages be served until it is told where."""
    out = story.folder / "web.json"
    web = command(
        "--config", str(story.config), "web", "--listen", "127.0.0.1:0", "--json", out=out
    )
    try:
        eventually(lambda: out.exists() and "}" in out.read_text("utf-8"), what="the pages")
    finally:
        web.kill()
    story.keep(("web",), json.loads(out.read_text("utf-8")))


def _settled(story: Story, url: str) -> bool:
    """Return whether all that is due was sent or given up, counted, and told to the operator."""
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    story.exposition = ask((address.hostname, address.port), "/metrics")[2].decode()
    status = story.monitor.json("status")
    outbox = status["outbox"]
    with open_reader(story.monitor.url) as reader:
        is_told = "dead:broken" in {one.key for one in reader.incidents.open()}
    is_over = is_told and not outbox["sending"] and "desk" not in outbox["waiting"]
    if "monitor_deliveries_total{" not in story.exposition or not is_over:
        return False
    story.keep(("status",), status)
    return True


def _endings(story: Story) -> None:
    story.ask("subscriber", "export", "ana")
    story.ask("subscriber", "remove", "dot")
    story.ask("subscriber", "forget", "dot", "--yes")
    story.ask("db", "compact")
    story.ask("db", "rotate-key")
    backup = str(story.folder / "backup.db")
    story.ask("db", "backup", backup)
    story.ask("db", "restore", backup)
    damage(
        story.monitor.url,
        "UPDATE snapshots SET sha256 = content",
        "UPDATE row_counts SET number = 7",
    )
    story.ask("db", "verify", code=1)
