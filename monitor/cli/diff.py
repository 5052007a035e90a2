"""``monitor diff``: two versions of a trial's record against each other."""

import click

from monitor.app import id_note, stored_trial
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.cli.versions import resolve_versions
from monitor.model.nct import normalize_nct_id


@click.command(
    "diff",
    cls=Command,
    examples=(
        "monitor diff NCT06733935",
        "monitor diff NCT06733935 1 2026-06-30 --json",
    ),
)
@click.argument("nct_id", type=normalize_nct_id)
@click.argument("old", metavar="[FROM]", required=False)
@click.argument("new", metavar="[TO]", required=False)
@json_option
@click.pass_obj
def command(session: Session, nct_id: str, old: str | None, new: str | None, as_json: bool) -> None:
    """Compare two versions of a trial's record.

    FROM and TO are version numbers as `monitor history` shows them, version ids as its --json
    has them, or dates: the version in which the record stood on that date. Without TO the last
    version is meant, without both the last two. Inside long texts the words that changed are
    marked.
    """
    with stored_trial(session.app, nct_id) as (reader, trial, versions):
        note = id_note(reader, nct_id)
        first, last = resolve_versions(versions, old, new)
        one, other = versions[first], versions[last]
        # A version compared with itself has no changes, and needs no records to be read.
        events = session.app.compare(reader, trial, one, other) if first != last else ()
    if as_json:
        from monitor.render.json_values import diff_to_json

        session.answer_json(diff_to_json(trial.nct_id, (first + 1, one), (last + 1, other), events))
    else:
        from monitor.render.history import diff_lines
        from monitor.render.lines import note_lines

        found = diff_lines(trial, (first + 1, one), (last + 1, other), events)
        session.answer([*note_lines(note), *found])
