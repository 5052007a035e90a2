"""Put items into the outbox: each into its message, once, and never into one that was claimed.

A message's key is ``v:version:subscriber:channel:target`` where it goes at once, and
``d:subscriber:channel:target:cut-off`` for a digest. Without items are
``w:subscriptions:subscriber:channel:target``, a welcome message, and
``c:request:subscriber:channel:target``, which asks for a
confirmation. The id that receivers know is not made of it:
``claiming`` gives that when nothing more can come in.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.messages import MessageState, OutboxItem, Recipient
from monitor.store.db import BulkInsert, Db, batches
from monitor.store.schema import messages, outbox, subscribers
from monitor.store.storable_text import make_storable
from monitor.store.timestamps import moment

Identity = tuple[int, int, str, str]

_WAITING = MessageState.WAITING.value
_RECIPIENT = attrgetter("subscriber", "channel", "target")

_KNOWN_SUBSCRIBERS = (
    sa.select(subscribers.c.name)
    .where(subscribers.c.name.in_(bindparam("names", expanding=True)))
    .order_by(subscribers.c.name)
    # The weakest lock that still keeps the row from being deleted: two passes that write to the
    # same person do not wait for each other, `forget` waits for both.
    .with_for_update(read=True, key_share=True)
)
_STORED_ITEMS = sa.select(
    outbox.c.version_id, outbox.c.subscription_id, outbox.c.channel, outbox.c.target
).where(outbox.c.version_id.in_(bindparam("version_ids", expanding=True)))
# Open means waiting. Asked for by its state too, SQLite would look through all that wait.
_OPEN_MESSAGES = (
    sa.select(messages.c.key, messages.c.id, messages.c.due_at)
    .where(messages.c.key.in_(bindparam("keys", expanding=True)), ~messages.c.closed)
    .order_by(messages.c.key)
    # Shared: several passes may add to one message at a time, while a claim passes it over.
    .with_for_update(read=True)
)
_SOONER = (
    sa.update(messages)
    .where(messages.c.id == bindparam("of"), messages.c.due_at > bindparam("sooner"))
    .values(due_at=bindparam("sooner"))
)
# The key stands as the uid too: which of the two finds that another was quicker is chance.
_PUT_MESSAGES = BulkInsert(
    messages,
    ("key", "uid", "subscriber", "channel", "target", "state", "closed", "cutoff", "due_at",
     "attempts", "created_at"),
    returning=(messages.c.key, messages.c.id),
)  # fmt: skip
_PUT_ITEMS = BulkInsert(
    outbox,
    [column.name for column in outbox.c],
    [column.name for column in outbox.primary_key],
)


class _MessageDraft(NamedTuple):
    """A message that is there, or is to be made; in the order in which they are sent."""

    version_id: int
    """0: of a digest."""
    key: str
    whom: Recipient
    due_at: datetime
    cutoff: datetime | None


class _RecipientKeys:
    """A recipient of items, and the keys of the messages to them.

    ``whom`` is as the store writes it; so it may be one for several that items name.
    """

    __slots__ = ("_digests", "_joined", "whom")

    def __init__(self, given: Recipient) -> None:
        subscriber, channel, target = map(make_storable, given)
        self.whom = subscriber, channel, target
        self._joined = _join_names(self.whom)
        self._digests: dict[datetime, str] = {}

    def key(self, item: OutboxItem) -> str:
        """Return the key of the message that an item for here goes into."""
        if not item.digest:
            return f"v:{item.version_id}:{self._joined}"
        key = self._digests.get(item.due_at)
        if key is None:
            key = self._digests[item.due_at] = _digest_key(self._joined, item.due_at)
        return key


Items = dict[Identity, tuple[OutboxItem, _RecipientKeys]]


class OutboxEnqueue:
    """Puts items into the outbox within one transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    def enqueue(self, items: Iterable[OutboxItem], at: datetime) -> list[OutboxItem]:
        """Store those that are not stored yet; return those whose message takes no more."""
        # A page that is stored a second time after a crash brings the same items again.
        fresh = self._leave_out_stored(self._leave_out_unknown(_group_by_identity(items)))
        drafts: dict[str, _MessageDraft] = {}
        keyed: list[tuple[Identity, OutboxItem, str]] = []
        for identity, (item, address) in fresh.items():
            key = address.key(item)
            keyed.append((identity, item, key))
            draft = drafts.get(key)
            if draft is None:
                version_id, cutoff = (0, item.due_at) if item.digest else (item.version_id, None)
                drafts[key] = _MessageDraft(version_id, key, address.whom, item.due_at, cutoff)
            # The sooner decides for the whole message
            # (docs/decisions/2026-11-22-messages-and-items.md).
            elif item.due_at < draft.due_at:
                drafts[key] = draft._replace(due_at=item.due_at)
        ids = self._messages(drafts.values(), at)
        rows = [
            (*identity, ids[key], item.nct_id, _positions(item.positions),
            make_storable(item.reason),
             item.due_at)
            for identity, item, key in keyed
            if key in ids
        ]  # fmt: skip
        rows.sort()  # by their first four values, which no two rows share
        self._db.insert_many(_PUT_ITEMS, rows)
        return [] if len(rows) == len(keyed) else [item for _, item, key in keyed if key not in ids]

    def open_digest(self, whom: Recipient, *, cutoff: datetime, at: datetime) -> None:
        """Make a digest of this cut-off where there is none."""
        subscriber, channel, target = map(make_storable, whom)
        whom = subscriber, channel, target
        key = _digest_key(_join_names(whom), cutoff)
        self._messages([_MessageDraft(0, key, whom, cutoff, cutoff)], at)

    def open_welcome(
        self,
        whom: Recipient,
        subscription_ids: Sequence[int],
        *,
        uid: str,
        due_at: datetime,
        at: datetime,
    ) -> None:
        """Make the welcome message for new subscriptions, where there is none.

        It takes no items and goes in no group. Nobody is forgotten before the transaction ends.
        """
        subscriber, channel, target = map(make_storable, whom)
        whom = subscriber, channel, target
        if not self._db.fetch(_KNOWN_SUBSCRIBERS, {"names": [subscriber]}):
            return
        key = f"w:{','.join(map(str, subscription_ids))}:{_join_names(whom)}"
        row = (key, uid, *whom, _WAITING, True, None, due_at, 0, at)
        self._db.insert_many(_PUT_MESSAGES, [row])

    def open_confirmation(self, whom: Recipient, request: int, *, uid: str, at: datetime) -> None:
        """Make the message that asks for a confirmation; its recipient is not a subscriber yet."""
        key = f"c:{request}:{_join_names(whom)}"
        self._db.insert_many(_PUT_MESSAGES, [(key, uid, *whom, _WAITING, True, None, at, 0, at)])

    def _leave_out_unknown(self, items: Items) -> Items:
        """Leave out the items of deleted subscribers, and lock the others against deletion."""
        names = sorted({address.whom[0] for _, address in items.values()})
        known = {
            row[0]
            for batch in batches(names)
            for row in self._db.fetch(_KNOWN_SUBSCRIBERS, {"names": batch})
        }
        if len(known) == len(names):
            return items
        return {identity: one for identity, one in items.items() if one[1].whom[0] in known}

    def _leave_out_stored(self, items: Items) -> Items:
        versions = sorted({version_id for version_id, *_ in items})
        stored = {
            (row[0], row[1], row[2], row[3])
            for batch in batches(versions)
            for row in self._db.fetch(_STORED_ITEMS, {"version_ids": batch})
        }
        if not stored:
            return items
        return {identity: one for identity, one in items.items() if identity not in stored}

    def _messages(self, drafts: Iterable[_MessageDraft], at: datetime) -> dict[str, int]:
        """Make the messages that there are not yet; return, by key, the ids of the open ones.

        No worker claims these before the transaction ends.
        """
        # Everybody in the same order, so that two that want the same do not wait in a circle.
        ordered = {draft.key: draft for draft in sorted(drafts)}
        rows = [_message_row(draft, at) for draft in ordered.values()]
        # First inserted, then looked for: the other way round two passes would both find nothing.
        found = dict(map(tuple, self._db.insert_many(_PUT_MESSAGES, rows)))
        others = [key for key in ordered if key not in found]
        for batch in batches(others):
            for key, message_id, due_at in self._db.fetch(_OPEN_MESSAGES, {"keys": batch}):
                found[key] = message_id
                if ordered[key].due_at < _moment(due_at):
                    sooner = {"of": message_id, "sooner": ordered[key].due_at}
                    self._db.run(_SOONER, sooner)
        return found


