"""Splitting a claimed message that is too large into parts, each a message of its own.

One transaction does it: a process that dies leaves the whole or all parts, and what they tell of
is in exactly one of them.
"""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from monitor.model.identity import part_id
from monitor.model.messages import MessageState, OutboxMessage
from monitor.store.db import Db, batches
from monitor.store.messages import IS_CLAIMED_BY, MESSAGE, has_state
from monitor.store.schema import messages, outbox

# Once, by the worker that claimed it, before any attempt: after one, a receiver may have it whole.
_BECOME_PART = (
    sa.update(messages)
    .where(
        messages.c.id == bindparam("whole"),
        has_state(MessageState.SENDING),
        IS_CLAIMED_BY,
        messages.c.parts.is_(None),
    )
    .values(uid=bindparam("given"), part=1, parts=bindparam("number_of_parts"))
    .returning(*MESSAGE.columns)
)
_OWN: dict[str, Any] = {
    "key": bindparam("given_key", type_=sa.Text),
    "uid": bindparam("given", type_=sa.Text),
    "part": bindparam("number", type_=sa.Integer),
}
_OF_WHOLE = [
    column
    for column in messages.c
    if column.name not in ("id", *_OWN, "last_error", "sent_at", "retried_at")
]
_PUT_PART = (
    sa.insert(messages)
    .from_select(
        [*_OWN, *_OF_WHOLE],
        sa.select(*_OWN.values(), *_OF_WHOLE).where(messages.c.id == bindparam("whole")),
    )
    .returning(*MESSAGE.columns)
)
_MOVE_TO_PART = (
    sa.update(outbox)
    .where(
        outbox.c.message_id == bindparam("whole"),
        outbox.c.version_id.in_(bindparam("version_ids", expanding=True)),
    )
    .values(message_id=bindparam("into"))
)


def split(db: Db, message: OutboxMessage, parts: Sequence[Collection[int]]) -> list[OutboxMessage]:
    """Return the parts, claimed as the message was; nothing when the claim was lost.

    ``parts``: the versions that each reports. Items of no such version stay with the first
    part, which takes the message's place. ValueError for a message that has no id yet, was tried
    or is a part already.
    """
    # A message that was tried may have arrived whole; its parts would tell all of it again.
    if message.uid is None or message.parts is not None or message.attempts:
        raise ValueError("only a message that was claimed and never tried can be split")
    about = {"whole": message.id}
    claimant = {"worker": message.claimed_by, "fence": message.claim_fence}
    given = {"given": part_id(message.uid, 1), "number_of_parts": len(parts)}
    found = db.read(MESSAGE, _BECOME_PART, {**about, **given, **claimant})
    if not found:
        return []
    for number, version_ids in enumerate(parts[1:], 2):
        key, uid = f"p:{number}:{message.key}", part_id(message.uid, number)
        given = {"given_key": key, "given": uid, "number": number}
        found += db.read(MESSAGE, _PUT_PART, {**about, **given})
        for batch in batches(sorted(version_ids)):
            db.run(_MOVE_TO_PART, {**about, "into": found[-1].id, "version_ids": batch})
    return found
