"""``monitor export``: every version of a record as a file."""

from pathlib import Path

import click

from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.model.nct import normalise_nct_id


@click.command(
    "export",
    cls=Command,
    examples=("monitor export NCT06733935 NCT06377228 --to records",),
)
@click.argument("nct_ids", type=normalise_nct_id, nargs=-1, required=True)
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

    The files are DIR/NCT_ID/DATE_vN.json. One that holds the same already is left untouched;
    nothing is ever deleted.
    """
    from monitor.app import stored_trial
    from monitor.cli.files import write_version
    from monitor.render.lines import line
    from monitor.render.values import counted

    wanted = list(dict.fromkeys(nct_ids))
    for nct_id in wanted:  # all of them or none: a missing one is told before anything is written
        with stored_trial(session.app, nct_id):
            pass
    written: list[Path] = []
    unchanged = 0
    for nct_id in wanted:
        with stored_trial(session.app, nct_id) as (reader, _, versions):
            for number, version in enumerate(versions, start=1):
                file = write_version(folder, number, version, reader.record(version).document)
                unchanged += file is None
                written += [file] if file else []
    if as_json:
        files = [str(file) for file in written]
        session.answer_json({"written": len(files), "unchanged": unchanged, "files": files})
    else:
        told = f"{counted(len(written), 'file')} written to {folder}, {unchanged} unchanged"
        session.answer([line(told)])
