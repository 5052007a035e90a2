"""``monitor trials``: what is in the store."""

from typing import Any

import click

from monitor.app.matching import matching_trials, require_findable, unmatched_values
from monitor.cli.errors import print_error
from monitor.cli.filter_options import filter_of, filter_options, take_filter
from monitor.cli.group import Command
from monitor.cli.params import Days, days, table_options
from monitor.cli.session import Session


@click.command(
    "trials",
    cls=Command,
    examples=(
        "monitor trials --condition lupus --changed-since 2026-02",
        'monitor trials --text "CAR T" --text "CAR NK" --not-status withdrawn',
    ),
)
@filter_options
@click.option(
    "--changed-since",
    type=days,
    metavar="DATE",
    help="Only with news in a version of that date or later.",
)
@table_options
@click.pass_obj
def command(
    session: Session, /, changed_since: Days | None, as_json: bool, as_csv: bool, **options: Any
) -> None:
    """List the trials in the store that meet every given test.

    Their newest versions count. The options match as those of a subscription's filter do: any of
    the values of an option, all options, none of --not-…. Words match in any order within one text
    of the record, and in "double quotes" as they are written.

    Where none is found, standard error says which value no trial has, and the nearest; not under
    --json or --csv.
    """
    app, since = session.app, changed_since.first if changed_since else None
    table = take_filter(options)
    with app.reader() as reader:
        if not table:
            found = reader.trials(changed_since=since)
        else:
            asked = filter_of(table)
            require_findable(app, reader, asked)
            matches = matching_trials(app, reader, [asked], changed_since=since)
            found = [trial for trial, _ in matches]
            if not (found or as_json or as_csv):
                for sentence in unmatched_values(app, reader, asked):
                    print_error(sentence)
    if as_json:
        from monitor.render.json_values import trial_to_json

        session.answer_json([trial_to_json(trial) for trial in found])
    else:
        from monitor.render.tables import trials_table

        session.answer(trials_table(found), as_csv=as_csv)
