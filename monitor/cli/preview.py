"""``monitor preview``: the message that changes would be, shown or sent to try."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.app.previews import preview, recently_changed_ids
from monitor.cli.channel_tests import channel_to_test, report_result
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import UsageError
from monitor.model.nct import normalize_nct_id
from monitor.render.lines import BLANK, Span, line

if TYPE_CHECKING:
    from monitor.app.previews import Preview, PreviewKind

_FORMATS = ("text", "html", "slack", "json")
_MANY = 20
_KINDS = ("alert", "digest", "group")


@click.command(
    "preview",
    cls=Command,
    examples=(
        "monitor preview NCT06733935",
        "monitor preview NCT06733935 --version 2 --format html > alert.html",
        "monitor preview NCT06733935 NCT06377228 --as digest",
        "monitor preview --as digest --send ana-mail",
    ),
)
@click.argument("nct_ids", metavar="[NCT_ID]…", type=normalize_nct_id, nargs=-1)
@click.option(
    "--version",
    "number",
    type=click.IntRange(min=1),
    help="The version of that number, of one trial.  [default: the last one that brought news]",
)
@click.option(
    "--as",
    "kind",
    type=click.Choice(_KINDS),
    help="An alert of one trial, a digest, or a group: alerts that came at once.  "
    "[default: alert; group for several trials]",
)
@click.option(
    "--format",
    "written",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="As mail without and with HTML, as Slack's blocks, or as a webhook's data.",
)
@click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Templates that replace the built-in ones.",
)
@click.option("--send", "channel", metavar="CHANNEL", help="Send it by this channel to try it.")
@click.option(
    "--to", metavar="ADDRESS", help="With --send, for e-mail: to this address instead of its own."
)
@json_option
@click.pass_obj
def command(
    session: Session,
    nct_ids: tuple[str, ...],
    number: int | None,
    kind: "PreviewKind | None",
    written: str,
    templates: Path | None,
    channel: str | None,
    to: str | None,
    as_json: bool,
) -> None:
    """Show the message that changes of trials' records would be.

    Without an NCT ID it is of the trial whose record changed last; a digest or group, of the 20
    that did. Of each trial it is the last version that brought news, or the one named. No
    subscription is needed. Nothing is sent without --send, which says what it sends and to whom:
    a message with an id made by chance, stored nowhere and not tried again; exit code 1 when it
    was not sent. --json is short for --format json; with --send it prints how that went.
    """
    if not nct_ids:
        nct_ids = tuple(
            recently_changed_ids(session.app, _MANY if kind in {"digest", "group"} else 1)
        )
    several = len(set(nct_ids)) > 1
    if several and kind == "alert":
        raise UsageError("an alert is of one trial; for several use --as digest or --as group")
    if several and number is not None:
        raise UsageError("--version is for one trial; name one NCT ID")
    if to is not None and channel is None:
        raise UsageError("--to goes with --send CHANNEL")
    kind = kind or ("group" if several else "alert")
    found = preview(
        session.app, tuple(dict.fromkeys(nct_ids)), number, kind=kind, templates=templates
    )
    if channel is not None:
        _send(session, found, channel, to, as_json=as_json)
    elif as_json or written == "json":
        session.answer_json(found.message.data)
    elif written == "slack":
        session.answer_json(found.message.slack)
    elif written == "html":
        # Unchanged, as a browser needs it: the screen would wrap long lines.
        click.echo(found.message.html)
    else:
        message = found.message
        lines = [line(one, hang=0) if one else BLANK for one in message.text.splitlines()]
        session.answer([line(Span(message.subject, "title")), BLANK, *lines])


def _send(session: Session, found: "Preview", name: str, to: str | None, *, as_json: bool) -> None:
    channel = channel_to_test(session, name, to, as_json=as_json)
    if not as_json:
        # Printed before sending: a service may take half a minute to answer.
        targets = ", ".join(filter(None, channel.targets if to is None else (to,)))
        whom = f" to {targets}" if targets else ""
        session.answer([line(f"Sending by {name}{whom}: {found.message.subject}")])
    report_result(session, found.send(channel, to=to), as_json=as_json)
