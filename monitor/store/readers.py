"""Readers who subscribed by themselves: confirmed addresses, requests, pauses that end.

How it goes from a request to a subscription is in docs/subscribing.md.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.readers import ConfirmedAddress, SubscriptionRequest
from monitor.model.subscriptions import Subscription, SubscriptionOrigin, SubscriptionStatus
from monitor.store.db import Db, upsert
from monitor.store.row_mapping import RowMapper
from monitor.store.schema import (
    confirmed_addresses,
    pauses,
    subscription_requests,
    subscriptions,
)
from monitor.store.subscription_json import definition_text, subscription_of
from monitor.store.timestamps import moment

_CONFIRMED = ""
"""The definition of a request once it is confirmed."""

_ADDRESS = RowMapper(
    ConfirmedAddress, confirmed_addresses.c, damaged="the address of {0!r} cannot be read"
)


def _request(
    id: int,  # noqa: A002 - named as its column
    name: str,
    definition: str,
    created_at: datetime,
    subscriber: str,
    **values: Any,
) -> SubscriptionRequest:
    subscription = None
    if definition != _CONFIRMED:
        subscription = subscription_of(
            definition,
            id=0,
            subscriber=subscriber,
            name=name,
            origin=SubscriptionOrigin.PAGE,
            status=SubscriptionStatus.ACTIVE,
            created_at=created_at,
        )
    return SubscriptionRequest(
        id=id, subscriber=subscriber, subscription=subscription, created_at=created_at, **values
    )


_REQUEST = RowMapper(_request, subscription_requests.c, damaged="request {0} cannot be read")

_ADDRESSES = sa.select(confirmed_addresses.c.subscriber, confirmed_addresses.c.address)
_OF_SUBSCRIBER = sa.select(*_ADDRESS.columns).where(
    confirmed_addresses.c.subscriber == bindparam("subscriber")
)
_OF_ADDRESS = sa.select(*_ADDRESS.columns).where(
    confirmed_addresses.c.address == bindparam("address")
)
_OF_ID = sa.select(*_REQUEST.columns).where(subscription_requests.c.id == bindparam("number"))
_PENDING_SUBSCRIBER = (
    sa.select(subscription_requests.c.subscriber)
    .where(subscription_requests.c.address == bindparam("address"))
    .limit(1)
)
_SINCE = sa.select(sa.func.count()).where(subscription_requests.c.created_at > bindparam("since"))
_FOR_ADDRESS = _SINCE.where(subscription_requests.c.address == bindparam("address"))
_OF_NETWORK = _SINCE.where(subscription_requests.c.network == bindparam("network"))
_OLD = sa.select(subscription_requests.c.subscriber).where(
    subscription_requests.c.created_at <= bindparam("before")
)
_PAUSES = sa.select(pauses.c.subscription_id, pauses.c.ends_at)
_ENDED = (
    sa.select(subscriptions.c.subscriber, subscriptions.c.name, pauses.c.subscription_id)
    .join(subscriptions, subscriptions.c.id == pauses.c.subscription_id)
    .where(pauses.c.ends_at <= bindparam("now"))
)

_PUT_ADDRESS = sa.insert(confirmed_addresses)
_RAISE_GENERATION = (
    sa.update(confirmed_addresses)
    .where(confirmed_addresses.c.subscriber == bindparam("of"))
    .values(generation=confirmed_addresses.c.generation + 1)
)
_PUT_REQUEST = sa.insert(subscription_requests).returning(subscription_requests.c.id)
# A conditional update: of two clicks on one link one confirms.
_TAKE_REQUEST = (
    sa.update(subscription_requests)
    .where(
        subscription_requests.c.id == bindparam("number"),
        subscription_requests.c.definition != _CONFIRMED,
    )
    .values(definition=_CONFIRMED)
)
# Not deleted when it is confirmed: it counts against the limits until it is old.
_FORGET_REQUESTS = sa.delete(subscription_requests).where(
    subscription_requests.c.created_at <= bindparam("before")
)
_PUT_PAUSE = upsert(pauses)
_END_PAUSE = sa.delete(pauses).where(pauses.c.subscription_id == bindparam("number"))


class ReadersReader:
    """Confirmed addresses, requests and pauses; reached by ``Reader.readers``."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def addresses(self) -> dict[str, str]:
        """Return all confirmed addresses by subscriber."""
        return {str(name): str(address) for name, address in self._db.fetch(_ADDRESSES)}

    def address_of(self, subscriber: str) -> ConfirmedAddress | None:
        """Return the address of a subscriber; None where they have confirmed none."""
        return self._db.first(_ADDRESS, _OF_SUBSCRIBER, {"subscriber": subscriber})

    def subscriber_at(self, address: str) -> str | None:
        """Return who has confirmed an address, or asked for something to be sent there."""
        found = self._db.first(_ADDRESS, _OF_ADDRESS, {"address": address})
        if found is not None:
            return found.subscriber
        pending = self._db.value(_PENDING_SUBSCRIBER, {"address": address})
        return None if pending is None else str(pending)

    def request(self, number: int) -> SubscriptionRequest | None:
        """Return a request; None when it was never made, or is forgotten."""
        return self._db.first(_REQUEST, _OF_ID, {"number": number})

    def requests_for(self, address: str, since: datetime) -> int:
        """Return how many requests there were for an address."""
        return int(self._db.value(_FOR_ADDRESS, {"address": address, "since": since}))

    def requests_of_network(self, network: str, since: datetime) -> int:
        """Return how many requests there were from a network."""
        return int(self._db.value(_OF_NETWORK, {"network": network, "since": since}))

    def has_old_requests(self, before: datetime) -> bool:
        """Return whether there are requests of that time or earlier."""
        return bool(self._db.fetch(_OLD.limit(1), {"before": before}))

    def pause_ends(self) -> Mapping[int, datetime]:
        """Return when subscriptions are resumed by themselves, by their ids."""
        return {int(number): moment(at) for number, at in self._db.fetch(_PAUSES)}