def _group_by_identity(items: Iterable[OutboxItem]) -> Items:
    """Return items by what is stored once of them; of two of one identity the first."""
    items = list(items)
    recipients = list(map(_RECIPIENT, items))
    addresses = {given: _RecipientKeys(given) for given in set(recipients)}
    found: Items = {}
    for item, given in zip(items, recipients, strict=True):
        address = addresses[given]
        _, channel, target = address.whom
        found.setdefault((item.version_id, item.subscription_id, channel, target), (item, address))
    return found


def _join_names(whom: Recipient) -> str:
    """Write names so that no two of them are written alike: colons within are escaped."""
    # Names and addresses may hold colons ("slack:#trials"): "a:b" and "c" must not be "a" and
    # "b:c".
    joined = ":".join(whom)
    if joined.count(":") == len(whom) - 1 and "%" not in joined:
        return joined
    return ":".join(name.replace("%", "%25").replace(":", "%3A") for name in whom)


def _digest_key(joined: str, cutoff: datetime) -> str:
    return f"d:{joined}:{cutoff.astimezone(UTC).isoformat()}"


def _message_row(draft: _MessageDraft, at: datetime) -> tuple[Any, ...]:
    _, key, whom, due_at, cutoff = draft
    return (key, key, *whom, _WAITING, False, cutoff, due_at, 0, at)


_moment = lru_cache(maxsize=256)(moment)  # many messages share few times


@lru_cache(maxsize=4096)
def _positions(positions: tuple[int, ...]) -> str:
    return orjson.dumps(positions).decode()
