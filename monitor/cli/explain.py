"""``monitor explain``: why a change was sent to a subscriber, or was not."""

import click

from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.model.nct import normalize_nct_id


@click.command(
    "explain",
    cls=Command,
    examples=(
        "monitor explain NCT06733935",
        "monitor explain NCT06733935 --version 2 --subscription car-t --json",
    ),
)
@click.argument("nct_id", type=normalize_nct_id)
@click.option(
    "--version",
    "number",
    type=click.IntRange(min=1),
    help="The version whose changes are asked about, as monitor history numbers them.  "
    "[default: the last one that brought news]",
)
@click.option("--subscription", metavar="NAME|ID", help="Only this subscription.")
@click.option("--subscriber", metavar="NAME", help="Only the subscriptions of one person.")
@json_option
@click.pass_obj
def command(
    session: Session,
    nct_id: str,
    number: int | None,
    subscription: str | None,
    subscriber: str | None,
    as_json: bool,
) -> None:
    """Say for every subscription why it did or did not get each change of a version.

    What is in the outbox is shown as stored. Anything else is matched anew, by
    subscriptions and silences as they stand now.
    """
    from monitor.app.explain import explain

    found = explain(session.app, nct_id, number, word=subscription, subscriber=subscriber)
    shown = found.trial, (found.number, found.version), found.events, found.answers
    if as_json:
        from monitor.render.explanation import explanation_to_json

        session.answer_json(explanation_to_json(*shown))
    else:
        from monitor.render.explanation import explanation_lines
        from monitor.render.lines import note_lines

        session.answer([*note_lines(found.note), *explanation_lines(*shown)])
