"""``monitor export trials``, ``versions``, ``facts``, ``events``: tables as files."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from monitor.cli.errors import FAILED, Failure, print_error
from monitor.cli.filter_options import filter_of, filter_options, take_filter
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.query_options import event_options, take_event_choice
from monitor.cli.session import Session
from monitor.errors import UsageError
from monitor.model.nct import normalize_nct_id
from monitor.render.lines import line
from monitor.render.values import count_text

Function = TypeVar("Function", bound=Callable[..., Any])

_FILE_OPTIONS = (
    click.option(
        "--format",
        "form",
        type=click.Choice(("csv", "jsonl", "parquet")),
        help="What to write.  [default: as the file's name ends, else csv]",
    ),
    click.option(
        "--to",
        required=True,
        type=click.Path(allow_dash=True),
        metavar="FILE|DIR",
        help="File, or folder; - for standard output. Parquet in a folder is split by year.",
    ),
    click.option("--bom", is_flag=True, help="Begin CSV with the mark that Excel knows UTF-8 by."),
    json_option,
)


def _file_options(function: Function) -> Function:
    # Decorators apply from the last to the first: so the help has them in this order.
    for option in reversed(_FILE_OPTIONS):
        function = option(function)
    return function


def _trial_options(function: Function) -> Function:
    named = click.option(
        "--nct-id",
        "nct_ids",
        type=normalize_nct_id,
        metavar="NCT_ID",
        multiple=True,
        help="Only this trial; repeatable.",
    )
    return named(filter_options(function))


@click.command("trials", cls=Command, examples=("monitor export trials --to trials.csv --bom",))
@_trial_options
@_file_options
@click.pass_obj
def trials(session: Session, /, **options: Any) -> None:
    """Write the trials that meet every given test, as they stand now, one row each.

    The options of a filter match as those of `monitor trials` do.
    """
    _export_trials(session, "trials", options)


@click.command(
    "versions",
    cls=Command,
    examples=("monitor export versions --condition lupus --to versions.parquet",),
)
@click.option(
    "--texts",
    is_flag=True,
    help="Also criteria, outcomes, contacts and sponsors, which takes reading each record.",
)
@_trial_options
@_file_options
@click.pass_obj
def versions(session: Session, /, texts: bool, **options: Any) -> None:
    """Write all versions of the trials that meet every given test, one row each.

    The columns are those that users of the R package cthist know, and what finds a version again:
    version_id never changes, version_number is its place in the history as it is known now.
    """
    _export_trials(session, "versions", options, texts=texts)


@click.command("facts", cls=Command, examples=("monitor export facts --to facts.parquet",))
@_trial_options
@_file_options
@click.pass_obj
def facts(session: Session, /, **options: Any) -> None:
    """Write the facts of all versions of the trials that meet every given test, one row each.

    Values are in the registry's own words: dates as they were written, with a day or without.
    """
    _export_trials(session, "facts", options)


@click.command(
    "events",
    cls=Command,
    examples=(
        "monitor export events --to events.csv --bom",
        "monitor export events --group outcomes --backfilled --to dataset/ --format parquet",
    ),
)
@event_options
@_file_options
@click.pass_obj
def events(session: Session, /, **options: Any) -> None:
    """Write the change events that `monitor events` would list, all of them, newest first.

    In a folder, Parquet is split by the year of the version.
    """
    from monitor.app.queries import all_events

    # What is left in `options` then selects events.
    file = {name: options.pop(name) for name in ("form", "to", "bom", "as_json")}
    choice = take_event_choice(options)
    with session.app.reader() as reader:
        query = choice.query(session.app, reader)
        _write(session, "events", all_events(session.app, reader, query), **file)


COMMANDS = (trials, versions, facts, events)


def _export_trials(
    session: Session, name: str, options: dict[str, Any], *, texts: bool = False
) -> None:
    from monitor.app.exports import chosen_trials, version_rows
    from monitor.app.matching import require_findable

    app, nct_ids, table = session.app, options.pop("nct_ids"), take_filter(options)
    trial_filter = filter_of(table) if table else None
    with app.reader() as reader:
        if trial_filter is not None:
            require_findable(app, reader, trial_filter)
        found = chosen_trials(app, reader, trial_filter, nct_ids)
        rows = found if name == "trials" else version_rows(reader, found, with_texts=texts)
        _write(session, name, rows, texts=texts, **options)


def _write(
    session: Session,
    name: str,
    rows: Iterable[Any],
    *,
    form: Any,
    to: str,
    bom: bool,
    as_json: bool,
    texts: bool = False,
) -> None:
    from monitor.app.exports import LAYOUTS
    from monitor.tabular.files import TableFile, write_stream

    layout = LAYOUTS[f"{name} with texts" if texts else name]
    if to == "-":
        if as_json:
            raise UsageError("--json says what was written; with --to - that is the output")
        _require(form, bom=bom)
        # To the buffer: text output would use the platform's encoding and line ends.
        write_stream(sys.stdout.buffer, rows, layout, form or "csv", bom=bom)
        return
    # "dataset/" means a folder, which a path forgets.
    is_new_folder = to.endswith("/") and not Path(to).exists()
    if is_new_folder:
        Path(to).mkdir(parents=True)
    file = TableFile.at(Path(to), name=name, chosen=form, bom=bom)
    _require(file.format, bom=bom)
    with _report_errors(file.path):
        count = file.write(rows, layout)
    if as_json:
        session.answer_json({"rows": count, "format": file.format, "path": str(file.path)})
    else:
        session.answer([line(f"{count_text(count, 'row')} written to {file.path}")])


def _require(form: str | None, *, bom: bool) -> None:
    if bom and form not in (None, "csv"):
        raise UsageError("--bom is a mark of CSV files; leave it out")
    if form == "parquet":
        from monitor.tabular.parquet import require_parquet

        require_parquet()


@contextmanager
def _report_errors(path: Path) -> Iterator[None]:
    """Say in one line why a file cannot be written; end with Failure then."""
    try:
        yield
    except OSError as exc:
        print_error(f"{path} cannot be written: {exc.strerror or exc}")
        raise Failure(FAILED) from exc
