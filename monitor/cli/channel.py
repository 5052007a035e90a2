"""``monitor channel``: delivery channels."""

from typing import TYPE_CHECKING, Any

import click

from monitor.channels.channel_test import send_test
from monitor.cli.channel_tests import channel_to_test, report_result
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, table_options
from monitor.cli.session import Session
from monitor.render.channels import channels_table

if TYPE_CHECKING:
    from monitor.settings import AnyChannelSettings, Settings


@click.group("channel", cls=Group, examples=("monitor channel list",))
def command() -> None:
    """Manage delivery channels."""


@command.command("list", cls=Command, examples=("monitor channel list",))
@table_options
@click.pass_obj
def list_(session: Session, as_json: bool, as_csv: bool) -> None:
    """List the channels; their secrets are neither needed nor shown.

    While none is configured there is a built-in one, a folder beside the default store.
    """
    settings = session.app.settings
    shapes = [_shape(one, settings) for one in settings.channels]
    if as_json:
        session.answer_json(shapes)
    else:
        session.answer(channels_table(shapes), as_csv=as_csv)


@command.command(
    "test",
    cls=Command,
    examples=("monitor channel test alerts", "monitor channel test ana-mail --to me@example.org"),
)
@click.argument("name")
@click.option("--to", metavar="ADDRESS", help="For e-mail: to this address instead of its own.")
@json_option
@click.pass_obj
def test(session: Session, name: str, to: str | None, as_json: bool) -> None:
    """Send a test message by a channel, to each of its targets.

    Nothing is stored, and nothing is tried again. Each target gets 30 seconds at most, or
    [delivery] total_timeout_s where that is less. Exit code 1 when it was not sent.
    """
    channel = channel_to_test(session, name, to, as_json=as_json)
    tried = send_test(channel, now=session.app.now(), to=to)
    report_result(session, tried, as_json=as_json)


def _shape(given: "AnyChannelSettings", settings: "Settings") -> dict[str, Any]:
    return {
        "name": given.name,
        "type": given.type,
        "place": given.shown_place,
        # A Slack or webhook URL is a single target, which has no name of its own ("").
        "targets": [target for target in given.targets if target],
        # 0 in the configuration means no limit, which is null in JSON.
        "per_minute": given.per_minute or None,
        "operator": given.name == settings.delivery.operator,
        "built_in": given.name in settings.default_channels,
    }
