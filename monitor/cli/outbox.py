"""``monitor outbox``: messages on their way, sent, and given up."""

import re
import sys
from collections.abc import Callable, Collection, Sequence
from itertools import product
from typing import TYPE_CHECKING

import click

from monitor.cli.errors import FAILED, Failure, print_error
from monitor.cli.group import Command, Group
from monitor.cli.params import json_option, table_options
from monitor.cli.session import Session
from monitor.errors import NotFoundError, UsageError
from monitor.model.identity import part_id
from monitor.model.messages import MessageState, OutboxMessage
from monitor.render.outbox import (
    change_lines,
    message_to_json,
    outbox_table,
    whole_message_lines,
    whole_message_to_json,
)
from monitor.render.values import count_text

if TYPE_CHECKING:
    from monitor.store.reader import Reader
    from monitor.store.writer import Transaction

# The largest row number of both databases.
_LARGEST_ID = 2**63 - 1
# As written in a Message-ID, a webhook-id, the name of a file or the foot of a message.
_UID = re.compile(
    r"(?<![0-9a-z-])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:[.][1-9][0-9]*)?(?![0-9a-z-])",
    re.IGNORECASE,
)
# Bounds what one command holds in memory; a larger outbox needs the command once more.
_ALL_AT_ONCE = 100_000

BulkAction = Callable[["Transaction", Collection[int]], set[int]]


@click.group("outbox", cls=Group, examples=("monitor outbox list",))
def command() -> None:
    """Inspect the messages on their way, and those that were given up."""


