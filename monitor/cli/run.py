"""``monitor run``: follow the configured sources, by the clock, until stopped."""

import faulthandler
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from monitor.app.follows import followed_by_command, following
from monitor.app.last_store import LastStore
from monitor.app.subscribers import sync_from_config
from monitor.cli.errors import FAILED, INTERRUPTED, Failure, print_error
from monitor.cli.group import Command
from monitor.cli.ingest import report_text, warn_quarantined
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import StoreError, UsageError
from monitor.render.lines import Line, Span, line
from monitor.render.values import count_text, one_line
from monitor.store.migrate import made_stores

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.app.deliveries import Deliveries
    from monitor.app.metrics import Metrics
    from monitor.app.polling import Poller, PollReport
    from monitor.model.incidents import Incident


@click.command("run", cls=Command, examples=("monitor run", "monitor run --once --json"))
@click.option("--once", is_flag=True, help="Make one pass of everything that is due, and exit.")
@click.option("--new-store", is_flag=True, help="Make a store even if there was another before.")
@json_option
@click.pass_obj
def command(session: Session, once: bool, new_store: bool, as_json: bool) -> None:
    """Follow the configured sources, each by its own clock, until stopped.

    What subscribers are to hear is delivered side by side with that. One process schedules a
    store at a time; a second one stands by and takes over. SIGTERM and SIGINT end it in good
    order, a second one at once; SIGHUP reads the configuration again. With --once the exit code
    is 1 when a source failed, or when something went to the quarantine.

    A store is made where there is none; but not where this configuration ran with another one
    before, or has one beside it: then the folder may be the wrong one (see --new-store).
    """
    # A daemon never has a whole JSON document to print.
    if as_json and not once:
        raise UsageError('--json goes with --once; [log] format = "json" is for log lines')
    if sys.__stderr__ is not None:
        faulthandler.enable(sys.__stderr__)  # a crash of a library tells where it was
    # From the very first: the imports below take a while, in which a container may be stopped.
    with _signals() as reload_requests:
        from monitor.app.follows import with_followed
        from monitor.app.logs import configure, never_wait
        from monitor.app.subscribers import sync_from_config
        from monitor.daemon.leader_session import check_sources

        configure(session.app.settings.log)
        never_wait()
        check_sources(session.app.settings)  # before a store is made that nobody is to fill
        _find_store(session, session.app, new_store=new_store)
        # With --once the command's end reports it (`LazyGroup.invoke`), which for a daemon may be
        # months away.
        if not once:
            _log_made_stores()
        sync_from_config(session.app)
        app = with_followed(session.app)
        if once:
            _once(session, app, as_json=as_json)
        else:
            _daemon(session, app, reload_requests)


def _find_store(session: Session, app: "App", *, new_store: bool) -> None:
    """Make the store where there is none and one may be made; remember it.

    Where it cannot be opened, what uses it says so, or waits for it.
    """
    memory = LastStore(session.config_file, session.environ)
    with suppress(StoreError):
        if not new_store:
            memory.check_new(app)
        if app.schema_status().status == "empty":
            app.upgrade()
        memory.remember(app)


def _log_made_stores() -> None:
    """Log it where a daemon's other lines are."""
    from monitor.app.logs import get_logger

    for name in made_stores():
        get_logger().warning("new store made", store=name)


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """Take signals as long as there is no daemon yet that could; the event: SIGHUP has come.

    SIGTERM ends the command well: the system's default does not apply to the first process of a
    container. Of SIGHUP the default would be the end, too, and no service manager starts again
    what ended by it.
    """
    reload_requests = threading.Event()
    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)),
        signal.SIGHUP: signal.signal(signal.SIGHUP, lambda *_: reload_requests.set()),
    }
    try:
        yield reload_requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


def _daemon(session: Session, app: "App", reload_requests: threading.Event) -> None:
    from monitor.daemon.process import Daemon

    read_again = partial(_reload_config, session, app)
    daemon = Daemon(app, read_again=read_again, passes_of=_passes, deliveries_of=_deliveries)
    code = daemon.run(reload_first=reload_requests.is_set)
    if code:
        raise Failure(code)


def _reload_config(session: Session, before: "App") -> "App":
    """Read the configuration anew, and bring the running monitor's store in line with it.

    What is followed by command is that store's.
    """
    read = type(before).configured(session.config, environ=session.environ)
    # The store of before: another [store] takes effect with a new start only.
    sync_from_config(read.with_store(before.settings.store.url))
    with suppress(StoreError):  # who opens it next tells why; the daemon looks again soon
        read = following(read, followed_by_command(before))
    return read


def _passes(app: "App", metrics: "Metrics | None" = None, *, patient: bool = False) -> "Poller":
    from monitor.app.polling import Poller

    return Poller(app=app, metrics=metrics, patient=patient)


def _deliveries(
    app: "App",
    metrics: "Metrics | None",
    worker: str,
    incidents: "Callable[[], Sequence[Incident]] | None" = None,
) -> "Deliveries":
    from monitor.app.deliveries import Deliveries

    return Deliveries(app, worker=worker, metrics=metrics, incidents=incidents)


def _once(session: Session, app: "App", *, as_json: bool) -> None:
    from monitor.app.workers import worker_id
    from monitor.daemon.deliver_command import deliver_once
    from monitor.daemon.run_once import InterruptedRoundError, run_once

    name = worker_id()
    deliveries = _deliveries(app, None, name)
    try:
        # Passes first: what they find is delivered by this very command.
        reports = run_once(app, _passes(app, patient=True), holder=name)
        deliver_once(deliveries)
    except InterruptedRoundError as exc:
        print_error(str(exc))
        raise Failure(INTERRUPTED) from None
    if as_json:
        session.answer_json([_shape(report) for report in reports])
    else:
        session.answer(_lines(reports, app))
    quarantined = sum(report.report.quarantined for report in reports)
    if quarantined:
        warn_quarantined(quarantined)
    if quarantined or any(report.outcome != "ok" for report in reports):
        raise Failure(FAILED)


def _shape(report: "PollReport") -> dict[str, object]:
    """Return what a pass did for ``--json``: the counts of ``monitor ingest --json`` and more."""
    counts = asdict(report)
    fields = {name: counts[name] for name in counts if name not in ("report", "again_at")}
    return {**fields, **counts["report"]}


def _lines(reports: "Sequence[PollReport]", app: "App") -> Iterator[Line]:
    for report in reports:
        name = Span(one_line(report.source, longest=None), "title")
        if report.outcome == "ok":
            requests = count_text(report.requests, "request")
            yield line(name, f": {report_text(report.report)}; {requests}")
        else:
            yield line(name, f": {report.outcome}: {one_line(report.reason, longest=None)}")
    if not reports:
        is_idle = not any(source.enabled for source in app.settings.sources)
        yield line("nothing is followed: add a [[source]]" if is_idle else "nothing is due")
