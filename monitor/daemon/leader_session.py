"""What a process runs while it holds the scheduler's lease: passes, deliveries, checks."""

import asyncio
import contextlib
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

from monitor.app import App
from monitor.app.deliveries import Deliveries
from monitor.app.logs import get_logger
from monitor.app.polling import Poller, PollReport
from monitor.daemon.delivery_loop import DeliveryLoop
from monitor.daemon.heartbeat_loop import HeartbeatLoop
from monitor.daemon.job_runner import JobRunner
from monitor.daemon.scheduler_lease import SchedulerLease
from monitor.daemon.store_check_loop import StoreCheckLoop
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.model.tracking import SourceRow
from monitor.scheduler import Job, JobProblem, Scheduler, next_run_after_restart, trigger_of
from monitor.settings import AnySourceSettings, Settings
from monitor.settings.sources import FOLLOWED_BY_COMMAND
from monitor.threads import in_thread

# After a round that failed, and before the next look when there was nothing to do.
_BACKFILL_PAUSE_S = 600.0
_LEAST_PAUSE_S = 1.0
# For jobs whose threads have ended to store when they are due next.
_DRAIN_S = 2.0


def check_sources(settings: Settings) -> None:
    """Pass when every source can be scheduled, else raise the ConfigError."""
    for source in settings.sources:
        trigger_of(source)


