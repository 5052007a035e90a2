"""``monitor doctor``: what works, what does not, and what to do."""

from datetime import datetime
from typing import TYPE_CHECKING

import click

from monitor.cli.errors import FAILED, Failure
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.model.checks import CheckStatus
from monitor.render.doctor import finding_line, findings_to_json
from monitor.web.health_client import fetch_health, health_url

if TYPE_CHECKING:
    from monitor.model.tracking import SourceRow
    from monitor.settings import AnySourceSettings

_PATIENCE_S = 5.0


@click.command("doctor", cls=Command, examples=("monitor doctor", "monitor doctor --offline"))
@click.option("--offline", is_flag=True, help="Ask nobody over the network but the store.")
@json_option
@click.pass_obj
def command(session: Session, offline: bool, as_json: bool) -> None:
    """Try configuration, store, channels, registry and clock; say what to do.

    Mail servers are greeted and logged in to, the hosts of Slack and webhooks connected to;
    nothing is sent. Whether the addresses of [web] can be had is tried. The registry is asked for
    its version over each transport and as each user agent. All for at most ten seconds at a time.
    Nothing is changed. Exit code 1 when something failed; what is marked with ! works, and
    somebody should look at it.
    """
    from monitor.app.doctor import examine

    found = []
    for finding in examine(
        session.config,
        environ=session.environ,
        next_run=_next_run,
        latest_run=_latest_run,
        is_answered=_is_answered,
        offline=offline,
    ):
        found.append(finding)
        if not as_json:
            session.answer([finding_line(finding)])  # each as it comes: a try may take seconds
    if as_json:
        session.answer_json(findings_to_json(found))
    if any(finding.verdict is CheckStatus.FAILED for finding in found):
        raise Failure(FAILED)


# These three are passed to `examine`, since `app` must not import `scheduler` or `web`, which are
# above it (import contracts in pyproject.toml).
def _latest_run(source: "AnySourceSettings", now: datetime) -> datetime:
    from monitor.scheduler import latest_due

    return latest_due(source, now)


def _is_answered(address: tuple[str, int]) -> bool:
    # Another program may listen there; only the monitor names a holder.
    return bool(fetch_health(health_url(address), timeout_s=_PATIENCE_S).facts.get("holder"))


def _next_run(source: "AnySourceSettings", row: "SourceRow | None", now: datetime) -> datetime:
    from monitor.scheduler import next_run_after_restart, trigger_of

    stored = row.next_due_at if row else None
    last = row.last_attempt_at if row else None
    return next_run_after_restart(trigger_of(source), stored=stored, last_due=last, now=now)
