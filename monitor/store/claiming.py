"""The claim of a message: the one place where its items and its id become fixed.

Until it is claimed for the first time a message takes items, and has no id that anybody outside
knows. The claim closes it; from then on nothing comes in, and every attempt bears the id that is
given here, whatever is paused, silenced or learnt later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.identity import ItemIdentity, message_id
from monitor.model.lease import Lease
from monitor.model.messages import MessageState, OutboxMessage
from monitor.store.db import Db, batches
from monitor.store.messages import IS_UNHELD, MESSAGE, has_state
from monitor.store.schema import announcements, messages, outbox, versions

_CLAIM = (
    sa.update(messages)
    .where(
        messages.c.id.in_(bindparam("ids", expanding=True)),
        sa.or_(
            # Asked again at the update itself: on PostgreSQL another worker may have claimed it
            # since it was found, and a plain update by id would take it from that one.
            sa.and_(has_state(MessageState.WAITING), messages.c.due_at <= bindparam("now")),
            sa.and_(has_state(MessageState.SENDING), IS_UNHELD),
        ),
    )
    .values(
        state=MessageState.SENDING.value,
        # For good, and also where the attempt fails: a receiver that got the message must get the
        # same under its id.
        closed=True,
        claimed_by=bindparam("worker"),
        claim_fence=bindparam("fence"),
    )
    .returning(*MESSAGE.columns)
)
# An item is identified by two versions: "from A to C" is sent under another id than "from B to C".
_PREVIOUS = versions.alias("previous")
# What messages that are claimed for the first time tell of.
_CLAIMED_ITEMS = (
    sa.select(outbox.c.message_id, versions.c.identity, _PREVIOUS.c.identity)
    .distinct()
    .select_from(
        outbox.join(versions, versions.c.id == outbox.c.version_id)
        .outerjoin(announcements, announcements.c.version_id == outbox.c.version_id)
        .outerjoin(_PREVIOUS, _PREVIOUS.c.id == announcements.c.previous_id)
    )
    .where(outbox.c.message_id.in_(bindparam("ids", expanding=True)))
)
_FIX_UID = (
    sa.update(messages).where(messages.c.id == bindparam("of")).values(uid=bindparam("given"))
)


def claim(db: Db, lease: Lease, ids: Sequence[int], now: datetime) -> list[OutboxMessage]:
    """Claim those of these messages that are due or unclaimed, and return them in their order.

    Their items and ids are fixed.
    """
    claimant = {"worker": lease.holder, "fence": lease.fence, "now": now}
    taken = [
        message
        for batch in batches(ids)
        for message in db.read(MESSAGE, _CLAIM, {"ids": batch, **claimant})
    ]
    return sorted(_fix(db, taken), key=lambda message: (message.due_at, message.id))


def _fix(db: Db, messages: Iterable[OutboxMessage]) -> list[OutboxMessage]:
    """Return messages that were just claimed, each with its id; a new id is stored."""
    messages = list(messages)
    # Only at the first claim: later ones find the id that was given then.
    items = _items(db, [message.id for message in messages if message.uid is None])
    found = []
    for message in messages:
        if message.uid is None:
            uid = _id_of(message, items.get(message.id, ()))
            db.run(_FIX_UID, {"of": message.id, "given": uid})
            message = replace(message, uid=uid)  # noqa: PLW2901 - the same message, complete
        found.append(message)
    return found


def _items(db: Db, ids: Sequence[int]) -> dict[int, list[ItemIdentity]]:
    found: dict[int, list[ItemIdentity]] = {}
    for batch in batches(ids):
        for of, version, previous in db.fetch(_CLAIMED_ITEMS, {"ids": batch}):
            item = ItemIdentity(bytes(version), bytes(previous or b""))
            found.setdefault(of, []).append(item)
    return found


def _id_of(message: OutboxMessage, items: Iterable[ItemIdentity]) -> str:
    if message.kind == "notice" or message.kind == "confirmation":
        raise ValueError(f"a {message.kind} has an id from the beginning")
    return message_id(
        message.kind,
        subscriber=message.subscriber,
        channel=message.channel,
        target=message.target,
        items=items,
        cutoff=message.cutoff or message.group_until,
    )
