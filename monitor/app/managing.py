"""A reader's own page: what they subscribed to and were sent, and all that they may change."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.app.feeds import feed_addresses
from monitor.app.logs import get_logger
from monitor.app.readers import manage_path, open_for_change, require_room, with_options
from monitor.app.signing import verify_token
from monitor.app.wiring import App
from monitor.deliver.reader_links import ReaderLinks
from monitor.errors import NotFoundError, UsageError
from monitor.model.messages import OutboxMessage
from monitor.model.nct import normalize_nct_id
from monitor.model.readers import ConfirmedAddress
from monitor.model.signed_tokens import TokenError
from monitor.model.subscriptions import Silence, Subscription, SubscriptionStatus
from monitor.store.reader import Reader
from monitor.store.readers import ReadersReader
from monitor.store.writer import Transaction

_SHOWN_MESSAGES = 30
_MOST_SILENCES = 200
_PAST = "name a day to come"


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """One subscription; ``resumes_at``: when its pause ends; ``feeds``: addresses by format."""

    subscription: Subscription
    resumes_at: datetime | None
    feeds: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message of the outbox, and the path of the page that says why it came, where it did."""

    message: OutboxMessage
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPage:
    """All that a reader's own page shows; ``messages``: the newest, newest first."""

    address: ConfirmedAddress
    subscriptions: tuple[Managed, ...]
    silences: tuple[Silence, ...]
    messages: tuple[SentMessage, ...]


def reader_page(app: App, token: str) -> ReaderPage:
    """Return what the page of a link shows; TokenError when the link is over or none of ours."""
    with app.reader() as reader:
        address = _link_owner(reader.readers, _check_link(app, reader, token))
        name = address.subscriber
        ends = reader.readers.pause_ends()
        links = ReaderLinks.of(reader)
        return ReaderPage(
            address=address,
            subscriptions=tuple(
                Managed(
                    subscription=one,
                    resumes_at=ends.get(one.id),
                    feeds=feed_addresses(app, reader, one),
                )
                for one in reader.subscribers.subscriptions(subscriber=name, damaged=[])
            ),
            silences=tuple(
                one for one in reader.subscribers.silences(at=app.now()) if one.subscriber == name
            ),
            messages=tuple(
                SentMessage(message=one, why=links.why(one) if one.uid else None)
                for one in reader.outbox.messages(subscriber=name, limit=_SHOWN_MESSAGES)
                if one.kind != "confirmation"
            ),
        )


def export_reader(app: App, token: str) -> dict[str, Any]:
    """Return all that is stored about whose link it is, as JSON; TokenError as above."""
    with app.reader() as reader:
        address = _link_owner(reader.readers, _check_link(app, reader, token))
        found = reader.subscribers.export(address.subscriber)
    if found is None:
        raise NotFoundError("nothing is stored about you")
    return found


# --- changes ------------------------------------------------------------------------------------


def change(app: App, token: str, number: str, *, min_severity: str, when: str) -> None:
    """Give a subscription another frequency and least severity; UsageError for bad values."""
    with _authorized_transaction(app, token) as (tx, mine):
        tx.subscribers.put_subscription(
            with_options(
                app, _own_subscription(tx, mine, number), min_severity=min_severity, when=when
            )
        )


def pause(app: App, token: str, number: str, until: datetime | None) -> None:
    """Pause a subscription until a time, or until it is resumed; UsageError for one that is past.

    One that was stopped is not paused.
    """
    if until is not None and until <= app.now():
        raise UsageError(_PAST)
    with _authorized_transaction(app, token) as (tx, mine):
        one = _own_subscription(tx, mine, number)
        if one.status is not SubscriptionStatus.RETIRED:
            tx.subscribers.set_status(one.subscriber, one.name, SubscriptionStatus.PAUSED)
            tx.readers.put_pause(one.id, until)


