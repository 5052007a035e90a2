"""``monitor trials``: what is in the store."""

from collections.abc import Mapping
from typing import Any

import click

from monitor.app.matching import require_findable, unmatched_values
from monitor.app.parameters import Days, days
from monitor.app.queries import trials_changed_since
from monitor.cli.errors import print_error
from monitor.cli.filter_options import filter_of, filter_options, take_filter
from monitor.cli.group import Command
from monitor.cli.params import table_options
from monitor.cli.session import Session
from monitor.model.queries import TrialQuery, TrialSort

SORTS: Mapping[str, TrialSort] = {
    "nct-id": "nct_id",
    "changed": "last_changed",
    "version": "last_version_date",
}


@click.command(
    "trials",
    cls=Command,
    examples=(
        "monitor trials --condition lupus --changed-since 2026-02",
        'monitor trials --text "CAR T" --text "CAR NK" --not-status withdrawn',
        'monitor trials --country "United States" --sort changed --limit 20',
    ),
)
@filter_options
@click.option(
    "--changed-since",
    type=days,
    metavar="DATE",
    help="Only with news in a version of that date or later.",
)
@click.option(
    "--sort",
    type=click.Choice(list(SORTS)),
    default="nct-id",
    show_default=True,
    help="By NCT ID, or newest first: by the last news, or by the last version.",
)
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.")
@table_options
@click.pass_obj
def command(
    session: Session,
    /,
    changed_since: Days | None,
    sort: str,
    limit: int | None,
    as_json: bool,
    as_csv: bool,
    **options: Any,
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
    trial_filter = filter_of(table) if table else None
    with app.reader() as reader:
        if trial_filter is not None:
            require_findable(app, reader, trial_filter)
        query = TrialQuery(filter=trial_filter, sort=SORTS[sort])
        found = trials_changed_since(app, reader, query, since, limit)
        if trial_filter is not None and not (found or as_json or as_csv):
            for sentence in unmatched_values(app, reader, trial_filter):
                print_error(sentence)
    if as_json:
        from monitor.render.json_values import trial_to_json

        session.answer_json([trial_to_json(trial) for trial in found])
    else:
        from monitor.render.trials import trials_table

        session.answer(trials_table(found), as_csv=as_csv)