class LeaderSession:
    """Schedules passes from ``start`` until ``stop``; ``close`` waits for what is under way.

    ``deliveries``: what delivers the messages that passes enqueue; None: other processes do.
    """

    def __init__(
        self,
        job_runner: JobRunner,
        *,
        scheduler_lease: SchedulerLease,
        work: ThreadTasks,
        deliveries: Deliveries | None = None,
    ) -> None:
        self._job_runner = job_runner
        self._delivering: DeliveryLoop | None = None
        if deliveries is not None:
            self._delivering = DeliveryLoop(
                deliveries, work=work, stop=job_runner.stop, awaits_more=self._awaits_more
            )
        self._beating = HeartbeatLoop(lambda: job_runner.app, running=self._running)
        self._checking = StoreCheckLoop(lambda: job_runner.app, work=work, stop=job_runner.stop)
        self._serving: asyncio.Task[None] | None = None
        self._checks: asyncio.Task[None] | None = None
        self._beats: asyncio.Task[None] | None = None
        self._began: dict[str, float] = {}
        self._again: set[str] = set()
        self._scheduler_lease = scheduler_lease
        self._tasks = work
        self._next: dict[str, datetime] = {}
        self._news = asyncio.Event()
        self._changed = asyncio.Event()
        self._scheduler = Scheduler(on_trouble=self._trouble, on_next=self._note_next)
        self._backfills: asyncio.Task[None] | None = None
        self._noting: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start the schedule; what was due while nobody scheduled is done now, once.

        StoreError when the store does not tell when that was.
        """
        # First: a time that a wrong clock left would decide what is due.
        await in_thread("scheduler", partial(self._scheduler_lease.repair, self._job_runner.app))
        rows = await in_thread("scheduler", self._scheduler_lease.sources)
        self._scheduler.start()
        await self._schedule(self._job_runner.app, rows)
        self._backfills = asyncio.create_task(self._backfill())
        self._checks = asyncio.create_task(self._checking.serve())
        self._beats = asyncio.create_task(self._beating.serve())
        if self._delivering is not None:
            self._serving = asyncio.create_task(self._delivering.serve())

    async def change(self, app: App, passes: Poller, deliveries: Deliveries | None = None) -> None:
        """Schedule by other settings from now on; passes under way are left alone.

        What is followed by command is read at once where it changed. StoreError as of ``start``;
        the settings of before are then still in force.
        """
        rows = await in_thread("scheduler", self._scheduler_lease.sources)
        if _by_command(app.settings) != _by_command(self._job_runner.app.settings):
            self._next[FOLLOWED_BY_COMMAND] = app.now()
            # If its pass is under way, that has the old list: it runs once more.
            self._again.add(FOLLOWED_BY_COMMAND)
        self._job_runner.app, self._job_runner.passes = app, passes
        self._changed.set()
        self._news.set()
        if self._delivering is not None and deliveries is not None:
            # Messages that are being sent finish under the former settings.
            self._delivering.deliveries = deliveries
        await self._schedule(app, rows)

    async def _schedule(self, app: App, rows: Mapping[str, SourceRow]) -> None:
        now = app.now()
        jobs = {
            source.name: self._job(source, rows.get(source.name), now)
            for source in app.settings.sources
            if source.enabled
        }
        self._next = {name: job.next_due for name, job in jobs.items()}
        self._scheduler.schedule(jobs)
        # Only times to come: what is due now stays due in the store until its pass has ended.
        await self._job_runner.note_due({name: at for name, at in self._next.items() if at > now})

    async def watch(self) -> None:
        """Return or raise only when something that should never end has ended."""
        endless = self._endless()
        if endless:
            done, _ = await asyncio.wait(endless, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    def _endless(self) -> "set[asyncio.Task[None]]":
        tasks = (self._backfills, self._checks, self._beats, self._serving)
        return {task for task in tasks if task is not None}

    def wake(self) -> None:
        """Look at the clock again: it may have been set, or the machine have slept."""
        self._scheduler.wake()

    def _job(self, source: AnySourceSettings, row: SourceRow | None, now: datetime) -> Job:
        trigger = trigger_of(source)
        # What this process scheduled last: the row may not have been written yet.
        stored = self._next.get(source.name) or (row.next_due_at if row else None)
        last = row.last_attempt_at if row else None
        return Job(
            name=source.name,
            trigger=trigger,
            run=partial(self._pass, source.name),
            next_due=next_run_after_restart(trigger, stored=stored, last_due=last, now=now),
        )

    async def _pass(self, name: str) -> None:
        self._began[name] = time.monotonic()
        try:
            # The pass that begins now covers what changed before it.
            self._again.discard(name)
            await self._job_runner.poll(name)
            while name in self._again and not self._job_runner.stop.is_set():  # changed meanwhile
                self._again.discard(name)
                await self._job_runner.poll(name)
        finally:
            del self._began[name]
        self._news.set()
        if self._delivering is not None:
            self._delivering.wake()

    def _running(self) -> dict[str, float]:
        """Return for how many seconds each pass that is under way has been."""
        now = time.monotonic()
        return {name: now - began for name, began in self._began.items()}

    def _awaits_more(self, channel: str) -> bool:
        """Return whether a pass is under way, all of whose alerts by a channel could be a group."""
        channels = self._job_runner.app.settings.channels
        return bool(self._began) and any(c.name == channel and c.group_above for c in channels)

    async def _backfill(self) -> None:
        """Do rounds of backfills until there is nothing to do; again after every pass.

        A failure is followed by a pause that no pass cuts short: a folder's come every second.
        Where another process is at it, the pause ends with the turn of that one.
        """
        while True:
            self._news.clear()
            self._changed.clear()
            reports = await self._job_runner.backfill()
            if any(report.outcome != "ok" for report in reports):
                await _wait_for(self._changed, within_s=self._pause_s(reports))
            elif not reports:
                await _wait_for(self._news, within_s=_BACKFILL_PAUSE_S)

    def _pause_s(self, reports: Iterable[PollReport]) -> float:
        again = [report.again_at for report in reports if report.again_at is not None]
        if not again:
            return _BACKFILL_PAUSE_S
        rest_s = (min(again) - self._job_runner.app.now()).total_seconds()
        return min(max(_LEAST_PAUSE_S, rest_s), _BACKFILL_PAUSE_S)

    def _note_next(self, name: str, at: datetime) -> None:
        """Store when a source is due next, now that its pass has ended.

        Not of a pass that the end of the daemon cut short: that one is still due.
        """
        self._next[name] = at
        if not self._job_runner.stop.is_set():
            noting = asyncio.create_task(self._job_runner.note_due({name: at}))
            # The event loop holds its tasks weakly: one that nobody keeps may be collected before
            # it ends.
            self._noting.add(noting)
            noting.add_done_callback(self._noting.discard)

    def _trouble(self, trouble: JobProblem, name: str, error: BaseException | None) -> None:
        log = get_logger()
        if trouble is JobProblem.STILL_RUNNING:
            log.warning("pass still running", source=name)
        elif trouble is JobProblem.MISSED:
            log.error("schedule missed", source=name)
        else:
            log.error("pass broken", source=name, reason=repr(error), exc_info=error)

    def stop(self) -> None:
        """Start nothing any more, and ask what is under way to end."""
        self._job_runner.stop.set()
        self._scheduler.pause()
        for task in self._endless():
            task.cancel()

    async def close(self, *, within_s: float) -> tuple[str, ...]:
        """Stop, and wait for what is under way; return what still was under way after that time."""
        self.stop()
        hanging = await self._tasks.wait(within_s)
        # Where work hangs there is nothing to drain: its jobs wait for it.
        await self._scheduler.drain(0 if hanging else _DRAIN_S)
        if self._noting:
            await asyncio.wait(self._noting, timeout=_DRAIN_S)
        self._scheduler.shutdown()
        return hanging


def _by_command(settings: Settings) -> AnySourceSettings | None:
    return next((one for one in settings.sources if one.name == FOLLOWED_BY_COMMAND), None)


async def _wait_for(event: asyncio.Event, *, within_s: float) -> None:
    """Wait for the event, for so long at most."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), within_s)
