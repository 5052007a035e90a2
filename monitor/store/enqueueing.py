"""Putting items into the outbox: each into its message, once, and never into one that left.

A message's key is ``v:version:subscriber:channel:target`` where it goes at once, and
``d:subscriber:channel:target:cut-off`` for a digest, ``w:subscriptions:subscriber:channel:target``
for a welcome message, which has no items. The id that receivers know is not made of it:
``claiming`` gives that when nothing more can come in.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import orjson

from monitor.model.messages import MessageState, OutboxItem
from monitor.store import outbox_queries
from monitor.store.db import batches
from monitor.store.moments import moment
from monitor.store.running import Runner
from monitor.store.texts import storable

Identity = tuple[int, int, str, str]
Whom = tuple[str, str, str]
"""Subscriber, channel and target of a message, as they can be stored."""

_WAITING = MessageState.WAITING.value
_IDENTITY = itemgetter(0, 1, 2, 3)  # of a row of the table of items

_MESSAGE_COLUMNS = {
    "key": "text",
    "uid": "text",
    "subscriber": "text",
    "channel": "text",
    "target": "text",
    "state": "text",
    "closed": "boolean",
    "cutoff": "timestamptz",
    "due_at": "timestamptz",
    "attempts": "integer",
    "created_at": "timestamptz",
}
_ITEM_COLUMNS = {
    "version_id": "bigint",
    "subscription_id": "bigint",
    "channel": "text",
    "target": "text",
    "message_id": "bigint",
    "nct_id": "text",
    "positions": "text",
    "reason": "text",
    "due_at": "timestamptz",
}


class _Draft(NamedTuple):
    """A message that is there, or is to be made; in the order in which they are sent."""

    version_id: int
    """0: of a digest."""
    key: str
    whom: Whom
    due_at: datetime
    cutoff: datetime | None


class _Address:
    """Whom items are for, and the keys of the messages there.

    ``whom`` is as the store writes it; so it may stand for several that items name.
    """

    __slots__ = ("_digests", "_joined", "whom")

    def __init__(self, given: Whom) -> None:
        subscriber, channel, target = map(storable, given)
        self.whom = subscriber, channel, target
        self._joined = _joined(self.whom)
        self._digests: dict[datetime, str] = {}

    def key(self, item: OutboxItem) -> str:
        """Return the key of the message that an item for here goes into."""
        if not item.digest:
            return f"v:{item.version_id}:{self._joined}"
        key = self._digests.get(item.due_at)
        if key is None:
            key = self._digests[item.due_at] = _digest_key(self._joined, item.due_at)
        return key


Items = dict[Identity, tuple[OutboxItem, _Address]]


class Enqueueing:
    """Puts items into the outbox within one transaction."""

    def __init__(self, run: Runner) -> None:
        self._run = run

    def enqueue(self, items: Iterable[OutboxItem], at: datetime) -> list[OutboxItem]:
        """Store those that are not stored yet; return those whose message takes no more."""
        fresh = self._not_stored(self._of_known(_given(items)))
        drafts: dict[str, _Draft] = {}
        keyed: list[tuple[Identity, OutboxItem, str]] = []
        for identity, (item, address) in fresh.items():
            key = address.key(item)
            keyed.append((identity, item, key))
            draft = drafts.get(key)
            if draft is None:
                version_id, cutoff = (0, item.due_at) if item.digest else (item.version_id, None)
                drafts[key] = _Draft(version_id, key, address.whom, item.due_at, cutoff)
            elif item.due_at < draft.due_at:
                drafts[key] = draft._replace(due_at=item.due_at)
        ids = self._messages(drafts.values(), at)
        rows = [
            (*identity, ids[key], item.nct_id, _positions(item.positions), storable(item.reason),
             item.due_at)
            for identity, item, key in keyed
            if key in ids
        ]  # fmt: skip
        rows.sort(key=_IDENTITY)
        self._run.put_many(outbox_queries.PUT_ITEMS, _ITEM_COLUMNS, rows)
        return [] if len(rows) == len(keyed) else [item for _, item, key in keyed if key not in ids]

    def open_digest(self, whom: Whom, *, cutoff: datetime, at: datetime) -> None:
        """Make a digest of this cut-off where there is none."""
        subscriber, channel, target = map(storable, whom)
        whom = subscriber, channel, target
        key = _digest_key(_joined(whom), cutoff)
        self._messages([_Draft(0, key, whom, cutoff, cutoff)], at)

    def open_welcome(
        self,
        whom: Whom,
        subscription_ids: Sequence[int],
        *,
        uid: str,
        due_at: datetime,
        at: datetime,
    ) -> None:
        """Make the message that tells of new subscriptions, where there is none.

        It takes no items and goes in no group. Nobody is forgotten before the transaction ends.
        """
        subscriber, channel, target = map(storable, whom)
        whom = subscriber, channel, target
        sql = outbox_queries.KNOWN_SUBSCRIBERS.format(lock=self._run.lock("FOR KEY SHARE"))
        if not self._run.ask(sql, {"names": [subscriber]}):
            return
        key = f"w:{','.join(map(str, subscription_ids))}:{_joined(whom)}"
        row = (key, uid, *whom, _WAITING, True, None, due_at, 0, at)
        self._run.put_many(outbox_queries.PUT_MESSAGES, _MESSAGE_COLUMNS, [row])

    def _of_known(self, items: Items) -> Items:
        """Leave out the items of people who are forgotten, and let nobody be forgotten now."""
        names = sorted({address.whom[0] for _, address in items.values()})
        sql = outbox_queries.KNOWN_SUBSCRIBERS.format(lock=self._run.lock("FOR KEY SHARE"))
        known = {row[0] for batch in batches(names) for row in self._run.ask(sql, {"names": batch})}
        if len(known) == len(names):
            return items
        return {identity: one for identity, one in items.items() if one[1].whom[0] in known}

    def _not_stored(self, items: Items) -> Items:
        versions = sorted({version_id for version_id, *_ in items})
        stored = {
            (row[0], row[1], row[2], row[3])
            for batch in batches(versions)
            for row in self._run.ask(outbox_queries.STORED_ITEMS, {"version_ids": batch})
        }
        if not stored:
            return items
        return {identity: one for identity, one in items.items() if identity not in stored}

    def _messages(self, drafts: Iterable[_Draft], at: datetime) -> dict[str, int]:
        """Make the messages that there are not yet; return, by key, the ids of the open ones.

        No worker claims these before the transaction ends.
        """
        # Everybody in the same order, so that two that want the same do not wait in a circle.
        ordered = {draft.key: draft for draft in sorted(drafts)}
        rows = [_message_row(draft, at) for draft in ordered.values()]
        new = self._run.put_many(
            outbox_queries.PUT_MESSAGES, _MESSAGE_COLUMNS, rows, returning="key, id"
        )
        found = dict(map(tuple, new))
        others = [key for key in ordered if key not in found]
        sql = outbox_queries.OPEN_MESSAGES.format(lock=self._run.lock("FOR SHARE"))
        for batch in batches(others):
            for key, message_id, due_at in self._run.ask(sql, {"keys": batch}):
                found[key] = message_id
                if ordered[key].due_at < _moment(due_at):
                    sooner = {"id": message_id, "due_at": ordered[key].due_at}
                    self._run.run(outbox_queries.SOONER, sooner)
        return found


def _given(items: Iterable[OutboxItem]) -> Items:
    """Return items by what is stored once of them; of two of one identity the first."""
    addresses: dict[Whom, _Address] = {}
    found: Items = {}
    for item in items:
        given = item.subscriber, item.channel, item.target
        address = addresses.get(given)
        if address is None:
            address = addresses[given] = _Address(given)
        _, channel, target = address.whom
        found.setdefault((item.version_id, item.subscription_id, channel, target), (item, address))
    return found


def _joined(whom: Whom) -> str:
    """Write names so that no two of them are written alike: colons within are escaped."""
    joined = ":".join(whom)
    if joined.count(":") == len(whom) - 1 and "%" not in joined:
        return joined
    return ":".join(name.replace("%", "%25").replace(":", "%3A") for name in whom)


def _digest_key(joined: str, cutoff: datetime) -> str:
    return f"d:{joined}:{cutoff.astimezone(UTC).isoformat()}"


def _message_row(draft: _Draft, at: datetime) -> Sequence[Any]:
    _, key, whom, due_at, cutoff = draft
    return (key, key, *whom, _WAITING, False, cutoff, due_at, 0, at)


_moment = lru_cache(maxsize=256)(moment)  # many messages share few times


@lru_cache(maxsize=4096)
def _positions(positions: tuple[int, ...]) -> str:
    return orjson.dumps(positions).decode()
