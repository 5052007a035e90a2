"""``monitor export records``: every version of a record as a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from monitor.app import id_note, stored_trial
from monitor.cli.errors import FAILED, Failure, print_error
from monitor.cli.files import Exported, write_versions
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.model.nct import normalize_nct_id
from monitor.render.lines import line
from monitor.render.values import count_text


@click.command(
    "records",
    cls=Command,
    examples=("monitor export records NCT06733935 NCT06377228 --to records",),
)
@click.argument("nct_ids", type=normalize_nct_id, nargs=-1, required=True)
@click.option(
    "--to",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to; made when it is missing.",
)
@json_option
@click.pass_obj
def command(session: Session, nct_ids: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Write every version of the trials' records as dated, indented JSON.

    The files are DIR/NCT_ID/DATE_vN.json. One that holds the same already is left untouched.
    Where a version has another number since an earlier export, its file of then is removed;
    nothing else is ever deleted.
    """
    wanted: dict[str, None] = {}
    notes: list[str] = []
    for nct_id in nct_ids:  # all or none: a missing one is reported before anything is written
        with stored_trial(session.app, nct_id) as (reader, trial, _):
            wanted[trial.nct_id] = None
            note = id_note(reader, nct_id)
            notes += [note] if note else []
    done = Exported()
    # Trials are read one by one: the records of all of them may not fit into memory.
    for nct_id in wanted:
        with stored_trial(session.app, nct_id) as (reader, _, versions), _report_errors(folder):
            pairs = ((version, reader.record(version).document) for version in versions)
            write_versions(folder, nct_id, pairs, done)
    for file in done.strange:
        print_error(f"{file} holds no version of the store; it was left as it is")
    if as_json:
        session.answer_json(
            {
                "written": len(done.written),
                "unchanged": done.unchanged,
                "files": [str(file) for file in done.written],
                "removed": [str(file) for file in done.removed],
            }
        )
    else:
        session.answer([*map(line, notes), line(_summary(done, folder))])


@contextmanager
def _report_errors(folder: Path) -> Iterator[None]:
    """Say in one line why nothing can be written to the folder; end with Failure then."""
    try:
        yield
    except OSError as exc:
        print_error(f"{folder} cannot be written: {exc.strerror or exc}")
        raise Failure(FAILED) from exc


def _summary(done: "Exported", folder: Path) -> str:
    summary = (
        f"{count_text(len(done.written), 'file')} written to {folder}, {done.unchanged} unchanged"
    )
    if done.removed:
        summary += f", {len(done.removed)} under an earlier number removed"
    return summary
