"""``monitor status``: how the monitor is doing, out of the store alone."""

from typing import TYPE_CHECKING

import click

from monitor.app import App
from monitor.app.follows import with_followed
from monitor.app.store_checks import last_check
from monitor.app.unmatched import empty_sources, unmatched_subscriptions
from monitor.cli.errors import print_error
from monitor.cli.group import Command
from monitor.cli.params import table_options
from monitor.cli.session import Session
from monitor.config.load import load_store
from monitor.daemon import SCHEDULER
from monitor.errors import ConfigError
from monitor.model.subscriptions import SubscriptionStatus
from monitor.model.tracking import SourceRow
from monitor.render.status import Status, status_lines, status_to_json
from monitor.settings import Settings

if TYPE_CHECKING:
    from monitor.app.unmatched import Unmatched
    from monitor.store.reader import Reader

BACKFILLS = "ctgov_history"
"""The source of earlier versions, which runs after others, as ``monitor.app.sources`` names it."""


# Subscriptions that match nothing are looked for only so far that `status` answers at once;
# `monitor doctor` takes its time.
_MOST_SUBSCRIPTIONS = 200  # and as many NCT IDs of each
_MOST_RECORDS = 2_000
_MOST_ROWS = 20_000  # of trials


@click.command("status", cls=Command, examples=("monitor status", "monitor status --json"))
@table_options
@click.pass_obj
def command(session: Session, as_json: bool, as_csv: bool) -> None:
    """Show how every source is doing, how much is stored, and who schedules.

    Reads the store alone and looks at the disks, so it works whether `monitor run` is running
    or not. Where the configuration is wrong it says so, and shows what the store knows.
    """
    try:
        found = _status(with_followed(session.app))
    except ConfigError as exc:
        alone = _defaults_with_store(session, exc)
        if alone.schema_status().status == "empty":
            raise  # there is no store that could tell more
        found = _status(alone, wrong=str(exc))
    if as_json:
        session.answer_json(status_to_json(found))
    else:
        session.answer(status_lines(found), as_csv=as_csv)
    if found.config_error is not None:
        print_error(
            f"the configuration is wrong, this is what the store knows: {found.config_error}"
        )


def _defaults_with_store(session: Session, wrong: ConfigError) -> "App":
    """Return the monitor with what a wrong configuration says of its store, and defaults."""
    try:
        store = load_store(session.config, environ=session.environ)
    except ConfigError:
        # Not even the store's section can be read, so the first error is the one to report.
        raise wrong from None
    return App(settings=Settings(store=store))


def _unmatched(app: "App", reader: "Reader") -> "list[Unmatched]":
    """Return the requests that match nothing, as far as the store alone can say."""
    found = reader.subscribers.subscriptions(
        status=SubscriptionStatus.ACTIVE, effective=True, damaged=[]
    )
    subscriptions = unmatched_subscriptions(
        app,
        reader,
        found[:_MOST_SUBSCRIPTIONS],
        compared=_MOST_RECORDS,
        rows=_MOST_ROWS,
        most_ids=_MOST_SUBSCRIPTIONS,
    )
    return [*empty_sources(app, reader), *subscriptions]


def _status(app: "App", wrong: str | None = None) -> "Status":
    from monitor.app.incidents import full_disks, overdue_messages

    now, after_s = app.now(), app.settings.delivery.overdue_after_s
    with app.reader() as reader:
        check = last_check(reader)
        stored = {row.name: row for row in reader.sources.all()}
        counts, rules = reader.sources.counts(), app.rules()
        named = {one.name: one.type for one in app.settings.sources if one.enabled}
        # The configured sources in their order; then what the store remembers besides, such as
        # sources that were removed from the configuration.
        rows = [stored.pop(name, SourceRow(name=name, type=type_)) for name, type_ in named.items()]
        # Of a wrong configuration it is not known: all that the store remembers may be followed.
        enabled = named if wrong is None else stored
        return Status(
            at=now,
            config_error=wrong,
            store=app.store_name,
            sources=(*rows, *stored.values()),
            enabled=frozenset(enabled) | {BACKFILLS},
            scheduled=frozenset(enabled) - {BACKFILLS},
            followed=reader.sources.followed_counts(),
            counts=counts,
            rules=rules,
            older=max(0, counts.versions - reader.sources.versions_by(rules)),
            lease=reader.leases.find(SCHEDULER, now=now),
            messages=reader.outbox.counts(),
            oldest_due=reader.outbox.oldest_due(),
            channels=tuple(one for one in reader.outbox.channel_states() if one.failures),
            checked_at=None if check is None else check.at,
            damage="" if check is None else check.damage,
            overdue=tuple(
                f"{one.began}: {one.detail}"
                for one in overdue_messages(reader, after_s=after_s, now=now)
            ),
            unmatched=() if wrong else tuple((o.about, str(o)) for o in _unmatched(app, reader)),
            full_disks=tuple(
                f"{one.began}: {one.detail}" for one in full_disks(app, notified=False)
            ),
        )
