"""``./run demo``: a registry's days go by, the daemon follows, three subscribers hear of it.

Everything is real but the registry's address: the daemon is a process of its own, the mails go
over SMTP, the hook speaks HTTP. Nothing leaves the machine. The daemon's clock shows the story's
days, so that what it read is dated by them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

from monitor.app import App, stored_trial
from monitor.app.queries import select_events
from monitor.model.history_filter import HistoryFilter, filter_history
from monitor.model.queries import EventQuery
from monitor.render.event_rows import events_lines
from monitor.render.history import history_lines
from monitor.render.lines import BLANK, Line, Span, line
from monitor.render.screen import Screen
from monitor.render.values import count_text
from tests.demo.clock import DatedReplica, StoryClock
from tests.demo.records import AFTER, seed_world
from tests.demo.servers import DemoMailbox, Hook, hook_server, mail_server
from tests.demo.settings import write_settings
from tests.demo.site import served_site
from tests.registry import ReplicaServer
from tests.registry.world import World

SHOWN = "NCT06733935"
LOG = "daemon.log"
PATIENCE_S = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStage:
    """Everything that the story plays on."""

    folder: Path
    config: Path
    world: World
    clock: StoryClock
    app: App
    mailbox: DemoMailbox
    hook: Hook
    screen: Screen

    @property
    def archive(self) -> list[Path]:
        """The mails in the archive's folder."""
        return sorted((self.folder / "archive").rglob("*.eml"))


def main() -> int:
    """Play the story; 0 when every alert arrived, 1 with a word of what did not."""
    screen = Screen.of(sys.stdout, color=None, environ=os.environ)
    with ExitStack() as stack:
        stage = stack.enter_context(_stage(screen))
        screen.show(_opening(stage))
        stack.enter_context(_daemon(stage))
        try:
            _play(stage)
        except TimeoutError as exc:
            sys.stderr.write(f"demo: {exc}; the files lie in {stage.folder}\n")
            return 1
    screen.show(_alerts(stage))
    screen.show(_timeline(stage))
    screen.show(_events(stage))
    screen.show(_next(stage))
    if sys.stdout.isatty():
        _keep_open(stage)
    return 0


def _keep_open(stage: DemoStage) -> None:
    """Leave the pages of the trials open until ^C."""
    with served_site(stage.config, _environ()) as address:
        page = f"{address}/trials/{SHOWN}"
        stage.screen.show([BLANK, line("A page of each trial is open: ", Span(page, "label"))])
        stage.screen.show([line("^C ends it.")])
        # The story's servers are over; nothing but the page is still there.
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def _play(stage: DemoStage) -> None:
    """Let days go by and wait until the daemon has read each and told everybody."""
    _until(lambda: _data_read(stage), "the daemon did not read the registry's first day")
    _until(lambda: _is_all_reported(stage), "not everybody was welcomed")
    welcomed = _received(stage)
    stage.screen.show(
        [
            _day(stage, "the daemon follows five trials; initial records send no alerts"),
            _day(stage, "each subscriber is told once what their subscription covers"),
        ]
    )
    stage.world.advance()
    _until(lambda: _data_read(stage), "the daemon did not read the second day")
    if _received(stage) != welcomed:
        raise AssertionError("somebody was told of a day without news")
    stage.screen.show([_day(stage, "every record bears a new stamp, nothing else; no news")])
    stage.world.go_to(AFTER)
    _until(lambda: _data_read(stage), "the daemon did not read July")
    _until(
        lambda: _is_all_reported(stage) and all(map(int.__lt__, welcomed, _received(stage))),
        "not every alert arrived",
    )
    mails, posts, files_now = map(int.__sub__, _received(stage), welcomed)
    reported = f"{count_text(mails, 'mail')}, {count_text(posts, 'post')} to the hook"
    files = f"{count_text(files_now, 'file')} in the folder"
    stage.screen.show([_day(stage, f"{reported}, {files}"), BLANK])


def _data_read(stage: DemoStage) -> bool:
    with stage.app.reader() as reader:
        row = reader.sources.get("five trials")
    return (row.data_timestamp or "")[:10] == stage.world.day.isoformat() if row else False


def _received(stage: DemoStage) -> tuple[int, int, int]:
    """Return how many messages the mailbox, the hook and the folder have got."""
    return len(stage.mailbox.mails), len(stage.hook.payloads), len(stage.archive)


def _is_all_reported(stage: DemoStage) -> bool:
    """Return whether nothing waits in the outbox, and something was sent to each."""
    with stage.app.reader() as reader:
        waiting = [
            message
            for message in reader.outbox.messages(limit=1_000)
            if message.state.value in {"waiting", "sending"}
        ]
    return not waiting and all(_received(stage))


