"""``monitor series``: a field of trials over all their versions."""

import click

from monitor.app.series import trial_series
from monitor.cli.group import Command
from monitor.cli.params import table_options
from monitor.cli.session import Session
from monitor.model.nct import normalize_nct_id
from monitor.model.series import SERIES_FIELDS
from monitor.render.lines import BLANK, Line, note_lines
from monitor.render.series import series_lines, series_table, series_to_json


@click.command(
    "series",
    cls=Command,
    examples=(
        "monitor series NCT06733935 --field enrollment",
        "monitor series NCT06733935 NCT06377228 --field sites --field status --csv",
    ),
)
@click.argument("nct_ids", metavar="NCT_ID…", type=normalize_nct_id, nargs=-1, required=True)
@click.option(
    "--field",
    "names",
    type=click.Choice(list(SERIES_FIELDS)),
    multiple=True,
    required=True,
    help="What to show; repeatable.",
)
@table_options
@click.pass_obj
def command(
    session: Session,
    nct_ids: tuple[str, ...],
    names: tuple[str, ...],
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show how a field of trials' records changed over all their versions.

    One row for each change, from the date on which the version holds. A version whose source does
    not state the field is no change. A change is a difference: of dates in days.
    """
    wanted = [SERIES_FIELDS[name] for name in dict.fromkeys(names)]
    app = session.app
    with app.reader() as reader:
        found = [trial_series(app, reader, nct_id, wanted) for nct_id in dict.fromkeys(nct_ids)]
    if as_json:
        session.answer_json([series_to_json(one.trial, one.fields) for one in found])
    elif as_csv:
        session.answer(series_table([(one.trial, one.fields) for one in found]), as_csv=True)
    else:
        shown: list[Line] = []
        for at, one in enumerate(found):
            shown += [*([BLANK] if at else []), *note_lines(one.note)]
            shown += series_lines(one.trial, one.fields)
        session.answer(shown)
