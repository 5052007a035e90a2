"""``monitor quarantine``: input that could not be read."""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from monitor.cli.errors import FAILED, Failure
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, table_options
from monitor.cli.session import Session
from monitor.errors import NotFoundError, UsageError
from monitor.render.lines import Line, line
from monitor.render.values import count_text, one_line

if TYPE_CHECKING:
    from monitor.model.history import QuarantineRow
    from monitor.store.reader import Reader

# What both databases take as a row's number.
ENTRY_ID = click.IntRange(min=1, max=2**63 - 1)


def _entry_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the entries that a command is about: ``entry_ids``, or ``every`` for all."""
    every = click.option("--all", "every", is_flag=True, help="Every entry.")
    return click.argument("entry_ids", type=ENTRY_ID, nargs=-1, metavar="[ID]…")(every(function))


@click.group("quarantine", cls=Group, examples=("monitor quarantine list",))
def command() -> None:
    """Inspect input that could not be read."""


@command.command("list", cls=Command, examples=("monitor quarantine list",))
@table_options
@click.pass_obj
def list_(session: Session, as_json: bool, as_csv: bool) -> None:
    """List what could not be read: where it came from, and why not."""
    with session.app.reader() as reader:
        found = reader.quarantine()
    if as_json:
        from monitor.render.json_values import quarantine_to_json

        session.answer_json([quarantine_to_json(entry) for entry in found])
    else:
        from monitor.render.quarantine import quarantine_table

        session.answer(quarantine_table(found), as_csv=as_csv)


@command.command(
    "show",
    cls=Command,
    examples=("monitor quarantine show 3", "monitor quarantine show 3 --raw > record.json"),
)
@click.argument("entry_id", type=ENTRY_ID, metavar="ID")
@click.option("--raw", is_flag=True, help="Write the kept bytes as they are, and nothing else.")
@json_option
@click.pass_obj
def show(session: Session, entry_id: int, raw: bool, as_json: bool) -> None:
    """Show one entry with the input as it was kept."""
    if raw and as_json:
        raise UsageError("--raw and --json exclude each other; give one of them")
    with session.app.reader() as reader:
        entry = _entry(reader, entry_id)
    if raw:
        # What was printed as text comes before the bytes.
        sys.stdout.flush()
        # Input that could not be opened, such as a broken archive, has no content.
        sys.stdout.buffer.write(entry.content or b"")
    elif as_json:
        from monitor.render.json_values import quarantine_to_json

        session.answer_json(quarantine_to_json(entry))
    else:
        from monitor.render.quarantine import entry_lines

        session.answer(entry_lines(entry))


@command.command(
    "retry",
    cls=Command,
    examples=("monitor quarantine retry 3 4", "monitor quarantine retry --all --json"),
)
@_entry_options
@json_option
@click.pass_obj
def retry(session: Session, entry_ids: tuple[int, ...], every: bool, as_json: bool) -> None:
    """Read kept input again, after the program has learnt to.

    What can be read now goes into the history as of the time at which it was found, and leaves
    the quarantine. Very large input was kept in part, what could not be opened not at all: that
    has to be ingested again.
    """
    app = session.app
    with app.reader() as reader:
        entries = _wanted(reader, entry_ids, every, "retry")
    # What was kept in part would fail again, now for being cut.
    whole = [entry for entry in entries if entry.is_whole]
    reports = dict(app.retry(whole)) if whole else {}
    with app.reader() as reader:
        reasons = {row.id: row.reason for row in reader.quarantine()}  # as this program words them
    outcomes = [_outcome(entry, reports.get(entry.id), reasons.get(entry.id)) for entry in entries]
    if as_json:
        session.answer_json(outcomes)
    else:
        session.answer(_outcome_lines(outcomes))
    if any(outcome["outcome"] != "stored" for outcome in outcomes):
        raise Failure(FAILED)


@command.command(
    "drop",
    cls=Command,
    examples=("monitor quarantine drop 3 4", "monitor quarantine drop --all --json"),
)
@_entry_options
@json_option
@click.pass_obj
def drop(session: Session, entry_ids: tuple[int, ...], every: bool, as_json: bool) -> None:
    """Delete entries, with the input that was kept: what is settled, or will never be read.

    Input that is found again unreadable makes an entry again.
    """
    app = session.app
    with app.reader() as reader:
        entries = _wanted(reader, entry_ids, every, "drop")
    app.drop_quarantined([entry.id for entry in entries])
    if as_json:
        session.answer_json({"dropped": [entry.id for entry in entries]})
    else:
        session.answer([line(f"{count_text(len(entries), 'entry', 'entries')} dropped")])


def _wanted(
    reader: "Reader", entry_ids: Sequence[int], every: bool, what: str
) -> list["QuarantineRow"]:
    """Return the entries that were named, each once, or all of them."""
    if every == bool(entry_ids):
        raise UsageError(f"name the entries to {what}, or give --all")
    wanted = [row.id for row in reader.quarantine()] if every else dict.fromkeys(entry_ids)
    return [_entry(reader, entry_id) for entry_id in wanted]


def _entry(reader: "Reader", entry_id: int) -> "QuarantineRow":
    found = reader.quarantine_entry(entry_id)
    if found is None:
        raise NotFoundError(f"there is no entry {entry_id} in the quarantine")
    return found


def _outcome(entry: "QuarantineRow", report: Any, reason: str | None) -> dict[str, Any]:
    """Say what became of an entry: stored, still unreadable, or cut (never tried)."""
    if report is None:
        outcome = "cut"
    else:
        outcome = "unreadable" if report.quarantined or not report.read else "stored"
    return {
        "id": entry.id,
        "origin": entry.origin,
        "outcome": outcome,
        "reason": reason if outcome == "unreadable" else None,
        "stored": report.stored if report else 0,
        "events": report.events if report else 0,
    }


def _outcome_lines(outcomes: Sequence[dict[str, Any]]) -> list[Line]:
    says = {
        "stored": "read now",
        "unreadable": "still unreadable",
        "cut": "it was not kept whole: ingest it again from where it came",
    }
    lines = []
    for found in outcomes:
        reason = f" ({one_line(found['reason'], longest=None)})" if found["reason"] else ""
        origin = one_line(found["origin"], longest=None)
        lines.append(line(f"{found['id']}  {origin}: {says[found['outcome']]}{reason}"))
    return lines or [line("the quarantine is empty")]
