"""``monitor db``: the store's schema and files."""

import sys

import click

from monitor.cli.db_backup import backup, restore, verify
from monitor.cli.errors import print_error
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option
from monitor.cli.progress import WorkBar
from monitor.cli.session import Session
from monitor.render.lines import line
from monitor.render.values import count_text

# By ``SchemaStatus.status``: what is the case, and what to do about it.
_STATUS_TEXT = {
    "empty": "it has no tables yet",
    "current": "it is up to date",
    "old": "it is older than this program: run `monitor db upgrade`",
    "unknown": "a newer program made it: upgrade this one",
    "foreign": "it holds other tables than the monitor's",
}


@click.group("db", cls=Group, examples=("monitor db status",))
def command() -> None:
    """Manage the store's schema and files."""


@command.command(
    "status",
    cls=Command,
    examples=("monitor db status --json",),
)
@json_option
@click.pass_obj
def status(session: Session, as_json: bool) -> None:
    """Tell which schema the store has; change nothing."""
    app = session.app
    found = app.schema_status()
    if as_json:
        session.answer_json(
            {
                "store": app.store_name,
                "status": found.status,
                "revision": found.revision,
                "program": found.head,
            }
        )
        return
    revision = f"has schema {found.revision}" if found.revision else "has no schema"
    summary = f"{app.store_name} {revision}, the program {found.head}: {_STATUS_TEXT[found.status]}"
    session.answer([line(summary)])


@command.command(
    "upgrade",
    cls=Command,
    examples=("monitor db upgrade",),
)
@click.option(
    "--facts-anew", is_flag=True, help="Make all facts and words of the search anew, too."
)
@json_option
@click.pass_obj
def upgrade(session: Session, facts_anew: bool, as_json: bool) -> None:
    """Bring the store's schema up to date; make the tables of an empty store.

    Back the store up before: `monitor db backup`. What an earlier program stored then gets its
    facts and its words in the search, some trials at a time; what is interrupted goes on from
    there with the same command.
    """
    app = session.app
    before = app.upgrade()
    # After the schema, some trials at a time: it may take minutes, and can be interrupted.
    with WorkBar(sys.stderr, environ=session.environ) as bar:
        filled = app.fill_index(on_step=bar.move, anew=facts_anew)
    for reason in filled.damaged.values():
        print_error(f"{reason}; its trial cannot be searched for")
    if as_json:
        session.answer_json(
            {
                "store": app.store_name,
                "before": before.revision,
                "after": before.head,
                "filled": filled.trials,
            }
        )
    elif before.status == "current":
        summary = f"{app.store_name} has schema {before.head} already"
        filled_too = f"; {count_text(filled.trials, 'trial')} filled" if filled.trials else ""
        session.answer([line(summary + filled_too)])
    else:
        was = before.revision or "no schema"
        session.answer([line(f"{app.store_name}: {was} → {before.head}")])


@command.command(
    "compact",
    cls=Command,
    examples=("monitor db compact",),
)
@json_option
@click.pass_obj
def compact(session: Session, as_json: bool) -> None:
    """Rewrite the store's files without the remains of what was erased.

    To be run after `monitor subscriber forget`. Of SQLite it rewrites the whole file, and the
    disk must have room for it once more; of PostgreSQL, the tables about people. Others wait
    meanwhile.
    """
    app = session.app
    whole = app.compact()
    if as_json:
        session.answer_json({"store": app.store_name, "whole": whole})
        return
    session.answer([line(f"{app.store_name} is rewritten; nothing is left of what was erased")])
    # SQLite cannot truncate its write-ahead log while a reader uses it
    # (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).
    if not whole:
        print_error("somebody is reading: a part of the old log goes with a later write")


@command.command(
    "rotate-key",
    cls=Command,
    examples=("monitor db rotate-key", "monitor db rotate-key --forget-former"),
)
@click.option("--forget-former", is_flag=True, help="End all links that were signed before.")
@json_option
@click.pass_obj
def rotate(session: Session, forget_former: bool, as_json: bool) -> None:
    """Sign the links of pages with a new key from now on.

    Links that were signed before stay valid until they end, unless former keys are forgotten, as
    after a backup was lost. Links to unsubscribe work in any case: they depend on no such key.
    """
    from monitor.app.signing import rotate_key

    done = rotate_key(session.app, forget_former=forget_former)
    if as_json:
        session.answer_json(
            {"store": session.app.store_name, "former": done.former, "forgotten": done.forgotten}
        )
        return
    former = (
        f"{count_text(done.forgotten, 'former key')} forgotten: links signed before have ended"
        if forget_former
        else f"{count_text(done.former, 'former key')} kept: links signed before stay valid"
    )
    session.answer([line(f"{session.app.store_name} has a new key; {former}")])


command.add_command(backup)
command.add_command(restore)
command.add_command(verify)
