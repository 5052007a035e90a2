"""The claim of a message: the one place where its items and its id become fixed.

Until it is claimed for the first time a message takes items, and has no id that anybody outside
knows. The claim closes it; from then on nothing comes in, and every attempt bears the id that is
given here, whatever is paused, silenced or learnt later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor.model.identity import ItemIdentity, message_id
from monitor.model.messages import OutboxMessage
from monitor.store import outbox_queries
from monitor.store.db import batches
from monitor.store.running import Runner


def fix(run: Runner, claimed: Iterable[OutboxMessage]) -> list[OutboxMessage]:
    """Return messages that were just claimed, each with its id; a new id is stored."""
    messages = list(claimed)
    items = _items(run, [message.id for message in messages if message.uid is None])
    found = []
    for message in messages:
        if message.uid is None:
            uid = _id_of(message, items.get(message.id, ()))
            run.run(outbox_queries.FIX_UID, {"id": message.id, "uid": uid})
            message = replace(message, uid=uid)  # noqa: PLW2901 - the same message, complete
        found.append(message)
    return found


def _items(run: Runner, ids: Sequence[int]) -> dict[int, list[ItemIdentity]]:
    found: dict[int, list[ItemIdentity]] = {}
    for batch in batches(ids):
        for of, version, previous in run.ask(outbox_queries.CLAIMED_ITEMS, {"ids": batch}):
            item = ItemIdentity(bytes(version), bytes(previous or b""))
            found.setdefault(of, []).append(item)
    return found


def _id_of(message: OutboxMessage, items: Iterable[ItemIdentity]) -> str:
    return message_id(
        message.kind,
        subscriber=message.subscriber,
        channel=message.channel,
        target=message.target,
        items=items,
        cutoff=message.cutoff or message.group_until,
    )
