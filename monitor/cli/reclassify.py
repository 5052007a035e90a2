"""``monitor reclassify``: old events learn the present rules and thresholds."""

import re
import signal
import sys
import time
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import click

from monitor.app.parameters import days
from monitor.app.reclassify import reclassify
from monitor.cli.errors import FAILED, INTERRUPTED, Failure, print_error
from monitor.cli.group import Command
from monitor.cli.params import table_options
from monitor.cli.progress import WorkBar
from monitor.cli.session import Session
from monitor.errors import NotFoundError, UsageError
from monitor.model.nct import normalize_nct_id

if TYPE_CHECKING:
    from monitor.ingest.reclassify import Scope
    from monitor.model.reclassified import Estimate, ReclassifyReport

# `3/8`. ASCII, because \d also matches digits of other scripts.
_PART = re.compile(r"(\d{1,4})/(\d{1,4})", re.ASCII)
# Where there is no terminal for a bar, as under systemd or cron.
_LOG_EVERY_S = 10.0


@click.command(
    "reclassify",
    cls=Command,
    examples=(
        "monitor reclassify --dry-run",
        "monitor reclassify",
        "monitor reclassify NCT06733935 --since 2026-02",
        "monitor reclassify --part 3/8",
    ),
)
@click.argument("nct_ids", nargs=-1, metavar="[NCT_ID…]")
@click.option("--since", metavar="DATE", help="Only versions dated on or after it.")
@click.option(
    "--part", metavar="K/N", help="Only the K-th of N parts of the trials, beside the others."
)
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@table_options
@click.pass_obj
def command(
    session: Session,
    nct_ids: tuple[str, ...],
    since: str | None,
    part: str | None,
    dry_run: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Derive stored events anew, by the present rules and thresholds.

    Without NCT_ID: those of all versions whose events are by older rules or other thresholds, as
    `monitor status` counts them; with NCT_ID: those of all versions of these trials. The stored
    snapshots are compared again. Nobody is alerted, and what was announced stays as it was
    announced. The monitor may run meanwhile. What is interrupted goes on from where it was when
    the same command is given again. On PostgreSQL, parts can run at the same time.
    """
    scope = _scope(nct_ids, since, part)
    scope = replace(scope, nct_ids=_stored_ids(session, scope.nct_ids))
    report = _reclassify(session, scope, dry_run=dry_run)
    if as_json:
        from monitor.render.reclassified import report_to_json

        about = {"store": session.app.store_name, "rules": session.app.rules(), "dry_run": dry_run}
        session.answer_json({**about, **report_to_json(report)})
    else:
        from monitor.render.reclassified import report_lines

        session.answer(report_lines(report, dry_run=dry_run), as_csv=as_csv)
    for reason in report.damaged.values():
        print_error(f"{reason}; its trial is left as it is")
    if report.damaged:
        raise Failure(FAILED)


def _scope(nct_ids: tuple[str, ...], since: str | None, part: str | None) -> "Scope":
    from monitor.ingest.reclassify import Scope

    return Scope(
        nct_ids=tuple(map(normalize_nct_id, nct_ids)),
        since=days(since).first if since else date.min,
        part=_part(part) if part else (1, 1),
    )


def _part(text: str) -> tuple[int, int]:
    """Read ``3/8``; UsageError for anything else."""
    found = _PART.fullmatch(text.strip())
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"{text!r} is not a part; write 1/8 for the first of eight, up to 8/8")
    return int(found[1]), int(found[2])


def _stored_ids(session: Session, nct_ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the NCT IDs of the stored trials that have these, or had them before."""
    with session.app.reader() as reader:
        found = {one: reader.trial(one) or reader.trial_of_alias(one) for one in nct_ids}
    # Checked before a run that may take hours, of which a typing error would waste a part.
    if missing := [nct_id for nct_id, trial in found.items() if trial is None]:
        raise NotFoundError(
            f"{', '.join(missing)}: not in the store {session.app.store_name}; "
            "`monitor trials` lists what is"
        )
    return tuple(dict.fromkeys(trial.nct_id for trial in found.values() if trial))


def _reclassify(session: Session, scope: "Scope", *, dry_run: bool) -> "ReclassifyReport":
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like ^C does
    try:
        with WorkBar(sys.stderr, environ=session.environ) as bar:
            progress = _ProgressLog(session, bar)
            return reclassify(
                session.app,
                scope,
                dry_run=dry_run,
                on_estimate=progress.ahead,
                on_batch=progress.move,
            )
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            click.echo(err=True)  # ends the line in which the terminal shows ^C
        print_error("interrupted; what was done stays, the same command goes on from there")
        raise Failure(INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


class _ProgressLog:
    """Tells what is ahead and how far it is: a bar on a terminal, else lines of the log."""

    def __init__(self, session: Session, bar: WorkBar) -> None:
        from monitor.app.logs import configure, get_logger

        configure(session.app.settings.log)
        self._log = get_logger()
        self._bar = bar
        self._on_terminal = sys.stderr.isatty()
        self._logged_at = 0.0

    def ahead(self, estimate: "Estimate", free: int | None) -> None:
        self._logged_at = time.monotonic()
        if self._on_terminal:
            from monitor.render.reclassified import estimate_words

            print_error(estimate_words(estimate, free))
            return
        self._log.info(
            "deriving events anew",
            trials=estimate.trials,
            versions=estimate.versions,
            seconds=round(estimate.seconds, 1),
            disk_bytes=estimate.disk_bytes,
            free_bytes=free,
        )

    def move(self, report: "ReclassifyReport", total: int) -> None:
        self._bar.move("deriving events anew", report.versions, total)
        now = time.monotonic()
        if self._on_terminal or now - self._logged_at < _LOG_EVERY_S:
            return
        self._logged_at = now
        self._log.info(
            "events derived anew", versions=report.versions, of=total, changed=report.changed
        )
