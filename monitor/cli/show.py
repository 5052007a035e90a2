"""``monitor show``: a trial's record, now or as it once was."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click

from monitor.app import id_note, stored_trial
from monitor.app.parameters import Days, days, moment
from monitor.app.versions import by_day, by_text, by_time
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.errors import UsageError
from monitor.model.history import StoredVersion
from monitor.model.lookup import look_up
from monitor.model.nct import normalize_nct_id


@click.command(
    "show",
    cls=Command,
    examples=(
        "monitor show NCT06733935",
        "monitor show NCT06733935 --at 2025-12-31 --field enrollmentInfo.count",
        "monitor show NCT06733935 --field 'locations[California].status' --json",
    ),
)
@click.argument("nct_id", type=normalize_nct_id)
@click.option(
    "--at", type=days, metavar="DATE", help="As the registry's record stood on that date."
)
@click.option(
    "--known-at",
    type=moment,
    metavar="DATETIME",
    help="As it was known here at that time (UTC, or a zone).",
)
@click.option("--version", "named", metavar="N|ID", help="The version of that number or id.")
@click.option("--field", help="Only the value at a path: statusModule.overallStatus.")
@json_option
@click.pass_obj
def command(
    session: Session,
    nct_id: str,
    at: Days | None,
    known_at: datetime | None,
    named: str | None,
    field: str | None,
    as_json: bool,
) -> None:
    """Show a trial's record: the last version, or one of the past.

    A field's path may leave out its first names. Behind a list an attribute gives its values in
    all items; a part of an item's natural key, in brackets, selects items.
    """
    # Each of them selects a version, and two could select different ones.
    if sum(choice is not None for choice in (at, known_at, named)) > 1:
        raise UsageError("--at, --known-at and --version exclude each other; give one of them")
    with stored_trial(session.app, nct_id) as (reader, _, versions):
        note = id_note(reader, nct_id)
        position = _position(versions, at, known_at, named)
        version = versions[position]
        record = reader.record(version)
    shown = position + 1, version
    if field is not None:
        _answer_field(session, shown, field, look_up(record, field), as_json=as_json)
    elif as_json:
        from monitor.render.json_values import record_to_json

        session.answer_json(record_to_json(*shown, record))
    else:
        from monitor.render.lines import note_lines
        from monitor.render.record import show_lines

        session.answer([*note_lines(note), *show_lines(*shown, record, versions=len(versions))])


def _answer_field(
    session: Session, shown: tuple[int, StoredVersion], path: str, value: Any, *, as_json: bool
) -> None:
    if as_json:
        from monitor.render.json_values import value_to_json

        session.answer_json(value_to_json(*shown, path, value))
    elif isinstance(value, dict | list):
        session.answer_json(value)
    else:
        from monitor.render.record import value_lines

        session.answer(value_lines(value))


def _position(
    versions: Sequence[StoredVersion], at: Days | None, moment: datetime | None, named: str | None
) -> int:
    if at is not None:
        # Of a month or a year its last day: --at 2025 shows the record at the end of 2025.
        return by_day(versions, at.last)
    if moment is not None:
        return by_time(versions, moment)
    return len(versions) - 1 if named is None else by_text(versions, named)