@command.command(
    "list",
    cls=Command,
    examples=("monitor outbox list", "monitor outbox list --state dead --channel ana-mail"),
)
@click.option(
    "--state",
    "states",
    type=click.Choice([state.value for state in MessageState]),
    multiple=True,
    help="Only messages of this state; repeatable.",
)
@click.option(
    "--subscriber",
    "subscribers",
    metavar="NAME",
    multiple=True,
    help="Only messages to this person; repeatable.",
)
@click.option(
    "--channel",
    "channels",
    metavar="NAME",
    multiple=True,
    help="Only messages by this channel; repeatable.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=_ALL_AT_ONCE),
    default=50,
    show_default=True,
    help="At most so many, the newest.",
)
@table_options
@click.pass_obj
def list_(
    session: Session,
    states: tuple[str, ...],
    subscribers: tuple[str, ...],
    channels: tuple[str, ...],
    limit: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """List messages, newest first, and how many there are of each state."""
    with session.app.reader() as reader:
        messages: dict[int, OutboxMessage] = {}
        trials: dict[int, tuple[str, int]] = {}
        # A query takes one value of each kind: one query for each combination.
        for state, subscriber, channel in product(
            map(MessageState, states) if states else [None],
            subscribers or [None],
            channels or [None],
        ):
            narrowed = {"subscriber": subscriber, "channel": channel}
            found = reader.outbox.messages(state=state, limit=limit, **narrowed)
            messages |= {message.id: message for message in found}
            if not as_json:
                trials |= reader.outbox.trials(state=state, limit=limit, **narrowed)
        counts = reader.outbox.counts()
        # A notice has no trial; the incidents that it reports are shown in place of one.
        notices = {
            number: reader.incidents.of_message(number)
            for number, message in messages.items()
            if message.kind == "notice" and not as_json
        }
    found = [messages[number] for number in sorted(messages, reverse=True)[:limit]]
    if as_json:
        session.answer_json([message_to_json(message) for message in found])
    else:
        session.answer(outbox_table(found, counts, trials, notices), as_csv=as_csv)


@command.command(
    "show",
    cls=Command,
    examples=("monitor outbox show 17", "monitor outbox show '<2766a0d5-…@example.org>'"),
)
@click.argument("message", metavar="ID")
@json_option
@click.pass_obj
def show(session: Session, message: str, as_json: bool) -> None:
    """Show one message: what it reports, and every attempt to send it.

    ID is the number of `monitor outbox list`, or the id that a receiver has: from the foot of the
    message, its Message-ID (with or without <> and the domain), webhook-id or the name of its file.
    """
    with session.app.reader() as reader:
        found = _message(reader, message)
        items = reader.outbox.items(found.id)
        attempts = reader.outbox.attempts(found.id)
        announced = {item.version_id: reader.outbox.announcement(item.version_id) for item in items}
        notices = reader.incidents.of_message(found.id)
        subscriptions = reader.subscribers.subscriptions(subscriber=found.subscriber, damaged=[])
    names = {one.id: one.name for one in subscriptions}
    if as_json:
        session.answer_json(
            whole_message_to_json(found, items, attempts, names, announced, notices)
        )
    else:
        session.answer(whole_message_lines(found, items, attempts, names, announced, notices))


@command.command(
    "retry",
    cls=Command,
    examples=("monitor outbox retry 17", "monitor outbox retry --dead --channel ana-mail"),
)
@click.argument("messages", nargs=-1, metavar="[ID]…")
@click.option("--dead", is_flag=True, help="All dead letters.")
@click.option(
    "--channel",
    "channels",
    metavar="NAME",
    multiple=True,
    help="With --dead: only those of this channel; repeatable.",
)
@json_option
@click.pass_obj
def retry(
    session: Session,
    messages: tuple[str, ...],
    dead: bool,
    channels: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make messages due now, with all tries before them, whatever became of them before.

    They keep their ids. What was sent, or is just being sent, is left alone: exit code 1.
    """

    def make_due(tx: "Transaction", ids: Collection[int]) -> set[int]:
        return tx.outbox.retry(ids, now=session.app.now())

    wanted = _wanted(session, messages, dead, channels)
    _change(session, wanted, make_due, word="due now", as_json=as_json)


@command.command(
    "drop",
    cls=Command,
    examples=(
        "monitor outbox drop 17",
        "monitor outbox drop --dead",
        "monitor outbox drop --channel old-slack --yes",
    ),
)
@click.argument("messages", nargs=-1, metavar="[ID]…")
@click.option("--dead", is_flag=True, help="All dead letters.")
@click.option(
    "--channel",
    "channels",
    metavar="NAME",
    multiple=True,
    help="All that wait for this channel, and its dead letters; repeatable.",
)
@click.option("--yes", is_flag=True, help="Do not ask before waiting messages are dropped.")
@json_option
@click.pass_obj
def drop(
    session: Session,
    messages: tuple[str, ...],
    dead: bool,
    channels: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Discard waiting messages and dead letters: they are not sent.

    With --channel alone waiting messages of the channel go, too: it asks first, or needs --yes
    where nobody can answer. With --dead only the dead letters. What was sent, or is just being
    sent, is left alone: exit code 1.
    """

    def discard(tx: "Transaction", ids: Collection[int]) -> set[int]:
        return tx.outbox.drop(ids)

    if channels and not (dead or messages):
        wanted = _confirmed_of_channels(session, channels, yes=yes)
    else:
        wanted = _wanted(session, messages, dead, channels)
    _change(session, wanted, discard, word="dropped", as_json=as_json)


def _confirmed_of_channels(
    session: Session, channels: Sequence[str], *, yes: bool
) -> list[OutboxMessage]:
    """Return what waits for channels and their dead letters, once that is confirmed."""
    with session.app.reader() as reader:
        found = [
            message
            for channel in dict.fromkeys(channels)
            for state in (MessageState.WAITING, MessageState.DEAD)
            for message in reader.outbox.messages(state=state, channel=channel, limit=_ALL_AT_ONCE)
        ]
    channel = ", ".join(dict.fromkeys(channels))
    waiting = sum(message.state is MessageState.WAITING for message in found)
    # Dead letters were given up before; waiting messages would still be sent.
    if waiting and not yes:
        many = count_text(waiting, "waiting message")
        if not can_ask():
            raise UsageError(f"{many} of {channel} would not be sent; say --yes to drop them")
        dead = count_text(len(found) - waiting, "dead letter")
        click.confirm(f"Drop {many} and {dead} of {channel}?", abort=True, err=True)
    return found


def can_ask() -> bool:
    """Return whether the input is a terminal, so that a question can be answered."""
    # Standard input, since the output may be redirected while the answer is typed.
    return sys.stdin.isatty()


def _wanted(
    session: Session, messages: tuple[str, ...], dead: bool, channels: Sequence[str]
) -> list[OutboxMessage]:
    """Return the messages that are named, or all dead letters, of some channels or of all."""
    if dead == bool(messages):
        raise UsageError("name the messages, or say --dead for all dead letters")
    if channels and not dead:
        raise UsageError("--channel goes with --dead, not with messages by number")
    with session.app.reader() as reader:
        return _dead(reader, channels) if dead else _find_messages(reader, messages)


def _change(
    session: Session, wanted: list[OutboxMessage], change: BulkAction, *, word: str, as_json: bool
) -> None:
    changed: set[int] = set()
    if wanted:
        # One transaction for all, so that a delivery running meanwhile sees none of it or all.
        with session.app.store() as store, store.transaction() as tx:
            changed = change(tx, [message.id for message in wanted])
    left = [message for message in wanted if message.id not in changed]
    if as_json:
        session.answer_json(
            {"changed": sorted(changed), "left": sorted(message.id for message in left)}
        )
    else:
        session.answer(change_lines(len(changed), word))
    for message in left:
        print_error(f"message {message.id} is {message.state.value}, and left alone")
    if left:
        raise Failure(FAILED)


def _dead(reader: "Reader", channels: Sequence[str]) -> list[OutboxMessage]:
    return [
        message
        for channel in dict.fromkeys(channels) or [None]
        for message in reader.outbox.messages(
            state=MessageState.DEAD, channel=channel, limit=_ALL_AT_ONCE
        )
    ]


def _find_messages(reader: "Reader", names: Collection[str]) -> list[OutboxMessage]:
    return [_message(reader, name) for name in dict.fromkeys(names)]


def _message(reader: "Reader", name: str) -> OutboxMessage:
    """Return a message by its number or its uid."""
    found = None
    # `str.isdigit` alone also holds for "²", which `int` refuses.
    if name.isascii() and name.isdigit() and 0 < int(name) <= _LARGEST_ID:
        found = reader.outbox.message(int(name))
    # In a text with several ids it is open which is meant.
    elif len(uids := set(_UID.findall(name.lower()))) == 1:
        found = _find_by_uid(reader, uids.pop())
    else:
        raise UsageError(f"{name[:64]!r} is no message's number and no delivery's id")
    if found is None:
        raise NotFoundError(f"there is no message {name}; `monitor outbox list` lists them")
    return found


def _find_by_uid(reader: "Reader", uid: str) -> OutboxMessage | None:
    """Return the message of an id; of one that was split, the first part.

    A number behind it is a part's, or of a file that a folder has twice.
    """
    whole = uid.partition(".")[0]
    names = dict.fromkeys((uid, whole, part_id(whole, 1)))
    return next((found for name in names if (found := reader.outbox.message(name))), None)
