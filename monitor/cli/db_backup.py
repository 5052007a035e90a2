"""``monitor db backup``, ``restore`` and ``verify``."""

import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.cli.errors import FAILED, Failure
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.progress import WorkBar
from monitor.cli.session import Session
from monitor.render.lines import Span, line
from monitor.render.status import size
from monitor.render.values import count_text, one_line
from monitor.store.backup import back_up
from monitor.store.restore import restore as put_back
from monitor.store.verify import verify as verify_store

if TYPE_CHECKING:
    from monitor.model.integrity import IntegrityProblem

_FILE = click.Path(path_type=Path)

# docs/deployment.md, "Restore"
_NEXT = (
    "look at it with `monitor doctor`, then start `monitor run`",
    "what the registry changed since the backup is read again",
    "messages that were sent since may be sent again, with the same id where they say the same",
    "what was removed since (people forgotten, subscriptions, silences) is back: remove it again",
)


@click.command(
    "backup",
    cls=Command,
    examples=(
        "monitor db backup monitor-2026-02-19.db",
        "monitor db backup --force latest.db --json",
    ),
)
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@json_option
@click.pass_obj
def backup(session: Session, file: Path, force: bool, as_json: bool) -> None:
    """Back up the store to FILE, also while the monitor runs.

    For SQLite; PostgreSQL has pg_dump. The copy is of one moment, nobody waits for it, and it is
    checked once it is written. FILE appears whole or not at all, and only this user can read it: it
    holds what the store holds, names and addresses of people too.
    """
    store = session.app.settings.store
    with WorkBar(sys.stderr, environ=session.environ) as bar:
        made = back_up(
            store.url,
            file,
            overwrite=force,
            busy_timeout_s=store.busy_timeout_s,
            on_step=bar.move,
        )
    rows = made.holds.rows
    if as_json:
        session.answer_json(
            {
                "store": session.app.store_name,
                "file": str(made.file),
                "bytes": made.holds.size,
                "schema": made.holds.schema.revision,
                "trials": rows["trials"],
                "versions": rows["versions"],
            }
        )
        return
    held = f"{rows['trials']:,} trials, {rows['versions']:,} versions, {size(made.holds.size)}"
    session.answer([line(f"{made.file}: {held}; checked, nothing is damaged")])


@click.command(
    "restore",
    cls=Command,
    examples=("monitor db restore monitor-2026-02-19.db",),
)
@click.argument("file", type=_FILE)
@click.option("--discard", is_flag=True, help="Delete the store that is replaced.")
@json_option
@click.pass_obj
def restore(session: Session, file: Path, discard: bool, as_json: bool) -> None:
    """Put the backup FILE in the place of the store.

    For SQLite; PostgreSQL has pg_restore. Stop the monitor first: while a process uses the store
    this refuses. FILE is checked and stays as it is; the store is replaced at once, with its owner
    and mode. The one that was there is kept beside it, as NAME.replaced-TIME.
    """
    store = session.app.settings.store
    with WorkBar(sys.stderr, environ=session.environ) as bar:
        done = put_back(
            store.url,
            file,
            now=session.app.now(),
            keep=not discard,
            busy_timeout_s=store.busy_timeout_s,
            on_step=bar.move,
        )
    schema, rows = done.holds.schema, done.holds.rows
    # A backup may be of an earlier program. Only an empty store is upgraded unasked
    # (docs/architecture.md, "The store").
    is_old = schema.status == "old"
    if as_json:
        session.answer_json(
            {
                "store": session.app.store_name,
                "file": str(file),
                "replaced": None if done.replaced is None else str(done.replaced),
                "schema": schema.revision,
                "status": schema.status,
                "trials": rows["trials"],
                "versions": rows["versions"],
            }
        )
        return
    held = f"{rows['trials']:,} trials, {rows['versions']:,} versions"
    sentences = [f"{session.app.store_name} is now what {file} holds: {held}"]
    if done.replaced is not None:
        sentences.append(
            f"the store that was there is {done.replaced}; delete it when you are content"
        )
    if is_old:
        sentences.append(
            f"it has the older schema {schema.revision}: run `monitor db upgrade` first"
        )
    session.answer([line(one) for one in (*sentences, *_NEXT)])


@click.command(
    "verify", cls=Command, examples=("monitor db verify", "monitor db verify --events --facts")
)
@click.option(
    "--events", is_flag=True, help="Derive events anew, too, and compare them with the stored ones."
)
@click.option(
    "--facts",
    is_flag=True,
    help="Compare the facts of versions and the words of the search with the records, too.",
)
@json_option
@click.pass_obj
def verify(session: Session, events: bool, facts: bool, as_json: bool) -> None:
    """Read the whole store and name all that is damaged.

    Every snapshot is unpacked and compared with its hash, every entry read, every reference
    followed; of SQLite the file's structure too. With --events, the events of every version that
    are by the present rules and thresholds must be what its snapshots give; those by older ones
    are for `monitor reclassify`. With --facts, the facts of every version and the words that the
    search has of every trial must be what the records give; `monitor db upgrade --facts-anew` makes
    them anew. The monitor may run meanwhile. Exit code 1 when something is
    wrong.
    """
    problems = []
    with WorkBar(sys.stderr, environ=session.environ) as bar:
        # Each problem as it is found: reading a store of gigabytes takes minutes.
        for problem in _problems(session, bar, events=events, facts=facts):
            problems.append(problem)
            if not as_json:
                where = "" if problem.nct_id is None else f"{problem.nct_id} "
                where += "" if problem.version is None else f"version {problem.version} "
                sentences = one_line(problem.detail, longest=None)
                session.answer([line(Span("✗", "high"), f" {where}{sentences} → {problem.fix}")])
    if as_json:
        shapes = [asdict(problem) for problem in problems]
        session.answer_json(
            {"store": session.app.store_name, "ok": not problems, "problems": shapes}
        )
    elif not problems:
        session.answer([line(f"{session.app.store_name}: all of it was read, nothing is damaged")])
    else:
        session.answer([line(f"{session.app.store_name}: {count_text(len(problems), 'problem')}")])
    if problems:
        raise Failure(FAILED)


def _problems(
    session: Session, bar: WorkBar, *, events: bool, facts: bool
) -> "Iterator[IntegrityProblem]":
    store = session.app.settings.store
    yield from verify_store(store.url, busy_timeout_s=store.busy_timeout_s, on_step=bar.move)
    # Imported here, because `db backup` and `db restore` need neither rules nor the search.
    if events:
        from monitor.app.reclassify import verify_events

        yield from verify_events(session.app, on_step=bar.move)
    if facts:
        from monitor.ingest.indexing import verify_index

        with session.app.reader() as reader:
            yield from verify_index(reader, on_step=bar.move)
