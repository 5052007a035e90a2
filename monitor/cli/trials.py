"""``monitor trials``: what is in the store."""

from typing import TYPE_CHECKING

import click

from monitor.cli.group import Command
from monitor.cli.params import Days, days, table_options
from monitor.cli.session import Session
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.store.reader import Reader


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
@table_options
@click.pass_obj
def command(
    session: Session,
    status: str | None,
    sponsor: str | None,
    condition: str | None,
    changed_since: Days | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List the trials in the store that meet every given test."""
    word = status and "_".join(status.replace("-", " ").replace(",", " ").split()).upper()
    with session.app.reader() as reader:
        found = reader.trials(
            status=word,
            sponsor=sponsor,
            condition=condition,
            changed_since=changed_since.first if changed_since else None,
        )
        if word is not None and not found:
            _check_status(word, reader)
    if as_json:
        from monitor.render.shapes import trial_shape

        session.answer_json([trial_shape(trial) for trial in found])
    else:
        from monitor.render.tables import trials_table

        session.answer(trials_table(found), as_csv=as_csv)


def _check_status(word: str, reader: "Reader") -> None:
    """Raise UsageError for a status that neither the registry has nor a stored trial."""
    from monitor.match.filters import KNOWN_VALUES

    known = {*KNOWN_VALUES["status"], "GONE", "MERGED"}
    if word in known:
        return
    known |= {trial.overall_status for trial in reader.trials() if trial.overall_status}
    if word not in {one.upper() for one in known}:
        raise UsageError(f"there is no status {word!r}; there are {', '.join(sorted(known))}")
