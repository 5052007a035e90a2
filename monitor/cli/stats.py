"""``monitor stats``: how often what happened."""

from typing import TYPE_CHECKING, Any

import click

from monitor.cli.group import Command
from monitor.cli.params import table_options
from monitor.cli.query_options import event_options, take_event_choice
from monitor.cli.session import Session

if TYPE_CHECKING:
    from monitor.app.stats import By


@click.command(
    "stats",
    cls=Command,
    examples=(
        "monitor stats --condition lupus --backfilled",
        "monitor stats --since 2026 --by month --csv",
        "monitor stats --group outcomes --backfilled --by kind",
    ),
)
@event_options
@click.option(
    "--by",
    type=click.Choice(("month", "kind", "sponsor", "country")),
    help="One row for each; the month is that of the version's date.",
)
@table_options
@click.pass_obj
def command(
    session: Session, /, by: "By | None", as_json: bool, as_csv: bool, **options: Any
) -> None:
    """Count starts, stops by their reason, restarts, results, enrollment changes and delays.

    It counts the events that `monitor events` would list with the same options, all of them,
    and the trials that they are about. Starts are trials that began to recruit, restarts stopped
    or completed ones that went on, delays primary completion dates that moved on, outcomes
    changes of primary outcomes.
    """
    from monitor.app.stats import event_stats
    from monitor.render.stats import stats_table, stats_to_json

    app, choice = session.app, take_event_choice(options)
    with app.reader() as reader:
        found = event_stats(app, reader, choice.query(app, reader), by)
    if as_json:
        session.answer_json(stats_to_json(found.counts, trials=found.trials, by=by))
    else:
        session.answer(stats_table(found.counts, trials=found.trials, by=by), as_csv=as_csv)
