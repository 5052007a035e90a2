"""``monitor run --once``: one pass of everything that is due, then the end."""

import asyncio
import threading
from collections.abc import Awaitable
from functools import partial

from monitor.app import App
from monitor.app.polling import Poller, PollReport
from monitor.daemon.job_runner import JobRunner
from monitor.daemon.leader_session import check_sources
from monitor.daemon.scheduler_lease import SchedulerLease, wait_until_lost
from monitor.daemon.signals import exit_now, install_handlers
from monitor.daemon.thread_tasks import ThreadTasks
from monitor.errors import MonitorError
from monitor.memory import share_arenas
from monitor.model.lease import Lease
from monitor.scheduler import next_due, next_run_after_restart, trigger_of
from monitor.store.lease_keeper import LeaseHeldError
from monitor.threads import in_thread

_RELEASE_S = 2.0


class InterruptedRoundError(MonitorError):
    """A signal ended the round before it was done."""


def run_once(app: App, passes: Poller, *, holder: str) -> list[PollReport]:
    """Do a pass over each source that is due, side by side, and one round of backfills.

    Returns what the passes did, in the order of the configuration. MonitorError in one line
    when another process schedules or takes over, InterruptedRoundError after a signal.
    """
    check_sources(app.settings)
    share_arenas()
    return asyncio.run(_round(app, passes, SchedulerLease(app, holder=holder)))


async def _round(app: App, passes: Poller, scheduler_lease: SchedulerLease) -> list[PollReport]:
    given = app.settings.daemon
    stop, ended = threading.Event(), asyncio.Event()

    # The one for the threads of the passes, the other for this coroutine.
    def request_stop() -> None:
        stop.set()
        ended.set()

    install_handlers(stop=request_stop)
    try:
        await in_thread("lease", partial(scheduler_lease.take_when_free, stop))
    except LeaseHeldError as exc:
        if stop.is_set():
            raise InterruptedRoundError("stopped before anything was done") from None
        raise MonitorError(_held_text(exc.lease)) from None
    work = ThreadTasks()
    job_runner = JobRunner(app, passes, scheduler_lease=scheduler_lease, work=work)
    reports: list[PollReport] = []
    doing = asyncio.create_task(_do(job_runner, scheduler_lease, reports))
    keeping = asyncio.create_task(wait_until_lost(scheduler_lease.keeper))
    try:
        await _first(doing, keeping, ended.wait())
        if doing.done():
            doing.result()
            return reports
        job_runner.stop.set()
        if await work.wait(given.shutdown_grace_s):
            # As shells report a process that was interrupted: 128 + SIGINT.
            exit_now(130)
        if keeping.done():
            raise MonitorError(f"the lease was lost ({keeping.result()}); what was stored stays")
        raise InterruptedRoundError("stopped before everything was done; what was stored stays")
    finally:
        keeping.cancel()
        await asyncio.wait({in_thread("lease", scheduler_lease.release)}, timeout=_RELEASE_S)


async def _do(
    job_runner: JobRunner, scheduler_lease: SchedulerLease, reports: list[PollReport]
) -> None:
    """Do what is due; append what came of it."""
    await in_thread("scheduler", partial(scheduler_lease.repair, job_runner.app))
    rows = await in_thread("scheduler", scheduler_lease.sources)
    now = job_runner.app.now()
    due = {}
    for source in job_runner.app.settings.sources:
        row, trigger = rows.get(source.name), trigger_of(source)
        stored = row.next_due_at if row else None
        last = row.last_attempt_at if row else None
        at = (
            now
            if row is None
            else next_run_after_restart(trigger, stored=stored, last_due=last, now=now)
        )
        if source.enabled and at <= now:
            # Stored once the pass has ended: a round that was cut short leaves its sources due.
            due[source.name] = next_due(trigger, last_due=now, now=now)

    async def one(name: str) -> PollReport:
        report = await job_runner.poll(name)
        if not job_runner.stop.is_set():
            await job_runner.note_due({name: due[name]})
        return report or PollReport(source=name, outcome="failed", reason="the log tells why")

    reports += await asyncio.gather(*(one(name) for name in due))
    reports += await job_runner.backfill()


def _held_text(lease: Lease | None) -> str:
    if lease is None:
        return "another process was scheduling this store a moment ago; try again"
    return f"{lease.holder} schedules this store; stop that one, or leave the passes to it"


async def _first(*things: "Awaitable[object]") -> None:
    """Wait until one of them is done."""
    tasks = [asyncio.ensure_future(thing) for thing in things]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
