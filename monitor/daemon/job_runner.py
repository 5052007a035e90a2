"""What the holder of the lease does: passes and backfills, and noting when the next is due."""

import asyncio
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from monitor.app import App
from monitor.app.logs import get_logger
from monitor.app.polling import Poller, PollReport
from monitor.daemon.scheduler_lease import SchedulerLease
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.errors import MonitorError
from monitor.threads import in_thread

BACKFILL = "backfill"


class JobRunner:
    """Runs blocking work under the lease, each piece in a thread of its own.

    ``work`` outlives it: what hangs from an earlier time is not started a second time.
    ``stop``, once set, asks everything under way to end soon.
    """

    def __init__(
        self, app: App, passes: Poller, *, scheduler_lease: SchedulerLease, work: ThreadTasks
    ) -> None:
        self.app = app
        self.passes = passes
        # Of this session alone: the next one has its own.
        self.stop = threading.Event()
        self._scheduler_lease = scheduler_lease
        self._tasks = work
        self._log = get_logger()

    async def poll(self, name: str) -> PollReport | None:
        """Do a source's pass; None while one is under way, when it broke down, or at the end."""
        if self.stop.is_set():
            return None
        do = partial(
            self.passes.poll, name, stop=self.stop, lease=self._scheduler_lease.keeper.lease
        )
        ended = self._tasks.start(name, do)
        if ended is None:
            self._log.warning("pass still running", source=name)
            return None
        # Not awaited by itself: cancelling this task would call a thread ended that still runs.
        await asyncio.wait({ended})
        error = ended.exception()
        self._log_failure("pass broken", error, source=name)
        return None if error else ended.result()

    async def backfill(self) -> list[PollReport]:
        """Do a round of backfills; nothing when none was wanted, or when it broke down."""
        if self.stop.is_set():
            return []
        do = partial(
            self.passes.backfill_due, stop=self.stop, lease=self._scheduler_lease.keeper.lease
        )
        ended = self._tasks.start(BACKFILL, do)
        if ended is None:
            return []
        await asyncio.wait({ended})
        error = ended.exception()
        self._log_failure("backfill broken", error)
        return [] if error else ended.result()

    async def note_due(self, due: Mapping[str, datetime]) -> None:
        """Store when sources are due next; those that are not configured any more are not."""
        types = {source.name: source.type for source in self.app.settings.sources}
        known = {name: (types[name], at) for name, at in due.items() if name in types}
        if known:
            noted = in_thread("scheduler", partial(self._scheduler_lease.note_due, known))
            await asyncio.wait({noted})
            self._log_failure("next due not stored", noted.exception())

    def _log_failure(self, event: str, error: BaseException | None, **fields: object) -> None:
        """Log why work failed; an unforeseen failure with all that there is to know."""
        if isinstance(error, MonitorError):
            self._log.error(event, reason=str(error), **fields)
        elif error is not None:
            self._log.error(event, reason=repr(error), exc_info=error, **fields)