# --- the stage ----------------------------------------------------------------------------------


@contextmanager
def _stage(screen: Screen) -> Iterator[DemoStage]:
    folder = Path(tempfile.mkdtemp(prefix="monitor-demo-"))
    world = seed_world()
    clock = StoryClock(folder / "clock", world.day)
    with (
        ReplicaServer(DatedReplica(world, clock)) as registry,
        mail_server(folder / "mailbox") as (mail, mailbox),
        hook_server() as (slack, hook),
    ):
        nct_ids = world.catalogue.listed(world.day)
        config = write_settings(
            folder, registry=registry.base_url, mail=mail, slack=slack, nct_ids=list(nct_ids)
        )
        app = App.configured(config, environ={})
        app.upgrade()
        yield DemoStage(
            folder=folder, config=config, world=world, clock=clock, app=app, mailbox=mailbox,
            hook=hook, screen=screen,
        )  # fmt: skip


@contextmanager
def _daemon(stage: DemoStage) -> Iterator[None]:
    """Run ``monitor run`` for the block; it ends in good order."""
    clock = [sys.executable, "-m", "tests.demo.clock", str(stage.clock.file)]
    command = [*clock, "--config", str(stage.config), "run"]
    # Its clock leaps over months, which it complains of: that is no part of the story.
    with (stage.folder / LOG).open("wb") as log:
        daemon = subprocess.Popen(command, env=_environ(), stdout=log, stderr=log)
        try:
            yield
        finally:
            daemon.terminate()
            try:
                daemon.wait(PATIENCE_S)
            finally:
                daemon.kill()


def _environ() -> dict[str, str]:
    """Return this environment without the settings of whoever runs the demo."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}


def _until(done: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.05)


# --- what is told -------------------------------------------------------------------------------


def _opening(stage: DemoStage) -> Iterator[Line]:
    yield line(Span("A registry of five real trials, a daemon that follows it, and", "title"))
    yield line(Span("three subscribers: a mailbox, a Slack-like hook, a folder.", "title"))
    yield line(Span(f"Everything lies in {stage.folder}", "dim"))
    yield BLANK


def _day(stage: DemoStage, what: str) -> Line:
    return line(Span(stage.world.day.isoformat(), "label"), f"  {what}")


def _alerts(stage: DemoStage) -> Iterator[Line]:
    yield line(Span("What the mailbox got", "title"))
    for path in stage.mailbox.mails:
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        yield line(Span(str(mail["Subject"]), "plain"), indent=2)
    yield BLANK
    yield line(Span("What the hook got", "title"))
    for text in stage.hook.texts():
        yield line(Span(text.splitlines()[0] if text else "(no text)"), indent=2)
    yield BLANK
    yield line(Span("One of the mails, as text", "title"))
    for text in _one_mail(stage).splitlines():
        yield line(Span(text), indent=2)
    yield BLANK


def _one_mail(stage: DemoStage) -> str:
    mails = [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in stage.mailbox.mails
    ]
    mail = next((one for one in mails if SHOWN in str(one["Subject"])), mails[0])
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


def _timeline(stage: DemoStage) -> Iterator[Line]:
    yield line(Span(f"$ monitor history {SHOWN}", "dim"))
    with stored_trial(stage.app, SHOWN) as (reader, trial, versions):
        shown = filter_history(versions, reader.events(SHOWN), HistoryFilter())
        yield from history_lines(trial, versions, shown, HistoryFilter())
    yield BLANK


def _events(stage: DemoStage) -> Iterator[Line]:
    since = stage.world.day
    yield line(Span(f"$ monitor events --since {since}", "dim"))
    query = EventQuery(since=datetime.combine(since, datetime.min.time(), UTC))
    with stage.app.reader() as reader:
        yield from events_lines(select_events(reader, query))
    yield BLANK


def _next(stage: DemoStage) -> Iterator[Line]:
    yield line("The mails lie in ", Span(str(stage.mailbox.folder), "label"))
    yield line("and as .eml, .html and .json in ", Span(str(stage.folder / "archive"), "label"))
    yield line("The daemon's log is ", Span(str(stage.folder / LOG), "label"))
    yield line("Try next:")
    yield line(Span(f"export MONITOR_CONFIG={stage.config}", "label"), indent=2)
    program = "monitor" if shutil.which("monitor") else ".venv/bin/monitor"
    for what in (
        f"diff {SHOWN}",
        f"series {SHOWN} --field enrollment",
        f"explain {SHOWN}",
        f"preview {SHOWN}",
        "outbox list",
        "status",
    ):
        yield line(Span(f"{program} {what}", "label"), indent=2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.stderr.write("demo: interrupted\n")
        sys.exit(130)
