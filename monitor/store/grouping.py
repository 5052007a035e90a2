"""Grouping, at the claim: many messages that are due at once become one, before anybody sees them.

It happens in the transaction that claims the group, so nobody ever finds a group that still takes
something in, and a process that dies leaves either the messages or the group.
"""

from collections.abc import Collection
from datetime import datetime

from monitor.store import outbox_queries
from monitor.store.db import batches
from monitor.store.moments import moment
from monitor.store.running import Runner


def alone(run: Runner, channel: str) -> None:
    """Let nobody else claim by a channel until the transaction ends: two would gather a part each.

    Who comes second waits, and then finds what the first one has left.
    """
    if run.dialect == "postgresql":  # on SQLite nobody else writes anyway
        run.ask(outbox_queries.LOCK_CLAIMS, {"channel": channel})


def gather(
    run: Runner, channel: str, subscribers: Collection[str], *, now: datetime, above: int
) -> dict[int, int]:
    """Make one message of more than ``above`` due, unclaimed ones that go at once.

    Of each of these subscribers and of each address. The group takes the place of the one that
    waits longest; its ``group_until`` is when the last of them became due. Messages that another
    transaction is just adding to are left to it. Returned is, by the id of each
    group, of how many messages it was made.
    """
    due = {"channel": channel, "now": now}
    sql = outbox_queries.GROUPABLE.format(lock=run.lock("FOR UPDATE SKIP LOCKED"))
    made: dict[int, int] = {}
    for subscriber, target in _many(run, due, subscribers, above):
        rows = run.ask(sql, {**due, "subscriber": subscriber, "target": target})
        if len(rows) > above:
            ids = [row[0] for row in rows]
            _become_one(run, ids, until=max(moment(row[1]) for row in rows))
            made[ids[0]] = len(ids)
    return made


def _many(
    run: Runner, due: dict[str, object], subscribers: Collection[str], above: int
) -> list[tuple[str, str]]:
    return [
        (row[0], row[1])
        for batch in batches(sorted(set(subscribers)))
        for row in run.ask(outbox_queries.MANY_DUE, {**due, "subscribers": batch, "above": above})
    ]


def _become_one(run: Runner, ids: list[int], *, until: datetime) -> None:
    into, *others = ids
    for batch in batches(others):
        run.run(outbox_queries.GATHER_ITEMS, {"into": into, "ids": batch})
        run.run(outbox_queries.DELETE_GATHERED, {"ids": batch})
    # With a key of its own: that of its first version would let more in.
    group = {"id": into, "key": f"g:{into}", "until": until}
    run.run(outbox_queries.BECOME_GROUP, group)
