"""``monitor events``: what changed, across all trials."""

from dataclasses import replace
from typing import Any

import click

from monitor.cli.group import Command
from monitor.cli.params import list_options
from monitor.cli.query_options import event_options, take_event_choice
from monitor.cli.session import Session
from monitor.errors import UsageError
from monitor.model.queries import EventKey


@click.command(
    "events",
    cls=Command,
    examples=(
        "monitor events --since 7d",
        "monitor events --condition lupus --group status --min-severity high --csv",
        "monitor events --text 'CAR T' --country Spain --since 2026-02 --until 2026-03 --jsonl",
    ),
)
@event_options
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="How many at most, the newest.",
)
@click.option("--after", metavar="CURSOR", help="Go on behind the `next` of an earlier answer.")
@list_options
@click.pass_obj
def command(
    session: Session, /, limit: int, after: str | None, as_json: bool, as_jsonl: bool,
    as_csv: bool, **options: Any,
) -> None:  # fmt: skip
    """List what changed across trials, newest first.

    By when their versions were read here, which --since and --until ask for too. Trials are those
    that meet every given test as they stand now; the options of a filter match as those of a
    subscription's do. Versions of the past that were fetched later are history, no news, and left
    out without --backfilled; so is noise, unless its kind is named.
    docs/events.md lists the kinds of events and their groups.
    """
    from monitor.app.queries import select_events

    app, choice = session.app, take_event_choice(options)
    with app.reader() as reader:
        query = replace(choice.query(app, reader), limit=limit, after=_cursor(after))
        page = select_events(reader, query, synonyms=app.synonyms())
    if as_json:
        from monitor.render.event_rows import event_results_to_json

        session.answer_json(event_results_to_json(page))
    # One event on each line, without the cursor: for pipes to jq, DuckDB and the like.
    elif as_jsonl:
        from monitor.render.event_rows import event_row_to_json

        session.answer_json_lines(map(event_row_to_json, page.events))
    else:
        from monitor.render.event_rows import events_lines, events_table

        if as_csv:
            session.answer(events_table(page), as_csv=True)
        else:
            session.answer(events_lines(page))


def _cursor(text: str | None) -> EventKey | None:
    if text is None:
        return None
    try:
        return EventKey.parse(text)
    except ValueError as exc:
        raise UsageError(
            f"{text[:40]!r} is not a cursor; give the `next` of an earlier answer"
        ) from exc
