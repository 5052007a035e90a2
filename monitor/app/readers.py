"""Subscribing on the page: what is asked for, the mail that asks back, and the confirmation.

Nothing is sent to an address before its owner confirms it, and nobody learns whether an address
is known: everyone gets the same answer, and the rest goes by mail.
"""

import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from monitor.app.logs import get_logger
from monitor.app.signing import verify_token
from monitor.app.wiring import App
from monitor.config.raw_values import RawValue
from monitor.config.subscriber_tables import read_subscription, require_sources
from monitor.config.subscriptions import build_subscription
from monitor.deliver.reader_links import ReaderLinks
from monitor.errors import ConfigError, NotFoundError, UsageError
from monitor.model.readers import SubscriptionRequest
from monitor.model.signed_tokens import SignedToken, TokenError, sign
from monitor.model.subscriptions import (
    Filter,
    Subscription,
    SubscriptionOrigin,
    SubscriptionStatus,
)
from monitor.settings.hosts import read_address
from monitor.settings.subscribers import LONGEST_NAME
from monitor.store.reader import Reader
from monitor.store.writer import StoreWriter, Transaction

_BUSY_S = 3.0
"""How long a page waits for other writers of the store."""
# docs/subscribing.md, "Limits"
_A_DAY_TO_AN_ADDRESS = 5
_AN_HOUR_FROM_A_NETWORK = 20
# The longest that SMTP can carry (RFC 5321, 4.5.3.1.3: a path of 256 with its brackets).
_LONGEST_ADDRESS = 254
_MOST_IDS = 200


class TooManyRequestsError(UsageError):
    """Too much was asked for from one network."""


def open_for_change(app: App) -> StoreWriter:
    """Open the store for a short change that a reader waits for; StoreError while it is busy."""
    from monitor.store.writer import open_store  # noqa: PLC0415 - it is slow to load

    given = app.settings.store
    return open_store(given.url, create=False, busy_timeout_s=min(_BUSY_S, given.busy_timeout_s))


def draft(
    app: App,
    *,
    filter: Filter | None,  # noqa: A002 - what it is
    nct_ids: Sequence[str],
    kinds: Sequence[str] = (),
    min_severity: str = "low",
    when: str = "daily 08:00 UTC",
) -> Subscription:
    """Return what would be subscribed to; UsageError names what is wrong or missing.

    ``kinds``: kinds or groups, () for all but noise. NotFoundError where nobody may subscribe.
    """
    if not app.settings.web.subscribe:
        raise NotFoundError("nobody can subscribe here")
    if not filter and not nct_ids:
        raise UsageError("say which trials: a condition, a sponsor, an NCT ID or the like")
    if len(nct_ids) > _MOST_IDS:
        raise UsageError(f"name {_MOST_IDS} trials at most")
    table: dict[str, Any] = {
        "name": "draft",
        "subscriber": "draft",
        "nct_ids": list(nct_ids),
        "changes": list(kinds),
        "min_severity": min_severity,
        "when": when,
        "channels": list(app.settings.readers_channels),
    }
    if filter:
        wanted = {key: list(values) for key, values in filter.wanted.items()}
        excluded = {key: list(values) for key, values in filter.excluded.items()}
        table["filter"] = [{**wanted, **({"not": excluded} if excluded else {})}]
    return _build(app, table)


def _build(app: App, table: Mapping[str, Any]) -> Subscription:
    synonyms = app.settings.synonyms
    # As from the environment: no `${NAME}` is replaced in what a stranger writes.
    given = RawValue(place="", value=dict(table), from_environment=True)
    try:
        wish = read_subscription(given, {}, spell=lambda _, key: key, synonyms=synonyms)
        sources = [one.name for one in app.settings.sources]
        require_sources(wish.filter, sources, synonyms, place="source: ")
        found = build_subscription(wish, None, origin=SubscriptionOrigin.PAGE, now=app.now())
    except ConfigError as exc:
        raise UsageError(str(exc)) from exc
    return replace(found, name=_name(found))


def with_options(app: App, one: Subscription, *, min_severity: str, when: str) -> Subscription:
    """Return a subscription with another frequency and least severity; UsageError as ``draft``."""
    table = {
        "name": "draft",
        "subscriber": "draft",
        "all": True,
        "min_severity": min_severity,
        "when": when,
        "channels": list(one.channels),
    }
    made = _build(app, table)
    changes = replace(one.changes, min_severity=made.changes.min_severity)
    return replace(one, when=made.when, changes=changes)


def _name(one: Subscription) -> str:
    """Return a name that says what it is about."""
    words = [*sorted(one.trials.nct_ids)[:3]]
    for wish in one.trials.filters:
        words += [value for values in wish.wanted.values() for value in values]
        words += [f"not {value}" for values in wish.excluded.values() for value in values]
    joined = " ".join(", ".join(words).replace(":", " ").split())
    name = "".join(sign for sign in joined if sign.isprintable())[:LONGEST_NAME].strip()
    return name or "trials"


