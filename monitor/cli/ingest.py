"""``monitor ingest``: files and folders into the store."""

import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.app.subscribers import sync_from_config
from monitor.cli.errors import FAILED, INTERRUPTED, Failure, print_error
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.progress import ProgressBar
from monitor.cli.session import Session
from monitor.errors import StoreError
from monitor.render.lines import line
from monitor.render.values import count_text

if TYPE_CHECKING:
    from monitor.ingest import IngestReport
    from monitor.sources.base import ReadProgress


@click.command(
    "ingest",
    cls=Command,
    examples=(
        "monitor ingest seeds",
        "monitor ingest records.jsonl.gz page.txt studies.zip --json",
    ),
)
@click.argument(
    "paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="PATH…"
)
@click.option("--no-alerts", is_flag=True, help="Tell no subscriber of what is new.")
@json_option
@click.pass_obj
def command(session: Session, paths: tuple[Path, ...], no_alerts: bool, as_json: bool) -> None:
    """Read trial records from files and folders into the store.

    It reads: one study of ClinicalTrials.gov, {"studies": […]}, JSON lines, answers of the
    history service and saved registry pages; each also as .gz, .zst or in a .zip. What was read
    before changes nothing. What cannot be read is kept in the quarantine, and the exit code is 1.
    Alerts of what is new are sent by `monitor run` or `monitor deliver`.
    """
    seen = _Progress(ProgressBar(sys.stderr, environ=os.environ))
    sync_from_config(session.app)
    try:
        with seen.bar:
            report = session.app.ingest(
                paths, on_progress=seen.move, on_batch=seen.update, alerts=not no_alerts
            )
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            click.echo(err=True)  # ends the line in which the terminal shows ^C
        # A batch may have been committed and not reported here yet.
        print_error(f"interrupted; what was stored stays, at least: {report_text(seen.report)}")
        raise Failure(INTERRUPTED) from None
    # Batches are committed one by one, so a failure in the middle does not undo those before it.
    except StoreError as exc:
        if seen.report is None:
            raise
        stays = f"what was stored before stays, at least: {report_text(seen.report)}"
        raise StoreError(f"{exc}; {stays}") from exc
    if seen.passed_over:
        many = count_text(seen.passed_over, "file")
        print_error(f"{many} passed over, not named like records; name one to have it read")
    _answer(session, report, as_json=as_json)


@dataclass(slots=True)
class _Progress:
    """The counts of a pass so far; its bar shows them too."""

    bar: "ProgressBar"
    report: "IngestReport | None" = None
    passed_over: int = 0

    def update(self, so_far: "IngestReport") -> None:
        self.report = so_far
        self.bar.count(so_far)

    def move(self, progress: "ReadProgress") -> None:
        self.passed_over = progress.skipped
        self.bar.move(progress)


def _answer(session: Session, report: "IngestReport", *, as_json: bool) -> None:
    """Print what the pass did; Failure when something went to the quarantine."""
    if as_json:
        session.answer_json(asdict(report))
    else:
        session.answer([line(report_text(report))])
    if report.quarantined:
        warn_quarantined(report.quarantined)
        raise Failure(FAILED)


def warn_quarantined(count: int) -> None:
    """Say on standard error how many records could not be read, and where to look."""
    many = count_text(count, "record")
    print_error(f"{many} could not be read; `monitor quarantine list` tells why")


def report_text(report: "IngestReport | None") -> str:
    """Write what a pass did on one line."""
    if report is None:
        return "nothing yet"
    return (
        f"{report.read:,} read: {report.stored:,} stored with "
        f"{count_text(report.events, 'event')}, "
        f"{report.unchanged:,} unchanged, {report.quarantined:,} quarantined"
    )
