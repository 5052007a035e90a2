"""Splitting a claimed message that is too large into parts, each a message of its own.

One transaction does it: a process that dies leaves the whole or all parts, and what they tell of
is in exactly one of them.
"""

from collections.abc import Collection, Sequence

from monitor.model.identity import part_id
from monitor.model.messages import OutboxMessage
from monitor.store import outbox_queries
from monitor.store.db import batches
from monitor.store.outbox_reader import message_row
from monitor.store.running import Runner


def split(
    run: Runner, message: OutboxMessage, parts: Sequence[Collection[int]]
) -> list[OutboxMessage]:
    """Return the parts, claimed as the message was; nothing when the claim was lost.

    ``parts``: the versions that each tells of. Items of no such version stay with the first
    part, which takes the message's place. ValueError for a message that has no id yet, was tried
    or is a part already.
    """
    if message.uid is None or message.parts is not None or message.attempts:
        raise ValueError("only a message that was claimed and never tried can be split")
    claimant = {"worker": message.claimed_by, "fence": message.claim_fence}
    uid = part_id(message.uid, 1)
    values = {"id": message.id, "uid": uid, "parts": len(parts), **claimant}
    found = [message_row(row) for row in run.ask(outbox_queries.BECOME_PART, values)]
    if not found:
        return []
    for number, version_ids in enumerate(parts[1:], 2):
        key, uid = f"p:{number}:{message.key}", part_id(message.uid, number)
        values = {"whole": message.id, "key": key, "uid": uid, "part": number}
        [row] = run.ask(outbox_queries.PUT_PART, values)
        found.append(message_row(row))
        for batch in batches(sorted(version_ids)):
            about = {"whole": message.id, "part_id": found[-1].id, "version_ids": batch}
            run.run(outbox_queries.MOVE_TO_PART, about)
    return found
