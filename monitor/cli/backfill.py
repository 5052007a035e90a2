"""``monitor backfill``: the past of trials, from the registry's history."""

import os
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

import click
from msgspec import structs

from monitor.app.follows import with_followed
from monitor.app.lookups import present_id
from monitor.app.parameters import days
from monitor.app.sources import HISTORY
from monitor.cli.errors import FAILED, INTERRUPTED, Failure, print_error
from monitor.cli.group import Command
from monitor.cli.ingest import warn_quarantined
from monitor.cli.params import json_option
from monitor.cli.progress import HistoryBar
from monitor.cli.session import Session
from monitor.errors import NotFoundError, UsageError
from monitor.model.nct import normalize_nct_id
from monitor.render.lines import line
from monitor.render.values import count_text
from monitor.sources.ctgov_history.state import BackfillOutcome, read_backfill

if TYPE_CHECKING:
    from monitor.app.polling import PollReport

Wanted = Sequence[tuple[str | None, Sequence[str]]]
"""NCT IDs with the base URL of their registry; None: that of the first source."""


@click.command(
    "backfill",
    cls=Command,
    examples=(
        "monitor backfill NCT06733935",
        "monitor backfill --followed --since 2024",
    ),
)
@click.argument("nct_ids", nargs=-1, metavar="[NCT_ID…]")
@click.option("--followed", is_flag=True, help="All records that the sources follow.")
@click.option("--since", metavar="DATE", help="Only versions dated on or after it.")
@json_option
@click.pass_obj
def command(
    session: Session, nct_ids: tuple[str, ...], followed: bool, since: str | None, as_json: bool
) -> None:
    """Fetch the earlier versions of trials' records from ClinicalTrials.gov.

    Only versions that the store lacks are fetched, one request after the other: a record with
    ten versions takes some ten seconds. What is interrupted goes on from where it was. Versions
    of the past alert nobody. Of an NCT ID that a trial had before, those of the ID that it has
    now are fetched.
    """
    # One or the other: with both it would be open whether the IDs narrow what is followed or add to
    # it.
    if bool(nct_ids) == followed:
        raise UsageError("name the trials, or say --followed for all that the sources follow")
    # An ID alone says nothing of a registry's address, so the first source's is used (None).
    wanted: Wanted = [(None, [normalize_nct_id(nct_id) for nct_id in nct_ids])]
    if followed:
        wanted = _followed_trials(session)
    requested = [nct_id for _, some in wanted for nct_id in some]
    first = days(since).first if since else None
    report = _fetch(session, wanted, first)
    # The registry may say that a record was merged into another: that one is asked for as well,
    # until no new one turns up.
    now: dict[str, str] = {}
    while nct_ids and report.outcome == "ok" and (more := _new_ids(session, requested, now)):
        report = _merge_reports([report, _fetch(session, [(None, more)], first)])
    requested = [
        nct_id for nct_id in (*requested, *dict.fromkeys(now.values())) if nct_id not in now
    ]
    if as_json:
        session.answer_json({"trials": len(requested), **asdict(report.report)})
    else:
        notes = [line(f"{former} is now {nct_id}") for former, nct_id in now.items()]
        session.answer([*notes, line(_summary(requested, report))])
    if report.outcome != "ok":
        print_error(report.reason or f"the backfill {report.outcome}")
    unknown = _unknown_sentences(session, requested)
    for sentence in unknown:
        print_error(sentence)
    if report.report.quarantined:
        warn_quarantined(report.report.quarantined)
    if report.outcome != "ok" or report.report.quarantined:
        raise Failure(FAILED)
    # Exit code 3 where nothing was found at all. With --followed the IDs are the sources', not the
    # caller's.
    if nct_ids and len(unknown) == len(requested):
        raise NotFoundError("the registry has none of the records that were asked for")


def _fetch(session: Session, wanted: Wanted, since: date | None) -> "PollReport":
    from monitor.app.logs import configure
    from monitor.app.polling import Poller

    log = session.app.settings.log
    # A bar and log lines would spoil each other on a terminal.
    configure(log if log.level == "debug" else structs.replace(log, level="error"))
    stop = threading.Event()
    bar = HistoryBar(sys.stderr, environ=os.environ)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like ^C does
    try:
        with bar:
            bar.begin(sum(len(requested) for _, requested in wanted))
            # Patient: while another process holds the lease to backfill, a command waits instead of
            # failing.
            passes = Poller(app=session.app, patient=True)
            return _merge_reports(
                passes.backfill(
                    requested, base_url=base_url, since=since, on_progress=bar.move, stop=stop
                )
                for base_url, requested in wanted
            )
    except KeyboardInterrupt:
        if sys.stderr.isatty():
            click.echo(err=True)  # ends the line in which the terminal shows ^C
        print_error("interrupted; what was fetched stays, the same command goes on from there")
        raise Failure(INTERRUPTED) from None
    finally:
        # None: the handler was not set by Python.
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def _merge_reports(reports: Iterable["PollReport"]) -> "PollReport":
    """Return what the reports tell together; the first that did not end well says how it ended."""
    done = list(reports)
    first = next((one for one in done if one.outcome != "ok"), done[0])
    return replace(first, report=reduce(add, (one.report for one in done)))


def _followed_trials(session: Session) -> Wanted:
    from monitor.app.backfills import all_backfills

    app = with_followed(session.app)
    with app.reader() as reader:
        found = all_backfills(app.settings, reader)
    if not found:
        raise NotFoundError("no source follows a record yet; `monitor run --once` makes a pass")
    return list(found.items())


def _new_ids(session: Session, requested: Sequence[str], now: dict[str, str]) -> list[str]:
    """Return NCT IDs not asked for yet that trials have now instead of these, and note them."""
    looked_up = {*requested, *now.values()}
    with session.app.reader() as reader:
        states = reader.sources.states(HISTORY)
        for nct_id in sorted(looked_up - now.keys()):
            merged_into = read_backfill(states.get(nct_id)).merged_into
            present = merged_into or present_id(reader, nct_id)
            if present not in (nct_id, *now):
                now[nct_id] = present
    return sorted(set(now.values()) - looked_up)


def _unknown_sentences(session: Session, requested: Sequence[str]) -> list[str]:
    """Return a sentence for each record of which the registry has no history by its ID."""
    with session.app.reader() as reader:
        states = reader.sources.states(HISTORY)
    found = []
    for nct_id in requested:
        known = read_backfill(states.get(nct_id))
        if known.outcome is BackfillOutcome.UNKNOWN:
            found.append(f"{nct_id}: the registry has no such record")
        elif known.outcome is BackfillOutcome.MERGED:  # of a source's: it follows that one, too
            found.append(f"{nct_id}: was merged into {known.merged_into}; ask for that one")
    return found


def _summary(requested: Sequence[str], report: "PollReport") -> str:
    done = report.report
    return (
        f"{count_text(len(requested), 'trial')}: "
        f"{count_text(done.read, 'earlier version')} fetched, "
        f"{done.stored:,} stored, {done.unchanged:,} known before, {done.quarantined:,} quarantined"
    )
