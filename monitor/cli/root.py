"""The ``monitor`` command itself: global options and the list of commands."""

import os
import sys
from pathlib import Path

import click

from monitor import __version__
from monitor.cli.group import LazyGroup
from monitor.cli.session import Session

# The lines of help stand here, so that `monitor --help` loads no command.
COMMANDS = {
    "ingest": ("monitor.cli.ingest", "Read trial records from files and folders into the store."),
    "backfill": (
        "monitor.cli.backfill",
        "Fetch the earlier versions of trials' records from ClinicalTrials.gov.",
    ),
    "reclassify": (
        "monitor.cli.reclassify",
        "Derive stored events anew, by the present rules and thresholds.",
    ),
    "history": (
        "monitor.cli.history",
        "Show what changed in a trial's record, and when; newest last.",
    ),
    "diff": ("monitor.cli.diff", "Compare two versions of a trial's record."),
    "show": ("monitor.cli.show", "Show a trial's record: the last version, or one of the past."),
    "series": (
        "monitor.cli.series",
        "Show how a field of trials' records changed over all their versions.",
    ),
    "preview": (
        "monitor.cli.preview",
        "Show the message that changes of trials' records would be.",
    ),
    "explain": (
        "monitor.cli.explain",
        "Say for every subscription why it did or did not get each change of a version.",
    ),
    "trials": ("monitor.cli.trials", "List the trials in the store that meet every given test."),
    "events": ("monitor.cli.events", "List what changed across trials, newest first."),
    "stats": (
        "monitor.cli.stats",
        "Count starts, stops by their reason, restarts, results, enrollment changes and delays.",
    ),
    "follow": (
        "monitor.cli.follow",
        "Follow trials and send their changes to somebody, from now on.",
    ),
    "unfollow": (
        "monitor.cli.unfollow",
        "Undo `monitor follow`: send no changes of these trials any more, and read them no more.",
    ),
    "run": (
        "monitor.cli.run",
        "Follow the configured sources, each by its own clock, until stopped.",
    ),
    "web": ("monitor.cli.web", "Serve the pages, the feeds and the API, until stopped."),
    "source": (
        "monitor.cli.source",
        "Show what is held of the followed sources, and accept it.",
    ),
    "subscription": (
        "monitor.cli.subscription",
        "Manage subscriptions: which trials and changes, to whom, when.",
    ),
    "subscriber": ("monitor.cli.subscriber", "Manage subscribers: the people who get alerts."),
    "silence": ("monitor.cli.silence", "Keep a trial or a kind of change quiet until a date."),
    "token": (
        "monitor.cli.token",
        "Manage the tokens by which programs and readers are let in over HTTP.",
    ),
    "channel": ("monitor.cli.channel", "Manage delivery channels."),
    "deliver": ("monitor.cli.deliver", "Send the messages that are due, until stopped."),
    "outbox": (
        "monitor.cli.outbox",
        "Inspect the messages on their way, and those that were given up.",
    ),
    "status": (
        "monitor.cli.status",
        "Show how every source is doing, how much is stored, and who schedules.",
    ),
    "health": (
        "monitor.cli.health",
        "Check whether the running monitor is healthy; exit with 1 when it is not.",
    ),
    "export": (
        "monitor.cli.export",
        "Write trials, versions, facts or events as tables, or records as JSON.",
    ),
    "mcp": (
        "monitor.cli.mcp",
        "Answer questions of a language model over standard input and output (MCP).",
    ),
    "quarantine": ("monitor.cli.quarantine", "Inspect input that could not be read."),
    "db": ("monitor.cli.db", "Manage the store's schema and files."),
    "doctor": (
        "monitor.cli.doctor",
        "Try configuration, store, channels, registry and clock; say what to do.",
    ),
}


@click.group(
    cls=LazyGroup,
    commands=COMMANDS,
    examples=(
        "monitor ingest seeds",
        "monitor history NCT06733935",
    ),
    context_settings={"max_content_width": 100},
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Configuration file  [default: $MONITOR_CONFIG, else config/monitor.toml if it is there]",
)
@click.option(
    "--color/--no-color",
    default=None,
    help="Colors, or none  [default: on a terminal; NO_COLOR and FORCE_COLOR are heeded]",
)
@click.option("--debug", is_flag=True, help="Show where an error comes from (or MONITOR_DEBUG=1).")
@click.version_option(__version__, prog_name="monitor", message="%(prog)s %(version)s")
@click.pass_context
def monitor(ctx: click.Context, config: Path | None, color: bool | None, debug: bool) -> None:
    """Follow clinical-trial registry records and see what each change means.

    The store is the one that the configuration names; MONITOR_DATABASE_URL overrides it.

    Exit codes: 0 done, 1 the work failed (or something was quarantined), 2 usage error,
    3 not found, 130 interrupted.
    """
    del debug  # errors.wants_traceback reads it off the arguments: it counts before they parse
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter gets a ? for it, not a failure.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    ctx.obj = Session(config=config, color=color, environ=os.environ)