def normalized_address(text: str) -> str:
    """Return an e-mail address as it is kept; UsageError for what is none."""
    found = read_address(text.strip())
    if found is None or found.name or len(text) > _LONGEST_ADDRESS:
        raise UsageError(f"{text.strip()[:60]!r} is not an e-mail address")
    # Hardly any server tells cases apart, and one person must not become two readers.
    return found.address.lower()


def request_subscription(app: App, wish: Subscription, *, address: str, network: str) -> None:
    """Store a requested subscription and ask its address to confirm; ``wish``: as in ``draft``.

    The same happens whether or not the address is known. TooManyRequestsError for a network that
    asks too often; an address that is asked about too often gets no more mails for a day.
    """
    [channel] = app.settings.readers_channels
    now = app.now()
    with open_for_change(app) as store, store.transaction() as tx:
        network_hash = _hash_network(tx, network)
        if tx.readers.requests_of_network(network_hash, now - timedelta(hours=1)) >= (
            _AN_HOUR_FROM_A_NETWORK
        ):
            raise TooManyRequestsError("too much was asked for from your network; wait an hour")
        earlier = tx.readers.requests_for(address, now - timedelta(days=1))
        subscriber = tx.readers.subscriber_at(address) or f"reader-{secrets.token_hex(6)}"
        wish = replace(wish, subscriber=subscriber)
        # Also when no mail goes out: every request counts toward the limits.
        number = tx.readers.put_request(wish, address=address, network=network_hash, at=now)
        tx.signing.current(now)
        if earlier < _A_DAY_TO_AN_ADDRESS:
            tx.outbox.open_confirmation(
                number, subscriber=subscriber, channel=channel, target=address, at=now
            )
    get_logger().info("confirmation asked for", request=number)


def _hash_network(tx: Transaction, network: str) -> str:
    # Keyed: otherwise all four billion IPv4 addresses could be hashed and compared.
    key = tx.outbox.namespace().encode()
    return hmac.new(key, f"network {network}".encode("utf-8", "replace"), "sha256").hexdigest()[:32]


def find_request(app: App, token: str) -> SubscriptionRequest:
    """Return what a link of a mail would confirm; TokenError when it is over or none of ours."""
    with app.reader() as reader:
        return _request(app, reader, token)


def _request(app: App, reader: Reader, token: str) -> SubscriptionRequest:
    number = int(verify_token(app, reader, token, "confirm").subject)
    found = reader.readers.request(number)
    if found is None:
        raise TokenError("what this link is about is not kept any more; subscribe again")
    return found


def confirm(app: App, token: str) -> str:
    """Confirm what a link is about; return the path of the reader's own page.

    Again it changes nothing. TokenError as of ``find_request``; UsageError when the address has as
    many subscriptions as one may have.
    """
    now = app.now()
    found = find_request(app, token)
    with open_for_change(app) as store, store.transaction() as tx:
        owner = tx.readers.subscriber_at(found.address) or found.subscriber
        if found.subscription is not None:
            require_room(app, tx, owner)
            # False: another click has taken it, and nothing is made twice.
            if tx.readers.take_request(found.id):
                mine = tx.subscribers.subscriptions(subscriber=owner, damaged=[])
                wish = replace(
                    found.subscription,
                    subscriber=owner,
                    name=_unused_name(found.subscription.name, (one.name for one in mine)),
                    created_at=now,
                )
                tx.subscribers.put_subscription(wish)
                tx.readers.confirm_address(owner, found.address, now)
        path = manage_path(tx, owner, now)
    get_logger().info("subscription confirmed", request=found.id)
    return path


def require_room(app: App, tx: Transaction, subscriber: str) -> None:
    """Pass where a subscriber may have one more subscription; else UsageError."""
    most = app.settings.web.subscriptions_per_address
    mine = tx.subscribers.subscriptions(subscriber=subscriber, damaged=[])
    if sum(one.status is not SubscriptionStatus.RETIRED for one in mine) >= most:
        raise UsageError(
            f"this address has {most} subscriptions, as many as it may have; stop one by the link"
            " “Manage your subscriptions” of any mail, then open this page again"
        )


def _unused_name(name: str, taken: Iterable[str]) -> str:
    used = set(taken)
    # With the number it is still short enough for a name.
    names = (name if number == 1 else f"{name[:55]} ({number})" for number in range(1, 10_000))
    return next(one for one in names if one not in used)


def manage_path(tx: Transaction, subscriber: str, now: datetime) -> str:
    """Return the path of a reader's own page, signed anew; NotFoundError for who has none."""
    address = tx.readers.address_of(subscriber)
    if address is None:
        raise NotFoundError("this reader has no page")
    token = SignedToken(
        purpose="manage",
        subject=subscriber,
        generation=address.generation,
        until=now + ReaderLinks.MANAGE_FOR,
    )
    return f"manage/{sign(token, tx.signing.current(now))}"
