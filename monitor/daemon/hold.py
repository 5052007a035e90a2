"""Waiting until the lease of this process is lost."""

import asyncio

from monitor.app.logs import get_logger
from monitor.store.lease_keeper import LeaseKeeper
from monitor.threads import in_thread

_LOOK_S = 1.0
_SILENT = "the store did not answer in time"


async def until_lost(keeper: LeaseKeeper, *, look_every_s: float = 0.2) -> str:
    """Keep a lease that was taken; return why it is lost, once it is.

    What the store does not answer within a second, when the lease is about to be lost, is no
    answer.
    """
    keeper.start()
    while True:
        # Cheap, since `held` only compares clocks, and often enough for the shortest lease (1 s).
        await asyncio.sleep(look_every_s)
        if keeper.held:
            continue
        asking = in_thread("lease", keeper.why_lost)
        await asyncio.wait({asking}, timeout=_LOOK_S)
        reason = asking.result() if asking.done() else _SILENT
        if reason is not None:
            get_logger().error("lease lost", holder=keeper.holder, reason=reason)
            return reason
