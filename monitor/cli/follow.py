"""``monitor follow``: one command that follows trials and subscribes somebody to their changes."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from monitor.app.follows import follow
from monitor.cli.group import Command
from monitor.cli.params import json_option
from monitor.cli.session import Session
from monitor.config.subscriber_tables import parse_subscriber_name, require_channels
from monitor.daemon import SCHEDULER
from monitor.errors import UsageError
from monitor.model.nct import normalize_nct_id
from monitor.render.lines import Line, line

if TYPE_CHECKING:
    from monitor.app.follows import FollowedTrial
    from monitor.model.subscriptions import Subscription


@click.command(
    "follow",
    cls=Command,
    examples=(
        "monitor follow NCT06733935",
        "monitor follow NCT06733935 NCT06377228 --to mail",
        "monitor follow NCT06733935 --no-alerts",
    ),
)
@click.argument("nct_ids", nargs=-1, required=True, metavar="NCT_ID…")
@click.option("--to", "channels", metavar="CHANNEL", multiple=True,
              help="The channel that changes are sent by; repeatable.  [default: that of before, "
              "else the subscriber's own, else the only one]")  # fmt: skip
@click.option(
    "--subscriber", metavar="NAME", help="Who is notified.  [default: the only one, else me]"
)
@click.option("--no-alerts", is_flag=True, help="Follow them without telling anybody.")
@json_option
@click.pass_obj
def command(
    session: Session,
    nct_ids: tuple[str, ...],
    channels: tuple[str, ...],
    subscriber: str | None,
    no_alerts: bool,
    as_json: bool,
) -> None:
    """Follow trials and send their changes to somebody, from now on.

    The trials are kept in the store, beside what the configuration follows, and are read by a
    source of their own, "followed by command": where and when the first ctgov source of the
    configuration is read, else from ClinicalTrials.gov every hour. A running monitor takes them up
    within seconds. The first look at a trial alerts nobody. IDs are taken in any spelling, in
    links and in lists; those that trials had before stand for those of now.
    """
    if no_alerts and (channels or subscriber):
        raise UsageError("--no-alerts tells nobody; leave it out, or --to and --subscriber")
    requested = pasted_nct_ids(nct_ids)
    # Before anything is stored: after a misspelled channel the trial would be followed and
    # alert nobody.
    check_options(session, channels, subscriber)
    found = follow(
        session.app, requested, channels=channels, subscriber=subscriber, alerts=not no_alerts
    )
    if as_json:
        session.answer_json({"trials": [trial_to_json(one) for one in found]})
    else:
        session.answer([*map(_trial_line, found), line(_when(session))])


def pasted_nct_ids(texts: Sequence[str]) -> list[str]:
    """Return the NCT IDs of arguments, each of which may be a list of them; else UsageError."""
    return list(dict.fromkeys(nct_id for text in texts for nct_id in _pasted(text)))


def _pasted(text: str) -> Iterator[str]:
    try:
        yield normalize_nct_id(text)
    except UsageError:
        # A list as it is pasted: "NCT06733935, NCT06377228", or a column of a spreadsheet.
        words = [word for word in re.split(r"[\s,;]+", text) if word]
        # With one ID in it, the error of the whole text says better what is wrong.
        if sum("nct" in word.lower() for word in words) < 2:
            raise
        yield from map(normalize_nct_id, words)


def check_options(session: Session, channels: Sequence[str], subscriber: str | None) -> None:
    """Pass when there are such channels, and a subscriber can have that name; else ConfigError."""
    known = [channel.name for channel in session.app.settings.channels]
    require_channels(channels, known, place="--to")
    if subscriber is not None:
        parse_subscriber_name(subscriber, place="--subscriber")


def trial_to_json(one: "FollowedTrial") -> dict[str, Any]:
    """Return what became of a trial for ``--json``."""
    return {
        # The field keeps its name: programs read it.
        "asked": one.requested_id,
        "nct_id": one.nct_id,
        "changed": one.changed,
        "subscriptions": [_subscription(of) for of in one.subscriptions],
    }


def _subscription(one: "Subscription") -> dict[str, Any]:
    return {
        "id": one.id,
        "subscriber": one.subscriber,
        "name": one.name,
        "channels": list(one.channels),
        "status": one.status.value,
    }


def id_text(one: "FollowedTrial") -> str:
    """Return a trial's ID, with the one that it was asked for by: ``NCT… (was NCT…)``."""
    return (
        one.nct_id if one.nct_id == one.requested_id else f"{one.nct_id} (was {one.requested_id})"
    )


def _trial_line(one: "FollowedTrial") -> Line:
    followed = "is followed" if one.changed else "is followed already"
    to = [
        f"{of.subscriber} by {', '.join(of.channels)}{_paused_note(of)}" for of in one.subscriptions
    ]
    sent = f"; its changes go to {' and '.join(to)}" if to else ""
    return line(f"{id_text(one)} {followed}{sent}")


def _paused_note(one: "Subscription") -> str:
    if one.status.value == "active":
        return ""
    return f" (paused; `monitor subscription resume {one.id}`)"


def _when(session: Session) -> str:
    with session.app.reader() as reader:
        lease = reader.leases.find(SCHEDULER, now=session.app.now())
    # Somebody holds the scheduler's lease and renews it: a monitor is running.
    if lease is not None and lease.is_current:
        return "the running monitor takes this up within seconds"
    return "nothing reads it yet: start `monitor run`"
