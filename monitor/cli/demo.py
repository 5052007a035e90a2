"""``monitor demo``: the monitor at work on five real trials."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from monitor.app import App, stored_trial
from monitor.cli.group import Command
from monitor.cli.ingest import told
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import SourceError
from monitor.model.selection import Wanted, entries
from monitor.render.events import BRIEF, event_lines
from monitor.render.history import history_lines
from monitor.render.lines import BLANK, Line, Span, line
from monitor.render.values import one_line

_SEEDS = Path(__file__).parents[2] / "seeds"
_SHOWN = "NCT06733935"
_STEPS = (
    ("The five trials as saved web pages, 2025 to early 2026", "*.txt"),
    ("What the registry said of the same trials in July 2026", "2026-07"),
)
_ASK = (
    f"diff {_SHOWN}",
    f"show {_SHOWN} --at 2026-01-01",
    "trials",
    f"history {_SHOWN} --json",
)


@click.command("demo", cls=Command, examples=("monitor demo",))
@json_option
@click.pass_obj
def command(session: Session, as_json: bool) -> None:
    """See it at work on five real trials, in a store of its own.

    Reads the pages of seeds/, then what the registry said of the same trials in July 2026, into
    a fresh store under the temporary folder; shows what changed and one trial's history.
    """
    if not _SEEDS.is_dir():
        raise SourceError(
            f"the demo's records are not here ({_SEEDS}): they come with the source code, so run "
            "`./run demo` in a checkout of it"
        )
    store = Path(tempfile.mkdtemp(prefix="monitor-demo-")) / "monitor.db"
    app = session.app.with_store(f"sqlite:///{store}")
    reports = []
    for title, what in _STEPS:
        reports.append(app.ingest(sorted(_SEEDS.glob(what))))
        if not as_json:
            done = line(told(reports[-1]), indent=2)
            session.answer([line(Span(title, "title")), done, BLANK])
    if as_json:
        passes = [asdict(report) for report in reports]
        session.answer_json({"store": str(store), "passes": passes, "trials": _histories(app)})
        return
    session.answer(_changes(app))
    session.answer(_history(app))
    session.answer(_next(store))


def _histories(app: App) -> list[dict[str, Any]]:
    """Return every trial's history in the shape of ``monitor history --json``."""
    from monitor.render.shapes import history_shape

    with app.reader() as reader:
        return [
            history_shape(
                trial,
                entries(reader.versions(trial.nct_id), reader.events(trial.nct_id), Wanted()),
            )
            for trial in reader.trials()
        ]


def _changes(app: App) -> Iterator[Line]:
    """Yield what is new in the trials' last versions, trial by trial."""
    yield line(Span("What changed", "title"))
    with app.reader() as reader:
        for trial in reader.trials():
            newest = reader.versions(trial.nct_id)[-1]
            found = reader.events(trial.nct_id, version_ids=[newest.id]).get(newest.id, [])
            news = [stored.event for stored in found if Wanted().takes_event(stored.event)]
            yield line(Span(trial.nct_id, "label"), f"  {one_line(trial.title)}", indent=2)
            for event in news:
                yield from (shown.indented(2) for shown in event_lines(event, BRIEF))
            if not news:
                yield line(Span("no news", "dim"), indent=4)
    yield BLANK


def _history(app: App) -> Iterator[Line]:
    yield line(Span(f"$ monitor history {_SHOWN}", "dim"))
    with stored_trial(app, _SHOWN) as (reader, trial, versions):
        shown = entries(versions, reader.events(_SHOWN), Wanted())
        yield from history_lines(trial, versions, shown, Wanted())


def _next(store: Path) -> Iterator[Line]:
    """Yield where the store lies and what to ask it."""
    yield BLANK
    yield line("The store lies at ", Span(str(store), "label"))
    yield line("Try next:")
    yield line(Span(f"export MONITOR_DATABASE_URL=sqlite:///{store}", "label"), indent=2)
    program = _program()
    for what in _ASK:
        yield line(Span(f"{program} {what}", "label"), indent=2)


def _program() -> str:
    """Return how to call the monitor from here: it may be installed where no PATH leads."""
    if shutil.which("monitor"):
        return "monitor"
    beside = Path(sys.executable).with_name("monitor")
    return os.path.relpath(beside) if beside.exists() else f"{sys.executable} -m monitor"
