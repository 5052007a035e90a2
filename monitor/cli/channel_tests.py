"""Sending by a channel to try it: which channel, and how it went."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from monitor.app.channels import beside_json, channel_of, channel_settings, with_deadline
from monitor.cli.errors import FAILED, Failure
from monitor.cli.session import Session
from monitor.errors import UsageError
from monitor.render.lines import line

if TYPE_CHECKING:
    from monitor.channels.bounded import BoundedChannel
    from monitor.channels.channel_test import SendResult

# As long as a person at a terminal will wait; total_timeout_s may be set to many minutes.
_TRY_S = 30.0


def channel_to_test(
    session: Session, name: str, to: str | None, *, as_json: bool
) -> "BoundedChannel":
    """Return a channel that gives each target 30 seconds at most; its secrets are looked up.

    UsageError for ``to`` with a channel that has no addresses, NotFoundError for no channel.
    """
    # A console channel that writes to standard output would mix its message into the JSON.
    settings = beside_json(session.app.settings) if as_json else session.app.settings
    given = channel_settings(settings, name)
    if to is not None and given.type != "email":
        raise UsageError(f"--to is for e-mail, and {name} is of type {given.type}")
    if to is None and name in settings.readers_channels:
        raise UsageError(f"{name} sends to the addresses of readers; say --to which one")
    return channel_of(given, with_deadline(settings.delivery, _TRY_S))


def report_result(session: Session, tried: "Iterable[SendResult]", *, as_json: bool) -> None:
    """Print how each target went; Failure when one was not sent to."""
    done = []
    for one in tried:
        done.append(one)
        # Each as it comes: one may take 30 seconds.
        if not as_json:
            session.answer([line(one.as_line())])
    if as_json:
        session.answer_json([one.as_json() for one in done])
    if not all(one.ok for one in done):
        raise Failure(FAILED)
