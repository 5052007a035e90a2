"""``monitor silence``: not hearing of something until a date."""

from datetime import datetime, timedelta

import click

from monitor.app import id_note
from monitor.app.parameters import kind, moment_ahead
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, table_options
from monitor.cli.session import Session
from monitor.cli.subscriber import people_of
from monitor.errors import UsageError
from monitor.model.nct import normalize_nct_id
from monitor.render.lines import line
from monitor.render.subscribers import silence_to_json, silences_table
from monitor.render.values import moment as written
from monitor.settings.times import DURATION, parse_duration


@click.group("silence", cls=Group, examples=("monitor silence list",))
def command() -> None:
    """Keep a trial or a kind of change quiet until a date."""


@command.command(
    "add",
    cls=Command,
    examples=(
        "monitor silence add --nct-id NCT06733935 --for 7d",
        "monitor silence add --kind contact_changed --until 2027-01-31 --subscriber ana",
        "monitor silence add --kind sites --kind dates --nct-id NCT06733935 --for 12h",
    ),
)
@click.option(
    "--nct-id",
    "nct_ids",
    type=normalize_nct_id,
    metavar="NCT_ID",
    multiple=True,
    help="Of this trial; repeatable.",
)
@click.option(
    "--kind",
    "kinds",
    type=kind,
    metavar="KIND",
    multiple=True,
    help="Of this kind or group of changes (sites, status, …); repeatable.",
)
@click.option("--subscriber", metavar="NAME", help="To this person  [default: to everybody]")
@click.option(
    "--until",
    type=moment_ahead,
    metavar="DATETIME",
    help="UTC or with a zone; a date; 7d, tomorrow.",
)
@click.option("--for", "length", metavar="TIME", help="From now on: 30m, 12h, 7d.")
@click.option("--reason", metavar="WORDS", help="Why, for those who ask later.")
@json_option
@click.pass_obj
def add(
    session: Session,
    nct_ids: tuple[str, ...],
    kinds: tuple[str, ...],
    subscriber: str | None,
    until: datetime | None,
    length: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Send nothing of a trial, of a kind of change, or of a kind in a trial, until a time.

    What happens meanwhile is not sent later either; `monitor history` shows it as ever. Each of
    several trials and kinds gets a silence of its own, each kind in each trial.
    """
    if not (nct_ids or kinds):
        raise UsageError("say what is to be silent: --nct-id, --kind, or both")
    if (until is None) == (length is None):
        raise UsageError("say how long: either --until or --for")
    end = until if until is not None else session.app.now() + _duration(length or "")
    made = people_of(session).silence(
        subscriber=subscriber, nct_ids=nct_ids, kinds=kinds, until=end, reason=reason
    )
    if as_json:
        # An object for one silence, a list for several: who adds one need not unpack it.
        shapes = [silence_to_json(one) for one in made]
        session.answer_json(shapes[0] if len(shapes) == 1 else shapes)
        return
    whom = f" for {subscriber}" if subscriber else ""
    lines = []
    for one in made:
        what = " in ".join(name for name in (one.kind, one.nct_id) if name)
        lines.append(line(f"{one.id}  {what} is silent until {written(end)} UTC{whom}"))
    with session.app.reader() as reader:
        notes = [note for nct_id in dict.fromkeys(nct_ids) if (note := id_note(reader, nct_id))]
    session.answer([*lines, *map(line, notes)])


@command.command("list", cls=Command, examples=("monitor silence list",))
@click.option("--all", "every", is_flag=True, help="Also those that are over.")
@table_options
@click.pass_obj
def list_(session: Session, every: bool, as_json: bool, as_csv: bool) -> None:
    """List what is silent, until when, and for whom."""
    found = people_of(session).silences(ended=every)
    if as_json:
        session.answer_json([silence_to_json(one) for one in found])
    else:
        session.answer(silences_table(found), as_csv=as_csv)


@command.command("remove", cls=Command, examples=("monitor silence remove 3",))
@click.argument(
    "silence_ids",
    type=click.IntRange(min=1, max=2**63 - 1),
    metavar="ID…",
    nargs=-1,
    required=True,
)
@json_option
@click.pass_obj
def remove(session: Session, silence_ids: tuple[int, ...], as_json: bool) -> None:
    """End silences before their time."""
    numbers = list(dict.fromkeys(silence_ids))
    people_of(session).end_silences(numbers)
    if as_json:
        shapes = [{"id": number} for number in numbers]
        session.answer_json(shapes[0] if len(shapes) == 1 else shapes)
    else:
        session.answer([line(f"silence {number} is removed") for number in numbers])


def _duration(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as exc:
        raise UsageError(
            f"--for: invalid value {text[:40]!r}: expected {DURATION.description}"
        ) from exc
