"""``monitor health``: whether the running monitor is alive; for a container's health check."""

from dataclasses import replace

import click

from monitor.cli.errors import FAILED, Failure, print_error
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import ConfigError, UsageError
from monitor.render.lines import line
from monitor.web.health_client import fetch_health, health_url


@click.command(
    "health",
    cls=Command,
    examples=("monitor health", "monitor health --url http://127.0.0.1:8080/readyz"),
)
@click.option("--url", help="Where to ask  [default: /healthz where [web] listen says]")
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0.1, max=600),
    default=5.0,
    show_default=True,
    help="Seconds to wait for the answer.",
)
@json_option
@click.pass_obj
def command(session: Session, url: str | None, timeout_s: float, as_json: bool) -> None:
    """Check whether the running monitor is healthy; exit with 1 when it is not.

    Asks `monitor run` on this machine over HTTP, as a container's health check does. A
    configuration that has become invalid since does not make it unhealthy: that is said beside.
    """
    wrong = None if url else _config_fault(session)
    reply = fetch_health(url or _own_url(session), timeout_s=timeout_s)
    if wrong is not None:
        # It does not run, and the configuration is invalid: that will be the reason.
        if not reply.well:
            raise wrong
        print_error(f"still using the previous configuration; the present one is invalid: {wrong}")
    fault = reply.facts.get("lease_fault")
    if reply.well and isinstance(fault, str):
        # A standby by itself is healthy; behind a lease that cannot expire it would wait forever.
        reason = f"it stands by behind a lease that is impossible ({fault})"
        reply = replace(reply, well=False, reason=reason)
    if as_json:
        session.answer_json(
            {"well": reply.well, "reason": reply.reason, "facts": dict(reply.facts)}
        )
    elif reply.well:
        role = reply.facts.get("role")
        session.answer([line(f"healthy ({role})" if isinstance(role, str) else "healthy")])
    if not reply.well:
        if not as_json:
            print_error(f"unhealthy: {reply.reason}")
        # A container's HEALTHCHECK takes 1 for unhealthy
        # (https://docs.docker.com/reference/dockerfile/#healthcheck).
        raise Failure(FAILED)


def _config_fault(session: Session) -> ConfigError | None:
    try:
        _ = session.app
    except ConfigError as exc:
        return exc
    return None


def _own_url(session: Session) -> str:
    address = session.web.address
    # Port 0 lets the system choose a port, which only the running process knows.
    if address is None or address[1] == 0:
        raise UsageError("[web] listen names no address to ask; give one with --url")
    return health_url(address)