def resume(app: App, token: str, number: str) -> None:
    """Take up again what was paused or stopped."""
    with _authorized_transaction(app, token) as (tx, mine):
        one = _own_subscription(tx, mine, number)
        if one.status is SubscriptionStatus.RETIRED:
            require_room(app, tx, mine.subscriber)
        tx.subscribers.set_status(one.subscriber, one.name, SubscriptionStatus.ACTIVE)
        tx.readers.put_pause(one.id, None)


def stop(app: App, token: str, number: str) -> None:
    """End a subscription; ``resume`` takes that back."""
    with _authorized_transaction(app, token) as (tx, mine):
        one = _own_subscription(tx, mine, number)
        tx.subscribers.set_status(one.subscriber, one.name, SubscriptionStatus.RETIRED)
        tx.readers.put_pause(one.id, None)


def silence(app: App, token: str, nct_id: str, until: datetime) -> None:
    """Send nothing of a trial until a time; UsageError for no NCT ID, or a time that is past."""
    if until <= app.now():
        raise UsageError(_PAST)
    try:
        wanted = normalize_nct_id(nct_id)
    except ValueError as exc:
        raise UsageError(str(exc)) from exc
    with _authorized_transaction(app, token) as (tx, mine):
        if len(_silences(tx, mine)) >= _MOST_SILENCES:
            raise UsageError(f"{_MOST_SILENCES} silences are the most; end one first")
        tx.subscribers.put_silence(
            Silence(
                id=0, subscriber=mine.subscriber, nct_id=wanted, kind=None, until=until,
                created_at=app.now(),
            )
        )  # fmt: skip


def end_silence(app: App, token: str, number: str) -> None:
    """End a silence of one's own; one that is not there has ended."""
    with _authorized_transaction(app, token) as (tx, mine):
        # As texts: a form may send anything.
        if number in {str(one.id) for one in _silences(tx, mine)}:
            tx.subscribers.remove_silence(int(number))


def renew_link(app: App, token: str) -> str:
    """End all links to this page that were sent so far; return the path by a new one."""
    with _authorized_transaction(app, token) as (tx, mine):
        tx.readers.raise_generation(mine.subscriber)
        return manage_path(tx, mine.subscriber, app.now())


def erase(app: App, token: str) -> None:
    """Erase all that is stored about whose link it is."""
    with _authorized_transaction(app, token) as (tx, mine):
        tx.subscribers.forget(mine.subscriber)


@contextmanager
def _authorized_transaction(app: App, token: str) -> Iterator[tuple[Transaction, ConfirmedAddress]]:
    """Yield a short transaction, and who may change what is theirs in it."""
    # The link is checked before the transaction; whose it is, again inside: it may have been
    # ended.
    with app.reader() as reader:
        checked = _check_link(app, reader, token)
    with open_for_change(app) as store, store.transaction() as tx:
        yield tx, _link_owner(tx.readers, checked)
    get_logger().info("reader changed their subscriptions")


def _check_link(app: App, reader: Reader, token: str) -> tuple[str, int]:
    signed = verify_token(app, reader, token, "manage")
    return signed.subject, signed.generation


def _link_owner(readers: ReadersReader, checked: tuple[str, int]) -> ConfirmedAddress:
    """Return whose a checked link is; TokenError when it was ended, or they were erased."""
    subscriber, generation = checked
    address = readers.address_of(subscriber)
    if address is None or address.generation != generation:
        raise TokenError("this link was ended; take the one of a newer mail")
    return address


def _own_subscription(tx: Transaction, mine: ConfirmedAddress, number: str) -> Subscription:
    """Return a reader's own subscription; NotFoundError for any other."""
    found = tx.subscribers.subscriptions(subscriber=mine.subscriber, damaged=[])
    for one in found:
        if str(one.id) == number:
            return one
    raise NotFoundError("you have no such subscription")


def _silences(tx: Transaction, mine: ConfirmedAddress) -> Sequence[Silence]:
    return [one for one in tx.subscribers.silences() if one.subscriber == mine.subscriber]
