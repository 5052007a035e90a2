"""``monitor trials``: what is in the store."""

import click

from monitor.cli.group import Command
from monitor.cli.params import Days, days, json_option
from monitor.cli.session import Session


@click.command(
    "trials",
    cls=Command,
    examples=("monitor trials --condition lupus --changed-since 2026-02",),
)
@click.option("--status", help="Overall status, in any spelling: RECRUITING, 'not yet recruiting'.")
@click.option("--sponsor", help="Part of the lead sponsor's name; case and accents do not matter.")
@click.option("--condition", help="Part of a condition's name, likewise.")
@click.option(
    "--changed-since",
    type=days,
    metavar="DATE",
    help="Only with news in a version of that date or later.",
)
@json_option
@click.pass_obj
def command(
    session: Session,
    status: str | None,
    sponsor: str | None,
    condition: str | None,
    changed_since: Days | None,
    as_json: bool,
) -> None:
    """List the trials in the store that meet every given test."""
    with session.app.reader() as reader:
        found = reader.trials(
            status=status and "_".join(status.replace("-", " ").replace(",", " ").split()),
            sponsor=sponsor,
            condition=condition,
            changed_since=changed_since.first if changed_since else None,
        )
    if as_json:
        from monitor.render.shapes import trial_shape

        session.answer_json([trial_shape(trial) for trial in found])
    else:
        from monitor.render.tables import trials_table

        session.answer(trials_table(found))
