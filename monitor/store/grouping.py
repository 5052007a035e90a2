"""Grouping, at the claim: many messages that are due at once become one, before anybody sees them.

It happens in the transaction that claims the group, so no reader ever finds a group that still
takes something in, and a process that dies leaves either the messages or the group.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.store.db import Db, batches
from monitor.store.schema import GROUPABLE, messages, outbox
from monitor.store.timestamps import moment

_CLAIMS = 7264802  # this program's own number, beside that of the trials' locks
# While it lasts no other worker claims from this channel; ingest goes on filling the outbox.
_LOCK_CLAIMS = sa.select(
    sa.func.pg_advisory_xact_lock(_CLAIMS, sa.func.hashtext(bindparam("channel", type_=sa.Text)))
)
_IS_GROUPABLE = (
    GROUPABLE,
    messages.c.channel == bindparam("channel"),
    messages.c.due_at <= bindparam("now"),
)
_MANY_DUE = (
    sa.select(messages.c.subscriber, messages.c.target)
    .where(*_IS_GROUPABLE, messages.c.subscriber.in_(bindparam("subscribers", expanding=True)))
    .group_by(messages.c.subscriber, messages.c.target)
    .having(sa.func.count() > bindparam("above", type_=sa.Integer))
    .order_by(messages.c.subscriber, messages.c.target)
)
_GROUPABLE = (
    sa.select(messages.c.id, messages.c.due_at)
    .where(
        *_IS_GROUPABLE,
        messages.c.subscriber == bindparam("subscriber"),
        messages.c.target == bindparam("target"),
    )
    .order_by(messages.c.due_at, messages.c.id)
    # Skipped is what an ingest pass is just adding to; to wait for it here would hold up the
    # channel.
    .with_for_update(skip_locked=True)
)
_GATHER_ITEMS = (
    sa.update(outbox)
    .where(outbox.c.message_id.in_(bindparam("ids", expanding=True)))
    .values(message_id=bindparam("into"))
)
_DELETE_GATHERED = sa.delete(messages).where(messages.c.id.in_(bindparam("ids", expanding=True)))
_BECOME_GROUP = (
    sa.update(messages)
    .where(messages.c.id == bindparam("into"))
    .values(key=bindparam("given"), uid=bindparam("given"), group_until=bindparam("until"))
)


def lock_channel(db: Db, channel: str) -> None:
    """Lock the claims of a channel until the transaction ends: two workers would group a part each.

    Who comes second waits, and then finds what the first one has left.
    """
    if db.dialect == "postgresql":  # on SQLite no other program writes anyway
        db.fetch(_LOCK_CLAIMS, {"channel": channel})


def group_messages(
    db: Db, channel: str, subscribers: Collection[str], *, now: datetime, above: int
) -> dict[int, int]:
    """Make one message of more than ``above`` due, unclaimed ones that go at once.

    Of each of these subscribers and of each address. The group takes the place of the one that
    waits longest; its ``group_until`` is when the last of them became due. Messages that another
    transaction is just adding to are left to it. Returned is, by the id of each
    group, of how many messages it was made.
    """
    due = {"channel": channel, "now": now}
    made: dict[int, int] = {}
    for subscriber, target in _many(db, due, subscribers, above):
        rows = db.fetch(_GROUPABLE, {**due, "subscriber": subscriber, "target": target})
        # Counted again: between the two questions some may have been locked or claimed.
        if len(rows) > above:
            ids = [row[0] for row in rows]
            _become_one(db, ids, until=max(moment(row[1]) for row in rows))
            made[ids[0]] = len(ids)
    return made


def _many(
    db: Db, due: dict[str, object], subscribers: Collection[str], above: int
) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for batch in batches(sorted(set(subscribers)))
        for row in db.fetch(_MANY_DUE, {**due, "subscribers": batch, "above": above})
    ]


def _become_one(db: Db, ids: list[int], *, until: datetime) -> None:
    into, *others = ids
    for batch in batches(others):
        # The items first: a message that still has some cannot be deleted (foreign key).
        db.run(_GATHER_ITEMS, {"into": into, "ids": batch})
        db.run(_DELETE_GATHERED, {"ids": batch})
    # With a key of its own: that of its first version would let more in.
    db.run(_BECOME_GROUP, {"into": into, "given": f"g:{into}", "until": until})
