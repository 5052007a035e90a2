"""``monitor preview``: the message that a change would be."""

from pathlib import Path

import click

from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.model.nct import normalise_nct_id
from monitor.render.lines import BLANK, Span, line

_FORMATS = ("text", "html", "slack", "json")


@click.command(
    "preview",
    cls=Command,
    examples=(
        "monitor preview NCT06733935",
        "monitor preview NCT06733935 --version 2 --format html > alert.html",
    ),
)
@click.argument("nct_id", type=normalise_nct_id)
@click.option("--version", "number", type=click.IntRange(min=1), help="The version of that number.")
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
@json_option
@click.pass_obj
def command(
    session: Session,
    nct_id: str,
    number: int | None,
    written: str,
    templates: Path | None,
    as_json: bool,
) -> None:
    """Show the message that a change of a trial's record would be.

    It is that of the last version that brought news, or of the one named. Nothing is sent, and
    no subscription is needed. --json is short for --format json.
    """
    from monitor.app.previews import preview

    message = preview(session.app, nct_id, number, templates=templates)
    if as_json or written == "json":
        session.answer_json(message.data)
    elif written == "slack":
        session.answer_json(message.slack)
    elif written == "html":
        click.echo(message.html)
    else:
        told = [line(one, hang=0) if one else BLANK for one in message.text.splitlines()]
        session.answer([line(Span(message.subject, "title")), BLANK, *told])