class ReadersWriter(ReadersReader):
    """What a transaction writes of readers; reached by ``Transaction.readers``."""

    def put_request(
        self, subscription: Subscription, *, address: str, network: str, at: datetime
    ) -> int:
        """Store a requested subscription until it is confirmed; return its number."""
        values = {
            "subscriber": subscription.subscriber,
            "address": address,
            "network": network,
            "name": subscription.name,
            "definition": definition_text(subscription),
            "created_at": at,
        }
        return int(self._db.value(_PUT_REQUEST, values))

    def take_request(self, number: int) -> bool:
        """Note that a request is confirmed; False when it was before, or is not there."""
        return self._db.run(_TAKE_REQUEST, {"number": number}) > 0

    def forget_requests(self, before: datetime) -> list[str]:
        """Delete requests of that time or earlier; return whose they were."""
        about = {"before": before}
        # Asked before the rows are gone: one who never confirmed anything is then forgotten as a
        # whole.
        whose = sorted({str(name) for (name,) in self._db.fetch(_OLD, about)})
        self._db.run(_FORGET_REQUESTS, about)
        return whose

    def confirm_address(self, subscriber: str, address: str, at: datetime) -> None:
        """Store where the messages of a subscriber go, unless it is known."""
        if self.address_of(subscriber) is None:
            values = {"subscriber": subscriber, "address": address}
            self._db.run(_PUT_ADDRESS, {**values, "generation": 1, "confirmed_at": at})

    def raise_generation(self, subscriber: str) -> None:
        """End all links of a subscriber that were signed before."""
        self._db.run(_RAISE_GENERATION, {"of": subscriber})

    def put_pause(self, subscription_id: int, ends_at: datetime | None) -> None:
        """Store when a paused subscription is resumed by itself; None: never."""
        if ends_at is None:
            self._db.run(_END_PAUSE, {"number": subscription_id})
        else:
            self._db.run(_PUT_PAUSE, {"subscription_id": subscription_id, "ends_at": ends_at})

    def take_ended_pauses(self, now: datetime) -> list[tuple[str, str]]:
        """Return subscriber and name of what is to be resumed now, and forget these pauses."""
        found = self._db.fetch(_ENDED, {"now": now})
        for _, _, number in found:
            self._db.run(_END_PAUSE, {"number": number})
        return [(str(subscriber), str(name)) for subscriber, name, _ in found]
