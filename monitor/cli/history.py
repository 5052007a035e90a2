"""``monitor history``: a trial's timeline."""

import click

from monitor.app import id_note, stored_trial
from monitor.app.parameters import Days, days, kind, severity
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.model.bitemporal import valid_from
from monitor.model.changes import Severity
from monitor.model.history_filter import HistoryFilter, filter_history
from monitor.model.kind_names import kinds_of
from monitor.model.nct import normalize_nct_id


@click.command(
    "history",
    cls=Command,
    examples=(
        "monitor history NCT06733935",
        "monitor history NCT06733935 --kind sites --kind enrollment",
        "monitor history NCT06733935 --since 2026 --min-severity high --json",
    ),
)
@click.argument("nct_id", type=normalize_nct_id)
@click.option("--since", type=days, metavar="DATE", help="From this version date on.")
@click.option("--until", type=days, metavar="DATE", help="Up to this version date, inclusive.")
@click.option(
    "--kind",
    "kinds",
    type=kind,
    metavar="KIND",
    multiple=True,
    help="Only this kind or group of changes (sites, status, …); repeatable.",
)
@click.option(
    "--min-severity",
    type=severity,
    metavar="SEVERITY",
    help="low, medium, high or critical and above.",
)
@click.option("--noise", is_flag=True, help="Also what is no news: registry edits, new stamps.")
@json_option
@click.pass_obj
def command(
    session: Session,
    nct_id: str,
    since: Days | None,
    until: Days | None,
    kinds: tuple[str, ...],
    min_severity: Severity | None,
    noise: bool,
    as_json: bool,
) -> None:
    """Show what changed in a trial's record, and when; newest last.

    Dates are the registry's dates of the versions: 2026, 2026-02 or 2026-02-19. What the registry
    edited without a new date has the date of its data. docs/events.md lists the kinds of events and
    their groups.
    """
    wanted = HistoryFilter(
        since=since.first if since else None,
        until=until.last if until else None,
        kinds=kinds_of(kinds),
        # All severities pass here; `noise` decides about noise.
        min_severity=min_severity or Severity.NOISE,
        noise=noise,
    )
    with stored_trial(session.app, nct_id) as (reader, trial, versions):
        note = id_note(reader, nct_id)
        ids = None
        # Only the events of versions in that time are read.
        if wanted.since or wanted.until:
            days = valid_from(versions)
            ids = [
                one.id for one, day in zip(versions, days, strict=True) if wanted.includes_day(day)
            ]
        shown = filter_history(versions, reader.events(trial.nct_id, version_ids=ids), wanted)
    if as_json:
        from monitor.render.json_values import history_to_json

        session.answer_json(history_to_json(trial, shown))
    else:
        from monitor.render.history import history_lines
        from monitor.render.lines import note_lines

        session.answer([*note_lines(note), *history_lines(trial, versions, shown, wanted)])
