"""``monitor deliver``: send what is due, once or until stopped."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from monitor.app.channels import beside_json
from monitor.app.subscribers import sync_from_config
from monitor.cli.errors import FAILED, INTERRUPTED, Failure, print_error
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import UsageError
from monitor.render.deliveries import report_lines, report_to_json

if TYPE_CHECKING:
    from monitor.app.deliveries import Deliveries


@click.command("deliver", cls=Command, examples=("monitor deliver --once", "monitor deliver"))
@click.option("--once", is_flag=True, help="Send what is due now, and exit.")
@json_option
@click.pass_obj
def command(session: Session, once: bool, as_json: bool) -> None:
    """Send the messages that are due, until stopped.

    `monitor run` does so too; this is for a store that others ingest into. On PostgreSQL any
    number of processes may deliver at once. With --once the exit code is 1 when a message could
    not be sent.
    """
    # A process that runs until it is stopped never has a whole JSON document to print.
    if as_json and not once:
        raise UsageError('--json goes with --once; [log] format = "json" is for log lines')
    from monitor.app.deliveries import Deliveries
    from monitor.app.logs import configure, never_wait
    from monitor.app.workers import worker_id
    from monitor.daemon.deliver_command import deliver_on

    app = session.app
    configure(app.settings.log)
    never_wait()
    # Subscriptions of the file may be those that something is due for.
    sync_from_config(app)
    if as_json:
        app = replace(app, settings=beside_json(app.settings))
    deliveries = Deliveries(app, worker=worker_id())
    if once:
        _once(session, deliveries, as_json=as_json)
    else:
        # An error that waiting cannot mend, as a store of another schema, ends it now.
        with app.store():
            pass
        deliver_on(deliveries, grace_s=app.settings.daemon.shutdown_grace_s)


def _once(session: Session, deliveries: "Deliveries", *, as_json: bool) -> None:
    from monitor.daemon.deliver_command import deliver_once

    report, stopped = deliver_once(deliveries)
    if as_json:
        session.answer_json(report_to_json(report.channels, report.failures))
    else:
        session.answer(report_lines(report.channels, report.failures))
    if stopped:
        print_error("stopped before everything was sent; what was not is still due")
        raise Failure(INTERRUPTED)
    # "retried" counts as not sent: a script has to know that the message is still in the outbox.
    if report.failures or report.total.retried or report.total.dead:
        raise Failure(FAILED)
