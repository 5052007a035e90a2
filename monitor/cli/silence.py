"""``monitor silence``: not hearing of something until a date."""

from datetime import datetime, timedelta

import click

from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, kind, moment_ahead, table_options
from monitor.cli.session import Session
from monitor.cli.subscriber import people_of
from monitor.errors import UsageError
from monitor.model.changes import ChangeKind
from monitor.model.nct import normalise_nct_id
from monitor.render.lines import line


@click.group("silence", cls=Group, examples=("monitor silence list",))
def command() -> None:
    """Keep a trial or a kind of change quiet until a date."""


@command.command(
    "add",
    cls=Command,
    examples=(
        "monitor silence add --nct-id NCT06733935 --for 7d",
        "monitor silence add --kind contact_changed --until 2027-01-31 --subscriber ana",
    ),
)
@click.option("--nct-id", type=normalise_nct_id, metavar="NCT_ID", help="Of this trial.")
@click.option("--kind", "of_kind", type=kind, metavar="KIND", help="Of this kind of change.")
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
    nct_id: str | None,
    of_kind: ChangeKind | None,
    subscriber: str | None,
    until: datetime | None,
    length: str | None,
    reason: str | None,
    as_json: bool,
) -> None:
    """Send nothing of a trial, of a kind of change, or of a kind in a trial, until a time.

    What happens meanwhile is not sent later either; `monitor history` shows it as ever.
    """
    from monitor.app import id_note
    from monitor.render.people import silence_shape
    from monitor.render.values import moment as written

    if nct_id is None and of_kind is None:
        raise UsageError("say what is to be silent: --nct-id, --kind, or both")
    if (until is None) == (length is None):
        raise UsageError("say how long: either --until or --for")
    end = until if until is not None else session.app.now() + _duration(length or "")
    made = people_of(session).silence(
        subscriber=subscriber, nct_id=nct_id, kind=of_kind, until=end, reason=reason
    )
    if as_json:
        session.answer_json(silence_shape(made))
    else:
        what = " in ".join(str(name) for name in (of_kind, nct_id) if name)
        whom = f" for {subscriber}" if subscriber else ""
        with session.app.reader() as reader:
            note = id_note(reader, nct_id) if nct_id else None
        told = line(f"{made.id}  {what} is silent until {written(end)} UTC{whom}")
        session.answer([told, *([line(note)] if note else [])])


@command.command("list", cls=Command, examples=("monitor silence list",))
@click.option("--all", "every", is_flag=True, help="Also those that are over.")
@table_options
@click.pass_obj
def list_(session: Session, every: bool, as_json: bool, as_csv: bool) -> None:
    """List what is silent, until when, and for whom."""
    from monitor.render.people import silence_shape, silences_table

    found = people_of(session).silences(ended=every)
    if as_json:
        session.answer_json([silence_shape(one) for one in found])
    else:
        session.answer(silences_table(found), as_csv=as_csv)


@command.command("remove", cls=Command, examples=("monitor silence remove 3",))
@click.argument("silence_id", type=click.IntRange(min=1, max=2**63 - 1), metavar="ID")
@json_option
@click.pass_obj
def remove(session: Session, silence_id: int, as_json: bool) -> None:
    """End a silence before its time."""
    people_of(session).end_silence(silence_id)
    if as_json:
        session.answer_json({"id": silence_id})
    else:
        session.answer([line(f"silence {silence_id} is removed")])


def _duration(text: str) -> timedelta:
    from monitor.config.durations import DESCRIPTION, duration

    try:
        return duration(text)
    except ValueError as exc:
        raise UsageError(f"--for {text[:40]!r} will not do; write {DESCRIPTION}") from exc
